#pragma once

#include <string_view>
#include <vector>

#include "ledger/consolidate_parts.h"

namespace authledger {

// Begins the hash of what a source states of an attachment (its size, creation and title) where it states no hash.
inline constexpr std::string_view kStatedHash = "stated:";

// Gives each authorization line the letters that are on file of it: documents that name its answer, its request or one
// of its numbers, and those that take the place of such a one.
//
// What a letter was before comes from input.history, which every reckoning has at hand: so neither a stored hash nor a
// look into the database tells what changed, and an answer, its replay and its evidence agree. A letter has changed
// when, of the hashes that the ledger held as current, one is gone and another has come; a rendition that is added and
// a hash that is stated for the first time change nothing. It has also changed when another document replaces it that
// does not state the same hash, provided that the ledger knew it as current. An older version that arrives late was
// never held, and what was replaced before the ledger first read it is no news.
void attach_letters(const ConsolidationInput& input, std::vector<AuthorizationLine>& lines);

}  // namespace authledger
