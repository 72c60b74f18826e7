#include "ledger/per_diem_days.h"

#include <algorithm>

#include "ledger/match.h"

namespace authledger {

std::string_view per_diem_group(const std::vector<std::string>& service_codes, const Rules& rules) {
  for (const ProgramRule& program : rules.programs) {
    if (program.measure == "day" && lists_any(program.codes, service_codes)) return program.program;
  }
  return service_codes.empty() ? std::string_view() : std::string_view(service_codes.front());
}

bool PerDiemDays::is_same(const CountedDay& counted, const Service& service, std::string_view group) {
  const Service& other = *counted.service;
  const bool is_of_payer = other.payer.empty() || service.payer.empty() || other.payer == service.payer;
  return other.day == service.day && is_of_payer && counted.group == group;
}

bool PerDiemDays::is_counted(const Service& service, std::string_view group, bool is_reserved) const {
  return std::any_of(days_.begin(), days_.end(), [&](const CountedDay& counted) {
    return is_same(counted, service, group) && (counted.is_drawn || (is_reserved && !counted.is_reserved));
  });
}

bool PerDiemDays::is_uncovered(const Service& service, std::string_view group) const {
  return std::any_of(days_.begin(), days_.end(),
                     [&](const CountedDay& counted) { return is_same(counted, service, group) && !counted.is_drawn; });
}

void PerDiemDays::add_drawn(const Service& service, std::string_view group, bool is_reserved) {
  days_.push_back({&service, std::string(group), is_reserved, true});
}

void PerDiemDays::add_uncovered(const Service& service, std::string_view group, bool is_reserved) {
  days_.push_back({&service, std::string(group), is_reserved, false});
}

std::vector<std::string_view> PerDiemDays::take_back_uncovered(const Service& service, std::string_view group) {
  std::vector<std::string_view> keys;
  std::erase_if(days_, [&](const CountedDay& counted) {
    const bool is_taken_back = !counted.is_drawn && is_same(counted, service, group);
    if (is_taken_back) keys.push_back(counted.service->key);
    return is_taken_back;
  });
  return keys;
}

void PerDiemDays::forget_uncovered() {
  std::erase_if(days_, [](const CountedDay& counted) { return !counted.is_drawn; });
}

}  // namespace authledger
