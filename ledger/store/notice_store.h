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
  Hash delivered_hash{};       // Of the desired notice last written; zero when none.
  int delivered_severity = 0;  // Of what was written last.
  std::string channel;         // Where it stands, or a create was begun: config/channels.h. Empty before that.
  bool is_message = false;     // What was sent there is never changed.
  std::string undeliverable_reason;
  std::string remote_id, etag;  // On the worklist the id is the notice's key.
  std::optional<Instant> create_begun_at;
  NoticeState state = NoticeState::wanted;  // Derived by the table in ARCHITECTURE; see state_of.
  bool is_held = false;
  std::string held_reason;
  bool is_retired = false;  // Nothing of it stands in the EHR any more, and nothing will be written.
  std::string parked_reason;
  int attempts = 0;  // Failures in a row …
  int refusals = 0;  // … and those of them that were about the notice itself.
  std::optional<Instant> due_at;
  int looks_due = 0;         // Searches still to be made for what a worker that had lost its lease may have written.
  int64_t rule_version = 0;  // By which it is as it is: wanted, or to be retired.
  int64_t delivered_rule_version = 0;    // By which the EHR was last written; 0 before a first write.
  std::string written_members;           // What of the resource we wrote last: WrittenMembers. Empty: not known.
  bool is_create_blind = false;          // The create that was begun can be found by no search.
  std::optional<Instant> missing_since;  // When the resource was first not found under its id.
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
  int64_t rule_version = 1;  // By which they were decided.
};
// Applies plan_notices' changes; changed notices become due at their deliver_at, or at once. One that is due at an
// earlier time already keeps that.
void save_notice_changes(Transaction& transaction, std::span<const SubjectNoticeChanges> changes, Instant now);

// Leases up to `limit` due notices for delivery: `for update skip locked`, commits at once. Whether a lease has ended
// is for the database's clock to say; `now` says what is due. What was parked is so no longer. One that another worker
// never gave back may still be written by it: that one is to be looked for, twice. With `only_released`, of those that
// an operator released; with `only_keys`, of those.
std::vector<StoredNotice> lease_due_notices(PgConnection& connection, int64_t tenant_id, Instant now,
                                            std::chrono::seconds lease, int limit, const std::string& lease_token,
                                            bool only_released = false,
                                            const std::optional<std::vector<std::string>>& only_keys = std::nullopt);

// Whether the lease has not gone to another worker, and lasts for so long yet. To be asked before each write.
bool holds_lease(PgConnection& connection, int64_t tenant_id, const std::string& notice_key,
                 const std::string& lease_token, std::chrono::seconds how_long);

// Before a create: stores create_begun_at, the place and whether no search there could find it, and commits. False when
// the lease was lost, or the notice is not wanted any more. What stood elsewhere (a message, a row of the worklist) is
// no concern of it from here on.
bool mark_create_begun(PgConnection& connection, int64_t tenant_id, const std::string& notice_key,
                       const std::string& lease_token, const NoticePlace& place, bool is_blind, Instant now);

// What is parked waits for a person; but once a day it is tried again, since a person may have mended the EHR only.
inline constexpr std::chrono::hours kParkedFor{24};

// The remote id of a message of which nobody knows whether it was taken.
inline constexpr std::string_view kUnconfirmed = "unconfirmed";

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
  Hash delivered_hash{};  // Zero keeps the stored one.
  // Of the notice that was written; they go with delivered_hash.
  int delivered_severity = 0, delivered_band = 0;
  int64_t rule_version = 0;  // Of the notice that was written.
  bool is_retired = false;   // The remote resource is closed; nothing more to do.
  bool closed_by_person = false;
  std::string closed_status;        // In which a person closed it; empty when none did.
  std::string written_members;      // WrittenMembers::text() of what was written; goes with delivered_hash.
  bool is_outcome_unknown = false;  // An update may have been done: what stands there is not known until it is read.
  bool is_missing = false;          // Not found under its id, which may pass.
  std::optional<Instant> retry_at;  // For failures.
  std::string failure;              // Machine and cause, no patient data.
  bool is_refusal = false;          // The failure is about this notice: so many of them park it.
  bool park = false;                // Tried again after kParkedFor.
  bool ends_round = false;          // The endpoint does not take our token: nothing else would be written either.
  bool create_is_void = false;      // The create that was begun was certainly not made.
  std::optional<Instant> create_ended_at;  // When an unanswered one was given up: what it made may show from then on.
  std::string undeliverable_reason;        // No channel takes the notice; it stands nowhere.
  bool is_information = false;             // … because it is no warning yet, and there are only messages.
  Hash road_hash{};         // The plan by which it is on the worklist, or undeliverable; zero where that may not last.
  bool has_looked = false;  // Everything with our identifier was searched for, and stands as it should.
  int wants_looks = 0;      // What nobody answered may show late, beside or in place of what stands there.
  std::optional<Instant> look_again_at;
};
// Writes the outcome and a row of the append-only delivery log; clears lease and due_at (or sets the retry). A notice
// that changed while it was leased stays due. What a person closed takes back the severity that the person saw, and its
// subject becomes due: a cause that got worse meanwhile is then a new episode. A notice with looks_due left is due
// again at look_again_at. Throws DbError kLeaseLost when the lease went to another worker: the log row is kept (the
// write happened), and the notice is left to the other worker, who is to look for what was written.
void save_delivery(PgConnection& connection, int64_t tenant_id, const DeliveryResult& result,
                   const std::string& lease_token, Instant now);

// Whether anything stands on the worklist or is undeliverable: nothing of it is in the EHR.
bool has_notices_outside_ehr(PgConnection& connection, int64_t tenant_id);
// Those for which another plan than `road_hash` decided so, or none that lasts.
std::vector<StoredNotice> read_decided_otherwise(Transaction& transaction, const Hash& road_hash);
struct Road {
  std::string notice_key;
  std::string undeliverable_reason;  // As the plan has it now; empty when a channel takes the notice.
  bool is_open = false;              // The plan has another place for the notice than where it is: it becomes due.
  bool is_lasting = true;            // Until the plan changes; not where the patient may become known at any time.
};
// What the plan of `road_hash` says of them. One that was leased meanwhile is left to its worker.
void save_roads(Transaction& transaction, std::span<const Road> roads, const Hash& road_hash, Instant now);

// Gives back what this worker leased and did not deliver, so that the next one need not wait for the lease to end.
void release_notices(PgConnection& connection, int64_t tenant_id, const std::string& lease_token, Instant now);

// Notices that a run would write now: for the blast-radius limit, which leaves alone what an operator released.
struct PendingWrites {
  int64_t notices = 0;                   // All.
  int64_t unreleased = 0, subjects = 0;  // Not released by an operator, and the subjects that they are about.
  int64_t subjects_total = 0;
  int64_t delivered = 0;  // Notices that stand in the EHR already: none before the first delivery.
};
// Of all but those with the keys `without`.
PendingWrites count_pending_writes(PgConnection& connection, int64_t tenant_id, Instant now,
                                   std::span<const std::string> without = {});
// Up to `limit` of the notices that a run would work off now, by key, those behind `after_key`.
std::vector<StoredNotice> read_pending(PgConnection& connection, int64_t tenant_id, Instant now,
                                       const std::string& after_key, int limit);
// Notices that are desired: those that no person closed, and those that have no road.
struct OpenNotices {
  int64_t wanted = 0, undeliverable = 0;
};
OpenNotices count_open_notices(PgConnection& connection, int64_t tenant_id);
int64_t count_held_notices(PgConnection& connection, int64_t tenant_id);
// Holds everything pending that no operator released, but for those with the keys `without`. The reason is for people.
int64_t hold_pending(PgConnection& connection, int64_t tenant_id, Instant now, const std::string& reason,
                     std::span<const std::string> without = {});
// Releases everything held. Until it is written, or wanted otherwise, no limit holds it again.
int64_t release_held(PgConnection& connection, int64_t tenant_id, Instant now);
// Lets the next run try again what is parked. Returns how many notices that are.
int64_t retry_parked(PgConnection& connection, int64_t tenant_id, Instant now);
// Releases what is to be taken back or restored of what a rule version wrote; returns how many that are.
int64_t release_retracted(PgConnection& connection, int64_t tenant_id, int64_t rule_version, Instant now);
// Notices that stand in the EHR, or may, as the version wrote them, and that no person closed.
int64_t count_written_by(PgConnection& connection, int64_t tenant_id, int64_t rule_version);
// After every subject was reckoned under `deciding`: what a retracted version wrote and is wanted as it stands goes on
// as `deciding`'s. Returns how many.
int64_t adopt_kept(PgConnection& connection, int64_t tenant_id, int64_t retracted, int64_t deciding);

struct NoticeRowStored {
  StoredNotice notice;
  std::string patient;  // Alias of the subject.
};
std::vector<NoticeRowStored> read_notices(Transaction& transaction, const std::string& patient);
// What stands on the worklist, and what was tried to be written into the EHR and does not stand there yet; by due day,
// then patient.
std::vector<NoticeRowStored> read_worklist(Transaction& transaction);

struct DeliveryRow {
  std::string notice_key;
  int64_t no = 0;
  DeliveryAction action = DeliveryAction::none;
  Instant at{};
  std::string remote_id, failure;
  int64_t rule_version = 0;  // By which it was written; 0 before rules had versions.
};
std::vector<DeliveryRow> read_deliveries(Transaction& transaction, const std::string& notice_key);

}  // namespace authledger
