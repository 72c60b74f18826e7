#pragma once

#include <optional>
#include <string>

#include "base/json.h"
#include "base/result.h"
#include "fhir/client.h"
#include "fhir/http.h"

// What an answer says about one resource: its id, version and body. Source: FHIR R4, http.html (read, create, update).

namespace authledger {

// Parses a 200's body into `document`. The error when it is not the resource that was asked for: bad_answer. An empty
// `id` takes any.
std::optional<FhirError> resource_problem(JsonDocument& document, const HttpResponse& response, const std::string& type,
                                          const std::string& id, const std::string& what);

// `etag` is the ETag header, else W/"meta.versionId".
Versioned versioned_of(const HttpResponse& response, JsonView resource, const std::string& type);

// The answer (2xx) to a create (`id` empty) or update. A body may be missing; the id then comes from the Location
// header. Errors: outcome_unknown when the answer is not FHIR, or names no id.
Result<Versioned, FhirError> read_written(const HttpResponse& response, const std::string& type, const std::string& id,
                                          const std::string& what);

}  // namespace authledger
