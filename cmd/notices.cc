#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <iostream>

#include "base/clock.h"
#include "cmd/ledger_rows.h"
#include "cmd/session.h"
#include "ledger/store/notice_store.h"
#include "ledger/store/rule_preview_store.h"
#include "ledger/store/subject_store.h"

namespace authledger {
namespace {

struct NoticesOptions {
  std::string patient;
  bool release = false, all = false;
};

// What only the rules that wait want.
void add_previews(TenantSession& session, const std::string& patient, RowWriter& rows) {
  if (!session.rules().waiting) return;
  const WaitingRules& waiting = *session.rules().waiting;
  const std::string reason =
      fmt::format("rule version {} {}: authledger rules release {}", waiting.rule_version,
                  waiting.canary_percent > 0 ? fmt::format("is a canary for {} % of patients", waiting.canary_percent)
                                             : "is a dry run",
                  waiting.rule_version);
  std::vector<SubjectName> names;
  std::vector<NoticePreview> previews;
  transact(session.connection(), session.tenant_id(), [&](Transaction& transaction) {
    names = read_subjects(transaction, patient);
    std::vector<int64_t> ids;
    ids.reserve(names.size());
    for (const SubjectName& name : names) ids.push_back(name.subject_id);
    previews = read_previews(transaction, ids);
  });
  size_t at = 0;
  for (const NoticePreview& preview : previews) {
    while (names[at].subject_id != preview.subject_id) ++at;  // Both are in the order of the subjects.
    rows.add({OutputCell::of_text(preview.notice_key), OutputCell::of_text(word_of(preview.notice.kind)),
              OutputCell::of_integer(preview.notice.severity), OutputCell::of_text(names[at].patient),
              OutputCell::of_text(preview.notice.authorization_number), OutputCell::of_text(preview.notice.text),
              cell_of(preview.notice.due_day), OutputCell::of_text(word_of(NoticeState::held)), OutputCell{},
              OutputCell{}, OutputCell::of_text(reason)});
  }
}

std::string reason_of(const StoredNotice& notice) {
  if (!notice.parked_reason.empty()) return notice.parked_reason;
  return notice.is_held ? notice.held_reason : notice.close_reason;
}

int run_notices(const GlobalOptions& global, const NoticesOptions& options) {
  auto [session, exit_code] = open_session(global);
  if (!session) return exit_code;
  SystemClock clock;
  if (options.release) {
    int64_t released = release_held(session->connection(), session->tenant_id(), clock.now());
    fmt::print("{} held notices released; the next sync delivers them\n", released);
    return kExitDone;
  }
  std::vector<NoticeRowStored> stored;
  transact(session->connection(), session->tenant_id(),
           [&](Transaction& transaction) { stored = read_notices(transaction, options.patient); });
  RowWriter rows(std::cout, global.format,
                 {"key", "kind", "severity", "patient", "authorization_number", "text", "due_day", "state", "channel",
                  "remote", "reason"});
  for (const NoticeRowStored& row : stored) {
    const StoredNotice& notice = row.notice;
    NoticeState state = state_of(notice);
    if (!options.all && state == NoticeState::retired) continue;
    static const DesiredNotice kNone;
    const DesiredNotice& desired = notice.desired ? *notice.desired : kNone;
    rows.add({OutputCell::of_text(notice.record.notice_key), OutputCell::of_text(word_of(notice.record.kind)),
              OutputCell::of_integer(notice.record.severity), OutputCell::of_text(row.patient),
              OutputCell::of_text(desired.authorization_number), OutputCell::of_text(desired.text),
              cell_of(desired.due_day), OutputCell::of_text(word_of(state)), OutputCell::of_text(notice.channel),
              OutputCell::of_text(notice.remote_id.empty() ? "" : notice.channel + "/" + notice.remote_id),
              OutputCell::of_text(reason_of(notice))});
  }
  add_previews(*session, options.patient, rows);
  rows.finish();
  return kExitDone;
}

}  // namespace

void add_notices_command(CommandLine line) {
  auto options = std::make_shared<NoticesOptions>();  // Shared by the parser and the run that follows it.
  CLI::App* command = line.app.add_subcommand("notices", "Every warning: what it says and where it stands in the EHR");
  command->add_option("--patient", options->patient, "Only this patient: an id or a reference (Patient/p1)");
  command->add_flag("--all", options->all, "Retired notices too");
  command->add_flag("--release", options->release, "Let the next sync deliver what a blast-radius limit held");
  command->callback([line, options] { line.run = [line, options] { return run_notices(line.options, *options); }; });
}

}  // namespace authledger
