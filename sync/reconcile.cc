#include "sync/reconcile.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <future>
#include <mutex>

#include "base/log.h"
#include "ledger/journal.h"
#include "ledger/notice_routing.h"
#include "ledger/notices.h"
#include "ledger/reckon.h"
#include "ledger/store/journal_store.h"
#include "ledger/store/notice_store.h"
#include "ledger/store/subject_store.h"

namespace authledger {
namespace {

struct BatchCounts {
  int64_t subjects = 0, entries = 0;
};

// One subject's way through the pure stages.
struct SubjectOutcome {
  std::optional<JournalEntry> entry;
  std::vector<NoticeChange> notices;
  std::optional<Instant> due_at;
};

class Reconciler {
 public:
  explicit Reconciler(RoundContext& context)
      : context_(context),
        policy_(context.session.policy()),
        today_(context.today()),
        tenant_(context.session.config().tenant.name) {
    // Subjects are due by the clock; with `--on DAY` also those that become due by the end of that day.
    due_until_ = context.clock.now();
    if (context.options.on_day) {
      due_until_ = std::max(due_until_, policy_.zone.start_of(today_ + 1) - std::chrono::microseconds(1));
    }
  }

  // Fixed for the whole run: a subject that a batch makes due again waits for the next run.
  Instant due_until() const { return due_until_; }

  BatchCounts run(Transaction& transaction, const std::vector<SubjectHead>& heads) const {
    std::vector<int64_t> ids;
    for (const SubjectHead& head : heads) ids.push_back(head.subject_id);
    std::vector<std::vector<Fact>> facts = read_facts(transaction, ids);
    std::vector<std::vector<Position>> positions = read_positions(transaction, ids);
    std::vector<std::vector<StoredNotice>> notices = read_notices_of(transaction, ids);
    Instant now = context_.clock.now();

    // Never due again within this run: a day in the past (`--on`) would else be reckoned for ever.
    const Instant earliest_due = due_until() + std::chrono::microseconds(1);
    std::vector<PostedEntry> entries;
    std::vector<SubjectNoticeChanges> changes;
    std::vector<SubjectProgress> progress;
    for (size_t i = 0; i < heads.size(); ++i) {
      SubjectOutcome outcome = reconcile(heads[i], facts[i], positions[i], notices[i], now);
      if (outcome.entry) entries.push_back({heads[i].subject_id, std::move(*outcome.entry)});
      if (!outcome.notices.empty()) changes.push_back({heads[i].subject_id, std::move(outcome.notices)});
      std::optional<Instant> due_at;
      if (outcome.due_at) due_at = std::max(*outcome.due_at, earliest_due);
      progress.push_back({heads[i].subject_id, heads[i].facts_seq, due_at});
    }
    if (!entries.empty()) post_entries(transaction, entries);
    if (!changes.empty()) save_notice_changes(transaction, changes, now);
    save_progress(transaction, progress);
    return {static_cast<int64_t>(heads.size()), static_cast<int64_t>(entries.size())};
  }

 private:
  SubjectOutcome reconcile(const SubjectHead& head, const std::vector<Fact>& history,
                           const std::vector<Position>& positions, const std::vector<StoredNotice>& stored,
                           Instant now) const {
    const Reckoning reckoning = reckon(history, policy_, today_);
    const auto& [subject, allocation] = reckoning;

    SubjectOutcome outcome;
    // An organization, or a patient of whom nothing is known yet, has nothing to remember.
    const bool is_blank = head.entry_seq == 0 && subject.lines.empty() && subject.services.empty();
    if (!is_blank) {
      outcome.entry =
          build_entry(subject_key(context_.session.tenant_id(), head.subject_id),
                      {head.entry_seq, head.entry_hash, head.outcome_hash},
                      {head.facts_seq, today_, policy_.version, now}, plan_entry(subject, allocation, positions));
    }
    plan_notices_of(head.subject_id, reckoning, stored, now, outcome);
    return outcome;
  }

  // The notices, and when the subject is due again: on the day that changes an answer, or when somebody else has to own
  // what nobody owns. `--on` changes the day, not the clock by which notices wait.
  void plan_notices_of(int64_t subject_id, const Reckoning& reckoning, const std::vector<StoredNotice>& stored,
                       Instant now, SubjectOutcome& outcome) const {
    const auto& [subject, allocation] = reckoning;
    std::vector<NoticeRecord> records;
    for (const StoredNotice& notice : stored) records.push_back(notice.record);
    const bool has_queue = !context_.session.config().delivery.owner.empty();
    outcome.notices = plan_notices(tenant_, subject_id, subject, allocation, policy_, today_, records,
                                   has_queue ? std::nullopt : std::optional(now));
    for (NoticeChange& change : outcome.notices) {
      if (change.desired) change.deliver_at = deliver_at(policy_.rules, change.desired->role, now, policy_.zone);
    }
    if (const auto day = due_again_on(reckoning, policy_, today_)) outcome.due_at = policy_.zone.start_of(*day);
    if (has_queue) return;
    const auto escalates_at = notices_escalate_at(outcome.notices, records, policy_.rules, now);
    if (escalates_at) outcome.due_at = std::min(outcome.due_at.value_or(*escalates_at), *escalates_at);
  }

  RoundContext& context_;
  const Policy& policy_;
  Day today_;
  const std::string& tenant_;
  Instant due_until_{};
};

// What the workers of one run have done together. Thread-safe.
class RunTotals {
 public:
  RunTotals(const RoundContext& context, RoundSummary& summary) : context_(context), summary_(summary) {}

  void add(const BatchCounts& counts) {
    std::lock_guard lock(mutex_);
    summary_.subjects += counts.subjects;
    summary_.entries += counts.entries;
    context_.progress(fmt::format("reconcile: {} subjects, {} journal entries", summary_.subjects, summary_.entries));
  }
  void add_parked() {
    std::lock_guard lock(mutex_);
    ++summary_.parked_subjects;
  }

 private:
  std::mutex mutex_;
  const RoundContext& context_;
  RoundSummary& summary_;
};

// One worker: a connection of its own, batch after batch.
class ReconcileWorker {
 public:
  ReconcileWorker(RoundContext& context, const Reconciler& reconciler, PgConnection& connection, RunTotals& totals)
      : context_(context), reconciler_(reconciler), connection_(connection), totals_(totals) {}

  void run() {
    while (!context_.stop.stop_requested() && run_batch() > 0) continue;
  }

  // Returns how many subjects were due, kSubjectsPerBatchMax at most.
  int run_batch() {
    std::vector<int64_t> ids;
    BatchCounts counts;
    try {
      transact(connection_, context_.session.tenant_id(), [&](Transaction& transaction) {
        std::vector<SubjectHead> heads = claim_due_subjects(transaction, reconciler_.due_until(), kSubjectsPerBatchMax);
        ids.clear();
        for (const SubjectHead& head : heads) ids.push_back(head.subject_id);
        counts = heads.empty() ? BatchCounts{} : reconciler_.run(transaction, heads);
      });
    } catch (const DbError& error) {
      if (error.is_connection_lost() || ids.empty()) throw;
      counts = run_singly(ids);
    }
    if (!ids.empty()) totals_.add(counts);
    return static_cast<int>(ids.size());
  }

 private:
  // After a batch failed: each subject in a transaction of its own, so that the others go on.
  BatchCounts run_singly(const std::vector<int64_t>& ids) {
    BatchCounts counts;
    for (int64_t id : ids) {
      try {
        transact(connection_, context_.session.tenant_id(), [&](Transaction& transaction) {
          BatchCounts one = reconciler_.run(transaction, lock_subjects(transaction, std::array{id}));
          counts.subjects += one.subjects;
          counts.entries += one.entries;
        });
      } catch (const DbError& error) {
        if (error.is_connection_lost()) throw;
        // The subject's number is no patient identifier: it exists only here.
        log_error("subject_failed", {{"subject", id}, {"sqlstate", error.sqlstate()}, {"cause", error.what()}});
        back_off_subject(connection_, context_.session.tenant_id(), id,
                         fmt::format("database error {}", error.sqlstate()),
                         context_.clock.now() + std::chrono::minutes(1), kReconcileAttemptsMax);
        totals_.add_parked();
      }
    }
    return counts;
  }

  RoundContext& context_;
  const Reconciler& reconciler_;
  PgConnection& connection_;
  RunTotals& totals_;
};

}  // namespace

void reconcile_due(RoundContext& context, RoundSummary& summary) {
  const Reconciler reconciler(context);
  RunTotals totals(context, summary);
  ReconcileWorker worker(context, reconciler, context.session.connection(), totals);
  // Most rounds have a handful of due subjects: a second worker is worth its connection when a batch was full.
  if (worker.run_batch() < kSubjectsPerBatchMax || context.stop.stop_requested()) return worker.run();
  ReconcileWorker second(context, reconciler, context.session.second_connection(), totals);
  std::future<void> beside = std::async(std::launch::async, [&second] { second.run(); });
  worker.run();
  beside.get();
}

}  // namespace authledger
