#include "ledger/store/subject_lock.h"

#include <vector>

namespace authledger {

namespace {

constexpr Statement kLockForFacts{"lock_subjects_for_facts", R"(
  select subject_id, facts_seq, joined_into
    from subject
   where tenant_id = $1
     and subject_id = any($2::bigint[])
   order by subject_id
     for update)"};

// $2 is sorted, so that width_bucket finds a subject's place in it: a join with unnest could be turned around into a
// walk through every subject for every page.
constexpr Statement kRaiseSubjects{"raise_subjects", R"(
  update subject
     set facts_seq = ($3::bigint[])[width_bucket(subject_id, $2::bigint[])],
         due_at = $4,
         parked_reason = null
   where tenant_id = $1
     and subject_id = any($2::bigint[]))"};

}  // namespace

std::map<int64_t, LockedSubject> lock_for_facts(Transaction& transaction, const std::set<int64_t>& subject_ids) {
  std::map<int64_t, LockedSubject> locked;
  if (subject_ids.empty()) return locked;
  const std::vector<int64_t> ids(subject_ids.begin(), subject_ids.end());
  const Rows rows =
      transaction.execute(kLockForFacts, Parameters().integer(transaction.tenant_id()).integer_array(ids));
  for (size_t row = 0; row < rows.size(); ++row) {
    locked[rows.integer(row, 0)] = {rows.integer(row, 1), rows.optional_integer(row, 2)};
  }
  return locked;
}

void raise_subjects(Transaction& transaction, const std::map<int64_t, int64_t>& raised, Instant due_at) {
  if (raised.empty()) return;
  ArrayBuilder subject_ids, facts_seq;
  for (const auto& [subject_id, seq] : raised) {
    subject_ids.integer(subject_id);
    facts_seq.integer(seq);
  }
  Parameters parameters;
  parameters.integer(transaction.tenant_id());
  subject_ids.add_to(parameters);
  facts_seq.add_to(parameters);
  parameters.instant(due_at);
  transaction.execute(kRaiseSubjects, parameters);
}

}  // namespace authledger
