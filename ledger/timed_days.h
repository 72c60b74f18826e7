#pragma once

#include <vector>

#include "ledger/consolidate.h"

// Units of timed services under the 8-minute rule. Internal to `consolidate`.
// Source: CMS Claims Processing Manual, chapter 5, 20.2 C: the minutes of a day's timed services count together.

namespace authledger {

// The timed services that one provider gave the patient on one day under one payer share the units that their minutes
// earn together: each its whole units, what is left to those with most minutes over.
void count_timed_days(const std::vector<Service*>& services);

}  // namespace authledger
