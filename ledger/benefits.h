#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "ledger/allocate.h"

// What the plan pays for in a period, whatever is authorized. Internal to `allocate`.

namespace authledger {

// Limits of the payer's plan as accounts beside the authorizations: day, week (from Monday), month, calendar year or
// lifetime, by the day of service. Add-ons take nothing; a service in a measure that cannot be compared takes one of a
// limit in visits and nothing of others.
class BenefitAccounts {
 public:
  explicit BenefitAccounts(const Rules& rules) : rules_(rules) {}

  // How much of the service the benefits still pay for, in its measure. `group` is that of a per diem, which takes its
  // day once.
  Quantity allowed(const Service& service, std::string_view payer, std::string_view group) const;
  void take(const Service& service, std::string_view payer, std::string_view group, Quantity covered, bool is_reserved);
  std::vector<BenefitBalance> balances() const;

 private:
  struct Taken {
    Quantity used, reserved;
  };
  using Period = std::pair<size_t, int32_t>;  // Benefit; first day of its period.
  std::vector<size_t> benefits_about(const Service& service, std::string_view payer) const;

  const Rules& rules_;
  std::map<Period, Taken> taken_;
  std::set<std::tuple<int32_t, std::string, std::string>> days_;  // (Day, payer, group) of per diems.
};

// First day of the period that the day lies in; nothing for a lifetime.
std::optional<Day> period_start(Day day, BenefitPeriod per);

}  // namespace authledger
