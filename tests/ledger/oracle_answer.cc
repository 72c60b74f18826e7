#include <set>

#include "tests/ledger/oracle_allocate.h"

namespace authledger {

OracleAllocation as_oracle(const Allocation& allocation) {
  OracleAllocation same;
  for (const Draw& draw : allocation.draws) {
    OracleDraw& sum = same.draws[{draw.book, draw.service_key}];
    sum.quantity += draw.quantity;
    sum.is_reserved = draw.is_reserved;
  }
  for (const UncoveredService& service : allocation.uncovered) {
    same.uncovered[service.service_key] = {service.quantity, service.reason};
  }
  for (const BenefitBalance& benefit : allocation.benefits) {
    const std::string period = benefit.first_day ? format_day(*benefit.first_day) : "ever";
    same.benefits[benefit.name + " " + period] += benefit.used + benefit.reserved;
  }
  for (const auto& [book, balance] : allocation.balances) {
    same.balances[book] = {balance.approved, balance.available, balance.lapsed, balance.reserved, balance.used};
  }
  return same;
}

namespace {

std::string text_of(const OracleDraw& draw) {
  return format_quantity(draw.quantity) + (draw.is_reserved ? " reserved" : " used");
}
std::string text_of(const OracleUncovered& uncovered) {
  return format_quantity(uncovered.quantity) + " " + std::string(word_of(uncovered.reason));
}
std::string text_of(const OracleBalance& balance) {
  auto text = [](const std::optional<Quantity>& quantity) { return quantity ? format_quantity(*quantity) : "none"; };
  return "approved " + text(balance.approved) + ", available " + text(balance.available) + ", reserved " +
         text(balance.reserved) + ", used " + text(balance.used) + ", lapsed " + text(balance.lapsed);
}
std::string text_of(Quantity quantity) {
  return format_quantity(quantity);
}
std::string name_of(const std::string& key) {
  return key;
}
std::string name_of(const std::pair<std::string, std::string>& key) {
  return key.second + " from " + key.first;
}

template <typename Map>
void add_differences(const std::string& what, const Map& expected, const Map& actual, std::string& text) {
  std::set<typename Map::key_type> keys;
  for (const auto& [key, value] : expected) keys.insert(key);
  for (const auto& [key, value] : actual) keys.insert(key);
  for (const auto& key : keys) {
    const auto one = expected.find(key), other = actual.find(key);
    const bool has_one = one != expected.end(), has_other = other != actual.end();
    if (has_one && has_other && one->second == other->second) continue;
    text += what + " " + name_of(key) + ": oracle " + (has_one ? text_of(one->second) : "nothing") + ", allocate " +
            (has_other ? text_of(other->second) : "nothing") + "\n";
  }
}

}  // namespace

std::string difference_of(const OracleAllocation& expected, const OracleAllocation& actual) {
  std::string text;
  add_differences("draw", expected.draws, actual.draws, text);
  add_differences("uncovered", expected.uncovered, actual.uncovered, text);
  add_differences("balance", expected.balances, actual.balances, text);
  add_differences("benefit", expected.benefits, actual.benefits, text);
  return text;
}

}  // namespace authledger
