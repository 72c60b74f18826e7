#include "ledger/store/notice_rows.h"

namespace authledger {

namespace {

// Not when its cause went meanwhile: reconcile, which saw no create begun, has retired it for good. The severity of the
// last message is kept, since another may be refused; that of a row of the worklist says nothing of messages.
constexpr Statement kMarkCreateBegun{"mark_create_begun", R"(
  update notice
     set create_begun_at = $4,
         channel = $5,
         is_message = $6::boolean,
         remote_id = '',
         etag = '',
         delivered_hash = null,
         delivered_severity = case when is_message then delivered_severity end,
         undeliverable_reason = null,
         written_members = '',
         is_create_blind = $7::boolean,
         missing_since = null,
         delivered_rule_version = rule_version
   where tenant_id = $1
     and notice_key = $2
     and is_open
     and lease_token = $3
     and lease_until > now())"};

constexpr Statement kLockNotice{"lock_notice", R"(
  select coalesce(lease_token, '')
    from notice
   where tenant_id = $1
     and notice_key = $2
     for update)"};

constexpr Statement kInsertDelivery{"insert_delivery", R"(
  insert into delivery (tenant_id, notice_key, no, action, delivered_at, channel, remote_id, failure, rule_version)
  select $1, $2, coalesce(max(no), 0) + 1, $3::smallint, $4::timestamptz, $5, $6, $7, $8::bigint
    from delivery
   where tenant_id = $1
     and notice_key = $2)"};

// After an update of unknown outcome it may be the new text that stands there, when the desired one is the former
// again. due_at differs from lease_until when the desired notice changed under the lease: it stays due. A retired
// notice that is wanted again is created anew.
constexpr Statement kSaveDelivery{"save_delivery", R"(
  update notice
     set channel = case when $18 <> '' then '' when $4 <> '' then $3 else channel end,
         remote_id = case when $18 <> '' then '' when $4 <> '' then $4 else remote_id end,
         is_message = is_message and not ($3 = 'worklist' and $4 <> ''),
         create_begun_at = case when not $19::boolean then coalesce($27, create_begun_at) end,
         undeliverable_reason = case when $18 <> '' and is_open then $18 end,
         road_hash = coalesce($20::bytea, road_hash),
         etag = case when $5 <> '' then $5 else etag end,
         delivered_hash = case when $6::bytea is not null or not $23::boolean then coalesce($6::bytea, delivered_hash) end,
         delivered_severity = case when $6::bytea is not null then $12::smallint else delivered_severity end,
         delivered_band = case when $6::bytea is not null then $28::integer else delivered_band end,
         delivered_rule_version = case when $6::bytea is not null then $15::bigint else delivered_rule_version end,
         is_released = is_released and $11::timestamptz is not null and not $9::boolean,
         severity = case when $8::boolean then coalesce(delivered_severity, severity) else severity end,
         band = case when $8::boolean then coalesce(delivered_band, band) else band end,
         is_retired = (is_retired or $7::boolean or $8::boolean or is_closed_by_person) and not is_open,
         is_closed_by_person = is_closed_by_person or $8::boolean,
         person_status = case when $16 <> '' then $16 else person_status end,
         written_members = case when $23::boolean or $6::bytea is not null then $17 else written_members end,
         missing_since = case when $24::boolean then coalesce(missing_since, $25) when $10 <> '' then missing_since end,
         parked_reason = case when $9::boolean then $10 end,
         attempts = case when $10 <> '' then attempts + 1 else 0 end,
         refusals = case when $10 <> '' then refusals + $22::smallint else 0 end,
         looks_due = looks_due - least(looks_due, $13::smallint) + $21::smallint,
         due_at = case when $9::boolean then $26::timestamptz
                       when $11::timestamptz is not null then $11
                       when due_at is distinct from lease_until then due_at
                       when looks_due + $21::smallint > $13::smallint then $14::timestamptz
                  end,
         lease_token = null,
         lease_until = null
   where tenant_id = $1
     and notice_key = $2)"};

// Now, by whoever has the lease or gets it next; and once more, since that worker may be half way.
constexpr Statement kAskForLook{"ask_for_look", R"(
  update notice
     set looks_due = 2,
         due_at = case when due_at = lease_until then $3 else least(due_at, $3) end
   where tenant_id = $1
     and notice_key = $2)"};

// Before the notice is locked: reconcile locks subjects first, too.
constexpr Statement kWakeSubject{"wake_subject_of_notice", R"(
  update subject
     set due_at = least(subject.due_at, $3)
    from notice
   where notice.tenant_id = $1
     and notice.notice_key = $2
     and subject.tenant_id = $1
     and subject.subject_id = notice.subject_id)"};

constexpr Statement kReadDecidedOtherwise{"read_decided_otherwise", "select " AUTHLEDGER_NOTICE_COLUMNS R"(
    from notice
   where notice.tenant_id = $1
     and (notice.channel = 'worklist' or notice.undeliverable_reason is not null)
     and notice.is_open
     and notice.lease_token is null
     and notice.road_hash is distinct from $2::bytea)"};

constexpr Statement kSaveRoads{"save_roads", R"(
  update notice
     set road_hash = case when decided.is_lasting then $6::bytea end,
         undeliverable_reason = case when notice.undeliverable_reason is not null then nullif(decided.reason, '') end,
         due_at = case when decided.is_due then $7::timestamptz else notice.due_at end
    from unnest($2::text[], $3::text[], $4::boolean[], $5::boolean[])
         as decided (notice_key, reason, is_due, is_lasting)
   where notice.tenant_id = $1
     and notice.notice_key = decided.notice_key collate "C"
     and notice.lease_token is null)"};

constexpr Statement kHasOutsideEhr{"has_notices_outside_ehr", R"(
  select exists (
         select
           from notice
          where tenant_id = $1
            and (channel = 'worklist' or undeliverable_reason is not null)
            and is_open))"};

constexpr Statement kCountPending{"count_pending_writes", R"(
  select count(*), count(*) filter (where not notice.is_released),
         count(distinct notice.subject_id) filter (where not notice.is_released),
         (select count(*) from subject where tenant_id = $1),
         (select count(*) from notice as standing where standing.tenant_id = $1 and standing.remote_id <> ''
             and standing.channel <> 'worklist')
    from notice
   where )" AUTHLEDGER_NOTICE_IS_PENDING R"(
     and notice.notice_key <> all($3::text[] collate "C"))"};

constexpr Statement kReadPending{"read_pending", "select " AUTHLEDGER_NOTICE_COLUMNS R"(
    from notice
   where )" AUTHLEDGER_NOTICE_IS_PENDING R"(
     and notice.notice_key > $3
   order by notice.notice_key
   limit $4)"};

constexpr Statement kCountOpen{"count_open_notices", R"(
  select count(*) filter (where not is_closed_by_person), count(*) filter (where undeliverable_reason is not null)
    from notice
   where tenant_id = $1
     and is_open)"};

constexpr Statement kCountHeld{"count_held_notices", R"(
  select count(*)
    from notice
   where tenant_id = $1
     and is_held
     and not is_retired)"};

constexpr Statement kHoldPending{"hold_pending", R"(
  update notice
     set is_held = true,
         held_reason = $3
   where )" AUTHLEDGER_NOTICE_IS_PENDING R"(
     and not notice.is_released
     and notice.notice_key <> all($4::text[] collate "C"))"};

constexpr Statement kReleaseHeld{"release_held", R"(
  update notice
     set is_held = false,
         held_reason = '',
         is_released = true,
         due_at = $2
   where tenant_id = $1
     and is_held
     and not is_retired)"};

constexpr Statement kRetryParked{"retry_parked", R"(
  update notice
     set due_at = $2
   where tenant_id = $1
     and parked_reason is not null
     and not is_retired)"};

// What a person closed stays as the person left it.
constexpr Statement kReleaseRetracted{"release_retracted", R"(
  update notice
     set is_held = false,
         held_reason = '',
         is_released = true,
         due_at = case when lease_token is null then $3 else due_at end
   where tenant_id = $1
     and delivered_rule_version = $2
     and (remote_id <> '' or create_begun_at is not null)
     and not is_retired
     and not is_closed_by_person
     and (not is_open or (rule_version <> $2 and delivered_hash is distinct from desired_hash)))"};

constexpr Statement kCountWrittenBy{"count_written_by", R"(
  select count(*)
    from notice
   where tenant_id = $1
     and delivered_rule_version = $2
     and (remote_id <> '' or create_begun_at is not null)
     and not is_retired
     and not is_closed_by_person)"};

// What the rules that decide now want as it stands is theirs from here on.
constexpr Statement kAdoptKept{"adopt_kept", R"(
  update notice
     set rule_version = $3,
         delivered_rule_version = $3
   where tenant_id = $1
     and delivered_rule_version = $2
     and rule_version = $2
     and is_open
     and delivered_hash = desired_hash)"};

constexpr Statement kReadDeliveries{"read_deliveries", R"(
  select notice_key, no, action, delivered_at, remote_id, failure, coalesce(rule_version, 0)
    from delivery
   where tenant_id = $1
     and notice_key = $2
   order by no)"};

}  // namespace

std::string_view word_of(DeliveryAction action) {
  switch (action) {
    case DeliveryAction::create:
      return "create";
    case DeliveryAction::adopt:
      return "adopt";
    case DeliveryAction::update:
      return "update";
    case DeliveryAction::retire:
      return "retire";
    case DeliveryAction::none:
      return "none";
    case DeliveryAction::failed:
      return "failed";
    case DeliveryAction::closed_by_person:
      return "closed_by_person";
  }
  return "unknown";
}

bool mark_create_begun(PgConnection& connection, int64_t tenant_id, const std::string& notice_key,
                       const std::string& lease_token, const NoticePlace& place, bool is_blind, Instant now) {
  bool is_marked = false;
  transact(connection, tenant_id, [&](Transaction& transaction) {
    Parameters parameters;
    parameters.integer(tenant_id).text(notice_key).text(lease_token).instant(now);
    parameters.text(place.channel).boolean(place.is_message).boolean(is_blind);
    is_marked = transaction.execute(kMarkCreateBegun, parameters).affected() == 1;
  });
  return is_marked;
}

void save_delivery(PgConnection& connection, int64_t tenant_id, const DeliveryResult& result,
                   const std::string& lease_token, Instant now) {
  bool is_ours = false;
  transact(connection, tenant_id, [&](Transaction& transaction) {
    if (result.closed_by_person) {
      transaction.execute(kWakeSubject, Parameters().integer(tenant_id).text(result.notice_key).instant(now));
    }
    const Rows held = transaction.execute(kLockNotice, Parameters().integer(tenant_id).text(result.notice_key));
    is_ours = held.size() == 1 && held.text(0, 0) == lease_token;
    Parameters logged;
    logged.integer(tenant_id).text(result.notice_key).integer(static_cast<int64_t>(result.action)).instant(now);
    logged.text(result.channel).text(result.remote_id).text(result.failure).integer(result.rule_version);
    transaction.execute(kInsertDelivery, logged);
    if (!is_ours) {
      transaction.execute(kAskForLook, Parameters().integer(tenant_id).text(result.notice_key).instant(now));
      return;
    }
    Parameters parameters;
    parameters.integer(tenant_id).text(result.notice_key).text(result.channel).text(result.remote_id);
    parameters.text(result.etag);
    result.delivered_hash == Hash{} ? parameters.null() : parameters.hash(result.delivered_hash);
    parameters.boolean(result.is_retired).boolean(result.closed_by_person).boolean(result.park).text(result.failure);
    parameters.optional_instant(result.retry_at).integer(result.delivered_severity);
    parameters.integer(result.has_looked ? 1 : 0).optional_instant(result.look_again_at).integer(result.rule_version);
    parameters.text(result.closed_status).text(result.written_members);
    parameters.text(result.undeliverable_reason).boolean(result.create_is_void);
    result.road_hash == Hash{} ? parameters.null() : parameters.hash(result.road_hash);
    parameters.integer(result.wants_looks).integer(result.is_refusal ? 1 : 0);
    parameters.boolean(result.is_outcome_unknown).boolean(result.is_missing).instant(now).instant(now + kParkedFor);
    parameters.optional_instant(result.create_ended_at).integer(result.delivered_band);
    transaction.execute(kSaveDelivery, parameters);
  });
  if (!is_ours) throw DbError(kLeaseLost, "save_delivery: the lease of the notice went to another worker");
}

std::vector<StoredNotice> read_decided_otherwise(Transaction& transaction, const Hash& road_hash) {
  Parameters parameters;
  parameters.integer(transaction.tenant_id()).hash(road_hash);
  return notices_from(transaction.execute(kReadDecidedOtherwise, parameters));
}

void save_roads(Transaction& transaction, std::span<const Road> roads, const Hash& road_hash, Instant now) {
  if (roads.empty()) return;
  ArrayBuilder keys, reasons, due, lasting;
  for (const Road& road : roads) {
    keys.text(road.notice_key);
    reasons.text(road.undeliverable_reason);
    due.boolean(road.is_open);
    lasting.boolean(road.is_lasting);
  }
  Parameters parameters;
  parameters.integer(transaction.tenant_id());
  for (ArrayBuilder* column : {&keys, &reasons, &due, &lasting}) column->add_to(parameters);
  transaction.execute(kSaveRoads, parameters.hash(road_hash).instant(now));
}

bool has_notices_outside_ehr(PgConnection& connection, int64_t tenant_id) {
  bool has_any = false;
  transact(connection, tenant_id, [&](Transaction& transaction) {
    has_any = transaction.execute(kHasOutsideEhr, Parameters().integer(tenant_id)).boolean(0, 0);
  });
  return has_any;
}

PendingWrites count_pending_writes(PgConnection& connection, int64_t tenant_id, Instant now,
                                   std::span<const std::string> without) {
  PendingWrites pending;
  transact(connection, tenant_id, [&](Transaction& transaction) {
    const Rows rows =
        transaction.execute(kCountPending, Parameters().integer(tenant_id).instant(now).text_array(without));
    pending = {rows.integer(0, 0), rows.integer(0, 1), rows.integer(0, 2), rows.integer(0, 3), rows.integer(0, 4)};
  });
  return pending;
}

std::vector<StoredNotice> read_pending(PgConnection& connection, int64_t tenant_id, Instant now,
                                       const std::string& after_key, int limit) {
  std::vector<StoredNotice> notices;
  transact(connection, tenant_id, [&](Transaction& transaction) {
    notices = notices_from(
        transaction.execute(kReadPending, Parameters().integer(tenant_id).instant(now).text(after_key).integer(limit)));
  });
  return notices;
}

OpenNotices count_open_notices(PgConnection& connection, int64_t tenant_id) {
  OpenNotices open;
  transact(connection, tenant_id, [&](Transaction& transaction) {
    const Rows rows = transaction.execute(kCountOpen, Parameters().integer(tenant_id));
    open = {rows.integer(0, 0), rows.integer(0, 1)};
  });
  return open;
}

int64_t count_held_notices(PgConnection& connection, int64_t tenant_id) {
  int64_t count = 0;
  transact(connection, tenant_id, [&](Transaction& transaction) {
    count = transaction.execute(kCountHeld, Parameters().integer(tenant_id)).integer(0, 0);
  });
  return count;
}

int64_t hold_pending(PgConnection& connection, int64_t tenant_id, Instant now, const std::string& reason,
                     std::span<const std::string> without) {
  int64_t count = 0;
  transact(connection, tenant_id, [&](Transaction& transaction) {
    Parameters parameters;
    parameters.integer(tenant_id).instant(now).text(reason).text_array(without);
    count = transaction.execute(kHoldPending, parameters).affected();
  });
  return count;
}

int64_t retry_parked(PgConnection& connection, int64_t tenant_id, Instant now) {
  int64_t count = 0;
  transact(connection, tenant_id, [&](Transaction& transaction) {
    count = transaction.execute(kRetryParked, Parameters().integer(tenant_id).instant(now)).affected();
  });
  return count;
}

int64_t release_held(PgConnection& connection, int64_t tenant_id, Instant now) {
  int64_t count = 0;
  transact(connection, tenant_id, [&](Transaction& transaction) {
    count = transaction.execute(kReleaseHeld, Parameters().integer(tenant_id).instant(now)).affected();
  });
  return count;
}

int64_t release_retracted(PgConnection& connection, int64_t tenant_id, int64_t rule_version, Instant now) {
  int64_t count = 0;
  transact(connection, tenant_id, [&](Transaction& transaction) {
    count = transaction.execute(kReleaseRetracted, Parameters().integer(tenant_id).integer(rule_version).instant(now))
                .affected();
  });
  return count;
}

int64_t count_written_by(PgConnection& connection, int64_t tenant_id, int64_t rule_version) {
  int64_t count = 0;
  transact(connection, tenant_id, [&](Transaction& transaction) {
    count = transaction.execute(kCountWrittenBy, Parameters().integer(tenant_id).integer(rule_version)).integer(0, 0);
  });
  return count;
}

int64_t adopt_kept(PgConnection& connection, int64_t tenant_id, int64_t retracted, int64_t deciding) {
  int64_t count = 0;
  transact(connection, tenant_id, [&](Transaction& transaction) {
    count = transaction.execute(kAdoptKept, Parameters().integer(tenant_id).integer(retracted).integer(deciding))
                .affected();
  });
  return count;
}

std::vector<DeliveryRow> read_deliveries(Transaction& transaction, const std::string& notice_key) {
  std::vector<DeliveryRow> out;
  const Rows rows =
      transaction.execute(kReadDeliveries, Parameters().integer(transaction.tenant_id()).text(notice_key));
  for (size_t row = 0; row < rows.size(); ++row) {
    out.push_back({rows.string(row, 0), rows.integer(row, 1), static_cast<DeliveryAction>(rows.integer(row, 2)),
                   rows.instant(row, 3), rows.string(row, 4), rows.string(row, 5), rows.integer(row, 6)});
  }
  return out;
}

}  // namespace authledger
