#pragma once

#include "fhir/probe.h"

// The half of a probe that is about channels: whether deliveries could trust what an endpoint declares.

namespace authledger {

// After such an error nothing else can succeed either.
bool stops_everything(const FhirError& error);

// Adds another problem to those that the finding has.
void add_problem(TypeFinding& finding, const std::string& problem);

// Searches for an identifier that nobody has; then, where the test has a body, creates it, searches for it and retires
// it. Errors: as of probe_endpoint.
std::optional<FhirError> probe_channel(FhirClient& client, const EndpointConfig& endpoint, const Capability& capability,
                                       const ProbeOptions& options, const ChannelTest& test, TypeFinding& finding);

}  // namespace authledger
