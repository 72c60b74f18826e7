#pragma once

#include <vector>

#include "ledger/store/fact_store.h"
#include "ledger/store/subject_alias.h"

// Rows of subject_link and subject_join_due. Inside of ledger/store only.

namespace authledger {

// Of resources whose version is new: a Patient's links replace the former ones, another resource's are added. Records
// whose person may be another now become due for `join_subjects`.
void save_links(Transaction& transaction, const std::vector<const MappedResource*>& resources);

// Records that are new and that links name already.
void raise_named(Transaction& transaction, const std::vector<Alias>& created);

}  // namespace authledger
