#include "ledger/unsubmitted.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <tuple>

#include "ledger/business_days.h"
#include "ledger/match.h"
#include "ledger/payer_rules.h"

namespace authledger {
namespace {

// Assessments that a plan of treatment starts from: diagnostic evaluation, alcohol or drug and mental health
// assessment, behavior identification assessment. Source: CPT and HCPCS Level II code numbers.
constexpr std::array<std::string_view, 5> kAssessmentCodes = {"90791", "90792", "H0001", "H0031", "97151"};

bool is_assessment(const Service& service) {
  return service.state == ServiceState::rendered &&
         std::any_of(service.service_codes.begin(), service.service_codes.end(), [](const std::string& code) {
           return std::find(kAssessmentCodes.begin(), kAssessmentCodes.end(), code) != kAssessmentCodes.end();
         });
}

// What names no code may be about any.
bool shares_code(const std::vector<std::string>& asked, const std::vector<std::string>& codes) {
  if (asked.empty()) return true;
  return std::any_of(asked.begin(), asked.end(), [&](const std::string& code) {
    return std::find(codes.begin(), codes.end(), normalize_code(code)) != codes.end();
  });
}

// Whether somebody has asked for the codes, for days that are not over when the order begins.
bool is_asked_for(const std::vector<std::string>& codes, Day first_day, const ConsolidationInput& input,
                  const std::vector<AuthorizationLine>& lines) {
  const bool has_line = std::any_of(lines.begin(), lines.end(), [&](const AuthorizationLine& line) {
    return shares_code(line.service_codes, codes) && (!line.last_day || *line.last_day >= first_day);
  });
  return has_line || std::any_of(input.facts.begin(), input.facts.end(), [&](const Fact& fact) {
           const auto* request = std::get_if<RequestLineFact>(&fact.body);
           return request != nullptr && request->change != LineChange::cancelled &&
                  shares_code(request->service_codes, codes) && (!request->last_day || *request->last_day >= first_day);
         });
}

}  // namespace

std::vector<UnsubmittedOrder> unsubmitted_orders(const ConsolidationInput& input,
                                                 const std::vector<AuthorizationLine>& lines,
                                                 const std::vector<Service>& services) {
  const bool has_diagnosis = std::any_of(services.begin(), services.end(),
                                         [](const Service& service) { return !service.diagnosis_codes.empty(); });
  const bool has_assessment = std::any_of(services.begin(), services.end(), is_assessment);
  std::vector<UnsubmittedOrder> orders;
  for (const Fact& fact : input.facts) {
    const auto* order = std::get_if<OrderFact>(&fact.body);
    if (order == nullptr || order->status != "active" || !fact.resource.starts_with("ServiceRequest/")) continue;
    if (!order->authorization_number.empty() || !order->requested_at || order->service_codes.empty()) continue;
    std::vector<std::string> codes;
    for (const std::string& code : order->service_codes) codes.push_back(normalize_code(code));
    const Day ordered_on = input.policy.zone.day_of(*order->requested_at);
    const Day first_day = order->first_day.value_or(ordered_on);
    const CoverageSpan* coverage = find_coverage(input.coverages, fact.source, order->coverage);
    const std::string payer = coverage == nullptr ? std::string() : coverage->payer;
    const Occasion occasion{
        payer, coverage == nullptr ? std::string_view() : std::string_view(coverage->plan), {}, &codes, first_day};
    const Rules& rules = input.policy.rules;
    if (!payer_setting(rules, occasion, &PayerRule::authorization_required, true)) continue;
    if (payer_setting(rules, occasion, &PayerRule::referral_suffices, false)) continue;
    const int* lead = closest_setting(rules, occasion, &PayerRule::submission_lead_business_days);
    if (lead == nullptr) continue;
    if (is_asked_for(codes, first_day, input, lines)) continue;
    const bool has_schedule = order->quantity.has_value() || (order->first_day && order->last_day);
    Day due_on = input.policy.zone.day_of(*order->requested_at + std::chrono::hours(kSubmitAfterHours));
    if (order->first_day) due_on = std::min(due_on, business_days_before(*order->first_day, *lead, rules));
    orders.push_back(
        {provenance_of(fact), ordered_on, due_on, order->last_day, has_schedule, has_diagnosis, has_assessment});
  }
  std::sort(orders.begin(), orders.end(), [](const UnsubmittedOrder& a, const UnsubmittedOrder& b) {
    return std::tie(a.source.source, a.source.resource) < std::tie(b.source.source, b.source.resource);
  });
  return orders;
}

}  // namespace authledger
