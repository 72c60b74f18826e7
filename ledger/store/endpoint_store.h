#pragma once

#include <span>
#include <string>
#include <vector>

#include "ledger/store/pg.h"

namespace authledger {

// An endpoint as a round read it last, whether or not it stands in the config still.
struct KnownEndpoint {
  std::string source;    // Its name.
  std::string base_url;  // Normalised.
  bool is_read = false;  // Resources of it stand in the ledger.
};

// By name.
std::vector<KnownEndpoint> read_known_endpoints(Transaction& transaction);
// Adds them, or moves those that are known by name.
void save_known_endpoints(Transaction& transaction, std::span<const KnownEndpoint> endpoints, Instant now);

}  // namespace authledger
