#pragma once

#include <string>
#include <vector>

#include "adapters/render.h"
#include "fhir/client.h"

namespace authledger {

// A resource of ours as it stands in the EHR.
struct Artefact {
  std::string id, etag, body;
  bool is_closed = false;
};
// Of an entry of a search; its version is its ETag.
Artefact artefact_of(JsonView resource);

// The same, read: `root` lives as long as `document`.
struct OpenArtefact {
  Artefact artefact;
  JsonDocument document;
  JsonView root;
};

// What stands in the EHR of one notice at one place. Whatever a server gives for our search, or under an id that it
// gave us, only what carries the notice's identifier is opened: servers ignore search parameters, and are exchanged for
// others under the same name.
class NoticeArtefacts {
 public:
  NoticeArtefacts(FhirClient& client, const EndpointConfig& endpoint, const std::string& identifier_system,
                  NoticePlace place, std::string identifier_value)
      : client_(client),
        endpoint_(endpoint),
        place_(std::move(place)),
        system_(identifier_system_of(place_, identifier_system)),
        value_(std::move(identifier_value)),
        query_(identifier_query(place_, value_, identifier_system)) {}

  // "identifier=…", for a search and for If-None-Exist.
  const std::string& query() const { return query_; }
  // Every resource with the notice's identifier: open ones first, then by age. Errors: endless_paging, where a server
  // that ignores the parameter has more than kPagesMax pages of others.
  Result<std::vector<Artefact>, FhirError> find() const;
  Result<OpenArtefact, FhirError> open(Artefact artefact) const;
  Result<OpenArtefact, FhirError> open(const Versioned& answer) const;
  Result<OpenArtefact, FhirError> read(const std::string& id) const;
  // With If-Match as the endpoint wants it. Where that is required and the version is not known, what was read may be
  // old already: a conflict, so that it is read again.
  Result<Versioned, FhirError> put(const Artefact& over, const std::string& body, const MaySend& may_send) const;

 private:
  bool is_ours(JsonView resource) const;

  FhirClient& client_;
  const EndpointConfig& endpoint_;
  NoticePlace place_;
  std::string system_, value_, query_;
};

}  // namespace authledger
