#pragma once

#include <string>
#include <vector>

#include "ledger/allocate.h"

// Of overlapping authorizations: which others could have covered a service, and why they did not. Pure.

namespace authledger {

struct PassedOver {
  std::string authorization_number, line;
  std::string why;  // For people: "it ends later, 2026-12-31".
};

// For the service that drew from `book`; without the lines that it drew from too. Ordered by book.
std::vector<PassedOver> passed_over(const std::string& book, const std::string& service_key,
                                    const Consolidated& subject, const Allocation& allocation, const Policy& policy,
                                    Day today);

}  // namespace authledger
