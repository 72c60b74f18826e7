#pragma once

#include "fhir/client.h"

namespace authledger {

// What tells of the endpoint, or of our rights there, and nothing of the resource that was asked for or written: the
// same is taken as soon as the server is well again, or a person has mended the rights. FAULTS 18, 19 and 61.
bool is_about_endpoint(const FhirError& error);

}  // namespace authledger
