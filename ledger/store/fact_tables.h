#pragma once

#include <span>
#include <vector>

#include "ledger/facts_json.h"
#include "ledger/store/pg.h"

// Rows of `fact` and of the typed tables. Inside of ledger/store only.

namespace authledger {

// A fact that has its fact_seq and recorded_at, and its subject.
struct SequencedFact {
  int64_t subject_id = 0;
  Hash content_hash{};
  Fact fact;
};

// One statement for the headers and one for each kind of fact present.
void insert_facts(Transaction& transaction, std::span<const SequencedFact> facts);

}  // namespace authledger
