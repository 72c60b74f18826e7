#include <algorithm>
#include <map>
#include <tuple>

#include "ledger/allocate.h"
#include "ledger/consolidate_parts.h"
#include "ledger/match.h"
#include "ledger/payer_rules.h"
#include "ledger/service_groups.h"
#include "ledger/timed_days.h"
#include "ledger/units.h"

namespace authledger {
namespace {

std::string_view line_of_key(std::string_view fact_key) {
  const size_t slash = fact_key.rfind('/');
  return slash == std::string_view::npos ? fact_key : fact_key.substr(slash + 1);
}

// The leading part first, then by precedence. A void part leads only when nothing else speaks for the visit.
std::vector<const ServicePart*> order_parts(const ServiceGroup& group) {
  std::vector<const ServicePart*> parts = group.parts;
  std::sort(parts.begin(), parts.end(), [](const ServicePart* a, const ServicePart* b) {
    // An Encounter that was voided ends the visit, whatever the appointment still says.
    const bool a_void = a->state == ServiceState::voided && a->type < ServiceSource::encounter;
    const bool b_void = b->state == ServiceState::voided && b->type < ServiceSource::encounter;
    return std::tie(a_void, a->type, a->fact->fact_key) < std::tie(b_void, b->type, b->fact->fact_key);
  });
  return parts;
}

ServiceState state_of(const std::vector<const ServicePart*>& parts) {
  const ServicePart& lead = *parts.front();
  ServiceState state = lead.state;
  if (state == ServiceState::planned || state == ServiceState::in_progress) {
    // A record that was opened ahead of the visit does not outweigh the news that there was none.
    for (const ServicePart* part : parts) {
      const ServiceState other = part->state;
      const bool is_visit = part->type == ServiceSource::appointment || part->type == ServiceSource::encounter;
      if (is_visit && (other == ServiceState::no_show || other == ServiceState::voided)) return other;
    }
  }
  // A fulfilled appointment without a visit is not yet a rendered service.
  if (lead.type == ServiceSource::appointment && state == ServiceState::rendered) return ServiceState::in_progress;
  return state;
}

class ServiceBuilder {
 public:
  ServiceBuilder(const ConsolidationInput& input, const std::string& only_payer)
      : input_(input), only_payer_(only_payer) {
    for (const Fact& fact : input.facts) {
      if (std::holds_alternative<OrderFact>(fact.body)) orders_[{fact.source, fact.resource}] = &fact;
      if (std::holds_alternative<PinFact>(fact.body)) pins_.push_back(&fact);
    }
    std::sort(pins_.begin(), pins_.end(), [](const Fact* a, const Fact* b) {
      return std::tuple(std::get<PinFact>(a->body).pin, std::string_view(a->fact_key)) <
             std::tuple(std::get<PinFact>(b->body).pin, std::string_view(b->fact_key));
    });
  }

  Service build(const ServiceGroup& group) const {
    const std::vector<const ServicePart*> parts = order_parts(group);
    const ServicePart& lead = *parts.front();
    Service service;
    service.key = key_of(lead);
    service.patient = lead.says->patient;
    service.day = lead.says->day;
    service.state = state_of(parts);
    for (const ServicePart* part : parts) add_source(service, *part);
    for (const ServicePart* part : parts) {
      if (part->state == ServiceState::voided && part != &lead) continue;
      fill(service, *part);
    }
    fill_codes(service, parts);
    fill_plan(service);
    if (!service.payer.empty()) {
      service.payer = carved_out_payer(input_.policy.rules, occasion_of(service, service.payer));
    }
    count(service, group, parts);
    pin(service);
    return service;
  }

 private:
  using Reference = std::pair<std::string_view, std::string_view>;

  std::string key_of(const ServicePart& part) const {
    if (part.is_alone) return part.fact->resource;
    return part.fact->resource + "#" + std::string(line_of_key(part.fact->fact_key));
  }

  static void add_source(Service& service, const ServicePart& part) {
    const Provenance source = provenance_of(*part.fact);
    for (const Provenance& known : service.sources) {
      if (known.source == source.source && known.resource == source.resource) return;
    }
    service.sources.push_back(source);
  }

  void fill(Service& service, const ServicePart& part) const {
    const ServiceFact& says = *part.says;
    const auto fill_text = [](std::string& value, const std::string& other) {
      if (value.empty()) value = other;
    };
    if (!service.start_at && says.day == service.day) service.start_at = says.start_at;
    fill_text(service.provider, says.provider);
    fill_text(service.program, says.program);
    fill_text(service.place, says.place);
    fill_text(service.authorization_number, says.authorization_number);
    if (service.diagnosis_codes.empty()) service.diagnosis_codes = says.diagnosis_codes;
    if (service.modifiers.empty()) service.modifiers = says.modifiers;
    if (!service.amount && says.amount) {
      service.amount = says.amount;
      service.currency = says.currency;
    }
    const Fact* order = order_of(part);
    std::string_view coverage = says.coverage;
    if (order != nullptr) {
      const OrderFact& ordered = std::get<OrderFact>(order->body);
      fill_text(service.authorization_number, ordered.authorization_number);
      if (coverage.empty()) coverage = ordered.coverage;
    }
    if (!service.payer.empty()) return;
    const CoverageSpan* span = find_coverage(input_.coverages, part.fact->source, coverage);
    if (span == nullptr) return;
    service.payer = span->payer;
    service.plan = span->plan;
    service.member = span->member_id;
  }

  // Where the service names no coverage with a plan: the only plan of its payer that holds the day.
  void fill_plan(Service& service) const {
    if (!service.plan.empty()) return;
    const std::string& payer = service.payer.empty() ? only_payer_ : service.payer;
    const std::string* plan = nullptr;
    for (const CoverageSpan& span : input_.coverages) {
      const bool holds_day =
          (!span.first_day || *span.first_day <= service.day) && (!span.last_day || service.day <= *span.last_day);
      if (span.payer != payer || span.plan.empty() || span.status != "active" || !holds_day) continue;
      if (plan != nullptr && *plan != span.plan) return;
      plan = &span.plan;
    }
    if (plan != nullptr) service.plan = *plan;
  }

  const Fact* order_of(const ServicePart& part) const {
    if (part.says->order.empty()) return nullptr;
    const auto found = orders_.find({part.fact->source, part.says->order});
    return found == orders_.end() ? nullptr : found->second;
  }

  // The first part whose codes say what was done; else the first that states any; else the order's.
  void fill_codes(Service& service, const std::vector<const ServicePart*>& parts) const {
    const std::vector<std::string>* local = nullptr;
    const std::vector<std::string>* ordered = nullptr;
    const std::vector<std::string>* chosen = nullptr;
    for (const ServicePart* part : parts) {
      if (part->state == ServiceState::voided && part != parts.front()) continue;
      const std::vector<std::string>& codes = part->says->service_codes;
      const bool is_service = std::any_of(codes.begin(), codes.end(), [this](const std::string& code) {
        return is_service_code(code, input_.policy.rules);
      });
      if (is_service && chosen == nullptr) chosen = &codes;
      if (!codes.empty() && local == nullptr) local = &codes;
      const Fact* order = order_of(*part);
      if (order != nullptr && ordered == nullptr) ordered = &std::get<OrderFact>(order->body).service_codes;
    }
    if (chosen == nullptr) chosen = local != nullptr ? local : ordered;
    if (chosen == nullptr) return;
    for (const std::string& code : *chosen) service.service_codes.push_back(normalize_code(code));
  }

  void count(Service& service, const ServiceGroup& group, const std::vector<const ServicePart*>& parts) const {
    std::optional<Quantity> quantity;
    Measure measure = Measure::unknown;
    std::optional<int> minutes;
    int days = 1;
    for (const ServicePart* part : parts) {
      const ServiceFact& says = *part->says;
      if (part->state == ServiceState::voided && part != parts.front()) continue;
      // The time of a visit belongs to none of its several services alone.
      const bool is_shared = group.shares_visit && part->type >= ServiceSource::encounter;
      if (!quantity && says.quantity && !is_shared) {
        quantity = says.quantity;
        measure = says.measure;
      }
      if (!quantity && measure == Measure::unknown) measure = says.measure;
      if (!says.start_at || !says.end_at || *says.end_at <= *says.start_at) continue;
      const auto length = std::chrono::duration_cast<std::chrono::minutes>(*says.end_at - *says.start_at).count();
      constexpr int64_t kMinutesOfDay = 24 * 60;
      if (!minutes && !is_shared && length <= kMinutesOfDay) minutes = static_cast<int>(length);
      if (part == parts.front()) {
        days = input_.policy.zone.day_of(*says.end_at - std::chrono::microseconds(1)) - says.day + 1;
      }
    }
    service.minutes = minutes;
    const Rules& rules = input_.policy.rules;
    const Occasion occasion = occasion_of(service, service.payer.empty() ? only_payer_ : service.payer);
    const UnitCount counted = count_units(service.service_codes, quantity, measure, minutes, rules, occasion);
    service.quantity = counted.quantity;
    service.measure = counted.measure;
    if (service.measure == Measure::unknown && !quantity) {
      const Measure of_program = default_measure({}, service.program, rules, occasion);
      if (leading_code_rule(service.service_codes, rules, occasion) == nullptr) service.measure = of_program;
    }
    const CodeRule* rule = leading_code_rule(service.service_codes, rules, occasion);
    const bool is_by_8_minutes = rule != nullptr && rule->rounding == Rounding::medicare_8_minute;
    if (is_by_8_minutes && !quantity && minutes && rule->unit_minutes > 0 && *minutes >= rule->minutes_min) {
      service.timed = TimedPart{*minutes, rule->unit_minutes};
    }
    if (rule != nullptr && rule->once_per_day) {
      service.quantity = std::min(service.quantity, Quantity::of_units(std::max(days, 1)));
    }
  }

  void pin(Service& service) const {
    for (const Fact* fact : pins_) {
      const PinFact& pin = std::get<PinFact>(fact->body);
      if (pin.authorization_number.empty() || pin.service.empty()) continue;
      const bool is_pinned = pin.service == service.key ||
                             std::any_of(service.sources.begin(), service.sources.end(),
                                         [&pin](const Provenance& source) { return source.resource == pin.service; });
      if (!is_pinned) continue;
      service.pinned_number = pin.authorization_number;
      service.pinned_line = pin.line;
      return;
    }
  }

  const ConsolidationInput& input_;
  const std::string& only_payer_;
  std::map<Reference, const Fact*> orders_;
  std::vector<const Fact*> pins_;
};

}  // namespace

std::vector<Service> consolidate_services(const ConsolidationInput& input, const std::string& only_payer) {
  const std::vector<ServicePart> parts = collect_parts(input.facts);
  const ServiceBuilder builder(input, only_payer);
  std::vector<Service> services;
  const std::vector<ServiceGroup> groups = group_parts(parts, input.policy.rules);
  services.reserve(groups.size());
  for (const ServiceGroup& group : groups) services.push_back(builder.build(group));
  std::vector<Service*> ordered;
  ordered.reserve(services.size());
  for (Service& service : services) ordered.push_back(&service);
  count_timed_days(ordered);
  std::sort(ordered.begin(), ordered.end(), [](const Service* a, const Service* b) {
    return std::tie(a->key, a->sources.front().source) < std::tie(b->key, b->sources.front().source);
  });
  // Two sources may use the same id for different visits.
  for (size_t i = ordered.size(); i-- > 1;) {
    if (ordered[i]->key == ordered[i - 1]->key) ordered[i]->key += "@" + ordered[i]->sources.front().source;
  }
  std::vector<Service> by_key;
  by_key.reserve(ordered.size());
  for (Service* service : ordered) by_key.push_back(std::move(*service));
  const auto is_before = [](const Service& a, const Service& b) { return a.key < b.key; };
  if (!std::is_sorted(by_key.begin(), by_key.end(), is_before)) std::sort(by_key.begin(), by_key.end(), is_before);
  return by_key;
}

}  // namespace authledger
