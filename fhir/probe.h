#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "config/config.h"
#include "fhir/capability.h"
#include "fhir/client.h"

// Tests what an endpoint's CapabilityStatement claims, with a handful of requests. Reads only, unless it is given test
// notices to write. Nothing found names a patient.

namespace authledger {

// What the live server did with one type; nullopt = not tested, or nothing was there to tell by.
struct TypeFinding {
  std::optional<bool> answers;               // A search as the feed sends it.
  std::optional<bool> pages;                 // The second page holds other resources than the first.
  std::optional<bool> honours_last_updated;  // False: ignored or refused (FAULTS 26).
  std::optional<bool> has_etag;
  // Where notices stand. False: a search by an identifier that nobody has gives resources all the same, or is refused.
  std::optional<bool> heeds_identifier;
  // Writes on the test patient:
  std::optional<bool> creates;             // A create as deliveries send it was taken.
  std::optional<bool> conditional_create;  // A second create with the same identifier made no second resource.
  std::optional<bool> finds_written;       // What was made is found by its identifier within the visibility window.
  std::optional<bool> guards_update;       // An update with an old ETag was refused.
  std::string problem;                     // Why a search or write failed, without patient data.
  std::vector<std::string> left;           // What the test made, and how it stands now: "Flag/7 (entered-in-error)".
};
using ProbeFindings = std::map<std::string, TypeFinding>;

// Whether a server heeds _lastUpdated in searches of a feed, found by a request that nothing can match; false too when
// it is refused twice.
// `search_url` is a search as the feed sends it. Errors: what says nothing about it (unreachable, 403, 5xx, stopped).
Result<bool, FhirError> heeds_last_updated(FhirClient& client, const std::string& resource_type,
                                           const std::string& search_url);

// A resource type where notices would stand, and a test notice for it.
struct ChannelTest {
  std::string type;
  std::string identifier_system, identifier_value;  // Of the test notice and of nothing else.
  std::string idempotency_key = {};                 // For WriteRules::idempotency_header.
  std::string body = {};                            // As a delivery creates it; empty: nothing is written.
  std::string not_written = {};                     // Why not, though writes are allowed.
};

struct ProbeOptions {
  std::string sample_patient;                           // Whose records are searched for; empty: those of nobody.
  std::vector<ChannelTest> channels;                    // One for each type at most.
  std::chrono::milliseconds visibility_window{30'000};  // So long it is searched for what was written.
  std::stop_token stop;
};

// Tests each type that a feed reads and that the statement offers, and each channel. What it writes, it retires
// (entered-in-error) as far as the endpoint offers update, also after a failure; `left` says how it stands. It never
// writes to what does not carry a test notice's identifier. Errors: unauthorized, unreachable and what else stops every
// request, with what was left of the tests; a type that fails alone is a finding.
Result<ProbeFindings, FhirError> probe_endpoint(FhirClient& client, const EndpointConfig& endpoint,
                                                const Capability& capability, const ProbeOptions& options);

}  // namespace authledger
