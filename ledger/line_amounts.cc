#include "ledger/line_amounts.h"

#include "ledger/units.h"

namespace authledger {
namespace {

// In the line's measure; a component of a program's day is one day of it.
Quantity quantity_in(const Service& service, const AuthorizationLine& line) {
  const std::optional<Quantity> same = convert_units(service.quantity, service.measure, line.measure);
  return same ? *same : Quantity::of_units(1);
}

}  // namespace

Quantity part_of(Quantity whole, Quantity part, Quantity of) {
  if (!of.is_positive()) return {};
  __extension__ using Wide = __int128;
  const Wide product = static_cast<Wide>(whole.milli()) * part.milli();
  return Quantity::of_milli(static_cast<int64_t>(product / of.milli()));
}

Quantity cost_of(Quantity take, const Service& service, const AuthorizationLine& line) {
  if (!service.amount || service.currency != line.currency) return {};
  return part_of(*service.amount, take, quantity_in(service, line));
}

Quantity most_payable(Quantity left, const Service& service, const AuthorizationLine& line) {
  const Quantity whole = quantity_in(service, line);
  if (*service.amount <= left || !service.amount->is_positive()) return whole;
  if (!left.is_positive()) return {};
  constexpr int64_t kUnit = 1000;
  const int64_t most = part_of(whole, left, *service.amount).milli();
  return Quantity::of_milli(most - most % kUnit);
}

}  // namespace authledger
