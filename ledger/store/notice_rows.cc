#include "ledger/store/notice_rows.h"

namespace authledger {

NoticeState state_of(const StoredNotice& notice) {
  if (notice.is_retired) return NoticeState::retired;
  if (!notice.parked_reason.empty()) return NoticeState::parked;
  if (notice.is_held) return NoticeState::held;
  if (notice.desired) {
    if (notice.record.closed_by_person) return NoticeState::closed_by_person;
    // Whatever was tried since: people have it at this severity.
    if (notice.is_message && notice.record.severity <= notice.delivered_severity) {
      return notice.remote_id == kUnconfirmed ? NoticeState::unconfirmed : NoticeState::sent;
    }
    if (!notice.undeliverable_reason.empty()) return NoticeState::undeliverable;
    if (!notice.remote_id.empty() && notice.is_message) return NoticeState::stale;
    if (notice.remote_id.empty()) return notice.create_begun_at ? NoticeState::creating : NoticeState::wanted;
    return notice.delivered_hash == notice.record.desired_hash ? NoticeState::current : NoticeState::stale;
  }
  // What a person closed needs no retiring, a message has none, and what was never begun does not stand anywhere.
  if (notice.record.closed_by_person || notice.is_message) return NoticeState::retired;
  if (!notice.remote_id.empty()) return NoticeState::retiring;
  return notice.create_begun_at ? NoticeState::orphaned : NoticeState::retired;
}

StoredNotice notice_from(const Rows& rows, size_t row) {
  StoredNotice notice;
  notice.subject_id = rows.integer(row, 0);
  NoticeRecord& record = notice.record;
  record.notice_key = rows.string(row, 1);
  record.topic = rows.string(row, 2);
  record.kind = static_cast<NoticeKind>(rows.integer(row, 3));
  record.episode = rows.integer(row, 4);
  record.is_open = rows.boolean(row, 5);
  record.severity = static_cast<int>(rows.integer(row, 6));
  record.closed_by_person = rows.boolean(row, 7);
  record.desired_hash = rows.hash(row, 8);
  record.role = static_cast<Role>(rows.integer(row, 26));
  record.is_copy = rows.boolean(row, 27);
  record.has_owner = !rows.text(row, 28).empty();
  record.band = static_cast<int>(rows.integer(row, 31));
  if (!rows.is_null(row, 32)) record.limit = Quantity::of_milli(rows.integer(row, 32));
  record.opened_at = rows.instant(row, 33);
  if (record.is_open) {
    DesiredNotice desired;
    desired.topic = record.topic;
    desired.kind = record.kind;
    desired.severity = record.severity;
    desired.text = rows.string(row, 9);
    desired.due_day = rows.optional_day(row, 10);
    desired.first_day = rows.optional_day(row, 11);
    desired.last_day = rows.optional_day(row, 12);
    desired.authorization_number = rows.string(row, 13);
    desired.focus = rows.string(row, 14);
    desired.focus_source = rows.string(row, 47);
    desired.role = record.role;
    desired.is_copy = record.is_copy;
    desired.owner = rows.string(row, 28);
    desired.owner_source = rows.string(row, 29);
    desired.band = record.band;
    desired.limit = record.limit;
    notice.desired = std::move(desired);
  }
  notice.close_reason = rows.string(row, 15);
  notice.delivered_hash = rows.hash(row, 16);
  notice.channel = rows.string(row, 17);
  notice.remote_id = rows.string(row, 18);
  notice.etag = rows.string(row, 19);
  notice.create_begun_at = rows.optional_instant(row, 20);
  notice.is_held = rows.boolean(row, 21);
  notice.is_retired = rows.boolean(row, 22);
  notice.parked_reason = rows.string(row, 23);
  notice.attempts = static_cast<int>(rows.integer(row, 24));
  notice.due_at = rows.optional_instant(row, 25);
  notice.looks_due = static_cast<int>(rows.integer(row, 37));
  notice.rule_version = rows.integer(row, 38);
  notice.held_reason = rows.string(row, 39);
  notice.delivered_rule_version = rows.integer(row, 40);
  notice.delivered_severity = static_cast<int>(rows.integer(row, 41));
  notice.is_message = rows.boolean(row, 42);
  notice.undeliverable_reason = rows.string(row, 43);
  notice.refusals = static_cast<int>(rows.integer(row, 44));
  notice.written_members = rows.string(row, 30);
  notice.is_create_blind = rows.boolean(row, 45);
  notice.missing_since = rows.optional_instant(row, 46);
  notice.closed_at = rows.optional_instant(row, 34);
  notice.resolved_by = resolution_from(rows.text(row, 35)).value_or(Resolution::none);
  notice.person_status = rows.string(row, 36);
  notice.state = state_of(notice);
  return notice;
}

std::vector<StoredNotice> notices_from(const Rows& rows) {
  std::vector<StoredNotice> notices;
  for (size_t row = 0; row < rows.size(); ++row) notices.push_back(notice_from(rows, row));
  return notices;
}

}  // namespace authledger
