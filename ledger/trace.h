#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/journal.h"

// From a visit, a posting or a claim item to the other two. Pure.

namespace authledger {

struct TracedPosting {
  int64_t entry_seq = 0;
  int transfer_no = 0;  // From 1, within the entry.
  Instant posted_at{};
  Transfer transfer;
  bool is_standing = false;  // Not taken back since.
};

struct ServiceTrace {
  std::string service_key;
  std::vector<std::string> visits;       // "ehr:Encounter/e1", Appointments, Procedures, charges.
  std::vector<std::string> claim_items;  // "ehr:Claim/c1#2"; items of an ExplanationOfBenefit too.
  std::vector<TracedPosting> postings;   // In the order in which they were posted.
};

// `asked` is a reference (Encounter/e1, Claim/c1 or one item of it: Claim/c1#2), a service's key, or a posting of the
// journal: "entry/12", or one transfer of it: "entry/12#3". `history` are all versions of the subject's facts.
std::vector<ServiceTrace> trace(std::string_view asked, const Consolidated& subject,
                                std::span<const JournalEntry> entries, std::span<const Fact> history);

}  // namespace authledger
