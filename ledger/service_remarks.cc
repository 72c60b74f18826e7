#include "ledger/service_remarks.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/text.h"
#include "ledger/business_days.h"
#include "ledger/candidates.h"
#include "ledger/payer_rules.h"
#include "ledger/units.h"

namespace authledger {
namespace {

std::string name_of(const PayerRule* rule) {
  if (rule == nullptr) return {};
  if (!rule->name.empty()) return rule->name;
  return "payers." + (rule->payer.empty() ? std::string("*") : rule->payer);
}

class Remarks {
 public:
  Remarks(const Consolidated& subject, const Allocation& allocation, const Policy& policy, Day today)
      : subject_(subject), policy_(policy), today_(today) {
    for (const AuthorizationLine& line : subject.lines) lines_[line.book] = &line;
    for (const Draw& draw : allocation.draws) books_[draw.service_key].push_back(draw.book);
    for (const UncoveredService& uncovered : allocation.uncovered) uncovered_[uncovered.service_key] = &uncovered;
  }

  std::vector<ServiceRemark> all() {
    for (const Service& service : subject_.services) {
      if (service.state == ServiceState::voided || service.state == ServiceState::no_show) continue;
      const std::string payer = rule_payer_of(service, subject_);
      const Occasion occasion = occasion_of(service, payer);
      remark_diagnosis(service);
      remark_telehealth(service, occasion);
      remark_minutes(service);
      const bool is_add_on_alone = is_add_on(service.service_codes, policy_.rules);
      if (!is_add_on_alone && payer_setting(policy_.rules, occasion, &PayerRule::authorization_required, true)) {
        remark_late_request(service, occasion);
      }
    }
    return std::move(remarks_);
  }

 private:
  void add(const Service& service, RemarkKind kind, const PayerRule* rule, std::optional<Day> last_day,
           std::string text) {
    std::optional<int> days_left;
    if (last_day) days_left = *last_day - today_;
    remarks_.push_back({service.key, kind, name_of(rule), last_day, days_left, std::move(text)});
  }

  void remark_diagnosis(const Service& service) {
    for (const std::string& book : books_[service.key]) {
      const auto found = lines_.find(book);
      if (found == lines_.end() || share_diagnosis(service, *found->second)) continue;
      const AuthorizationLine& line = *found->second;
      const Occasion occasion = occasion_of(service, line.payer);
      const PayerRule* rule = closest_rule(policy_.rules, occasion, &PayerRule::match_diagnosis);
      if (rule == nullptr || *rule->match_diagnosis != DiagnosisMatch::warn) continue;
      add(service, RemarkKind::dx_mismatch, rule, std::nullopt,
          fmt::format("authorization {} lists other diagnoses; ask the payer to add this one, or correct it",
                      line.authorization_number));
      return;
    }
  }

  void remark_telehealth(const Service& service, const Occasion& occasion) {
    if (subject_.home_state.empty() || !is_telehealth(service, policy_.rules)) return;
    const PayerRule* rule = closest_rule(policy_.rules, occasion, &PayerRule::telehealth_states);
    if (rule == nullptr) return;
    const std::vector<std::string>& states = *rule->telehealth_states;
    const bool is_named = std::any_of(states.begin(), states.end(), [this](const std::string& state) {
      return upper_case(trim(state)) == subject_.home_state;
    });
    if (is_named) return;
    add(service, RemarkKind::telehealth_out_of_state, rule, std::nullopt,
        fmt::format("telehealth for a patient in {}, while rule {} names {}", subject_.home_state, name_of(rule),
                    states.empty() ? std::string("no state") : join(states, ", ")));
  }

  void remark_minutes(const Service& service) {
    if (!service.minutes) return;
    for (const std::string& code : service.service_codes) {
      const std::string fitting = code_of_length(code, *service.minutes, policy_.rules);
      if (fitting.empty() || fitting == code) continue;
      add(service, RemarkKind::minutes_mismatch, nullptr, std::nullopt,
          fmt::format("{} minutes are {}, while {} is recorded; correct one of them", *service.minutes, fitting, code));
      return;
    }
  }

  // The first day on which such a service was asked for, by any line for it whose days hold the day or are not known.
  std::optional<Day> requested_on(const Service& service) const {
    std::optional<Day> first;
    for (const AuthorizationLine& line : subject_.lines) {
      const bool is_of_payer = service.payer.empty() || line.payer.empty() || service.payer == line.payer;
      const bool holds_day =
          (!line.first_day || *line.first_day <= service.day) && (!line.last_day || service.day <= *line.last_day);
      if (!is_of_payer || !holds_day || !line.requested_at) continue;
      if (!match_code(line.service_codes, line.program, line.payer, service.service_codes, service.program,
                      policy_.rules)) {
        continue;
      }
      const Day day = policy_.zone.day_of(*line.requested_at);
      if (!first || day < *first) first = day;
    }
    return first;
  }

  void remark_late_request(const Service& service, const Occasion& occasion) {
    const auto found = uncovered_.find(service.key);
    if (found == uncovered_.end()) return;
    const std::optional<Day> requested = requested_on(service);
    if (service.state == ServiceState::rendered) {
      if (requested && *requested <= service.day) return;
      const bool is_unasked = found->second->reason == UncoveredReason::no_authorization;
      if (!requested && !is_unasked) return;
      const PayerRule* rule = closest_rule(policy_.rules, occasion, &PayerRule::retro_window_days);
      if (!requested && rule == nullptr) return;  // That none is on file is said by the reason.
      std::optional<Day> last_day;
      if (rule != nullptr) last_day = service.day + *rule->retro_window_days;
      const std::string asked =
          requested ? fmt::format("requested {}, after the visit", format_day(*requested)) : "not requested yet";
      const std::string until = !last_day            ? std::string("no rule says how late a request may be")
                                : today_ > *last_day ? "the payer accepted one until " + format_day(*last_day)
                                                     : "the payer accepts one until " + format_day(*last_day);
      add(service, RemarkKind::retro_risk, rule, last_day, asked + "; " + until);
    } else if (!requested && found->second->reason == UncoveredReason::no_authorization && service.day > today_) {
      const PayerRule* rule = closest_rule(policy_.rules, occasion, &PayerRule::submission_lead_business_days);
      if (rule == nullptr) return;
      const Day last_day = business_days_before(service.day, *rule->submission_lead_business_days, policy_.rules);
      add(service, RemarkKind::request_due, rule, last_day,
          fmt::format("not requested yet; the request is due {}", format_day(last_day)));
    }
  }

  const Consolidated& subject_;
  const Policy& policy_;
  Day today_;
  std::map<std::string, const AuthorizationLine*> lines_;
  std::map<std::string, std::vector<std::string>> books_;
  std::map<std::string, const UncoveredService*> uncovered_;
  std::vector<ServiceRemark> remarks_;
};

}  // namespace

std::string_view word_of(RemarkKind kind) {
  switch (kind) {
    case RemarkKind::dx_mismatch:
      return "dx_mismatch";
    case RemarkKind::telehealth_out_of_state:
      return "telehealth_out_of_state";
    case RemarkKind::retro_risk:
      return "retro_risk";
    case RemarkKind::request_due:
      return "request_due";
    case RemarkKind::minutes_mismatch:
      return "minutes_mismatch";
  }
  return "";
}

std::vector<ServiceRemark> service_remarks(const Consolidated& subject, const Allocation& allocation,
                                           const Policy& policy, Day today) {
  return Remarks(subject, allocation, policy, today).all();
}

}  // namespace authledger
