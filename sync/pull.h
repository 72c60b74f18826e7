#pragma once

#include <string_view>

#include "sync/round.h"

namespace authledger {

// In the certificate of a type that the endpoint does not have: nothing is missing.
inline constexpr std::string_view kAbsentStrategy = "absent";

// Whether a gap of a certificate says only that the reading goes on, in the next round or by another worker.
bool is_of_progress(std::string_view gap);

// Reads every feed of every endpoint (or the one chosen) into facts. Each page commits its facts and resume link in one
// transaction; the watermark moves when a run's last page commits. Adds to the summary; failures do not stop others.
void pull_endpoints(RoundContext& context, RoundSummary& summary);

}  // namespace authledger
