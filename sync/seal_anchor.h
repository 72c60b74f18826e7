#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "config/config.h"
#include "ledger/store/lost_commits.h"

// The last seal of each tenant in a file beside the database: what a database that lost commits cannot take back.
// Source: FAULTS 52.

namespace authledger {

// "anchors/<sha256 of the tenant's name>.json" in the data folder, which need not be the database's.
std::string anchor_file(const Config& config);

// Nullopt when there is none, or it cannot be read: nothing is known then.
std::optional<SealMark> read_anchor(const Config& config);
// Replaces the file at once. Errors: the folder cannot be written; the message names it.
Outcome write_anchor(const Config& config, const SealMark& mark);

}  // namespace authledger
