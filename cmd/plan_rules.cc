#include "cmd/plan_rules.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <fstream>
#include <iostream>
#include <map>
#include <sstream>

#include "cmd/output.h"
#include "cmd/subject_walk.h"
#include "ledger/rule_effects.h"
#include "ledger/store/notice_store.h"
#include "ledger/store/payer_store.h"
#include "ledger/store/subject_store.h"

namespace authledger {
namespace {

constexpr size_t kTableRowsShown = 20;

struct OtherRules {
  Policy policy;
  Issues conflicts;
};

// The config's rules with those of the file over them, or nullopt after the problems were printed.
std::optional<OtherRules> rules_of_file(TenantSession& session, const std::string& rules_file) {
  std::ifstream file(rules_file);
  std::ostringstream text;
  text << file.rdbuf();
  if (!file) {
    fmt::print(stderr, "authledger: cannot read {}\n", rules_file);
    return std::nullopt;
  }
  Rules rules = session.config().rules;
  const Issues issues = read_rules(text.str(), rules_file, rules);
  for (const Issue& issue : issues) fmt::print(stderr, "{}: {}\n", issue.element_path, issue.message);
  if (has_error(issues)) return std::nullopt;
  Issues conflicts = rule_conflicts(rules);
  rules = with_payer_directory(std::move(rules), read_payer_organizations(session.connection(), session.tenant_id()));
  auto policy = make_policy(0, std::move(rules));
  if (!policy) {
    fmt::print(stderr, "authledger: {}\n", policy.error().message);
    return std::nullopt;
  }
  policy->delivering_endpoint = session.config().delivery.endpoint;
  return OtherRules{std::move(*policy), std::move(conflicts)};
}

struct Totals {
  std::map<std::pair<std::string_view, std::string_view>, int64_t> notices;  // By kind and effect.
  int64_t lines = 0, services = 0;
  int64_t patients = 0;  // With any change.
  int64_t patients_written = 0;
  int64_t writes_before = 0, writes_after = 0;
  int64_t gap_days_before = 0, gap_days_after = 0;
  int64_t uncovered_before = 0, uncovered_after = 0;
  Quantity units_before, units_after;
};

// Rows of one kind (notice, authorization, service, gap) are shown up to a limit, and counted beyond it.
class EffectRows {
 public:
  EffectRows(RowWriter& rows, size_t limit) : rows_(rows), limit_(limit) {}

  void add(const char* what, std::string_view effect, std::string_view kind, const std::string& patient,
           const std::string& key, const std::string& before, const std::string& after) {
    if (++counts_[what] > limit_) return;
    rows_.add({OutputCell::of_text(what), OutputCell::of_text(effect), OutputCell::of_text(kind),
               OutputCell::of_text(patient), OutputCell::of_text(key), OutputCell::of_text(before),
               OutputCell::of_text(after)});
  }

  void total(const std::string& kind, const std::string& effect, const std::string& before, const std::string& after) {
    rows_.add({OutputCell::of_text("total"), OutputCell::of_text(effect), OutputCell::of_text(kind), OutputCell{},
               OutputCell{}, OutputCell::of_text(before), OutputCell::of_text(after)});
  }

  size_t hidden() const {
    size_t hidden = 0;
    for (const auto& [what, count] : counts_) hidden += count > limit_ ? count - limit_ : 0;
    return hidden;
  }

 private:
  RowWriter& rows_;
  size_t limit_;
  std::map<std::string, size_t> counts_;
};

const char* effect_phrase(std::string_view effect) {
  if (effect == "appears") return "appear";
  return effect == "changes" ? "change (text, days or severity)" : "disappear";
}

// Where only the severity differs, the texts are equal.
std::string shown_text(const std::optional<DesiredNotice>& notice) {
  return notice ? fmt::format("{} (severity {})", notice->text, notice->severity) : "";
}

class RulePlan {
 public:
  RulePlan(TenantSession& session, const Policy& after, Day today, EffectRows& rows)
      : session_(session), after_(after), today_(today), rows_(rows) {}

  void subject(const SubjectName& name, const std::vector<Fact>& facts, const std::vector<StoredNotice>& stored) {
    const RulesInForce& rules = session_.rules();
    RuleEffects effects = compare_rules(facts, policy_for(rules, name.subject_id), after_, today_);
    if (!rules.is_delivered && !is_on_waiting_rules(rules, name.subject_id)) {
      effects.before.notices.clear();
      effects.notices = compare_notices({}, effects.after.notices);
    }
    count_writes(name.subject_id, effects, stored);
    const RuleStanding &before = effects.before, &after = effects.after;
    totals_.gap_days_before += before.gap_days;
    totals_.gap_days_after += after.gap_days;
    totals_.uncovered_before += before.uncovered_services;
    totals_.uncovered_after += after.uncovered_services;
    totals_.units_before += before.uncovered_units;
    totals_.units_after += after.uncovered_units;
    add_rows(name.patient, effects);
  }

  const Totals& totals() const { return totals_; }

 private:
  void add_rows(const std::string& patient, const RuleEffects& effects) {
    for (const NoticeDifference& difference : effects.notices) {
      const DesiredNotice& shown = difference.after ? *difference.after : *difference.before;
      ++totals_.notices[{word_of(shown.kind), word_of(difference.effect)}];
      rows_.add("notice", word_of(difference.effect), word_of(shown.kind), patient, shown.authorization_number,
                shown_text(difference.before), shown_text(difference.after));
    }
    totals_.lines += static_cast<int64_t>(effects.lines.size());
    for (const RuleEffect& line : effects.lines) add("authorization", patient, line);
    totals_.services += static_cast<int64_t>(effects.services.size());
    for (const RuleEffect& service : effects.services) add("service", patient, service);
    const int64_t gap_before = effects.before.gap_days, gap_after = effects.after.gap_days;
    if (gap_before != gap_after) {
      rows_.add("gap", "changes", "", patient, "", fmt::format("{} days without authority", gap_before),
                fmt::format("{} days without authority", gap_after));
    }
    const bool is_changed = !effects.notices.empty() || !effects.lines.empty() || !effects.services.empty();
    totals_.patients += is_changed || gap_before != gap_after;
  }

  void add(const char* what, const std::string& patient, const RuleEffect& effect) {
    const NoticeEffect how = effect.before.empty()  ? NoticeEffect::appears
                             : effect.after.empty() ? NoticeEffect::disappears
                                                    : NoticeEffect::changes;
    rows_.add(what, word_of(how), "", patient, effect.key, effect.before, effect.after);
  }

  // A change that a run makes to a notice is one write; what a person closed stays.
  void count_writes(int64_t subject_id, const RuleEffects& effects, const std::vector<StoredNotice>& stored) {
    std::vector<NoticeRecord> records;
    records.reserve(stored.size());
    for (const StoredNotice& notice : stored) records.push_back(notice.record);
    const std::string& tenant = session_.config().tenant.name;
    const size_t before = plan_notices(tenant, subject_id, effects.before.notices, records).size();
    const size_t after = plan_notices(tenant, subject_id, effects.after.notices, records).size();
    totals_.writes_before += static_cast<int64_t>(before);
    totals_.writes_after += static_cast<int64_t>(after);
    totals_.patients_written += after > 0;
  }

  TenantSession& session_;
  const Policy& after_;
  Day today_;
  EffectRows& rows_;
  Totals totals_;
};

void add_totals(const Totals& totals, EffectRows& rows) {
  for (const auto& [cause, count] : totals.notices) {
    rows.total("notices " + std::string(cause.first), std::string(cause.second), "", std::to_string(count));
  }
  const auto numbers = [&rows](const char* kind, int64_t before, int64_t after) {
    rows.total(kind, "", std::to_string(before), std::to_string(after));
  };
  rows.total("authorizations", "changes", "", std::to_string(totals.lines));
  rows.total("services", "changes", "", std::to_string(totals.services));
  rows.total("patients", "changes", "", std::to_string(totals.patients));
  numbers("gap days", totals.gap_days_before, totals.gap_days_after);
  numbers("uncovered services", totals.uncovered_before, totals.uncovered_after);
  rows.total("uncovered units", "", format_quantity(totals.units_before), format_quantity(totals.units_after));
  numbers("EHR writes", totals.writes_before, totals.writes_after);
}

void print_totals(const Totals& totals, size_t hidden, size_t patients, const DeliveryConfig& limits) {
  if (hidden > 0) fmt::print("… and {} more rows: --limit N shows more, --format csv all\n", hidden);
  fmt::print("\n");
  for (const auto& [cause, count] : totals.notices) {
    fmt::print("{:<24}{} notices {}\n", cause.first, count, effect_phrase(cause.second));
  }
  if (totals.notices.empty()) fmt::print("{:<24}as they are\n", "notices");
  fmt::print("{:<24}{} with other numbers\n", "authorizations", totals.lines);
  fmt::print("{:<24}{} drawn otherwise\n", "services", totals.services);
  fmt::print("{:<24}{} of {} with any change\n", "patients", totals.patients, patients);
  fmt::print("{:<24}{} now, {} then\n", "days without authority", totals.gap_days_before, totals.gap_days_after);
  fmt::print("{:<24}{} services of {} units now, {} of {} then\n", "uncovered", totals.uncovered_before,
             format_quantity(totals.units_before), totals.uncovered_after, format_quantity(totals.units_after));
  fmt::print("{:<24}{} by the next run as it is, {} at most under these rules\n", "writes to the EHR",
             totals.writes_before, totals.writes_after);
  const double share = patients == 0 ? 0 : static_cast<double>(totals.patients_written) / static_cast<double>(patients);
  if (totals.writes_after > limits.writes_per_run_max || share > limits.patients_share_max) {
    fmt::print(
        "That is more than a run may write (delivery.writes_per_run_max, patients_share_max): it would be held.\n");
  }
}

}  // namespace

void add_rule_plan_options(CLI::App& command, RulePlanOptions& options) {
  CLI::Option* file = command.add_option("--rules", options.rules_file,
                                         "What this rules file, laid over the config's rules, would change");
  command.add_flag("--waiting", options.is_waiting, "What the rules that wait for their release would change")
      ->excludes(file);
  command.add_option("--limit", options.limit, "Rows shown of each kind of change (table: 20)");
}

int run_rule_plan(const GlobalOptions& global, TenantSession& session, const RulePlanOptions& options,
                  const std::string& patient, Day today) {
  std::optional<OtherRules> other;
  if (options.is_waiting) {
    if (!session.rules().waiting) {
      fmt::print(stderr, "authledger: no rules wait; the config's rules decide (authledger rules list)\n");
      return kExitBadUsage;
    }
    other = OtherRules{session.rules().waiting->policy, {}};
  } else if (!(other = rules_of_file(session, options.rules_file))) {
    return kExitBadUsage;
  }
  const bool is_table = global.format == Format::table;
  RowWriter writer(std::cout, global.format, {"what", "effect", "kind", "patient", "key", "before", "after"});
  EffectRows rows(writer, options.limit.value_or(is_table ? kTableRowsShown : SIZE_MAX));
  for (const Issue& conflict : other->conflicts) {
    rows.add("conflict", "", "", "", conflict.element_path, "", conflict.message);
    fmt::print(stderr, "{}: {}\n", conflict.element_path, conflict.message);
  }

  RulePlan plan(session, other->policy, today, rows);
  const size_t patients =
      walk_subjects(session, patient, "plan",
                    [&](const SubjectName& name, const std::vector<Fact>& facts,
                        const std::vector<StoredNotice>& notices) { plan.subject(name, facts, notices); });
  if (!is_table) add_totals(plan.totals(), rows);
  writer.finish();
  if (is_table) print_totals(plan.totals(), rows.hidden(), patients, session.config().delivery);
  if (other->conflicts.empty()) return kExitDone;
  fmt::print(stderr, "authledger: the config check refuses rules that conflict\n");
  return kExitBadUsage;
}

}  // namespace authledger
