#pragma once

#include <map>
#include <optional>
#include <string>

#include "config/config.h"
#include "fhir/capability.h"
#include "fhir/client.h"

// Tests what an endpoint's CapabilityStatement claims, with a handful of requests. Reads only, unless it is given a
// test patient to write on. Nothing found names a patient.

namespace authledger {

// What the live server did with one type; nullopt = not tested.
struct TypeFinding {
  std::optional<bool> answers;               // A search as the feed sends it.
  std::optional<bool> pages;                 // The second page holds other resources than the first.
  std::optional<bool> honours_last_updated;  // False: ignored or refused (FAULTS 26).
  std::optional<bool> has_etag;
  // Writes on the test patient:
  std::optional<bool> conditional_create;  // A second create with the same identifier made no second resource.
  std::optional<bool> guards_update;       // An update with an old ETag was refused.
  std::string problem;                     // Why a search or write failed, without patient data.
};
using ProbeFindings = std::map<std::string, TypeFinding>;

// Whether a server heeds _lastUpdated in searches of a feed, found by a request that nothing can match; false too when
// it is refused twice.
// `search_url` is a search as the feed sends it. Errors: what says nothing about it (unreachable, 403, 5xx, stopped).
Result<bool, FhirError> heeds_last_updated(FhirClient& client, const std::string& resource_type,
                                           const std::string& search_url);

struct ProbeOptions {
  std::string sample_patient;  // Whose records are searched for; empty = the first one of the roster, if there is any.
  std::string write_patient;   // A test patient; empty = nothing is written.
  std::string identifier_system;
};

// Tests each type that a feed reads and that the statement offers; with a write_patient also Flag and Task, where
// create is offered. What it writes, it retires (entered-in-error). Errors: unauthorized, unreachable and what else
// stops every request; a type that fails alone is a finding.
Result<ProbeFindings, FhirError> probe_endpoint(FhirClient& client, const EndpointConfig& endpoint,
                                                const Capability& capability, const ProbeOptions& options);

}  // namespace authledger
