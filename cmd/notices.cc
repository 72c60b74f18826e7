#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <iostream>
#include <map>
#include <tuple>

#include "base/clock.h"
#include "cmd/ledger_rows.h"
#include "cmd/notice_precision.h"
#include "cmd/session.h"
#include "ledger/store/notice_store.h"
#include "ledger/store/rule_preview_store.h"
#include "ledger/store/subject_store.h"

namespace authledger {
namespace {

struct NoticesOptions {
  std::string patient, role;
  bool release = false, retry = false, all = false, unowned = false, precision = false, undeliverable = false;
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
              OutputCell{}, OutputCell::of_text(reason), OutputCell::of_text(word_of(preview.notice.role)),
              OutputCell::of_text(preview.notice.owner), OutputCell{}, OutputCell{}, OutputCell{}});
  }
}

// It stands nowhere: the last tries to write it into the EHR were not taken.
bool is_not_taken(const StoredNotice& notice) {
  const NoticeState state = state_of(notice);
  return (state == NoticeState::wanted || state == NoticeState::creating) && notice.attempts > 0;
}

std::string reason_of(const StoredNotice& notice) {
  if (!notice.parked_reason.empty()) return notice.parked_reason;
  if (!notice.undeliverable_reason.empty()) return notice.undeliverable_reason;
  if (state_of(notice) == NoticeState::unconfirmed) {
    return "the EHR did not answer this message, and offers no search that could find it: it is not sent again. Look "
           "whether it arrived";
  }
  if (is_not_taken(notice)) {
    return fmt::format("not taken by the endpoint yet, {} tries in a row; the log of `authledger sync` says why",
                       notice.attempts);
  }
  return notice.is_held ? notice.held_reason : notice.close_reason;
}

std::string remote_of(const StoredNotice& notice) {
  return notice.remote_id.empty() ? "" : notice.channel + "/" + notice.remote_id;
}

// In a word: how the notice ended, or in which status a person closed it.
std::string resolution_of(const StoredNotice& notice) {
  if (!notice.person_status.empty()) return "person_" + notice.person_status;
  return std::string(word_of(notice.resolved_by));
}

// No channel takes it, the endpoint refused it or does not take it now, or nobody knows whether it was taken.
bool is_stuck(const StoredNotice& notice) {
  const NoticeState state = state_of(notice);
  return state == NoticeState::undeliverable || state == NoticeState::parked || state == NoticeState::unconfirmed ||
         is_not_taken(notice);
}

using Event = std::tuple<int64_t, NoticeKind, std::string>;

Event event_of(const StoredNotice& notice) {
  return {notice.subject_id, notice.record.kind, notice.record.topic};
}

class NoticeList {
 public:
  NoticeList(const NoticesOptions& options, Role role, const DeliveryConfig& delivery)
      : options_(options), role_(role), has_queue_(!delivery.owner.empty()) {}

  bool shows(const StoredNotice& notice) const {
    if (!options_.all && state_of(notice) == NoticeState::retired) return false;
    if (role_ != Role::none && notice.record.role != role_) return false;
    if (options_.undeliverable && !is_stuck(notice)) return false;
    const bool is_open = notice.record.is_open && !notice.record.closed_by_person;
    const bool is_owned = notice.record.has_owner || has_queue_ || notice.record.role == Role::none;
    return !options_.unowned || (is_open && !is_owned);
  }

  // What others are told of the same event is one notice, unless one role or what nobody owns is asked for.
  bool is_folded(const StoredNotice& notice) const {
    return notice.record.is_copy && role_ == Role::none && !options_.unowned && !options_.undeliverable;
  }

 private:
  const NoticesOptions& options_;
  Role role_;
  bool has_queue_;
};

int list_notices(const GlobalOptions& global, const NoticesOptions& options, Role role, TenantSession& session) {
  std::vector<NoticeRowStored> stored;
  transact(session.connection(), session.tenant_id(),
           [&](Transaction& transaction) { stored = read_notices(transaction, options.patient); });
  const NoticeList list(options, role, session.config().delivery);
  std::map<Event, std::vector<std::string>> copies;
  for (const NoticeRowStored& row : stored) {
    if (!list.shows(row.notice) || !list.is_folded(row.notice)) continue;
    const std::string remote = remote_of(row.notice);
    copies[event_of(row.notice)].push_back(fmt::format("{}: {}{}{}", word_of(row.notice.record.role),
                                                       word_of(state_of(row.notice)), remote.empty() ? "" : " ",
                                                       remote));
  }
  RowWriter rows(std::cout, global.format,
                 {"key", "kind", "severity", "patient", "authorization_number", "text", "due_day", "state", "channel",
                  "remote", "reason", "role", "owner", "deliver_at", "resolved_by", "copies"});
  for (const NoticeRowStored& row : stored) {
    const StoredNotice& notice = row.notice;
    if (!list.shows(notice) || list.is_folded(notice)) continue;
    const NoticeState state = state_of(notice);
    static const DesiredNotice kNone;
    const DesiredNotice& desired = notice.desired ? *notice.desired : kNone;
    const bool is_waiting = notice.due_at && state != NoticeState::retired;
    rows.add({OutputCell::of_text(notice.record.notice_key), OutputCell::of_text(word_of(notice.record.kind)),
              OutputCell::of_integer(notice.record.severity), OutputCell::of_text(row.patient),
              OutputCell::of_text(desired.authorization_number), OutputCell::of_text(desired.text),
              cell_of(desired.due_day), OutputCell::of_text(word_of(state)), OutputCell::of_text(notice.channel),
              OutputCell::of_text(remote_of(notice)), OutputCell::of_text(reason_of(notice)),
              OutputCell::of_text(word_of(notice.record.role)), OutputCell::of_text(desired.owner),
              OutputCell::of_text(is_waiting ? format_instant(*notice.due_at) : ""),
              OutputCell::of_text(resolution_of(notice)), OutputCell::of_list(copies[event_of(notice)])});
  }
  if (!options.undeliverable) add_previews(session, options.patient, rows);
  rows.finish();
  return kExitDone;
}

int run_notices(const GlobalOptions& global, const NoticesOptions& options) {
  const std::optional<Role> role = options.role.empty() ? Role::none : role_from(options.role);
  if (!role) {
    fmt::print(stderr, "authledger: --role {} is none of clinician, biller, operations, patient\n", options.role);
    return kExitBadUsage;
  }
  auto [session, exit_code] = open_session(global);
  if (!session) return exit_code;
  SystemClock clock;
  if (options.release) {
    int64_t released = release_held(session->connection(), session->tenant_id(), clock.now());
    fmt::print("{} held notices released; the next sync delivers them\n", released);
    return kExitDone;
  }
  if (options.retry) {
    const int64_t parked = retry_parked(session->connection(), session->tenant_id(), clock.now());
    fmt::print("{} parked notices are due; the next sync tries them again\n", parked);
    return kExitDone;
  }
  if (options.precision) return print_notice_precision(*session, global.format);
  return list_notices(global, options, *role, *session);
}

}  // namespace

void add_notices_command(CommandLine line) {
  auto options = std::make_shared<NoticesOptions>();  // Shared by the parser and the run that follows it.
  CLI::App* command = line.app.add_subcommand("notices", "Every warning: what it says and where it stands in the EHR");
  command->add_option("--patient", options->patient, "Only this patient: an id or a reference (Patient/p1)");
  command->add_flag("--all", options->all, "Retired notices too");
  command->add_option("--role", options->role, "Only what this role has: clinician, biller, operations, patient");
  command->add_flag("--unowned", options->unowned, "Only what is open and has no owner");
  command->add_flag("--undeliverable", options->undeliverable,
                    "Only what no channel takes, what the endpoint refused (parked) or does not take now, and messages "
                    "that were not answered (unconfirmed); `reason` says why, and what helps");
  command->add_flag("--precision", options->precision, "How many of the closed ones led to an action or came true");
  command->add_flag("--release", options->release, "Let the next sync deliver what a blast-radius limit held");
  command->add_flag("--retry", options->retry,
                    "Let the next sync try again what is parked; by itself it does so once a day");
  command->callback([line, options] { line.run = [line, options] { return run_notices(line.options, *options); }; });
}

}  // namespace authledger
