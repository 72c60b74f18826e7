#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ledger/consolidate.h"

// Which days of per diems already count. Internal to `allocate`.
// Source: FHIR_FACTS g: an authorization for days of a program is consumed once per date of service, whatever its
// lines.

namespace authledger {

// The name that days of these codes count under: the program whose whole day one of them stands for, so that H0015 and
// its revenue code are one day; else the first code.
std::string_view per_diem_group(const std::vector<std::string>& service_codes, const Rules& rules);

// A day counts once in a group, whatever lines, components and providers report it, unless two payers are named.
class PerDiemDays {
 public:
  // It has drawn, or it was rendered and nothing covers it while `is_reserved` asks for a booking only.
  bool is_counted(const Service& service, std::string_view group, bool is_reserved) const;
  bool is_uncovered(const Service& service, std::string_view group) const;
  void add_drawn(const Service& service, std::string_view group, bool is_reserved);
  void add_uncovered(const Service& service, std::string_view group, bool is_reserved);
  // Keys of the services that stood uncovered for a day which is drawn now. They count no more.
  std::vector<std::string_view> take_back_uncovered(const Service& service, std::string_view group);
  // Days that nothing covers count no more, whoever reported them.
  void forget_uncovered();

 private:
  struct CountedDay {
    const Service* service;
    std::string group;
    bool is_reserved, is_drawn;
  };
  static bool is_same(const CountedDay& counted, const Service& service, std::string_view group);

  std::vector<CountedDay> days_;
};

}  // namespace authledger
