#pragma once

#include <vector>

#include "config/config.h"
#include "ledger/store/fact_store.h"

namespace authledger {

// Why the patients of a mapped resource are one person with others: what a Patient links to (FHIR R4, Patient.link) and
// its identifiers of the systems that the endpoint joins patients by; and every absolute patient URL that is the base
// of an endpoint (its base_url or also_at) is that endpoint's record. Never by name. Pure.
std::vector<SubjectLink> patient_links(const Config& config, const EndpointConfig& endpoint,
                                       const MappedResource& resource);

}  // namespace authledger
