#include "tests/ledger/oracle_benefits.h"

#include <algorithm>

#include "tests/ledger/oracle_match.h"

namespace authledger {
namespace {

std::string account_of(const BenefitRule& benefit, Day day) {
  const std::string text = format_day(day);
  switch (benefit.per) {
    case BenefitPeriod::day:
      return benefit.name + " " + text;
    case BenefitPeriod::week: {
      Day monday = day;
      while (!oracle_same_period(monday, day, "week") || oracle_same_period(monday - 1, day, "week")) {
        monday = monday - 1;
      }
      return benefit.name + " " + format_day(monday);
    }
    case BenefitPeriod::month:
      return benefit.name + " " + text.substr(0, 7) + "-01";
    case BenefitPeriod::calendar_year:
      return benefit.name + " " + text.substr(0, 4) + "-01-01";
    case BenefitPeriod::lifetime:
      return benefit.name + " ever";
  }
  return {};
}

// Nothing where the service's measure cannot be compared with the benefit's, unless visits are counted.
std::optional<Quantity> in_benefit(Quantity quantity, const Service& service, const BenefitRule& benefit) {
  const Measure measure = *measure_from(benefit.measure);
  std::optional<Quantity> same = oracle_convert(quantity, service.measure, measure);
  if (!same && measure == Measure::visit) same = Quantity::of_units(quantity.is_positive() ? 1 : 0);
  return same;
}

std::string day_of_group(const Service& service, const std::string& payer, const std::string& group) {
  return format_day(service.day) + "/" + payer + "/" + group;
}

}  // namespace

std::vector<BenefitRule> OracleBenefits::about(const Service& service, const std::string& payer) const {
  std::vector<BenefitRule> found;
  for (const BenefitRule& benefit : rules_.benefits) {
    if (!oracle_is_add_on(service, rules_) && oracle_is_about(benefit, service, payer, rules_))
      found.push_back(benefit);
  }
  return found;
}

Quantity OracleBenefits::payable(const Service& service, const std::string& payer, const std::string& group) const {
  const bool is_day_paid = !group.empty() && std::count(per_diem_days_.begin(), per_diem_days_.end(),
                                                        day_of_group(service, payer, group)) > 0;
  Quantity payable = service.quantity;
  if (is_day_paid) return payable;
  for (const BenefitRule& benefit : about(service, payer)) {
    const auto taken = taken_.find(account_of(benefit, service.day));
    const Quantity left = benefit.quantity - (taken == taken_.end() ? Quantity() : taken->second);
    const std::optional<Quantity> whole = in_benefit(payable, service, benefit);
    if (!whole || *whole <= left) continue;
    const Measure measure = *measure_from(benefit.measure);
    const bool is_comparable = oracle_convert(payable, service.measure, measure).has_value();
    // A quarter of an hour in hours is a fourth, and back four times as much, down to a full thousandth.
    int64_t milli = is_comparable && left.is_positive() ? left.milli() : 0;
    if (service.measure == Measure::unit_15_minutes && measure == Measure::hour) milli *= 4;
    if (service.measure == Measure::hour && measure == Measure::unit_15_minutes) milli /= 4;
    payable = std::min(payable, Quantity::of_milli(milli));
  }
  return payable;
}

void OracleBenefits::take(const Service& service, const std::string& payer, const std::string& group, Quantity paid) {
  const std::vector<BenefitRule> benefits = about(service, payer);
  if (!paid.is_positive() || benefits.empty()) return;
  const std::string day = day_of_group(service, payer, group);
  if (!group.empty() && std::count(per_diem_days_.begin(), per_diem_days_.end(), day) > 0) return;
  if (!group.empty()) per_diem_days_.push_back(day);
  for (const BenefitRule& benefit : benefits) {
    if (auto quantity = in_benefit(paid, service, benefit)) taken_[account_of(benefit, service.day)] += *quantity;
  }
}

}  // namespace authledger
