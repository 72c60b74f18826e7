#pragma once

#include <map>
#include <memory>
#include <string>

#include "adapters/inquiry.h"
#include "ledger/consolidate.h"
#include "sync/round.h"

namespace authledger {

// One authorization to ask about.
struct OpenRequest {
  AuthorizationLine line;
  int64_t subject_id = 0;
};

// Reads what an inquiry names from where it lives: the ledger's own store, else the endpoint. Not thread-safe.
class InquiryBuilder {
 public:
  explicit InquiryBuilder(RoundContext& context) : context_(context), session_(context.session) {}

  // What the ledger itself knows: nobody is asked. Throws DbError.
  Inquiry draft(const OpenRequest& open);
  // Adds the resources that it names, and the time. What cannot be read stays out.
  void complete(Inquiry& inquiry);

 private:
  const EndpointConfig* endpoint_of(const std::string& url) const;
  void take_claim(const OpenRequest& open, Inquiry& inquiry);
  void take_responses(const OpenRequest& open, Inquiry& inquiry);
  std::string read_url(const std::string& url);

  RoundContext& context_;
  TenantSession& session_;
  JsonDocument document_;
  std::map<std::string, std::unique_ptr<FhirClient>> clients_;
};

}  // namespace authledger
