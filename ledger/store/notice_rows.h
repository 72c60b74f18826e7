#pragma once

#include "ledger/store/notice_store.h"

// Reading rows of `notice`. Inside of ledger/store only.

namespace authledger {

// Columns of a stored notice, in the order of notice_from. Each statement that reads notices selects them first.
#define AUTHLEDGER_NOTICE_COLUMNS                                                                                  \
  "notice.subject_id, notice.notice_key, notice.topic, notice.kind, notice.episode, notice.is_open, "              \
  "notice.severity, notice.is_closed_by_person, notice.desired_hash, notice.notice_text, notice.due_day, "         \
  "notice.first_day, notice.last_day, notice.authorization_number, notice.focus, notice.close_reason, "            \
  "notice.delivered_hash, notice.channel, notice.remote_id, notice.etag, notice.create_begun_at, notice.is_held, " \
  "notice.is_retired, notice.parked_reason, notice.attempts, notice.due_at, notice.role, notice.is_copy, "         \
  "notice.owner, notice.owner_source, notice.written_members, notice.band, notice.limit_milli, notice.opened_at, " \
  "notice.closed_at, notice.resolved_by, notice.person_status, notice.looks_due, notice.rule_version, "            \
  "notice.held_reason, coalesce(notice.delivered_rule_version, 0), coalesce(notice.delivered_severity, 0), "       \
  "notice.is_message, coalesce(notice.undeliverable_reason, ''), notice.refusals, "                                \
  "notice.is_create_blind, notice.missing_since, notice.focus_source"

inline constexpr size_t kNoticeColumns = 48;

// A notice that delivery would write now. What a person closed, or is held, waits for somebody else; but what a worker
// without a lease may have written is looked for in any case. The database's clock decides leases: workers' clocks may
// differ. A leased notice is due again when its lease ends, so that a worker that died is made good by itself.
#define AUTHLEDGER_NOTICE_IS_PENDING                                 \
  "notice.tenant_id = $1 "                                           \
  "and (notice.due_at <= $2 or notice.due_at = notice.lease_until) " \
  "and (notice.lease_until is null or notice.lease_until <= now()) " \
  "and not notice.is_held "                                          \
  "and (notice.looks_due > 0 or not (notice.is_retired or notice.is_open and notice.is_closed_by_person)) "

StoredNotice notice_from(const Rows& rows, size_t row);
std::vector<StoredNotice> notices_from(const Rows& rows);

}  // namespace authledger
