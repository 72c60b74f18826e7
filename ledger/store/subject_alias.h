#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>

#include "ledger/store/pg.h"

// Whose facts a patient reference names. Inside of ledger/store only.

namespace authledger {

using Alias = std::pair<std::string, std::string>;  // Patient reference, source.

// The home of every alias; creates those that are new. In alias order, so that writers cannot deadlock here.
std::map<Alias, int64_t> resolve_aliases(Transaction& transaction, const std::set<Alias>& aliases, Instant recorded_at);

}  // namespace authledger
