#include "ledger/candidates.h"

#include <algorithm>

#include "ledger/payer_rules.h"
#include "ledger/units.h"

namespace authledger {
namespace {

std::optional<UncoveredReason> decision_reason(const AuthorizationLine& line, Day day) {
  switch (line.decision) {
    case Decision::approved:
    case Decision::approved_in_part:
    case Decision::approved_modified:
    case Decision::not_required:
      return std::nullopt;
    case Decision::pended:
    case Decision::unknown:
      return UncoveredReason::pended;
    case Decision::denied:
      return UncoveredReason::denied;
    case Decision::cancelled:
      if (line.usable_through && day <= *line.usable_through) return std::nullopt;
      return UncoveredReason::cancelled;
  }
  return UncoveredReason::pended;
}

// An approval of "90837" as such says nothing about a service that states no code, unless it names the approval.
std::optional<CodeMatch> code_match(const Service& service, const AuthorizationLine& line, bool is_linked,
                                    const Rules& rules) {
  std::optional<CodeMatch> match =
      match_code(line.service_codes, line.program, line.payer, service.service_codes, service.program, rules);
  const bool is_silent = service.service_codes.empty() || line.service_codes.empty();
  if (!match && is_linked && is_silent) match = CodeMatch{0, "explicit link"};
  return match;
}

bool share_diagnosis(const Service& service, const AuthorizationLine& line) {
  if (service.diagnosis_codes.empty() || line.diagnosis_codes.empty()) return true;
  return have_common_code(service.diagnosis_codes, line.diagnosis_codes);
}

}  // namespace

bool has_number(const AuthorizationLine& line, const std::string& number) {
  return !number.empty() && std::binary_search(line.numbers.begin(), line.numbers.end(), number);
}

MatchResult test_line(const Service& service, const AuthorizationLine& line, const EffectiveWindow& window,
                      bool is_pinned, bool is_linked, const Rules& rules) {
  MatchResult result;
  const auto fail = [&result](MatchTest test, UncoveredReason reason) {
    result.failed = test;
    result.reason = reason;
    return result;
  };
  if (is_pinned && line.is_usable) {
    result.code = {0, "pinned"};
    return result;
  }
  const Occasion occasion = occasion_of(service, line.payer);
  const bool is_of_other_payer = !service.payer.empty() && !line.payer.empty() && service.payer != line.payer;
  if (is_of_other_payer || carved_out_payer(rules, occasion) != line.payer) {
    return fail(MatchTest::payer, UncoveredReason::payer_mismatch);
  }
  const std::optional<CodeMatch> code = code_match(service, line, is_linked, rules);
  if (!code) return fail(MatchTest::code, UncoveredReason::code_mismatch);
  result.code = *code;
  const auto is_tested = [&rules, &occasion](std::optional<bool> PayerRule::*member, bool fallback) {
    return payer_setting(rules, occasion, member, fallback);
  };
  if (is_tested(&PayerRule::match_provider, true) && !references_agree(service.provider, line.provider)) {
    return fail(MatchTest::provider, UncoveredReason::provider_mismatch);
  }
  if (is_tested(&PayerRule::match_place, true) && !references_agree(service.place, line.place)) {
    return fail(MatchTest::place, is_telehealth(service.place, rules) ? UncoveredReason::telehealth_not_covered
                                                                      : UncoveredReason::place_mismatch);
  }
  if (is_tested(&PayerRule::match_diagnosis, false) && !share_diagnosis(service, line)) {
    return fail(MatchTest::diagnosis, UncoveredReason::diagnosis_mismatch);
  }
  const bool counts_days = !code->day_program.empty() && line.measure == Measure::day;
  if (!counts_days && !convert_units(service.quantity, service.measure, line.measure)) {
    return fail(MatchTest::measure, UncoveredReason::measure_mismatch);
  }
  if (const std::optional<UncoveredReason> reason = decision_reason(line, service.day)) {
    return fail(MatchTest::decision, *reason);
  }
  if (window.first_day && service.day < *window.first_day) {
    result.days_apart = *window.first_day - service.day;
    return fail(MatchTest::days, UncoveredReason::not_started);
  }
  if (window.last_day && service.day > *window.last_day) {
    result.days_apart = service.day - *window.last_day;
    const bool is_past_own_days = line.last_day && service.day > *line.last_day;
    return fail(MatchTest::days, is_past_own_days ? UncoveredReason::expired : UncoveredReason::coverage_ended);
  }
  return result;
}

}  // namespace authledger
