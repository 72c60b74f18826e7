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
#include "ledger/store/known_until.h"
#include "ledger/store/notice_store.h"
#include "ledger/store/rule_preview_store.h"
#include "ledger/store/subject_store.h"

namespace authledger {
namespace {

constexpr const char* kRuleRetracted = "the rule that raised it was taken back";
// Rules change a few times a year: a round that meets more changes leaves the rest to the next one.
constexpr int kRulesChangesMax = 3;

struct BatchCounts {
  int64_t subjects = 0, entries = 0;
};

// One subject's way through the pure stages.
struct SubjectOutcome {
  std::optional<JournalEntry> entry;
  std::vector<NoticeChange> notices;
  int64_t rule_version = 0;
  std::vector<NoticePreview> previews;
  std::optional<Instant> due_at;
};

// Another process stepped to other rules: what was claimed under the old ones is left as it is.
struct RulesChanged {};

class Reconciler {
 public:
  explicit Reconciler(RoundContext& context)
      : context_(context),
        rules_(context.session.rules()),
        today_(context.today()),
        tenant_(context.session.config().tenant.name) {
    // Subjects are due by the clock; with `--on DAY` also those that become due by the end of that day.
    due_until_ = context.clock.now();
    if (context.options.on_day) {
      due_until_ = std::max(due_until_, rules_.policy.zone.start_of(today_ + 1) - std::chrono::microseconds(1));
    }
  }

  // Fixed for the whole run: a subject that a batch makes due again waits for the next run.
  Instant due_until() const { return due_until_; }

  // Throws RulesChanged.
  BatchCounts run(Transaction& transaction, const std::vector<SubjectHead>& heads) const {
    if (!are_rules_current(transaction, rules_)) throw RulesChanged{};
    std::vector<int64_t> ids;
    for (const SubjectHead& head : heads) ids.push_back(head.subject_id);
    std::vector<std::vector<Fact>> facts = read_facts(transaction, ids);
    std::vector<std::vector<Position>> positions = read_positions(transaction, ids);
    std::vector<std::vector<StoredNotice>> notices = read_notices_of(transaction, ids);
    const Instant posted_at = posting_time(transaction, context_.clock.now());

    // Never due again within this run: a day in the past (`--on`) would else be reckoned for ever.
    const Instant earliest_due = due_until() + std::chrono::microseconds(1);
    std::vector<PostedEntry> entries;
    std::vector<SubjectNoticeChanges> changes;
    std::vector<SubjectProgress> progress;
    std::vector<NoticePreview> previews;
    for (size_t i = 0; i < heads.size(); ++i) {
      SubjectOutcome outcome = reconcile(heads[i], facts[i], positions[i], notices[i], posted_at);
      if (outcome.entry) entries.push_back({heads[i].subject_id, std::move(*outcome.entry)});
      if (!outcome.notices.empty()) {
        changes.push_back({heads[i].subject_id, std::move(outcome.notices), outcome.rule_version});
      }
      previews.insert(previews.end(), std::make_move_iterator(outcome.previews.begin()),
                      std::make_move_iterator(outcome.previews.end()));
      std::optional<Instant> due_at;
      if (outcome.due_at) due_at = std::max(*outcome.due_at, earliest_due);
      progress.push_back({heads[i].subject_id, heads[i].facts_seq, due_at});
    }
    if (!entries.empty()) post_entries(transaction, entries);
    if (!changes.empty()) save_notice_changes(transaction, changes, context_.clock.now());
    if (rules_.waiting) save_previews(transaction, ids, previews);
    save_progress(transaction, progress);
    return {static_cast<int64_t>(heads.size()), static_cast<int64_t>(entries.size())};
  }

 private:
  SubjectOutcome reconcile(const SubjectHead& head, const std::vector<Fact>& history,
                           const std::vector<Position>& positions, const std::vector<StoredNotice>& stored,
                           Instant posted_at) const {
    const bool is_waiting = is_on_waiting_rules(rules_, head.subject_id);
    const Policy& policy = is_waiting ? rules_.waiting->policy : rules_.policy;
    const Reckoning reckoning = reckon(history, policy, today_);
    const auto& [subject, allocation] = reckoning;

    SubjectOutcome outcome;
    outcome.rule_version = is_waiting ? rules_.waiting->rule_version : rules_.rule_version;
    // An organization, or a patient of whom nothing is known yet, has nothing to remember.
    const bool is_blank = head.entry_seq == 0 && subject.lines.empty() && subject.services.empty();
    if (!is_blank) {
      outcome.entry =
          build_entry(subject_key(context_.session.tenant_id(), head.subject_id),
                      {head.entry_seq, head.entry_hash, head.outcome_hash},
                      {head.facts_seq, today_, policy.version, posted_at}, plan_entry(subject, allocation, positions));
    }
    plan_notices_of(head.subject_id, is_waiting, history, reckoning, stored, outcome);
    return outcome;
  }

  // The notices, and when the subject is due again: on the day that changes an answer, or when somebody else has to own
  // what nobody owns. `--on` changes the day, not the clock by which notices wait.
  void plan_notices_of(int64_t subject_id, bool is_waiting, const std::vector<Fact>& history,
                       const Reckoning& reckoning, const std::vector<StoredNotice>& stored,
                       SubjectOutcome& outcome) const {
    const auto& [subject, allocation] = reckoning;
    std::vector<NoticeRecord> records;
    for (const StoredNotice& notice : stored) records.push_back(notice.record);
    const Policy& policy = is_waiting ? rules_.waiting->policy : rules_.policy;
    const Instant now = context_.clock.now();
    const bool has_queue = !context_.session.config().delivery.owner.empty();
    if (is_waiting || rules_.is_delivered) {
      outcome.notices = plan_notices(tenant_, subject_id, subject, allocation, policy, today_, records,
                                     has_queue ? std::nullopt : std::optional(now));
    } else {
      outcome.notices = plan_notices(tenant_, subject_id, {}, records);
    }
    tell_of_retraction(stored, outcome.notices);
    for (NoticeChange& change : outcome.notices) {
      if (change.desired) change.deliver_at = deliver_at(policy.rules, change.desired->role, now, policy.zone);
    }
    if (const auto day = due_again_on(reckoning, policy, today_)) outcome.due_at = policy.zone.start_of(*day);
    if (rules_.waiting && !is_waiting) preview(subject_id, history, reckoning, records, outcome);
    if (has_queue) return;
    const auto escalates_at = notices_escalate_at(outcome.notices, records, policy.rules, now);
    if (escalates_at) outcome.due_at = std::min(outcome.due_at.value_or(*escalates_at), *escalates_at);
  }

  // That a rule was taken back is the reason which people understand.
  void tell_of_retraction(const std::vector<StoredNotice>& stored, std::vector<NoticeChange>& changes) const {
    for (NoticeChange& change : changes) {
      if (change.desired) continue;
      for (const StoredNotice& notice : stored) {
        const bool is_it = notice.record.notice_key == change.notice_key;
        if (is_it && rules_.retracted.contains(notice.rule_version)) {
          change.close_reason = kRuleRetracted;
          change.resolved_by = Resolution::told_nobody;
        }
      }
    }
  }

  // What the rules that wait would do beside those that decide.
  void preview(int64_t subject_id, const std::vector<Fact>& history, const Reckoning& decided,
               const std::vector<NoticeRecord>& records, SubjectOutcome& outcome) const {
    const Policy& waiting = rules_.waiting->policy;
    const Reckoning reckoning = reckon(history, waiting, today_);
    std::vector<DesiredNotice> now;
    if (rules_.is_delivered) now = desired_notices(decided.subject, decided.allocation, rules_.policy, today_);
    const std::vector<DesiredNotice> then = desired_notices(reckoning.subject, reckoning.allocation, waiting, today_);
    for (const NoticeDifference& difference : compare_notices(now, then)) {
      const DesiredNotice& shown = difference.after ? *difference.after : *difference.before;
      outcome.previews.push_back(
          {subject_id, key_beside(tenant_, subject_id, shown, records), difference.effect, shown});
    }
    if (const auto day = due_again_on(reckoning, waiting, today_)) {
      const Instant due_at = waiting.zone.start_of(*day);
      outcome.due_at = std::min(outcome.due_at.value_or(due_at), due_at);
    }
  }

  RoundContext& context_;
  const RulesInForce& rules_;
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

  bool have_rules_changed() const { return have_rules_changed_; }

  // Returns how many subjects were due, kSubjectsPerBatchMax at most; 0 once the rules have changed.
  int run_batch() {
    try {
      return run_due();
    } catch (const RulesChanged&) {
      have_rules_changed_ = true;
      return 0;
    }
  }

 private:
  int run_due() {
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
  bool have_rules_changed_ = false;
};

// False when the rules changed under it.
bool reconcile_under_rules(RoundContext& context, RunTotals& totals) {
  const Reconciler reconciler(context);
  ReconcileWorker worker(context, reconciler, context.session.connection(), totals);
  // Most rounds have a handful of due subjects: a second worker is worth its connection when a batch was full.
  if (worker.run_batch() < kSubjectsPerBatchMax || context.stop.stop_requested()) {
    worker.run();
    return !worker.have_rules_changed();
  }
  ReconcileWorker second(context, reconciler, context.session.second_connection(), totals);
  std::future<void> beside = std::async(std::launch::async, [&second] { second.run(); });
  worker.run();
  beside.get();
  return !worker.have_rules_changed() && !second.have_rules_changed();
}

}  // namespace

void reconcile_due(RoundContext& context, RoundSummary& summary) {
  RunTotals totals(context, summary);
  for (int i = 0; i < kRulesChangesMax; ++i) {
    context.session.refresh_rules();
    if (reconcile_under_rules(context, totals)) return;
  }
}

}  // namespace authledger
