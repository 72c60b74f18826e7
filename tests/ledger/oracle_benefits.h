#pragma once

#include <map>
#include <string>
#include <vector>

#include "ledger/consolidate.h"

// The plan's limits for the oracle: every take is kept, and what is left is added up anew each time.

namespace authledger {

class OracleBenefits {
 public:
  explicit OracleBenefits(const Rules& rules) : rules_(rules) {}

  // In the service's measure.
  Quantity payable(const Service& service, const std::string& payer, const std::string& group) const;
  void take(const Service& service, const std::string& payer, const std::string& group, Quantity paid);
  // By "name first-day-of-period", or "name ever".
  const std::map<std::string, Quantity>& taken() const { return taken_; }

 private:
  std::vector<BenefitRule> about(const Service& service, const std::string& payer) const;

  const Rules& rules_;
  std::map<std::string, Quantity> taken_;
  std::vector<std::string> per_diem_days_;
};

}  // namespace authledger
