#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <array>
#include <fstream>
#include <iostream>
#include <sstream>

#include "base/clock.h"
#include "cmd/ledger_rows.h"
#include "cmd/reckoning.h"
#include "ledger/reckon.h"
#include "ledger/store/journal_store.h"
#include "ledger/store/notice_store.h"
#include "ledger/store/subject_store.h"

namespace authledger {
namespace {

struct PlanOptions {
  std::string patient, on_day, rules_file;
};

// The rules in force with those of the file over them, or nullopt after the problems were printed.
std::optional<Policy> planned_policy(const TenantSession& session, const std::string& rules_file) {
  if (rules_file.empty()) return session.policy();
  std::ifstream file(rules_file);
  std::ostringstream text;
  text << file.rdbuf();
  if (!file) {
    fmt::print(stderr, "authledger: cannot read {}\n", rules_file);
    return std::nullopt;
  }
  Rules rules = session.policy().rules;
  Issues issues = read_rules(text.str(), rules_file, rules);
  for (const Issue& issue : issues) fmt::print(stderr, "{}: {}\n", issue.element_path, issue.message);
  if (has_error(issues)) return std::nullopt;
  auto policy = make_policy(session.policy().version, std::move(rules));
  if (!policy) {
    fmt::print(stderr, "authledger: {}\n", policy.error().message);
    return std::nullopt;
  }
  return std::move(*policy);
}

class PlanRows {
 public:
  PlanRows(RowWriter& rows, const std::string& tenant) : rows_(rows), tenant_(tenant) {}

  void subject(const SubjectName& name, const Reckoning& reckoning, const Policy& policy, Day today,
               const std::vector<Position>& positions, const std::vector<StoredNotice>& stored) {
    const auto& [consolidated, allocation] = reckoning;
    for (const Transfer& transfer : plan_entry(consolidated, allocation, positions).transfers) {
      ++transfers;
      rows_.add({OutputCell::of_text(name.patient), OutputCell::of_text("transfer"),
                 OutputCell::of_text(transfer.is_reversal ? "reverse" : "post"), OutputCell::of_text(transfer.book),
                 OutputCell::of_text(transfer.service_key),
                 OutputCell::of_text(fmt::format("{} to {}", word_of(transfer.from), word_of(transfer.to))),
                 OutputCell::of_number(format_quantity(transfer.quantity))});
    }
    std::vector<NoticeRecord> records;
    for (const StoredNotice& notice : stored) records.push_back(notice.record);
    for (const NoticeChange& change :
         plan_notices(tenant_, name.subject_id, consolidated, allocation, policy, today, records)) {
      ++notices;
      rows_.add({OutputCell::of_text(name.patient), OutputCell::of_text("notice"),
                 OutputCell::of_text(change.desired ? "write" : "retire"),
                 OutputCell::of_text(change.desired ? word_of(change.desired->kind) : ""),
                 OutputCell::of_text(change.notice_key),
                 OutputCell::of_text(change.desired ? change.desired->text : change.close_reason), OutputCell{}});
    }
  }

  int64_t transfers = 0, notices = 0;

 private:
  RowWriter& rows_;
  const std::string& tenant_;
};

int run_plan(const GlobalOptions& global, const PlanOptions& options) {
  std::optional<Day> on_day;
  if (!options.on_day.empty() && !(on_day = parse_day(options.on_day))) {
    fmt::print(stderr, "authledger: --on {} is no day; write YYYY-MM-DD\n", options.on_day);
    return kExitBadUsage;
  }
  auto [session, exit_code] = open_session(global);
  if (!session) return exit_code;
  auto policy = planned_policy(*session, options.rules_file);
  if (!policy) return kExitBadUsage;
  SystemClock clock;
  Day today = on_day.value_or(policy->zone.day_of(clock.now()));
  RowWriter rows(std::cout, global.format, {"patient", "what", "action", "book", "key", "text", "quantity"});
  PlanRows planned(rows, session->config().tenant.name);
  std::vector<SubjectName> names;
  transact(session->connection(), session->tenant_id(),
           [&](Transaction& transaction) { names = read_subjects(transaction, options.patient); });
  for (const SubjectName& name : names) {
    transact(session->connection(), session->tenant_id(), [&](Transaction& transaction) {
      std::array ids{name.subject_id};
      std::vector<Fact> facts = std::move(read_facts(transaction, ids)[0]);
      planned.subject(name, reckon(facts, *policy, today), *policy, today, read_positions(transaction, ids)[0],
                      read_notices_of(transaction, ids)[0]);
    });
  }
  rows.finish();
  if (global.format == Format::table)
    fmt::print("{} transfers would be posted, {} notices written or retired\n", planned.transfers, planned.notices);
  return kExitDone;
}

}  // namespace

void add_plan_command(CommandLine line) {
  auto options = std::make_shared<PlanOptions>();  // Shared by the parser and the run that follows it.
  CLI::App* command =
      line.app.add_subcommand("plan", "What a run, or changed rules, would post and write, without doing it");
  command->add_option("--patient", options->patient, "Only this patient: an id or a reference (Patient/p1)");
  command->add_option("--on", options->on_day, "As if today were this day (YYYY-MM-DD)");
  command->add_option("--rules", options->rules_file, "A rules file laid over the config's rules");
  command->callback([line, options] { line.run = [line, options] { return run_plan(line.options, *options); }; });
}

}  // namespace authledger
