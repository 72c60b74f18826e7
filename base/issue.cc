#include "base/issue.h"

#include <algorithm>

namespace authledger {

const char* severity_name(Severity severity) {
  switch (severity) {
    case Severity::fatal:
      return "fatal";
    case Severity::error:
      return "error";
    case Severity::warning:
      return "warning";
    case Severity::information:
      return "information";
  }
  return "error";
}

bool has_error(const Issues& issues) {
  return std::any_of(issues.begin(), issues.end(), [](const Issue& issue) {
    return issue.severity == Severity::error || issue.severity == Severity::fatal;
  });
}

}  // namespace authledger
