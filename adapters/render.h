#pragma once

#include <string>

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
  std::string former_owner;       // The one we wrote last: another one was chosen by a person.
  std::string source;             // Name of the delivering endpoint: references of others mean nothing there.
  std::string recipient = {};     // Of messages whose owner is no recipient: DeliveryConfig::recipient.
  std::vector<std::string> recipient_types = {};  // WriteRules::recipient_types
};

// Task.owner: the notice's own where it is a reference of the delivering endpoint, else the context's.
std::string owner_of(const DesiredNotice& notice, const RenderContext& context);
// Communication.recipient: the patient of what is for the patient; else the owner, or the context's recipient where the
// endpoint takes no such owner. Empty: nobody.
std::string recipient_of(const DesiredNotice& notice, const RenderContext& context);
// The one of both that the resource type names; empty for those that name nobody.
std::string addressee_of(const DesiredNotice& notice, const RenderContext& context, const std::string& type);

// Of the identifiers of our resources: the base of the config, and the type, or "message".
std::string identifier_system_of(const NoticePlace& place, const std::string& identifier_system);
// The notice's key; a message's with its severity.
std::string identifier_value_of(const NoticePlace& place, const std::string& notice_key, int severity);
// "identifier=<system>|<value>", percent-encoded, for If-None-Exist and search.
std::string identifier_query(const NoticePlace& place, const std::string& value, const std::string& identifier_system);
// A UUID made of an identifier's value, the same for the same value.
std::string idempotency_key_of(const NoticePlace& place, const std::string& value);

// A new resource.
std::string render_new(const NoticePlace& place, const DesiredNotice& notice, const std::string& notice_key,
                       const RenderContext& context);
// Our fields over the resource as it stands in the EHR; a person's status, owner and notes stay theirs: owner or
// recipient change only where it is the one that we wrote.
std::string render_update(const DesiredNotice& notice, const std::string& notice_key, const RenderContext& context,
                          JsonView current);
// Task cancelled and Communication stopped with statusReason, Flag inactive with period.end, DocumentReference
// superseded; never DELETE.
std::string render_retired(JsonView current, const std::string& close_reason, Instant now);

// Whether a person (not we) ended it: a Task completed, rejected, cancelled, failed or entered-in-error; a Flag
// inactive or entered-in-error; a Communication completed, stopped, not-done or entered-in-error; a DocumentReference
// superseded or entered-in-error.
bool is_closed(JsonView current);

}  // namespace authledger
