#include "ledger/store/subject_store.h"

#include <map>

namespace authledger {

namespace {

constexpr Statement kClaimDue{"claim_due_subjects", R"(
  select subject_id, facts_seq, reconciled_seq, entry_seq, entry_hash, outcome_hash, attempts, parked_reason
    from subject
   where tenant_id = $1
     and due_at <= $2
     and parked_reason is null
   order by due_at
   limit $3
     for update skip locked)"};

constexpr Statement kLockSubjects{"lock_subjects", R"(
  select subject_id, facts_seq, reconciled_seq, entry_seq, entry_hash, outcome_hash, attempts, parked_reason
    from subject
   where tenant_id = $1
     and subject_id = any($2::bigint[])
   order by subject_id
     for update)"};

// $2 is sorted: width_bucket gives the place of a subject in it (see kRaiseSubjects).
constexpr Statement kSaveProgress{"save_progress", R"(
  update subject
     set reconciled_seq = ($3::bigint[])[width_bucket(subject_id, $2::bigint[])],
         due_at = ($4::timestamptz[])[width_bucket(subject_id, $2::bigint[])],
         attempts = 0
   where tenant_id = $1
     and subject_id = any($2::bigint[]))"};

constexpr Statement kBackOff{"back_off_subject", R"(
  update subject
     set attempts = attempts + 1,
         due_at = $4,
         parked_reason = case when attempts + 1 >= $5 then $3 end
   where tenant_id = $1
     and subject_id = $2)"};

constexpr Statement kCountSubjects{"count_subjects", R"(
  select count(*),
         count(*) filter (where due_at <= $2 and parked_reason is null),
         count(*) filter (where parked_reason is not null)
    from subject
   where tenant_id = $1)"};

std::vector<SubjectHead> heads_from(const Rows& rows) {
  std::vector<SubjectHead> heads;
  heads.reserve(rows.size());
  for (size_t row = 0; row < rows.size(); ++row) {
    SubjectHead head;
    head.subject_id = rows.integer(row, 0);
    head.facts_seq = rows.integer(row, 1);
    head.reconciled_seq = rows.integer(row, 2);
    head.entry_seq = rows.integer(row, 3);
    head.entry_hash = rows.hash(row, 4);
    head.outcome_hash = rows.hash(row, 5);
    head.attempts = static_cast<int>(rows.integer(row, 6));
    head.parked_reason = rows.string(row, 7);
    heads.push_back(std::move(head));
  }
  return heads;
}

}  // namespace

std::vector<SubjectHead> claim_due_subjects(Transaction& transaction, Instant now, int limit) {
  return heads_from(
      transaction.execute(kClaimDue, Parameters().integer(transaction.tenant_id()).instant(now).integer(limit)));
}

std::vector<SubjectHead> lock_subjects(Transaction& transaction, std::span<const int64_t> subject_ids) {
  return heads_from(
      transaction.execute(kLockSubjects, Parameters().integer(transaction.tenant_id()).integer_array(subject_ids)));
}

void save_progress(Transaction& transaction, std::span<const SubjectProgress> progress) {
  if (progress.empty()) return;
  std::map<int64_t, const SubjectProgress*> by_id;
  for (const SubjectProgress& subject : progress) by_id[subject.subject_id] = &subject;
  ArrayBuilder subject_ids, reconciled, due;
  for (const auto& [subject_id, subject] : by_id) {
    subject_ids.integer(subject_id);
    reconciled.integer(subject->reconciled_seq);
    due.optional_instant(subject->due_at);
  }
  Parameters parameters;
  parameters.integer(transaction.tenant_id());
  subject_ids.add_to(parameters);
  reconciled.add_to(parameters);
  due.add_to(parameters);
  transaction.execute(kSaveProgress, parameters);
}

void back_off_subject(PgConnection& connection, int64_t tenant_id, int64_t subject_id, const std::string& reason,
                      Instant next_due_at, int attempts_max) {
  transact(connection, tenant_id, [&](Transaction& transaction) {
    Parameters parameters;
    parameters.integer(tenant_id).integer(subject_id).text(reason).instant(next_due_at).integer(attempts_max);
    transaction.execute(kBackOff, parameters);
  });
}

SubjectTotals count_subjects(Transaction& transaction, Instant now) {
  const Rows rows = transaction.execute(kCountSubjects, Parameters().integer(transaction.tenant_id()).instant(now));
  return {rows.integer(0, 0), rows.integer(0, 1), rows.integer(0, 2)};
}

}  // namespace authledger
