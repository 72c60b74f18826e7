#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/allocate.h"

// The printed answers: rows of `authorizations` and `services`. Pure.

namespace authledger {

enum class Window : int16_t { upcoming = 1, open = 2, closed = 3 };
enum class Supply : int16_t { untouched = 1, drawn = 2, low = 3, exhausted = 4, overdrawn = 5, unknown = 6 };
std::string_view word_of(Window window);
std::string_view word_of(Supply supply);

Window window_of(const AuthorizationLine& line, Day today);
Supply supply_of(const AuthorizationLine& line, const LineBalance& balance, const Policy& policy);

struct AuthorizationRow {
  std::string patient, payer, payer_display, authorization_number, line;
  std::vector<std::string> service_codes;
  Measure measure = Measure::unknown;
  Decision decision = Decision::unknown;
  Window window = Window::open;
  Supply supply = Supply::unknown;
  std::optional<Day> first_day, last_day;
  std::optional<Quantity> approved, available, lapsed;
  Quantity reserved, used;
  std::vector<std::string> sources;  // "ehr:ClaimResponse/cr1"
  std::vector<std::string> letters;  // "ehr:DocumentReference/l1 https://ehr.example/letters/1.pdf HASH"
  std::string book;
};

struct CoveredBy {
  std::string authorization_number, line;
  Quantity quantity;
  std::string rule;
};

struct ServiceRow {
  std::string key;
  std::vector<std::string> sources;
  std::string patient;
  Day day;
  ServiceState state = ServiceState::planned;
  std::vector<std::string> service_codes;
  Quantity quantity;
  Measure measure = Measure::unknown;
  std::vector<CoveredBy> covered_by;
  Quantity uncovered;
  UncoveredReason reason = UncoveredReason::none;
  std::optional<Quantity> exposure;  // What a claim asks for the uncovered units, in `currency`.
  std::string currency;
};

std::vector<AuthorizationRow> authorization_rows(const Consolidated& subject, const Allocation& allocation,
                                                 const Policy& policy, Day today);
std::vector<ServiceRow> service_rows(const Consolidated& subject, const Allocation& allocation);

}  // namespace authledger
