#pragma once

#include <optional>
#include <string>

#include "ledger/allocate.h"
#include "ledger/match.h"
#include "ledger/windows.h"

// Which lines a service may draw from. Internal to `allocate`. Source: ARCHITECTURE, "Allocation", rules 3 and 5.

namespace authledger {

// The tests in the order of rule 5. A line that fails one is compared with others by how far it came.
enum class MatchTest : int {
  payer,
  code,
  modifier,
  provider,
  place,
  diagnosis,
  measure,
  decision,
  days,
  units,
  amount,
  rate,
  none
};

struct MatchResult {
  MatchTest failed = MatchTest::none;
  UncoveredReason reason = UncoveredReason::none;
  CodeMatch code;
  int days_apart = 0;  // How far the service's day lies outside of the window.
};

// Everything but units and rate. A pinned service passes all tests of its line, since a person or a bill decided.
MatchResult test_line(const Service& service, const AuthorizationLine& line, const EffectiveWindow& window,
                      bool is_pinned, bool is_linked, const Rules& rules);

// Every test that the line fails, in their order: for people who correct a claim.
std::vector<UncoveredReason> failed_tests(const Service& service, const AuthorizationLine& line,
                                          const EffectiveWindow& window, const Rules& rules);

// Whether a diagnosis of the service is one of the line's, or a closer one ("F41.1" of "F41"); dots are no difference.
// True where one of them states none.
bool share_diagnosis(const Service& service, const AuthorizationLine& line);

bool has_number(const AuthorizationLine& line, const std::string& number);

}  // namespace authledger
