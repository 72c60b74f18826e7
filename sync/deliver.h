#pragma once

#include "sync/round.h"

namespace authledger {

// Where notices are written; null when nowhere.
const EndpointConfig* delivering_endpoint(const Config& config);

// Writes every due notice to the delivering endpoint: one write per change, none when nothing changed. A create whose
// fate is unknown is searched for by its identifier before it is tried again; what a person did in the EHR wins.
// No transaction is open during HTTP. Several workers may run at once: a notice is leased.
// Holds the run when it would write more than the blast-radius limits of the config.
void deliver_due(RoundContext& context, RoundSummary& summary);

}  // namespace authledger
