#pragma once

#include <string>

#include "base/json.h"
#include "config/config.h"
#include "fhir/capability.h"
#include "ledger/notices.h"

// From a desired notice to the FHIR resource that stands in the EHR, and back to what a person did with it. Pure.
// Source: FHIR R4 Flag and Task; FHIR_FACTS e.

namespace authledger {

struct RenderContext {
  std::string identifier_system;  // DeliveryConfig::identifier_system
  std::string owner;              // Of what nobody else owns: DeliveryConfig::owner.
  std::string patient;            // Reference on the delivering endpoint.
  Instant authored_at{};          // First time this notice was desired: Task.authoredOn, Flag.period.start.
  std::string former_owner;       // The one we wrote last: another one was chosen by a person.
  std::string source;             // Name of the delivering endpoint: references of others mean nothing there.
};

// Task.owner: the notice's own where it is a reference of the delivering endpoint, else the context's.
std::string owner_of(const DesiredNotice& notice, const RenderContext& context);

// "Flag" for utilization, "Communication" for what goes to the patient, "Task" otherwise.
std::string resource_type_of(NoticeKind kind);
// Of the identifiers that this kind of notice has: the base of the config, and the type.
std::string identifier_system_of(NoticeKind kind, const std::string& identifier_system);
// "identifier=<system>|<value>", percent-encoded, for If-None-Exist and search.
std::string identifier_query(const std::string& notice_key, NoticeKind kind, const std::string& identifier_system);

// A new resource.
std::string render_new(const DesiredNotice& notice, const std::string& notice_key, const RenderContext& context);
// Our fields over the resource as it stands in the EHR; a person's status, owner and notes stay theirs: the owner
// changes only where it is the one that we wrote.
std::string render_update(const DesiredNotice& notice, const std::string& notice_key, const RenderContext& context,
                          JsonView current);
// Task cancelled and Communication stopped with statusReason, Flag inactive with period.end; never DELETE.
std::string render_retired(JsonView current, const std::string& close_reason, Instant now);

// Whether a person (not we) ended it: a Task completed, rejected, cancelled, failed or entered-in-error; a Flag
// inactive or entered-in-error; a Communication completed, stopped, not-done or entered-in-error.
bool is_closed(JsonView current);

// Where a notice kind can go on an endpoint; the reason when it cannot.
struct ChannelPlan {
  bool can_deliver = false;
  bool conditional_create = false;
  std::string reason;
};
ChannelPlan plan_channel(NoticeKind kind, const Capability& capability);

}  // namespace authledger
