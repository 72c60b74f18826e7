#pragma once

#include <string>
#include <vector>

#include "tests/ledger/dice.h"
#include "tests/simulation_year/simulated_ehr.h"

namespace authledger {

// What happens at a small clinic and its payers in a year: visits, bookings, approvals early and late, corrections,
// mistakes of identity, and people who close what authledger wrote. All of it drawn from the dice.
class ClinicYear {
 public:
  ClinicYear(Dice& dice, SimulatedEhr& ehr, Day first_day);

  // The clinic lives through the days before `today` since the last call.
  void live_until(Day today);

 private:
  struct Visit {
    std::string id, patient, code, appointment;
    Day day;
    bool is_deleted = false;
  };
  struct Booking {
    std::string id, patient, code;
    Day day;
    bool is_open = true;
  };
  struct Approval {
    std::string id, patient, number, code, action = "A1";
    Day first_day, last_day;
    int units = 12;
  };

  void approve(const std::string& patient, Day today);
  void book(const std::string& patient, Day today);
  void visit(const std::string& patient, Day day);
  void keep_bookings(Day today);
  void correct_a_visit();
  void correct_an_approval(Day today);
  void correct_a_coverage();
  void merge_or_part();
  void touch_a_notice();

  void put(const Visit& visit, const std::string& status = "finished");
  void put(const Booking& booking, const std::string& status);
  void put(const Approval& approval);

  Dice& dice_;
  SimulatedEhr& ehr_;
  Day lived_;
  int next_id_ = 0;
  bool is_merged_ = false;
  std::vector<std::string> patients_;
  std::vector<Visit> visits_;
  std::vector<Booking> bookings_;
  std::vector<Approval> approvals_;
};

}  // namespace authledger
