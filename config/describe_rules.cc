#include <fmt/format.h>

#include "base/text.h"
#include "config/payer_settings.h"

namespace authledger {
namespace {

std::string codes_text(const std::vector<std::string>& codes) {
  return (codes.size() == 1 && codes.front().find('-') == std::string::npos ? "code " : "codes ") + join(codes, ", ");
}

std::string days_text(const RuleScope& scope) {
  if (scope.first_day && scope.last_day) {
    return fmt::format("from {} to {}", format_day(*scope.first_day), format_day(*scope.last_day));
  }
  if (scope.first_day) return "from " + format_day(*scope.first_day);
  return "up to " + format_day(*scope.last_day);
}

std::string scope_text(const RuleScope& scope) {
  std::string text = scope.payer.empty() ? "Every payer" : scope.payer;
  if (!scope.plan.empty()) text += ", plan " + scope.plan;
  if (!scope.program.empty()) text += ", program " + scope.program;
  if (!scope.codes.empty()) text += ", " + codes_text(scope.codes);
  if (scope.first_day || scope.last_day) text += ", " + days_text(scope);
  return text;
}

std::string measure_text(const std::string& measure) {
  if (measure == "unit_15_minutes") return "15 minutes";
  if (measure == "hour") return "an hour";
  if (measure == "visit" || measure == "day") return "a " + measure;
  return measure == "other" ? "a unit of its own" : "unknown";
}

std::string amount_text(Quantity quantity, const std::string& measure) {
  const std::string count = format_quantity(quantity);
  if (measure == "unit_15_minutes") return count + " units of 15 minutes";
  if (measure == "other" || measure == "unknown") return count + " units";
  return count + " " + measure + (count == "1" ? "" : "s");
}

std::string unit_text(const CodeRule& rule) {
  std::string text = "one unit is " + measure_text(rule.measure);
  switch (rule.rounding) {
    case Rounding::none:
      break;
    case Rounding::cpt_midpoint:
      text += fmt::format(", earned past the middle of {} minutes", rule.unit_minutes);
      break;
    case Rounding::medicare_8_minute:
      text += ", by the 8-minute rule over the timed codes of a day";
      break;
    case Rounding::floor:
      text += fmt::format(", earned by {} full minutes", rule.unit_minutes);
      break;
  }
  if (rule.minutes_min != 0) text += fmt::format(", from {} minutes on", rule.minutes_min);
  if (rule.once_per_day) text += ", once a day";
  if (rule.add_on) text += "; an add-on, which draws nothing unless an authorization lists it";
  return text;
}

void add_flag(std::vector<std::string>& says, std::optional<bool> value, const char* yes, const char* no) {
  if (value) says.emplace_back(*value ? yes : no);
}

void add_days(std::vector<std::string>& says, std::optional<int> days, const char* text) {
  if (days) says.push_back(fmt::format(fmt::runtime(text), *days));
}

std::string band_text(int band) {
  return std::to_string(band);
}
std::string band_text(Quantity band) {
  return format_quantity(band);
}

template <typename Value>
void add_bands(std::vector<std::string>& says, const std::optional<std::vector<Value>>& bands, const char* text,
               const char* what) {
  if (!bands) return;
  std::vector<std::string> words;
  for (const Value band : *bands) words.push_back(band_text(band));
  says.push_back(words.empty() ? fmt::format("no warning by {}", what) : "warn at " + join(words, ", ") + text);
}

std::string settings_text(const PayerRule& rule) {
  std::vector<std::string> says;
  add_flag(says, rule.authorization_required, "an authorization is needed", "no authorization is needed");
  add_flag(says, rule.referral_suffices, "a referral is enough", "a referral is not enough");
  if (rule.carved_out_to) says.push_back("these services belong to " + *rule.carved_out_to);
  add_flag(says, rule.telehealth_covered, "telehealth is covered", "telehealth is not covered");
  if (rule.telehealth_states) {
    says.push_back("telehealth is for patients in " + join(*rule.telehealth_states, ", ") + "; others are remarked");
  }
  add_flag(says, rule.enrollment_required, "the provider must be enrolled", "no enrollment is asked for");
  if (rule.excluded_provider_types) {
    says.push_back(rule.excluded_provider_types->empty()
                       ? std::string("every type of provider is covered")
                       : "not covered for providers of type " + join(*rule.excluded_provider_types, ", "));
  }
  if (rule.unit) says.push_back(unit_text(*rule.unit));
  add_flag(says, rule.no_show_draws, "a no-show uses a unit", "a no-show uses nothing");
  add_flag(says, rule.match_provider, "the provider must be the authorized one", "any provider may serve");
  add_flag(says, rule.match_place, "the place must be the authorized one", "any place will do");
  if (rule.match_diagnosis) {
    says.emplace_back(*rule.match_diagnosis == DiagnosisMatch::refuse ? "a diagnosis must be an authorized one"
                      : *rule.match_diagnosis == DiagnosisMatch::warn ? "a diagnosis that is not authorized is remarked"
                                                                      : "any diagnosis will do");
  }
  add_flag(says, rule.match_modifiers, "the code must have the authorized modifiers", "any modifiers will do");
  add_days(says, rule.reservation_grace_days, "a booking holds its units for {} days after its day");
  add_days(says, rule.submission_lead_business_days, "ask {} business days before the first visit");
  add_days(says, rule.turnaround_business_days, "it answers within {} business days");
  add_days(says, rule.preparation_business_days, "a renewal takes {} business days to prepare");
  add_bands(says, rule.days_left, " days before its end", "its end");
  add_bands(says, rule.units_left, " units left", "units left");
  add_bands(says, rule.percent_left, " % of its units left", "a share of its units");
  add_days(says, rule.retro_window_days, "a request up to {} days after the visit is accepted");
  return join(says, "; ");
}

std::string period_text(BenefitPeriod per) {
  switch (per) {
    case BenefitPeriod::day:
      return "a day";
    case BenefitPeriod::week:
      return "a week (from Monday)";
    case BenefitPeriod::month:
      return "a calendar month";
    case BenefitPeriod::calendar_year:
      return "a calendar year";
    case BenefitPeriod::lifetime:
      return "in a lifetime";
  }
  return "";
}

}  // namespace

std::vector<std::string> describe_rules(const Rules& rules) {
  std::vector<std::string> lines;
  for (const PayerRule& rule : rules.payers) {
    const std::string name = rule.name.empty() ? std::string() : fmt::format(" [{}]", rule.name);
    const std::string says = settings_text(rule);
    if (!says.empty()) lines.push_back(fmt::format("{}: {}.{}", scope_text(rule), says, name));
  }
  for (const BenefitRule& benefit : rules.benefits) {
    lines.push_back(fmt::format("{}: the plan pays for {} {}, whatever is authorized. [{}]", scope_text(benefit),
                                amount_text(benefit.quantity, benefit.measure), period_text(benefit.per),
                                benefit.name));
  }
  for (const CodeFamily& family : rules.families) {
    lines.push_back(fmt::format("{}: an authorization for {} also covers {}. [{}]",
                                family.payer.empty() ? "Every payer" : family.payer, family.authorized_code,
                                join(family.codes, ", "), family.name));
  }
  for (const ProgramRule& program : rules.programs) {
    lines.push_back(fmt::format("Program {}: {}, counted by {}.", program.program, codes_text(program.codes),
                                measure_text(program.measure).substr(measure_text(program.measure).find(' ') + 1)));
  }
  for (const auto& [reference, provider] : rules.providers) {
    std::vector<std::string> enrollments;
    for (const Enrollment& enrollment : provider.enrollments) {
      const RuleScope scope{enrollment.payer, {}, {}, {}, enrollment.first_day, enrollment.last_day};
      enrollments.push_back(scope_text(scope));
    }
    lines.push_back(fmt::format("{}: type {}; enrolled with {}.", reference,
                                provider.type.empty() ? "unknown" : provider.type,
                                enrollments.empty() ? "nobody" : join(enrollments, " and ")));
  }
  for (std::string& line : describe_notices(rules.warnings, rules.notices)) lines.push_back(std::move(line));
  for (const auto& [code, rule] : rules.codes) lines.push_back(fmt::format("Code {}: {}.", code, unit_text(rule)));
  return lines;
}

}  // namespace authledger
