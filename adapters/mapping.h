#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/day.h"
#include "base/issue.h"
#include "base/json.h"
#include "config/config.h"
#include "ledger/facts.h"

// From one FHIR resource to facts: the endpoint's ViewDefinitions, value maps, then prior_auth_normalize where the kind
// is an authorization or a request. Pure after compile.

namespace authledger {

struct ResourceContext {
  std::string source;    // Endpoint name.
  std::string base_url;  // Absolute base of the resource's server, without trailing slash; references relative to it.
};

struct MappedFacts {
  // "Patient/p1" (the first one, of a visit of a group: each of its facts names its own), or for an Organization its
  // own reference; empty with an issue otherwise.
  std::string patient;
  std::vector<Fact> facts;  // Empty when the resource says nothing for the ledger (e.g. EOB use=claim without links).
  Issues issues;            // With an error, facts is empty: the resource goes to quarantine.
  bool is_retraction = false;  // entered-in-error and the like: nothing of it stands any more.
};

class ResourceMapper {
 public:
  // Compiles every mapping that the endpoint's feeds name. Errors: file and position of each mistake.
  static Result<ResourceMapper, Issues> compile(const EndpointConfig& endpoint, const std::string& config_folder,
                                                const TimeZone& zone);
  ResourceMapper(ResourceMapper&&) noexcept;
  ResourceMapper& operator=(ResourceMapper&&) noexcept;
  ~ResourceMapper();

  bool maps(std::string_view resource_type) const;
  // Changes when any mapping, value map or normalizer of the type changes.
  const std::string& version(std::string_view resource_type) const;
  // By the name that facts carry (Fact::mapping): for each view, the FHIRPath of each column as written, as JSON.
  std::map<std::string, std::string> paths() const;
  // Thread-safe.
  MappedFacts map(JsonView resource, const ResourceContext& context) const;

 private:
  struct Program;
  explicit ResourceMapper(std::unique_ptr<Program> program);
  std::unique_ptr<Program> program_;
};

// "Patient/p1" for a reference on `base_url` (or a relative one), the URL without /_history otherwise; "" for a
// contained or urn reference that names nothing stable.
std::string normalize_reference(std::string_view reference, std::string_view base_url);
// The absolute form, for `request`.
std::string absolute_reference(std::string_view reference, std::string_view base_url);

}  // namespace authledger
