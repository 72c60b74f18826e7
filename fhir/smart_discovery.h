#pragma once

#include <string>

#include "base/result.h"
#include "fhir/exchange.h"
#include "fhir/scope.h"

// Where an endpoint's tokens come from. Source: SMART App Launch 2.2, conformance.html: `.well-known/
// smart-configuration`; its first version: the oauth-uris extension of the CapabilityStatement.

namespace authledger {

struct SmartConfiguration {
  std::string token_url;
  std::string found_in;  // "smart-configuration" or "metadata", for people.
  ScopeVersion scopes = ScopeVersion::v2;
  bool offers_private_key_jwt = true;  // False only when the server lists its methods without it.
};

// Asks without a token. `base_url` has no trailing slash.
// Errors: unauthorized when neither place names a token endpoint, or it is not https (http on the loopback address is
// for an endpoint that is there itself); those of Exchange.
Result<SmartConfiguration, FhirError> discover_smart(Exchange& exchange, const std::string& name,
                                                     const std::string& base_url);

// Why no secret or assertion may be sent to a token URL, or "".
std::string token_url_problem(const std::string& token_url, const std::string& base_url);

}  // namespace authledger
