#pragma once

#include <string>

#include "base/json.h"
#include "base/result.h"
#include "ledger/journal.h"

// A journal's entries as JSON that anyone can check without the database; docs/proof.md describes it. Pure.

namespace authledger {

inline constexpr std::string_view kJournalFormat = "authledger.journal/1";

struct JournalLine {
  int64_t tenant_id = 0, subject_id = 0;
  JournalEntry entry;
};

// One entry with everything that its hash covers, as one line without its line end.
std::string journal_line(const JournalLine& line);
// Errors: not such a line; the message names the member.
Result<JournalLine> journal_line_from(JsonView line);

// The entry's own members, inside of an object that is open.
void write_entry(JsonWriter& writer, const JournalEntry& entry);
Result<JournalEntry> entry_from(JsonView object);

// A whole number of a JSON value; nullopt for anything else.
std::optional<int64_t> integer_from(JsonView value);

}  // namespace authledger
