#include "ledger/benefits.h"

#include <algorithm>
#include <tuple>

#include "ledger/payer_rules.h"
#include "ledger/units.h"

namespace authledger {
namespace {

constexpr int32_t kLifetime = INT32_MIN;

Measure measure_of(const BenefitRule& benefit) {
  return measure_from(benefit.measure).value_or(Measure::unknown);
}

// In the benefit's measure; nothing where the two cannot be compared.
std::optional<Quantity> taken_by(Quantity quantity, Measure measure, const BenefitRule& benefit) {
  const Measure of_benefit = measure_of(benefit);
  if (const std::optional<Quantity> same = convert_units(quantity, measure, of_benefit)) return same;
  if (of_benefit != Measure::visit) return std::nullopt;
  return quantity.is_positive() ? Quantity::of_units(1) : Quantity();
}

// The most of `quantity` that takes no more than `left`.
Quantity most_within(Quantity left, Quantity quantity, Measure measure, const BenefitRule& benefit) {
  const std::optional<Quantity> whole = taken_by(quantity, measure, benefit);
  if (!whole || *whole <= left) return quantity;
  const std::optional<Quantity> part = convert_units(left, measure_of(benefit), measure);
  if (!part || !left.is_positive()) return {};
  Quantity most = std::min(*part, quantity);
  while (most.is_positive() && *taken_by(most, measure, benefit) > left) most -= Quantity::of_milli(1);  // Rounded up.
  return most;
}

}  // namespace

std::optional<Day> period_start(Day day, BenefitPeriod per) {
  switch (per) {
    case BenefitPeriod::day:
      return day;
    case BenefitPeriod::week:
      return day - ((day.number + 3) % 7 + 7) % 7;  // 1970-01-01 was a Thursday.
    case BenefitPeriod::month:
      return parse_day(format_day(day).substr(0, 8) + "01");
    case BenefitPeriod::calendar_year:
      return day_of(year_of(day), 1, 1);
    case BenefitPeriod::lifetime:
      return std::nullopt;
  }
  return std::nullopt;
}

std::vector<size_t> BenefitAccounts::benefits_about(const Service& service, std::string_view payer) const {
  std::vector<size_t> found;
  if (rules_.benefits.empty() || is_add_on(service.service_codes, rules_)) return found;
  const Occasion occasion = occasion_of(service, payer);
  for (size_t i = 0; i < rules_.benefits.size(); ++i) {
    if (is_about(rules_.benefits[i], occasion, rules_)) found.push_back(i);
  }
  return found;
}

Quantity BenefitAccounts::allowed(const Service& service, std::string_view payer, std::string_view group) const {
  Quantity most = service.quantity;
  if (!group.empty() && days_.contains({service.day.number, std::string(payer), std::string(group)})) return most;
  for (const size_t i : benefits_about(service, payer)) {
    const BenefitRule& benefit = rules_.benefits[i];
    const std::optional<Day> start = period_start(service.day, benefit.per);
    const auto found = taken_.find({i, start ? start->number : kLifetime});
    const Quantity taken = found == taken_.end() ? Quantity() : found->second.used + found->second.reserved;
    most = most_within(benefit.quantity - taken, most, service.measure, benefit);
  }
  return most;
}

void BenefitAccounts::take(const Service& service, std::string_view payer, std::string_view group, Quantity covered,
                           bool is_reserved) {
  if (!covered.is_positive()) return;
  const std::vector<size_t> benefits = benefits_about(service, payer);
  if (benefits.empty()) return;
  if (!group.empty() && !days_.insert({service.day.number, std::string(payer), std::string(group)}).second) return;
  for (const size_t i : benefits) {
    const BenefitRule& benefit = rules_.benefits[i];
    const std::optional<Quantity> quantity = taken_by(covered, service.measure, benefit);
    if (!quantity) continue;
    const std::optional<Day> start = period_start(service.day, benefit.per);
    Taken& taken = taken_[{i, start ? start->number : kLifetime}];
    (is_reserved ? taken.reserved : taken.used) += *quantity;
  }
}

std::vector<BenefitBalance> BenefitAccounts::balances() const {
  std::vector<BenefitBalance> balances;
  for (const auto& [period, taken] : taken_) {
    const BenefitRule& benefit = rules_.benefits[period.first];
    BenefitBalance balance{benefit.name, std::nullopt, benefit.quantity, taken.used, taken.reserved};
    if (period.second != kLifetime) balance.first_day = Day{period.second};
    balances.push_back(std::move(balance));
  }
  std::sort(balances.begin(), balances.end(), [](const BenefitBalance& a, const BenefitBalance& b) {
    return std::tie(a.name, a.first_day) < std::tie(b.name, b.first_day);
  });
  return balances;
}

}  // namespace authledger
