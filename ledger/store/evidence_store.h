#pragma once

#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "ledger/facts.h"
#include "ledger/store/pg.h"

namespace authledger {

// Hash of the resource version that each fact was mapped from, as received; parallel to `facts`, nullopt for what came
// from no resource (a pin).
std::vector<std::optional<Hash>> read_resource_hashes(Transaction& transaction, std::span<const Fact> facts);

// Subjects of which some source ever named this authorization (a number of its, its request), this book, or this
// resource ("Encounter/e1"); in order of subject. Reads the tables of facts from end to end.
std::vector<int64_t> read_subjects_naming(Transaction& transaction, const std::string& name);

// Mapping that facts name ("encounter@5f0c…") → its paths as JSON. Those that are kept already stay as they are.
void save_mapping_paths(Transaction& transaction, const std::map<std::string, std::string>& paths);
// Of the mappings asked for; those that were used before paths were kept are left out.
std::map<std::string, std::string> read_mapping_paths(Transaction& transaction, const std::set<std::string>& mappings);

}  // namespace authledger
