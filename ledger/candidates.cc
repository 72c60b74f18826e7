#include "ledger/candidates.h"

#include <algorithm>

#include "base/text.h"
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

bool has_telehealth_modifier(const std::vector<std::string>& modifiers, const Rules& rules) {
  return have_common_code(modifiers, rules.telehealth_modifiers);
}

// A line for an office does not cover telehealth, unless its modifiers say so. Places of telehealth differ in where the
// patient is, which is not what a payer authorizes.
UncoveredReason place_reason(const Service& service, const AuthorizationLine& line, const Rules& rules) {
  const bool allows_telehealth =
      is_telehealth_place(line.place, rules) || has_telehealth_modifier(line.modifiers, rules);
  if (is_telehealth(service, rules)) {
    // A reference ("Location/l1") says nothing of the kind of place.
    const bool is_elsewhere = !line.place.empty() && line.place.find('/') == std::string::npos;
    return is_elsewhere && !allows_telehealth ? UncoveredReason::telehealth_not_covered : UncoveredReason::none;
  }
  if (line.place.empty() && allows_telehealth && !service.place.empty()) return UncoveredReason::place_mismatch;
  return references_agree(service.place, line.place) ? UncoveredReason::none : UncoveredReason::place_mismatch;
}

// Where both state modifiers: what the line names, telehealth apart, must stand on the service.
bool modifiers_agree(const Service& service, const AuthorizationLine& line, const Rules& rules) {
  if (service.modifiers.empty()) return true;
  return std::all_of(line.modifiers.begin(), line.modifiers.end(), [&](const std::string& modifier) {
    return has_telehealth_modifier({modifier}, rules) || have_common_code({modifier}, service.modifiers);
  });
}

// Letters and digits only: "800-02" is "80002". A number without the suffix of a dependent agrees with any of them.
std::string plain_member(const std::string& member) {
  std::string plain;
  for (const char c : upper_case(member)) {
    if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z')) plain.push_back(c);
  }
  return plain;
}

bool members_agree(const std::string& a, const std::string& b) {
  if (a.empty() || b.empty() || a == b) return true;
  const std::string plain_a = plain_member(a), plain_b = plain_member(b);
  return plain_a.starts_with(plain_b) || plain_b.starts_with(plain_a);
}

// Calls `fails(test, reason, days apart)` for each test that the line fails, in the order of rule 5, until it is false.
// A test that needs the code to match comes after it.
template <typename Fails>
void run_tests(const Service& service, const AuthorizationLine& line, const EffectiveWindow& window, bool is_linked,
               const Rules& rules, std::optional<CodeMatch>& code, Fails fails) {
  const Occasion occasion = occasion_of(service, line.payer);
  const bool is_of_other_payer = !service.payer.empty() && !line.payer.empty() && service.payer != line.payer;
  if ((is_of_other_payer || carved_out_payer(rules, occasion) != line.payer) &&
      !fails(MatchTest::payer, UncoveredReason::payer_mismatch, 0)) {
    return;
  }
  if (!members_agree(service.member, line.member_id) && !fails(MatchTest::payer, UncoveredReason::member_mismatch, 0)) {
    return;
  }
  code = code_match(service, line, is_linked, rules);
  if (!code && !fails(MatchTest::code, UncoveredReason::code_mismatch, 0)) return;
  const auto is_tested = [&rules, &occasion](std::optional<bool> PayerRule::*member, bool fallback) {
    return payer_setting(rules, occasion, member, fallback);
  };
  if (!line.modifiers.empty() && is_tested(&PayerRule::match_modifiers, false) &&
      !modifiers_agree(service, line, rules) && !fails(MatchTest::modifier, UncoveredReason::modifier_mismatch, 0)) {
    return;
  }
  if (!references_agree(service.provider, line.provider) && is_tested(&PayerRule::match_provider, true) &&
      !fails(MatchTest::provider, UncoveredReason::provider_mismatch, 0)) {
    return;
  }
  const UncoveredReason of_place = place_reason(service, line, rules);
  if (of_place != UncoveredReason::none && is_tested(&PayerRule::match_place, true) &&
      !fails(MatchTest::place, of_place, 0)) {
    return;
  }
  if (!share_diagnosis(service, line) &&
      payer_setting(rules, occasion, &PayerRule::match_diagnosis, DiagnosisMatch::refuse) == DiagnosisMatch::refuse &&
      !fails(MatchTest::diagnosis, UncoveredReason::diagnosis_mismatch, 0)) {
    return;
  }
  const bool counts_days = code && !code->day_program.empty() && line.measure == Measure::day;
  if (!counts_days && !convert_units(service.quantity, service.measure, line.measure) &&
      !fails(MatchTest::measure, UncoveredReason::measure_mismatch, 0)) {
    return;
  }
  const std::optional<UncoveredReason> of_decision = decision_reason(line, service.day);
  if (of_decision && !fails(MatchTest::decision, *of_decision, 0)) return;
  if (window.first_day && service.day < *window.first_day) {
    fails(MatchTest::days, UncoveredReason::not_started, *window.first_day - service.day);
  } else if (window.last_day && service.day > *window.last_day) {
    const bool is_past_own_days = line.last_day && service.day > *line.last_day;
    fails(MatchTest::days, is_past_own_days ? UncoveredReason::expired : UncoveredReason::coverage_ended,
          service.day - *window.last_day);
  }
}

}  // namespace

bool has_number(const AuthorizationLine& line, const std::string& number) {
  return !number.empty() && std::binary_search(line.numbers.begin(), line.numbers.end(), number);
}

bool share_diagnosis(const Service& service, const AuthorizationLine& line) {
  if (service.diagnosis_codes.empty() || line.diagnosis_codes.empty()) return true;
  const auto plain = [](const std::string& code) { return replace_all(code, ".", ""); };
  for (const std::string& authorized : line.diagnosis_codes) {
    for (const std::string& code : service.diagnosis_codes) {
      if (plain(code).starts_with(plain(authorized))) return true;
    }
  }
  return false;
}

MatchResult test_line(const Service& service, const AuthorizationLine& line, const EffectiveWindow& window,
                      bool is_pinned, bool is_linked, const Rules& rules) {
  MatchResult result;
  if (is_pinned && line.is_usable) {
    result.code = {0, "pinned"};
    return result;
  }
  std::optional<CodeMatch> code;
  run_tests(service, line, window, is_linked, rules, code,
            [&result](MatchTest test, UncoveredReason reason, int days_apart) {
              result.failed = test;
              result.reason = reason;
              result.days_apart = days_apart;
              return false;
            });
  if (code) result.code = *std::move(code);
  return result;
}

std::vector<UncoveredReason> failed_tests(const Service& service, const AuthorizationLine& line,
                                          const EffectiveWindow& window, const Rules& rules) {
  std::vector<UncoveredReason> reasons;
  std::optional<CodeMatch> code;
  run_tests(service, line, window, true, rules, code, [&reasons](MatchTest, UncoveredReason reason, int) {
    reasons.push_back(reason);
    return true;
  });
  return reasons;
}

}  // namespace authledger
