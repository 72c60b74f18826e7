#pragma once

#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "ledger/consolidate.h"

// Visits whose codes say nothing to the ledger: no rule and no authorization of the patient names them, and they have
// not the form of a CPT, HCPCS or revenue code. Mostly visit types of the site's own that no value map translates yet.
// Pure.

namespace authledger {

struct UnknownCode {
  std::string source;         // The endpoint.
  std::string resource_type;  // Of the leading record.
  std::string code;           // Empty: the record has none.
  int64_t services = 0;       // Rendered, in progress or planned.
  Day last_day;
};

class UnknownCodes {
 public:
  void add(const Consolidated& subject, const Rules& rules);
  std::vector<UnknownCode> by_frequency() const;  // Most frequent first; then by source, resource type and code.

 private:
  std::map<std::tuple<std::string, std::string, std::string>, UnknownCode> codes_;
};

}  // namespace authledger
