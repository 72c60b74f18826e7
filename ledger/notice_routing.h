#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ledger/notices.h"

// Who gets a notice, who owns it, and when it may be delivered. Pure.

namespace authledger {

// The roles that rules.notices names for the kind; none for a Flag, and for a patient without consent.
std::vector<Role> recipients_of(const Rules& rules, NoticeKind kind);
// Whether anybody is told of the kind; with a role, whether that one is told too.
bool is_recipient(const Rules& rules, NoticeKind kind, Role copy);

// Who renders the care that draws from a line: the provider of the latest visit that was held, else of the next one
// booked, else the one whom the authorization names. An empty book: of all the patient's services. An organization is
// nobody.
struct Treating {
  std::string provider, source;
};
Treating treating_clinician(const std::string& book, const Consolidated& subject, const Allocation& allocation);

// The notice for each of its recipients: the first owns the event, the others get copies.
std::vector<DesiredNotice> routed(const DesiredNotice& notice, const Consolidated& subject,
                                  const Allocation& allocation, const Rules& rules);

// The instant at which a notice that nobody owns goes on to another role; null where it never does.
std::optional<Instant> escalates_at(Role role, bool has_owner, Instant opened_at, const Rules& rules);
void escalate(DesiredNotice& notice, const Rules& rules);

// The first instant from `now` on at which something new may be delivered to the role: its next digest, after its quiet
// hours. Wall-clock times are those of the zone, also on days that change the clocks.
Instant deliver_at(const Rules& rules, Role role, Instant now, const TimeZone& zone);

}  // namespace authledger
