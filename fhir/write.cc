#include "fhir/write.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "base/text.h"
#include "fhir/outcome.h"
#include "fhir/search.h"

namespace authledger {
namespace {

// The id and version in ".../Type/id/_history/version", as far as they stand there.
struct Location {
  std::string id, version;
};

Location read_location(const std::string& location, const std::string& type) {
  const auto segments = split(std::string_view(location).substr(0, location.find_first_of("?#")), '/');
  Location found;
  for (size_t i = 0; i + 1 < segments.size(); ++i) {
    if (segments[i] == type) found.id = segments[i + 1];
    if (segments[i] == "_history" && !found.id.empty()) found.version = segments[i + 1];
  }
  return found;
}

}  // namespace

std::optional<FhirError> resource_problem(JsonDocument& document, const HttpResponse& response, const std::string& type,
                                          const std::string& id, const std::string& what) {
  const auto bad = [&](std::string_view why) {
    return FhirError{FhirErrorKind::bad_answer, response.status, fmt::format("{}: {}", what, why)};
  };
  if (!is_json_content_type(response.header("content-type"))) {
    return bad("the answer is not JSON by its content type (a login page?)");
  }
  JsonLimits limits;
  limits.bytes_max = std::max(limits.bytes_max, response.body.size());  // The transfer was limited already.
  const auto parsed = document.parse(response.body, limits);
  if (!parsed) return bad(parsed.error().message);
  if ((*parsed)["resourceType"].text() != type) {
    const std::string codes = outcome_codes(*parsed);
    return bad(codes.empty() ? fmt::format("the answer is no {}", type) : "OperationOutcome: " + codes);
  }
  if (!id.empty() && (*parsed)["id"].text() != id) return bad("the answer is another resource than the one asked for");
  return std::nullopt;
}

Versioned versioned_of(const HttpResponse& response, JsonView resource, const std::string& type) {
  const Location location = read_location(response.header("location"), type);
  Versioned versioned;
  versioned.id = resource["id"].exists() ? resource["id"].string() : location.id;
  versioned.etag = response.header("etag");
  if (versioned.etag.empty()) {
    const std::string body_version = resource["meta"]["versionId"].string();
    const std::string& version = body_version.empty() ? location.version : body_version;
    if (!version.empty()) versioned.etag = fmt::format("W/\"{}\"", version);
  }
  if (resource.exists()) versioned.body = response.body;
  versioned.created = response.status == 201;
  return versioned;
}

Result<Versioned, FhirError> read_written(const HttpResponse& response, const std::string& type, const std::string& id,
                                          const std::string& what) {
  const auto unknown = [&](std::string_view why) {
    return FhirError{FhirErrorKind::outcome_unknown, response.status,
                     fmt::format("{}: answered {}, but {}", what, response.status, why)};
  };
  JsonDocument document;
  JsonView resource;
  if (!trim(response.body).empty()) {
    if (!is_json_content_type(response.header("content-type"))) return unknown("the answer is not FHIR");
    const auto parsed = document.parse(response.body);
    if (!parsed) return unknown("the answer cannot be read");
    const std::string_view found = (*parsed)["resourceType"].text();
    if (found == type)
      resource = *parsed;
    else if (found != "OperationOutcome")
      return unknown("the answer is another resource type");  // Prefer was not honoured.
  }
  Versioned versioned = versioned_of(response, resource, type);
  if (!id.empty()) {
    if (versioned.id.empty()) versioned.id = id;
    if (versioned.id != id) return unknown("it names another id");
  }
  if (versioned.id.empty()) return unknown("it names no id");
  return versioned;
}

}  // namespace authledger
