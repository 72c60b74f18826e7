#pragma once

#include <optional>

#include "ledger/consolidate.h"

// When a line may be drawn from, and when that changes. Pure.

namespace authledger {

// A line's effective window: its own days, cut by coverage that is known to have ended and by its cancellation.
struct EffectiveWindow {
  std::optional<Day> first_day, last_day;  // Inclusive; null is open.
  std::optional<Day> coverage_last_day;    // Set when coverage is known to have ended.
};

bool is_in(const EffectiveWindow& window, Day day);

// Coverage is known to have ended when every span of the line's payer and member has ended before `today`, or was
// cancelled with an end. A span that goes on, or a missing one, cuts nothing; a cancelled one without an end says
// nothing.
EffectiveWindow effective_window(const AuthorizationLine& line, const Consolidated& subject, Day today);

// The payer of all lines that name one; "" where they name several or none.
std::string only_payer_of(const std::vector<AuthorizationLine>& lines);

// Where a service's payer is unknown, the rules of the only payer that the subject has lines with apply.
std::string rule_payer_of(const Service& service, const Consolidated& subject);

// Last day on which a booking still reserves; null for services that reserve without a limit or not at all.
std::optional<Day> reserved_through(const Service& service, const Consolidated& subject, const Rules& rules);

// First day after `today` on which allocation or notices could differ with no new fact.
std::optional<Day> next_change(const Consolidated& subject, const Policy& policy, Day today);

}  // namespace authledger
