#pragma once

#include <memory>
#include <utility>

#include "fhir/oauth_token.h"
#include "fhir/rate_limit.h"

namespace authledger {

// What all clients of a process share, by endpoint: how fast it may be asked, and its token. Thread-safe.
struct SharedAccess {
  explicit SharedAccess(std::shared_ptr<LimitStore> store = nullptr) : limits(std::move(store)) {}

  RateLimits limits;
  OauthGrants grants;
};

}  // namespace authledger
