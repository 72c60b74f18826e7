#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "ledger/consolidate.h"

// Which service draws from which authorization line, and why not. Pure: (consolidated facts, policy, day) decide.
// Source: ARCHITECTURE, "Allocation", rules 1 to 7.

namespace authledger {

// In the order of rule 5: a service's reason is that of the line which passed most tests.
enum class UncoveredReason : int16_t {
  none = 0,
  no_authorization = 1,
  payer_mismatch = 2,
  code_mismatch = 3,
  provider_mismatch = 4,
  place_mismatch = 5,
  measure_mismatch = 6,
  pended = 7,
  denied = 8,
  cancelled = 9,
  not_started = 10,
  expired = 11,
  coverage_ended = 12,
  exhausted = 13,
  rate_exceeded = 14,
  benefit_exhausted = 15,
  diagnosis_mismatch = 16,
  // Whatever is authorized, the payer's rules do not cover such a service.
  telehealth_not_covered = 17,
  credentialing = 18,
  provider_type_excluded = 19,
  modifier_mismatch = 20,
  amount_exhausted = 21,  // The line's money; only claims say what a service costs.
  member_mismatch = 22    // The authorization is for another member of the plan: a spouse, a child.
};
std::string_view word_of(UncoveredReason reason);

struct Draw {
  std::string book;
  std::string service_key;
  Quantity quantity;
  Measure measure = Measure::unknown;
  bool is_reserved = false;  // Planned: reserved; rendered: used.
  std::string rule;          // Why this line: "pinned", "explicit link", "exact code, ends first", "family 90837", …
};

struct UncoveredService {
  std::string service_key;
  std::string code;  // First service code, or "" where the source gives none.
  Quantity quantity;
  Measure measure = Measure::unknown;
  bool is_rendered = false;
  UncoveredReason reason = UncoveredReason::no_authorization;
  std::string nearest_book;  // The line that passed most tests, if any.
  // What a claim asks for these units, in `currency`; null where no claim does: exposure is never guessed.
  std::optional<Quantity> amount = std::nullopt;
  std::string currency = {};
};

// granted = available + reserved + used + lapsed; all null where the line has no quantity limit (reserved and used
// then still count).
struct LineBalance {
  std::optional<Quantity> approved, available, lapsed;
  Quantity reserved, used;
  std::optional<Quantity> amount_used = std::nullopt;  // Where the line limits money: what claims asked for its draws.
};

// What was taken of a plan's limit in one period, in the limit's own measure. Periods without services are left out.
struct BenefitBalance {
  std::string name;
  std::optional<Day> first_day;  // Of the period; null for a lifetime.
  Quantity limit, used, reserved;
};

struct Allocation {
  std::vector<Draw> draws;                      // Ordered by (book, service_key).
  std::vector<UncoveredService> uncovered;      // Ordered by service_key.
  std::map<std::string, LineBalance> balances;  // By book; every line has one.
  std::vector<BenefitBalance> benefits;         // Ordered by (name, first day).
  // Explicit links that could not be honoured, and the like.
  std::vector<Conflict> conflicts;
  // Until this day allocation and notices stay as they are with no new fact. It is the first on which a bound passes,
  // now and then without effect (the end of a line that is used up), or null when none will.
  std::optional<Day> changes_on;
};

Allocation allocate(const Consolidated& subject, const Policy& policy, Day today);

// Units that a service of `code` on `day` would need, from an explicit quantity or a duration in minutes.
// Source: the code's rule, that of the payer before the general one; FHIR_FACTS g. Unknown unit is Measure::unknown
// with quantity 1.
struct Occasion;
struct UnitCount {
  Quantity quantity;
  Measure measure = Measure::unknown;
};
UnitCount count_units(const std::vector<std::string>& service_codes, std::optional<Quantity> quantity, Measure measure,
                      std::optional<int> minutes, const Rules& rules, const Occasion& occasion);

// Would `units` of `code` on `day` be covered, after everything that is already known? For `authorizations check`.
struct CoverageAnswer {
  bool is_covered = false;
  UncoveredReason reason = UncoveredReason::none;
  std::vector<Draw> draws;
  Quantity uncovered;
  std::string nearest_book = {};  // The line that came nearest, where it is not covered.
};
// What is asked about; what is left empty agrees with everything.
struct CoverageQuestion {
  std::string code;
  Day day;
  Quantity units = Quantity::of_units(1);
  std::string provider = {}, place = {};
  std::vector<std::string> modifiers = {}, diagnosis_codes = {};
};
CoverageAnswer check_coverage(const Consolidated& subject, const Policy& policy, Day today,
                              const CoverageQuestion& question);

// Every code that some authorization line of the subject names or covers by a family: whether one more unit of it would
// be covered on that day. What is not allowed is not offered; an override is a pin (`authledger pin`).
struct AllowedCode {
  std::string code;
  CoverageAnswer answer;
};
std::vector<AllowedCode> allowed_codes(const Consolidated& subject, const Policy& policy, Day today,
                                       const CoverageQuestion& question);

}  // namespace authledger
