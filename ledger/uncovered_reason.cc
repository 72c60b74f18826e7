#include <array>

#include "ledger/allocate.h"

namespace authledger {

std::string_view word_of(UncoveredReason reason) {
  constexpr std::array<std::string_view, 23> kWords{"none",
                                                    "no_authorization",
                                                    "payer_mismatch",
                                                    "code_mismatch",
                                                    "provider_mismatch",
                                                    "place_mismatch",
                                                    "measure_mismatch",
                                                    "pended",
                                                    "denied",
                                                    "cancelled",
                                                    "not_started",
                                                    "expired",
                                                    "coverage_ended",
                                                    "exhausted",
                                                    "rate_exceeded",
                                                    "benefit_exhausted",
                                                    "dx_mismatch",
                                                    "telehealth_not_covered",
                                                    "credentialing",
                                                    "provider_type_excluded",
                                                    "modifier_mismatch",
                                                    "amount_exhausted",
                                                    "member_mismatch"};
  return kWords.at(static_cast<size_t>(reason));
}

}  // namespace authledger
