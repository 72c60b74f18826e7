#pragma once

#include <set>
#include <string>
#include <vector>

#include "base/day.h"
#include "base/json.h"
#include "tests/ledger/dice.h"

namespace authledger {

// What delivery.identifier_system is at the clinic.
inline const std::string kClinicIdentifierSystem = "https://clinic.example/authledger";

// The key of the notice that a resource shows; "" when it is none of ours.
std::string notice_key_of(JsonView resource);

// The EHR as the people of a clinic use it.
class ClinicEhr {
 public:
  virtual ~ClinicEhr() = default;
  virtual void put(const std::string& json) = 0;
  virtual void remove(const std::string& type, const std::string& id) = 0;
  virtual std::vector<std::string> bodies(const std::string& type) const = 0;

  // Whether they closed or removed what stood of a notice. Nobody else can say that a person did.
  bool was_closed_by_people(const std::string& notice_key) const { return closed_.contains(notice_key); }

 protected:
  // What they did, with the resource as they left it, or as it was when they removed it.
  void remember_put(JsonView resource);
  void remember_removal(JsonView resource);

 private:
  std::set<std::string> closed_;  // Keys of notices.
};

struct ClinicHabits {
  int patients = 0;  // 0 = two or three.
  // A cancelled approval covers the days before its cancellation if it was seen as approved: whoever missed a version
  // knows less. Without it the present state of the EHR says everything.
  bool cancels_approvals = true;
};

// What happens at a small clinic and its payers in a year: visits, bookings, approvals early and late, corrections,
// mistakes of identity, and people who close what authledger wrote. All of it drawn from the dice.
class ClinicYear {
 public:
  ClinicYear(Dice& dice, ClinicEhr& ehr, Day first_day, const ClinicHabits& habits = {});

  // The clinic lives through the days before `today` since the last call.
  void live_until(Day today);
  // Some minutes of a day: what was forgotten is entered, the rest is corrected.
  void live_a_moment(Day today);

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
  void correct(Day today);
  void correct_a_visit();
  void correct_an_approval(Day today);
  void correct_a_coverage();
  void merge_or_part();
  void touch_a_notice();

  void put(const Visit& visit, const std::string& status = "finished");
  void put(const Booking& booking, const std::string& status);
  void put(const Approval& approval);

  Dice& dice_;
  ClinicEhr& ehr_;
  const ClinicHabits habits_;
  Day lived_;
  int next_id_ = 0;
  bool is_merged_ = false;
  std::vector<std::string> patients_;
  std::vector<Visit> visits_;
  std::vector<Booking> bookings_;
  std::vector<Approval> approvals_;
};

}  // namespace authledger
