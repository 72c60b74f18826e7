#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>

#include "base/clock.h"
#include "ledger/journal.h"
#include "ledger/reckon.h"
#include "sync/tenant_session.h"

// The ledger's answers, for every command and page that asks: reckoned from the facts, or as they were known.

namespace authledger {

struct Question {
  std::string patient;                 // "p1" or "Patient/p1"; empty: every patient.
  std::optional<Day> on_day;           // As if today were this day.
  std::optional<Instant> as_known_at;  // From the last entry posted by then, under its policy and, without on_day, its
                                       // day.
};

// One subject, reckoned.
struct SubjectAnswer {
  int64_t subject_id = 0;
  std::string patient;
  const Policy& policy;
  Day today;
  Consolidated consolidated;
  Allocation allocation;
};

// Policies of a tenant by version, read when they are first asked for.
class KnownPolicies {
 public:
  explicit KnownPolicies(TenantSession& session) : session_(session) {}
  // Throws DbError. The reference lives as long as this.
  const Policy& version(int64_t version);

 private:
  TenantSession& session_;
  std::map<int64_t, Policy> policies_;
};

// Before an answer for an instant is given: from then on nothing is posted at or before it. Else why it cannot be asked
// about: a transaction that is still open may post below it.
std::optional<Failure> settle(Transaction& transaction, Instant as_known_at);

// Reckons every subject asked for and hands it to `visit`, in order of subject; subjects of which nothing was known
// then are left out. Errors: an instant after the oldest open transaction. Throws DbError.
Outcome for_each_answer(TenantSession& session, const Question& question, const Clock& clock,
                        const std::function<void(const SubjectAnswer&)>& visit);

// What is asked of an instant, in full: everything of a subject's history that was known then.
struct KnownHistory {
  std::vector<JournalEntry> entries;  // Posted by then.
  std::vector<Fact> facts;            // All versions that the last of them knew; of today when nothing is asked.
  const Policy* policy = nullptr;     // That of the last entry; the one in force when nothing is asked.
  Day today;
};
// Nullopt when nothing was known then.
std::optional<KnownHistory> read_history(TenantSession& session, KnownPolicies& policies, int64_t subject_id,
                                         const Question& question, const Clock& clock);

}  // namespace authledger
