#include "fhir/outcome.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "base/text.h"

namespace authledger {
namespace {

constexpr size_t kCodeBytesMax = 40;
constexpr size_t kIssuesMax = 20;
constexpr size_t kOutcomeBytesMax = size_t{1} << 20;

// A code is one short word. Anything else in its place may be free text.
bool is_code(std::string_view text) {
  return !text.empty() && text.size() <= kCodeBytesMax && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
           c == '.';
  });
}

Severity severity_of(std::string_view code) {
  if (code == "fatal") return Severity::fatal;
  if (code == "warning") return Severity::warning;
  if (code == "information") return Severity::information;
  return Severity::error;
}

}  // namespace

Issues read_outcome(JsonView outcome) {
  Issues issues;
  if (outcome["resourceType"].text() != "OperationOutcome") return issues;
  for (const JsonView issue : outcome["issue"]) {
    if (issues.size() == kIssuesMax) break;
    std::vector<std::string> codes;
    if (is_code(issue["code"].text())) codes.push_back(issue["code"].string());
    for (const JsonView coding : issue["details"]["coding"]) {
      if (is_code(coding["code"].text())) codes.push_back(coding["code"].string());
    }
    issues.push_back({severity_of(issue["severity"].text()), fmt::format("OperationOutcome.issue[{}]", issues.size()),
                      codes.empty() ? "no code" : join(codes, " ")});
  }
  return issues;
}

bool is_failure(JsonView outcome) {
  const Issues issues = read_outcome(outcome);
  return std::any_of(issues.begin(), issues.end(),
                     [](const Issue& issue) { return issue.severity <= Severity::error; });
}

std::string outcome_codes(JsonView outcome) {
  std::vector<std::string> messages;
  for (const Issue& issue : read_outcome(outcome)) messages.push_back(issue.message);
  return join(messages, "; ");
}

std::string outcome_codes_of_body(const std::string& body) {
  if (body.empty() || body.size() > kOutcomeBytesMax) return {};
  JsonDocument document;
  const auto parsed = document.parse(body);
  return parsed ? outcome_codes(*parsed) : std::string();
}

}  // namespace authledger
