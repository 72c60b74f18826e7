#pragma once

#include <string>

#include "ledger/allocate.h"

// The words of notices: counts and absolute dates, never a diagnosis, a code, a program or a kind of care.

namespace authledger {

// Days on which a line counts, as far as notices go: its own, cut at its cancellation.
std::optional<Day> end_of(const AuthorizationLine& line);
bool has_ended(const AuthorizationLine& line, Day today);

// The authorization that a line belongs to: its book without the line.
std::string authorization_topic(const AuthorizationLine& line);

// "3 visits", "1 unit of 15 minutes"; and the noun alone.
std::string counted(Quantity count, Measure measure);
std::string measure_noun(Quantity count, Measure measure);

// "7 of 12 visits used, 2 booked, ends 2026-12-31." At most 80 characters for counts of up to three digits.
std::string utilization_sentence(const AuthorizationLine& line, const LineBalance& balance, Day today);

// "Authorization requested 2026-11-02, decision pending."
std::string pending_sentence(const AuthorizationLine& line, const TimeZone& zone);

// "authorization A1", with ", line 2" when it has others; "the authorization" while it has no number.
std::string line_name(const AuthorizationLine& line, bool has_other_lines);

// Why a service is not covered, in plain words. `nearest` may be null.
std::string uncovered_words(UncoveredReason reason, const AuthorizationLine* nearest);

std::string with_capital(std::string sentence);

}  // namespace authledger
