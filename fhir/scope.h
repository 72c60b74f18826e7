#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"

// OAuth scopes of a backend service. Source: SMART App Launch 2.2, "Scopes and Launch Context" (system/Type.cruds) and
// its version 1 (system/Type.read, .write, .*).

namespace authledger {

enum class ScopeVersion { v1, v2 };

// The scopes that the endpoint's feeds, its roster and (where notices may be written) Flag and Task need, separated by
// spaces. No wildcard: hospitals grant what is used.
std::string needed_scope(const EndpointConfig& endpoint, ScopeVersion version);

// Which of the scopes in `wanted` no scope in `granted` covers; both versions, wildcards included.
std::vector<std::string> scopes_not_granted(std::string_view wanted, std::string_view granted);

}  // namespace authledger
