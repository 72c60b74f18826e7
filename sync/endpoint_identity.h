#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "config/config.h"
#include "ledger/store/endpoint_store.h"
#include "sync/tenant_session.h"

// An endpoint's name is the source of all that it says, and part of every key in the ledger: one server under a second
// name would be read as another source, and everything would stand in the charts twice; another server under the name
// would be taken for the first one. So each name is kept with its base URL.

namespace authledger {

// As two spellings of one base are equal: scheme and host in lower case, no default port, no slash at the end.
std::string normal_base_url(const std::string& base_url);

// Why no round may go by these endpoints, in a sentence that says what to do; empty: it may. Refused are, of endpoints
// of which something was read,
//   - another name for the same base URL, where the former name no longer stands for it,
//   - another base URL under the same name, unless the endpoint says moved_from.
// Folders are not compared. Nor is one address of this machine with another: a port here says nothing of the server
// behind it (tunnels, tests). Pure.
std::string endpoint_refusal(std::span<const EndpointConfig> endpoints, std::span<const KnownEndpoint> known);

// The same for the session's config, on what the database knows. What is not refused is recorded, at `now`. Throws
// DbError.
std::string check_endpoints(TenantSession& session, Instant now);

}  // namespace authledger
