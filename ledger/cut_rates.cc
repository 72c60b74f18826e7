#include "ledger/cut_rates.h"

#include <algorithm>

namespace authledger {
namespace {

// What a decision granted; nothing while it is open, or where it says no quantity.
std::optional<Quantity> granted_by(const AuthorizationLine& line) {
  switch (line.decision) {
    case Decision::approved:
    case Decision::approved_in_part:
    case Decision::approved_modified:
      return line.approved;
    case Decision::denied:
      return Quantity();
    case Decision::pended:
    case Decision::cancelled:
    case Decision::not_required:
    case Decision::unknown:
      return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace

void CutRates::add(std::span<const AuthorizationLine> lines) {
  for (const AuthorizationLine& line : lines) {
    const std::optional<Quantity> granted = granted_by(line);
    if (!granted || !line.requested || !line.requested->is_positive()) continue;
    auto rate =
        std::lower_bound(rates_.begin(), rates_.end(), line.payer,
                         [](const PayerCutRate& known, const std::string& payer) { return known.payer < payer; });
    if (rate == rates_.end() || rate->payer != line.payer) {
      rate = rates_.insert(rate, PayerCutRate{line.payer, line.payer_display, 0, 0, {}, {}, 0});
    }
    ++rate->lines;
    if (*granted < *line.requested) ++rate->lines_cut;
    rate->requested += *line.requested;
    rate->approved += std::min(*granted, *line.requested);  // More than was asked for makes up for no cut.
  }
}

std::vector<PayerCutRate> CutRates::by_payer() const {
  std::vector<PayerCutRate> rates = rates_;
  for (PayerCutRate& rate : rates) {
    const int64_t cut = (rate.requested - rate.approved).milli(), requested = rate.requested.milli();
    rate.cut_percent = static_cast<int>((200 * cut + requested) / (2 * requested));
  }
  return rates;
}

}  // namespace authledger
