#include "sync/retract.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <iostream>
#include <map>

#include "base/clock.h"
#include "cmd/output.h"
#include "cmd/session.h"
#include "cmd/subject_walk.h"
#include "ledger/reckon.h"
#include "ledger/store/notice_store.h"
#include "ledger/store/subject_store.h"
#include "sync/endpoint_identity.h"

namespace authledger {
namespace {

constexpr size_t kTableRowsShown = 20;

struct RetractOptions {
  int64_t version = 0;
  std::string on_day, role, reason;
  bool is_yes = false;
};

int refuse(const std::string& message) {
  fmt::print(stderr, "authledger: {}\n", message);
  return kExitBadUsage;
}

// What becomes of one notice that the version wrote.
enum class Fate { retire, restore, keep, closed_by_person };

const char* word_of(Fate fate) {
  switch (fate) {
    case Fate::retire:
      return "retire";
    case Fate::restore:
      return "restore";
    case Fate::keep:
      return "keep";
    case Fate::closed_by_person:
      return "closed_by_person";
  }
  return "";
}

class RetractPlan {
 public:
  RetractPlan(TenantSession& session, int64_t version, Day today, RowWriter& rows, size_t limit)
      : session_(session),
        version_(version),
        today_(today),
        rules_(session.rules_without(version)),
        rows_(rows),
        limit_(limit) {}

  void subject(const SubjectName& name, const std::vector<Fact>& facts, const std::vector<StoredNotice>& stored) {
    std::vector<NoticeRecord> records;
    records.reserve(stored.size());
    for (const StoredNotice& notice : stored) records.push_back(notice.record);
    const Policy& policy = policy_for(rules_, name.subject_id);
    std::vector<DesiredNotice> desired;
    if (rules_.is_delivered || is_on_waiting_rules(rules_, name.subject_id)) {
      const auto [subject, allocation] = reckon(facts, policy, today_);
      desired = desired_notices(subject, allocation, policy, today_);
    }
    std::map<std::string, NoticeChange> changes;
    for (NoticeChange& change : plan_notices(session_.config().tenant.name, name.subject_id, desired, records)) {
      std::string key = change.notice_key;
      changes.emplace(std::move(key), std::move(change));
    }
    for (const StoredNotice& notice : stored) {
      const auto change = changes.find(notice.record.notice_key);
      if (notice.delivered_rule_version != version_ || notice.is_retired) continue;
      add(name.patient, notice, change == changes.end() ? nullptr : &change->second);
    }
  }

  const std::map<Fate, int64_t>& counts() const { return counts_; }
  size_t hidden() const { return shown_ > limit_ ? shown_ - limit_ : 0; }

 private:
  void add(const std::string& patient, const StoredNotice& notice, const NoticeChange* change) {
    Fate fate = Fate::keep;
    if (notice.record.closed_by_person) {
      fate = Fate::closed_by_person;
    } else if (!notice.record.is_open || (change && !change->desired)) {
      fate = Fate::retire;
    } else if (change) {
      fate = Fate::restore;
    }
    ++counts_[fate];
    if (++shown_ > limit_) return;
    const std::string after = fate == Fate::restore ? change->desired->text : "";
    rows_.add({OutputCell::of_text(notice.record.notice_key), OutputCell::of_text(word_of(fate)),
               OutputCell::of_text(authledger::word_of(notice.record.kind)), OutputCell::of_text(patient),
               OutputCell::of_text(notice.remote_id.empty() ? "" : notice.channel + "/" + notice.remote_id),
               OutputCell::of_text(notice.desired ? notice.desired->text : ""), OutputCell::of_text(after)});
  }

  TenantSession& session_;
  int64_t version_;
  Day today_;
  RulesInForce rules_;
  RowWriter& rows_;
  size_t limit_, shown_ = 0;
  std::map<Fate, int64_t> counts_;
};

// "" when the version can be retracted.
std::string refusal(const TenantSession& session, const std::vector<RuleVersionRow>& versions, int64_t version) {
  const RulesInForce& rules = session.rules();
  if (version < 1 || versions.empty() || version > versions.back().step.rule_version) {
    return fmt::format("there is no rule version {}; `authledger rules list` shows them", version);
  }
  if (rules.retracted.contains(version) || rules.rule_version == version) return "";
  if (rules.waiting && rules.waiting->rule_version == version) {
    return rules.waiting->canary_percent > 0
               ? ""
               : fmt::format("rule version {} is a dry run and has written nothing", version);
  }
  return fmt::format("rule version {} was replaced: what stands in the EHR is what version {} wants; retract that one",
                     version, rules.rule_version);
}

void print_plan(TenantSession& session, int64_t version, Day today, Format format) {
  RowWriter rows(std::cout, format, {"key", "action", "kind", "patient", "remote", "text", "restored_text"});
  RetractPlan plan(session, version, today, rows, format == Format::table ? kTableRowsShown : SIZE_MAX);
  walk_subjects(session, "", "retract",
                [&](const SubjectName& name, const std::vector<Fact>& facts, const std::vector<StoredNotice>& notices) {
                  plan.subject(name, facts, notices);
                });
  rows.finish();
  if (format != Format::table) return;
  if (plan.hidden() > 0) fmt::print("… and {} more: --format csv shows all\n", plan.hidden());
  const auto count = [&plan](Fate fate) {
    const auto found = plan.counts().find(fate);
    return found == plan.counts().end() ? int64_t{0} : found->second;
  };
  fmt::print(
      "{} notices would be retired, {} get their former text back, {} stay since the rules before want them too, "
      "{} stay as people closed them\n",
      count(Fate::retire), count(Fate::restore), count(Fate::keep), count(Fate::closed_by_person));
}

int run_retract(const GlobalOptions& global, const RetractOptions& options) {
  const std::optional<Day> on_day = parse_day(options.on_day);
  if (!options.on_day.empty() && !on_day) return refuse("--on must be a day, YYYY-MM-DD");
  std::stop_token stop = stop_on_signals();
  auto [session, exit_code] = open_session(global);
  if (!session) return exit_code;
  const std::vector<RuleVersionRow> versions = read_rule_versions(session->connection(), session->tenant_id());
  if (const std::string why = refusal(*session, versions, options.version); !why.empty()) return refuse(why);
  SystemClock clock;
  if (!options.is_yes) {
    print_plan(*session, options.version, on_day.value_or(session->policy().zone.day_of(clock.now())), global.format);
    fmt::print(stderr, "authledger: nothing was done; --yes takes it back\n");
    return kExitDone;
  }
  if (const std::string why = check_endpoints(*session, clock.now()); !why.empty()) return refuse(why);
  RoundOptions round;
  round.only_released = true;
  round.on_day = on_day;
  auto progress = std::make_shared<TerminalProgress>();  // Shared because std::function copies what it holds.
  RoundContext context{*session, clock, round, stop, [progress](const std::string& line) { (*progress)(line); }};
  const RetractSummary summary = retract_rules(context, options.version, options.role, options.reason);
  progress->clear();
  RowWriter rows(std::cout, global.format, {"rule_version", "retired", "restored", "kept", "left", "deciding"});
  rows.add({OutputCell::of_integer(options.version), OutputCell::of_integer(summary.round.notices.retired),
            OutputCell::of_integer(summary.round.notices.updated), OutputCell::of_integer(summary.kept),
            OutputCell::of_integer(summary.left), OutputCell::of_integer(session->rules().rule_version)});
  rows.finish();
  for (const std::string& failure : summary.round.failures) fmt::print(stderr, "authledger: {}\n", failure);
  if (summary.left == 0) return kExitDone;
  fmt::print(stderr,
             "authledger: {} notices of rule version {} are still to be taken back; run the same command again\n",
             summary.left, options.version);
  return summary.round.failures.empty() ? kExitWithQuarantine : kExitUnreachable;
}

}  // namespace

void add_retract_command(CommandLine line) {
  auto options = std::make_shared<RetractOptions>();  // Shared by the parser and the run that follows it.
  CLI::App* command = line.app.add_subcommand("retract", "Take back from the EHR what a version of the rules wrote");
  command->add_option("--rule", options->version, "The rule version, as `rules list` shows it")->required();
  command->add_flag("--yes", options->is_yes, "Do it; without this, it is only shown");
  command->add_option("--role", options->role, "Who answers for it: billing lead, compliance, …");
  command->add_option("--reason", options->reason, "Why; is kept with the version. No patient data");
  command->add_option("--on", options->on_day, "As if today were this day (YYYY-MM-DD)");
  command->callback([line, options] { line.run = [line, options] { return run_retract(line.options, *options); }; });
}

}  // namespace authledger
