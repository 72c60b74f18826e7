#include <CLI/CLI.hpp>
#include <iostream>

#include "base/json.h"
#include "base/text.h"
#include "cmd/ledger_rows.h"
#include "cmd/reckoning.h"
#include "ledger/service_remarks.h"

namespace authledger {
namespace {

// "retro_risk until 2026-04-01 (2 days left)" in tables, an object with the rule for programs.
OutputCell cell_of(const std::vector<ServiceRemark>& remarks, const std::string& service_key) {
  JsonWriter writer;
  std::vector<std::string> shown;
  writer.begin_array();
  for (const ServiceRemark& remark : remarks) {
    if (remark.service_key != service_key) continue;
    writer.begin_object().member("kind", word_of(remark.kind));
    remark.rule.empty() ? writer.key("rule").null() : writer.member("rule", remark.rule);
    remark.last_day ? writer.member("last_day", format_day(*remark.last_day)) : writer.key("last_day").null();
    remark.days_left ? writer.key("days_left").number(*remark.days_left) : writer.key("days_left").null();
    writer.member("text", remark.text).end_object();
    std::string text(word_of(remark.kind));
    if (remark.last_day) text += " until " + format_day(*remark.last_day);
    shown.push_back(std::move(text));
  }
  writer.end_array();
  return OutputCell::of_json(writer.take(), join(shown, ", "));
}

int run_services(const GlobalOptions& global, const AnswerOptions& options) {
  auto [session, exit_code] = open_session(global);
  if (!session) return exit_code;
  RowWriter rows(std::cout, global.format,
                 {"key", "sources", "patient", "day", "state", "service_codes", "quantity", "measure", "covered_by",
                  "uncovered", "reason", "exposure", "currency", "remarks"});
  exit_code = for_each_subject(*session, options, [&](const SubjectAnswer& answer) {
    const std::vector<ServiceRemark> remarks =
        service_remarks(answer.consolidated, answer.allocation, answer.policy, answer.today);
    for (ServiceRow& row : service_rows(answer.consolidated, answer.allocation)) {
      rows.add({OutputCell::of_text(row.key), OutputCell::of_list(row.sources),
                OutputCell::of_text(row.patient.empty() ? answer.patient : row.patient),
                OutputCell::of_text(format_day(row.day)), OutputCell::of_text(word_of(row.state)),
                OutputCell::of_list(row.service_codes), OutputCell::of_number(format_quantity(row.quantity)),
                OutputCell::of_text(word_of(row.measure)), cell_of(row.covered_by),
                OutputCell::of_number(format_quantity(row.uncovered)),
                row.reason == UncoveredReason::none ? OutputCell{} : OutputCell::of_text(word_of(row.reason)),
                cell_of(row.exposure), OutputCell::of_text(row.currency), cell_of(remarks, row.key)});
    }
  });
  rows.finish();
  return exit_code;
}

}  // namespace

void add_services_command(CommandLine line) {
  auto options = std::make_shared<AnswerOptions>();  // Shared by the parser and the run that follows it.
  CLI::App* command =
      line.app.add_subcommand("services", "Every visit: which authorization covers it, or why none does");
  add_answer_options(*command, *options);
  command->callback([line, options] { line.run = [line, options] { return run_services(line.options, *options); }; });
}

}  // namespace authledger
