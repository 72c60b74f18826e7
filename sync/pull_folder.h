#pragma once

#include "sync/intake.h"

namespace authledger {

// Reads every file of a folder source. A file that cannot be read becomes a quarantine row; the others go on.
// Returns a failure sentence when the folder itself cannot be read.
std::optional<std::string> pull_folder(RoundContext& context, const EndpointConfig& endpoint, Intake& intake,
                                       RoundSummary& summary);

}  // namespace authledger
