#pragma once

#include <chrono>
#include <span>
#include <string>
#include <vector>

#include "ledger/notices.h"
#include "ledger/store/pg.h"

namespace authledger {

struct StoredNotice {
  int64_t subject_id = 0;
  NoticeRecord record;
  std::optional<DesiredNotice> desired;
  std::string close_reason;
  Hash delivered_hash{};  // Of the desired notice last written; zero when none.
  std::string channel;    // "Flag" or "Task"; empty before the first delivery.
  std::string remote_id, etag;
  std::optional<Instant> create_begun_at;
  NoticeState state = NoticeState::wanted;  // Derived by the table in ARCHITECTURE; see state_of.
  bool is_held = false;
  bool is_retired = false;  // Nothing of it stands in the EHR any more, and nothing will be written.
  std::string parked_reason;
  int attempts = 0;
  std::optional<Instant> due_at;
  std::string delivered_owner;  // Task.owner as we wrote it last.
  std::optional<Instant> closed_at;
  Resolution resolved_by = Resolution::none;
  std::string person_status;  // In which a person closed it: "completed", "rejected", …, "removed".
};

// The state machine of ARCHITECTURE, "Notices", as a function of what is stored.
NoticeState state_of(const StoredNotice& notice);

// Stored notices of several subjects that are open or not yet retired, and the latest episode of each cause; parallel
// to `subject_ids`.
std::vector<std::vector<StoredNotice>> read_notices_of(Transaction& transaction, std::span<const int64_t> subject_ids);

struct SubjectNoticeChanges {
  int64_t subject_id = 0;
  std::vector<NoticeChange> changes;
};
// Applies plan_notices' changes; changed notices become due at their deliver_at, or at once.
void save_notice_changes(Transaction& transaction, std::span<const SubjectNoticeChanges> changes, Instant now);

// Leases up to `limit` due notices for delivery: `for update skip locked`, lease_until = now + lease, commits at once.
std::vector<StoredNotice> lease_due_notices(PgConnection& connection, int64_t tenant_id, Instant now,
                                            std::chrono::seconds lease, int limit, const std::string& lease_token);

// Before a create: stores create_begun_at and commits. False when the lease was lost.
bool mark_create_begun(PgConnection& connection, int64_t tenant_id, const std::string& notice_key,
                       const std::string& lease_token, Instant now);

enum class DeliveryAction : int16_t {
  create = 1,
  adopt = 2,
  update = 3,
  retire = 4,
  none = 5,
  failed = 6,
  closed_by_person = 7
};
std::string_view word_of(DeliveryAction action);

struct DeliveryResult {
  std::string notice_key;
  DeliveryAction action = DeliveryAction::none;
  std::string channel, remote_id, etag;
  Hash delivered_hash{};       // Zero keeps the stored one.
  int delivered_severity = 0;  // Of the notice that was written; goes with delivered_hash.
  bool is_retired = false;     // The remote resource is closed; nothing more to do.
  bool closed_by_person = false;
  std::string closed_status;        // In which a person closed it; empty when none did.
  std::string owner;                // That was written; goes with delivered_hash.
  std::optional<Instant> retry_at;  // For failures.
  std::string failure;              // Machine and cause, no patient data.
  bool park = false;
};
// Writes the outcome and a row of the append-only delivery log; clears lease and due_at (or sets the retry). A notice
// that changed while it was leased stays due. What a person closed takes back the severity that the person saw, and its
// subject becomes due: a cause that got worse meanwhile is then a new episode. Throws
// DbError kLeaseLost when the lease went to another worker: the log row is kept (the write happened), the notice is
// left to the other worker.
void save_delivery(PgConnection& connection, int64_t tenant_id, const DeliveryResult& result,
                   const std::string& lease_token, Instant now);

// Gives back what this worker leased and did not deliver, so that the next one need not wait for the lease to end.
void release_notices(PgConnection& connection, int64_t tenant_id, const std::string& lease_token, Instant now);

// Notices that a run would write now, and to how many subjects: for the blast-radius limit.
struct PendingWrites {
  int64_t notices = 0, subjects = 0, subjects_total = 0;
  int64_t delivered = 0;  // Notices that stand in the EHR already: none before the first delivery.
};
PendingWrites count_pending_writes(PgConnection& connection, int64_t tenant_id, Instant now);
// Notices that are desired and not closed by a person.
int64_t count_open_notices(PgConnection& connection, int64_t tenant_id);
// Holds or releases everything pending.
int64_t hold_pending(PgConnection& connection, int64_t tenant_id, Instant now);
int64_t release_held(PgConnection& connection, int64_t tenant_id, Instant now);

struct NoticeRowStored {
  StoredNotice notice;
  std::string patient;  // Alias of the subject.
};
std::vector<NoticeRowStored> read_notices(Transaction& transaction, const std::string& patient);

struct DeliveryRow {
  std::string notice_key;
  int64_t no = 0;
  DeliveryAction action = DeliveryAction::none;
  Instant at{};
  std::string remote_id, failure;
};
std::vector<DeliveryRow> read_deliveries(Transaction& transaction, const std::string& notice_key);

}  // namespace authledger
