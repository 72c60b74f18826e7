#include "ledger/store/notice_store.h"

#include <array>
#include <map>

#include "ledger/store/notice_rows.h"
#include "ledger/store/subject_store.h"

namespace authledger {

namespace {

// Whatever is not retired, and the latest episode of each cause.
constexpr Statement kReadNoticesOf{"read_notices_of", "select " AUTHLEDGER_NOTICE_COLUMNS R"(
    from notice
   where notice.tenant_id = $1
     and notice.subject_id = any($2::bigint[])
     and (not notice.is_retired
          or not exists (
             select
               from notice as later
              where later.tenant_id = $1
                and later.subject_id = notice.subject_id
                and later.topic = notice.topic
                and later.kind = notice.kind
                and later.is_copy = notice.is_copy
                and (later.role = notice.role or not notice.is_copy)
                and later.episode > notice.episode))
   order by notice.subject_id, notice.kind, notice.topic, notice.episode)"};

// A desired notice that stands already as it should needs no delivery. When a nearer band is reached it is looked at
// all the same: a person may have closed it, and is told again then. What waits for its time goes then, with what it
// says by that time: a count that changes each day must not put it off each day. A due_at that is the end of a lease is
// no such time.
constexpr Statement kOpenNotices{"open_notices", R"(
  insert into notice as stored (
         tenant_id, notice_key, subject_id, topic, kind, episode, is_open, severity, notice_text, due_day, first_day,
         last_day, authorization_number, focus, desired_hash, role, is_copy, owner, owner_source, band, limit_milli,
         opened_at, due_at, rule_version, focus_source)
  select $1, unnest($2::text[]), unnest($3::bigint[]), unnest($4::text[]), unnest($5::bigint[]),
         unnest($6::bigint[]), true, unnest($7::bigint[]), unnest($8::text[]), unnest($9::date[]),
         unnest($10::date[]), unnest($11::date[]), unnest($12::text[]), unnest($13::text[]), unnest($14::bytea[]),
         unnest($15::bigint[]), unnest($16::boolean[]), unnest($17::text[]), unnest($18::text[]),
         unnest($19::bigint[]), unnest($20::bigint[]), $24::timestamptz, unnest($21::timestamptz[]),
         unnest($22::bigint[]), unnest($23::text[])
      on conflict (tenant_id, notice_key) do update
     set is_open = true,
         is_retired = false,
         severity = excluded.severity,
         notice_text = excluded.notice_text,
         due_day = excluded.due_day,
         first_day = excluded.first_day,
         last_day = excluded.last_day,
         authorization_number = excluded.authorization_number,
         focus = excluded.focus,
         focus_source = excluded.focus_source,
         desired_hash = excluded.desired_hash,
         rule_version = excluded.rule_version,
         role = excluded.role,
         owner = excluded.owner,
         owner_source = excluded.owner_source,
         band = excluded.band,
         close_reason = '',
         closed_at = null,
         resolved_by = '',
         parked_reason = null,
         is_released = false,
         attempts = 0,
         refusals = 0,
         delivered_hash = case when excluded.band <= stored.band then stored.delivered_hash end,
         due_at = case when stored.is_message
                        and stored.remote_id <> ''
                        and stored.lease_token is null
                        and excluded.severity <= stored.delivered_severity
                       then null
                       when stored.remote_id <> ''
                        and stored.delivered_hash = excluded.desired_hash
                        and excluded.band <= stored.band
                        and stored.role = excluded.role
                        and stored.lease_token is null
                        and stored.looks_due = 0
                       then null
                       when stored.is_open
                        and stored.role = excluded.role
                        and stored.due_at is distinct from stored.lease_until
                       then least(stored.due_at, excluded.due_at)
                       else excluded.due_at
                  end)"};

// The remote id stays, so that delivery can retire what stands. What never was begun, a person closed, or was sent as a
// message, is retired.
constexpr Statement kCloseNotices{"close_notices", R"(
  update notice
     set is_open = false,
         close_reason = ($3::text[])[array_position($2::text[], notice_key)],
         rule_version = ($5::bigint[])[array_position($2::text[], notice_key)],
         resolved_by = ($6::text[])[array_position($2::text[], notice_key)],
         closed_at = $4::timestamptz,
         is_released = false,
         attempts = 0,
         refusals = 0,
         undeliverable_reason = null,
         parked_reason = null,
         is_retired = is_closed_by_person or is_message or (remote_id = '' and create_begun_at is null),
         due_at = case when looks_due > 0
                         or not (is_closed_by_person or is_message or (remote_id = '' and create_begun_at is null))
                       then $4::timestamptz
                  end
   where tenant_id = $1
     and notice_key = any($2::text[] collate "C"))"};

constexpr Statement kReadAllNotices{"read_all_notices", "select " AUTHLEDGER_NOTICE_COLUMNS R"(
    from notice
   where notice.tenant_id = $1
     and notice.subject_id = any($2::bigint[])
   order by notice.subject_id, notice.kind, notice.topic, notice.episode)"};

// A row leaves once its notice stands elsewhere: a create that was begun, or refused, is shown to nobody yet.
constexpr Statement kReadWorklist{"read_worklist", "select " AUTHLEDGER_NOTICE_COLUMNS R"(, name.patient
    from notice
   cross join lateral (
         select alias.patient
           from subject_alias as alias
          where alias.tenant_id = notice.tenant_id
            and alias.subject_id = notice.subject_id
          order by alias.recorded_at, alias.patient, alias.source
          limit 1) as name
   where notice.tenant_id = $1
     and notice.is_open
     and (notice.channel = 'worklist' and notice.remote_id <> ''
          or notice.remote_id = 'unconfirmed'
          or notice.remote_id = ''
             and (notice.create_begun_at is not null or notice.attempts > 0)
             and not notice.is_closed_by_person
             and not (notice.is_message and notice.severity <= coalesce(notice.delivered_severity, 0)))
   order by notice.due_day, name.patient, notice.kind, notice.notice_key)"};

void open_notices(Transaction& transaction, std::span<const SubjectNoticeChanges> changes, Instant now) {
  std::array<ArrayBuilder, 22> columns;
  for (const SubjectNoticeChanges& subject : changes) {
    for (const NoticeChange& change : subject.changes) {
      if (!change.desired) continue;
      const DesiredNotice& desired = *change.desired;
      columns[0].text(change.notice_key);
      columns[1].integer(subject.subject_id);
      columns[2].text(desired.topic);
      columns[3].integer(static_cast<int64_t>(desired.kind));
      columns[4].integer(change.episode);
      columns[5].integer(desired.severity);
      columns[6].text(desired.text);
      columns[7].optional_day(desired.due_day);
      columns[8].optional_day(desired.first_day);
      columns[9].optional_day(desired.last_day);
      columns[10].optional_text(desired.authorization_number);
      columns[11].optional_text(desired.focus);
      columns[12].hash(desired_hash(desired));
      columns[13].integer(static_cast<int64_t>(desired.role));
      columns[14].boolean(desired.is_copy);
      columns[15].text(desired.owner);
      columns[16].text(desired.owner_source);
      columns[17].integer(desired.band);
      columns[18].optional_integer(desired.limit ? std::optional(desired.limit->milli()) : std::nullopt);
      columns[19].instant(change.deliver_at.value_or(now));
      columns[20].integer(subject.rule_version);
      columns[21].text(desired.focus_source);
    }
  }
  if (columns[0].size() == 0) return;
  Parameters parameters;
  parameters.integer(transaction.tenant_id());
  for (ArrayBuilder& column : columns) column.add_to(parameters);
  parameters.instant(now);
  transaction.execute(kOpenNotices, parameters);
}

void close_notices(Transaction& transaction, std::span<const SubjectNoticeChanges> changes, Instant now) {
  ArrayBuilder keys, reasons, rule_versions, resolutions;
  for (const SubjectNoticeChanges& subject : changes) {
    for (const NoticeChange& change : subject.changes) {
      if (change.desired) continue;
      keys.text(change.notice_key);
      reasons.text(change.close_reason);
      rule_versions.integer(subject.rule_version);
      resolutions.text(word_of(change.resolved_by));
    }
  }
  if (keys.size() == 0) return;
  Parameters parameters;
  parameters.integer(transaction.tenant_id());
  keys.add_to(parameters);
  reasons.add_to(parameters);
  parameters.instant(now);
  rule_versions.add_to(parameters);
  resolutions.add_to(parameters);
  transaction.execute(kCloseNotices, parameters);
}

}  // namespace

std::vector<std::vector<StoredNotice>> read_notices_of(Transaction& transaction, std::span<const int64_t> subject_ids) {
  std::vector<std::vector<StoredNotice>> notices(subject_ids.size());
  if (subject_ids.empty()) return notices;
  const Rows rows =
      transaction.execute(kReadNoticesOf, Parameters().integer(transaction.tenant_id()).integer_array(subject_ids));
  std::map<int64_t, size_t> places;
  for (size_t i = 0; i < subject_ids.size(); ++i) places[subject_ids[i]] = i;
  for (size_t row = 0; row < rows.size(); ++row) {
    StoredNotice notice = notice_from(rows, row);
    notices[places.at(notice.subject_id)].push_back(std::move(notice));
  }
  return notices;
}

void save_notice_changes(Transaction& transaction, std::span<const SubjectNoticeChanges> changes, Instant now) {
  close_notices(transaction, changes, now);
  open_notices(transaction, changes, now);
}

std::vector<NoticeRowStored> read_worklist(Transaction& transaction) {
  const Rows rows = transaction.execute(kReadWorklist, Parameters().integer(transaction.tenant_id()));
  std::vector<NoticeRowStored> out;
  for (size_t row = 0; row < rows.size(); ++row) {
    out.push_back({notice_from(rows, row), rows.string(row, kNoticeColumns)});
  }
  return out;
}

std::vector<NoticeRowStored> read_notices(Transaction& transaction, const std::string& patient) {
  const std::vector<SubjectName> subjects = read_subjects(transaction, patient);
  std::vector<int64_t> subject_ids;
  for (const SubjectName& subject : subjects) subject_ids.push_back(subject.subject_id);
  const Rows rows =
      transaction.execute(kReadAllNotices, Parameters().integer(transaction.tenant_id()).integer_array(subject_ids));
  std::vector<NoticeRowStored> out;
  size_t at = 0;
  for (size_t row = 0; row < rows.size(); ++row) {
    StoredNotice notice = notice_from(rows, row);
    while (subjects[at].subject_id != notice.subject_id) ++at;  // Both are in the order of the subjects.
    out.push_back({std::move(notice), subjects[at].patient});
  }
  return out;
}

}  // namespace authledger
