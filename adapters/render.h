#pragma once

#include <string>
#include <vector>

#include "adapters/written_members.h"
#include "base/json.h"
#include "config/config.h"
#include "ledger/notices.h"

// From a desired notice to the FHIR resource that stands in the EHR, and back to what a person did with it. Pure.
// Source: FHIR R4 Flag, Task, Communication and DocumentReference; FHIR_FACTS e.

namespace authledger {

struct RenderContext {
  std::string identifier_system;  // DeliveryConfig::identifier_system
  std::string owner;              // Of what nobody else owns: DeliveryConfig::owner.
  std::string patient;            // Reference on the delivering endpoint.
  Instant authored_at{};          // First time this notice was desired: Task.authoredOn, Flag.period.start.
  std::string source;             // Name of the delivering endpoint: references of others mean nothing there.
  std::string recipient = {};     // Of messages whose owner is no recipient: DeliveryConfig::recipient.
  std::vector<std::string> recipient_types = {};  // WriteRules::recipient_types
  std::vector<std::string> same_patient = {};     // Every reference of the same person there.
  WrittenMembers written = {};                    // What of the resource we wrote last.
};

// Task.owner: the notice's own where it is a reference of the delivering endpoint, else the context's.
std::string owner_of(const DesiredNotice& notice, const RenderContext& context);
// Communication.recipient: the patient of what is for the patient; else the owner, or the context's recipient where the
// endpoint takes no such owner. Empty: nobody.
std::string recipient_of(const DesiredNotice& notice, const RenderContext& context);

// Of the identifiers of our resources: the base of the config, and the type, or "message".
std::string identifier_system_of(const NoticePlace& place, const std::string& identifier_system);
// The notice's key; a message's with its severity.
std::string identifier_value_of(const NoticePlace& place, const std::string& notice_key, int severity);
// "identifier=<system>|<value>", percent-encoded, for If-None-Exist and search.
std::string identifier_query(const NoticePlace& place, const std::string& value, const std::string& identifier_system);
// A UUID made of an identifier's value, the same for the same value.
std::string idempotency_key_of(const NoticePlace& place, const std::string& value);

// A resource as it is to be written over what stands.
struct RenderedUpdate {
  std::string body;               // The same text as `current` when nothing is to be written.
  std::vector<std::string> ours;  // Paths that then stand as we want them …
  WrittenMembers theirs;          // … and, of those that a person changed and that stay so, what we had written.
};
// What of the resource is ours after that write, by how the EHR shows it.
WrittenMembers written_by(const RenderedUpdate& update, JsonView shown);
// The same after a write that was not answered: what was ours before, or what it wrote. Errors: a body that is no JSON.
WrittenMembers written_perhaps(const RenderedUpdate& update, const WrittenMembers& before);
// The same after a create.
WrittenMembers written_new(const DesiredNotice& notice, const std::string& notice_key, const RenderContext& context,
                           JsonView shown);

// Whether it stands at somebody else: neither at the patient, nor at another reference of the same person, nor where we
// wrote it last. A warning in a wrong chart is written to by nobody but a person.
bool is_moved(JsonView current, const RenderContext& context);

// A new resource.
std::string render_new(const NoticePlace& place, const DesiredNotice& notice, const std::string& notice_key,
                       const RenderContext& context);
// Our fields over the resource as it stands in the EHR. What a person wrote stays: status, notes, and each value that
// is not the one that we wrote last (RenderContext::written).
RenderedUpdate render_update(const DesiredNotice& notice, const std::string& notice_key, const RenderContext& context,
                             JsonView current);
// Task cancelled and Communication stopped with statusReason, Flag inactive with period.end, DocumentReference
// superseded; never DELETE. A tag in meta says that it was us.
std::string render_retired(JsonView current, const std::string& close_reason, Instant now,
                           const std::string& identifier_system);
// One of several of the same notice: entered-in-error. FAULTS 4.
std::string render_duplicate(JsonView current, const std::string& identifier_system);
// What we closed and is wanted again.
RenderedUpdate render_reopened(const DesiredNotice& notice, const std::string& notice_key, const RenderContext& context,
                               JsonView current);

// Whether it is ended: a Task completed, rejected, cancelled, failed or entered-in-error; a Flag
// inactive or entered-in-error; a Communication completed, stopped, not-done or entered-in-error; a DocumentReference
// superseded or entered-in-error.
bool is_closed(JsonView current);
// … and it was us: a ledger that went back does not know that, and takes it for no person's deed.
bool is_closed_by_us(JsonView current, const std::string& identifier_system);

}  // namespace authledger
