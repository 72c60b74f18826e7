#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <array>
#include <iostream>

#include "base/clock.h"
#include "cmd/ledger_rows.h"
#include "cmd/plan_rules.h"
#include "cmd/reckoning.h"
#include "ledger/reckon.h"
#include "ledger/store/journal_store.h"
#include "ledger/store/notice_store.h"
#include "ledger/store/subject_store.h"

namespace authledger {
namespace {

struct PlanOptions {
  std::string patient, on_day;
  RulePlanOptions rules;
};

class PlanRows {
 public:
  PlanRows(RowWriter& rows, const std::string& tenant, bool is_delivered)
      : rows_(rows), tenant_(tenant), is_delivered_(is_delivered) {}

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
    records.reserve(stored.size());
    for (const StoredNotice& notice : stored) records.push_back(notice.record);
    const std::vector<NoticeChange> changes =
        is_delivered_ ? plan_notices(tenant_, name.subject_id, consolidated, allocation, policy, today, records)
                      : plan_notices(tenant_, name.subject_id, {}, records);
    for (const NoticeChange& change : changes) {
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
  bool is_delivered_;
};

int run_plan(const GlobalOptions& global, const PlanOptions& options) {
  std::optional<Day> on_day;
  if (!options.on_day.empty() && !(on_day = parse_day(options.on_day))) {
    fmt::print(stderr, "authledger: --on {} is no day; write YYYY-MM-DD\n", options.on_day);
    return kExitBadUsage;
  }
  auto [session, exit_code] = open_session(global);
  if (!session) return exit_code;
  SystemClock clock;
  Day today = on_day.value_or(session->policy().zone.day_of(clock.now()));
  if (options.rules.is_asked()) return run_rule_plan(global, *session, options.rules, options.patient, today);
  RowWriter rows(std::cout, global.format, {"patient", "what", "action", "book", "key", "text", "quantity"});
  PlanRows planned(rows, session->config().tenant.name, session->rules().is_delivered);
  std::vector<SubjectName> names;
  transact(session->connection(), session->tenant_id(),
           [&](Transaction& transaction) { names = read_subjects(transaction, options.patient); });
  TerminalProgress progress;
  for (size_t i = 0; i < names.size(); ++i) {
    const SubjectName& name = names[i];
    const Policy& policy = policy_for(session->rules(), name.subject_id);
    transact(session->connection(), session->tenant_id(), [&](Transaction& transaction) {
      std::array ids{name.subject_id};
      std::vector<Fact> facts = std::move(read_facts(transaction, ids)[0]);
      planned.subject(name, reckon(facts, policy, today), policy, today, read_positions(transaction, ids)[0],
                      read_notices_of(transaction, ids)[0]);
    });
    progress(fmt::format("plan: {} of {} patients", i + 1, names.size()));
  }
  progress.clear();
  rows.finish();
  if (global.format == Format::table)
    fmt::print("{} transfers would be posted, {} notices written or retired\n", planned.transfers, planned.notices);
  return kExitDone;
}

}  // namespace

void add_plan_command(CommandLine line) {
  auto options = std::make_shared<PlanOptions>();  // Shared by the parser and the run that follows it.
  CLI::App* command =
      line.app.add_subcommand("plan", "What a run would post and write, or what changed rules would change");
  command->add_option("--patient", options->patient, "Only this patient: an id or a reference (Patient/p1)");
  command->add_option("--on", options->on_day, "As if today were this day (YYYY-MM-DD)");
  add_rule_plan_options(*command, options->rules);
  command->callback([line, options] { line.run = [line, options] { return run_plan(line.options, *options); }; });
}

}  // namespace authledger
