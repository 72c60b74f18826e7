#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace authledger {

// FHIR R4 OperationOutcome issue-severity.
enum class Severity : int16_t { fatal = 1, error = 2, warning = 3, information = 4 };

// What is wrong with one record of a good feed. An `error` or `fatal` issue sends the record to quarantine; a `warning`
// is listed there while the rest of the record counts; `information` says why there is nothing to count. The message
// says what was found and what to do; it never holds the value of a patient's element.
struct Issue {
  Severity severity = Severity::error;
  std::string element_path;  // FHIRPath-like, with indexes: "ClaimResponse.item[1].adjudication[0]".
  std::string message;

  bool operator==(const Issue&) const = default;
};

using Issues = std::vector<Issue>;

const char* severity_name(Severity severity);
bool has_error(const Issues& issues);

}  // namespace authledger
