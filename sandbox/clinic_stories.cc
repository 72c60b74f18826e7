#include "sandbox/clinic_stories.h"

#include <fmt/format.h>

namespace authledger {
namespace {

int weekday(Day day) {
  return (day.number % 7 + 7 + 3) % 7;
}  // 0 is Monday; 1970-01-01 was a Thursday.

Day weekday_before(Day day) {
  while (!is_weekday(day)) day = day - 1;
  return day;
}

Day weekday_after(Day day) {
  while (!is_weekday(day)) day = day + 1;
  return day;
}

class Stories {
 public:
  Stories(ClinicResources& resources, Day today) : resources_(resources), today_(today) {}

  std::vector<ClinicVisit> tell() {
    plain();
    expiring_soon();
    three_units_left();
    exhausted();
    booked_beyond_the_end();
    booked_beyond_the_units();
    never_authorized();
    decision_overdue();
    approved_for_less();
    approved_after_the_fact();
    two_lines_a_day();
    denied();
    missed_and_cancelled();
    renewed();
    return std::move(visits_);
  }

 private:
  // The next story's patient; ids are story-01, story-02 ….
  void begin(const std::string& given, const std::string& family, const std::string& code) {
    ++number_;
    patient_ = {fmt::format("story-{:02}", number_), given, family, 1970 + number_, (number_ - 1) % 6 + 1};
    code_ = code;
    resources_.add_patient(patient_);
    used_ = booked_ = 0;
    order_.clear();
  }

  ClinicAuthorization authorization(int quantity, int first, int last, const std::string& suffix = "") {
    ClinicAuthorization asked;
    asked.id = patient_.id + suffix;
    asked.patient = patient_;
    asked.clinician = clinician();
    asked.number = fmt::format("AL-S{:02}{}", number_, suffix);
    asked.services = {{code_, quantity}};
    asked.first_day = today_ + first;
    asked.last_day = today_ + last;
    asked.requested_on = today_ + first - 9;
    asked.decided_on = today_ + first - 4;
    return asked;
  }

  void decide(const ClinicAuthorization& asked) {
    resources_.add_authorization(asked);
    order_ = asked.id + "-order";
  }

  int clinician() const { return (number_ - 1) % 10 + 1; }

  ClinicVisit visit(const std::string& kind, int count, Day day, int hour) const {
    return {fmt::format("{}-{}-{:02}", patient_.id, kind, count), patient_.id, code_, clinician(), day, hour, order_};
  }

  void hold(Day day, int hour = 10) {
    visits_.push_back(visit("visit", ++used_, day, hour));
    resources_.add_encounter(visits_.back());
  }

  // One visit a week, the last of them `days_ago` (on the weekday before, where that is a weekend).
  void hold_weekly(int count, int days_ago = 2) {
    for (int i = count - 1; i >= 0; --i) hold(weekday_before(today_ - days_ago - 7 * i));
  }

  void book_weekly(int count) {
    for (int i = 0; i < count; ++i) {
      visits_.push_back(visit("booked", ++booked_, weekday_after(today_ + 4 + 7 * i), 10));
      resources_.add_appointment(visits_.back(), "booked");
    }
  }

  void plain() {
    begin("Pat", "Plainsample", "90837");
    decide(authorization(12, -60, 60));
    hold_weekly(6, 9);
    // The latest visit also stands in the schedule, as fulfilled: it must count once.
    ClinicVisit last = visit("visit", ++used_, weekday_before(today_ - 2), 10);
    ClinicVisit fulfilled = last;
    fulfilled.id = patient_.id + "-fulfilled-01";
    resources_.add_appointment(fulfilled, "fulfilled");
    last.appointment = fulfilled.id;
    resources_.add_encounter(last);
    visits_.push_back(last);
    book_weekly(2);
  }

  void expiring_soon() {
    begin("Eli", "Expireson", "90834");
    decide(authorization(20, -76, 14));
    hold_weekly(8);
  }

  void three_units_left() {
    begin("Tess", "Threeleft", "90837");
    decide(authorization(12, -70, 90));
    hold_weekly(9);
  }

  void exhausted() {
    begin("Xan", "Usedup", "90837");
    decide(authorization(8, -60, 45));
    hold_weekly(8);
  }

  void booked_beyond_the_end() {
    begin("Bea", "Endbefore", "90834");
    decide(authorization(20, -60, 16));
    hold_weekly(6);
    book_weekly(4);
  }

  void booked_beyond_the_units() {
    begin("Uma", "Unitsgone", "90837");
    decide(authorization(10, -65, 60));
    hold_weekly(8);
    book_weekly(4);
  }

  void never_authorized() {
    begin("Nil", "Noauthwell", "90834");
    hold_weekly(3);
  }

  void decision_overdue() {
    begin("Penn", "Pendingham", "90837");
    ClinicAuthorization asked = authorization(12, 3, 93);
    asked.action = "A4";
    asked.number = "PEND-S08";
    asked.requested_on = asked.decided_on = today_ - 10;
    decide(asked);
  }

  void approved_for_less() {
    begin("Mo", "Modifield", "90837");
    ClinicAuthorization asked = authorization(12, -30, 80);
    asked.action = "A6";
    asked.approved_instead = 8;
    decide(asked);
    hold_weekly(3);
  }

  void approved_after_the_fact() {
    begin("Rae", "Retrospect", "90834");
    ClinicAuthorization asked = authorization(12, -40, 50);
    asked.requested_on = today_ - 12;
    asked.decided_on = today_ - 2;
    decide(asked);
    hold_weekly(3, 21);
  }

  void two_lines_a_day() {
    begin("Ira", "Intensivo", "H0015");
    decide(authorization(20, -20, 40));
    Day day = weekday_before(today_ - 1);
    for (int i = 0; i < 6; ++i, day = weekday_before(day - 1)) {
      hold(day, 9);
      hold(day, 13);
    }
  }

  void denied() {
    begin("Dee", "Denyford", "90837");
    ClinicAuthorization asked = authorization(12, -30, 60);
    asked.action = "A3";
    decide(asked);
    hold_weekly(2);
  }

  void missed_and_cancelled() {
    begin("Noa", "Missington", "90834");
    decide(authorization(10, -50, 60));
    hold_weekly(4);
    resources_.add_appointment(visit("noshow", 1, weekday_before(today_ - 37), 15), "noshow");
    resources_.add_appointment(visit("noshow", 2, weekday_before(today_ - 30), 15), "noshow");
    resources_.add_appointment(visit("cancelled", 1, weekday_after(today_ + 5), 15), "cancelled");
    book_weekly(1);
  }

  void renewed() {
    begin("Remy", "Renewell", "90837");
    decide(authorization(12, -95, -5, "-a"));
    for (int i = 11; i >= 0; --i) hold(weekday_before(today_ - 9 - 7 * i));
    ClinicAuthorization next = authorization(12, -4, 86, "-b");
    next.renewal = true;
    decide(next);
    hold(weekday_before(today_ - 1));
    book_weekly(2);
  }

  ClinicResources& resources_;
  const Day today_;
  std::vector<ClinicVisit> visits_;
  int number_ = 0;
  ClinicPatient patient_;
  std::string code_, order_;
  int used_ = 0, booked_ = 0;
};

}  // namespace

bool is_weekday(Day day) {
  return weekday(day) < 5;
}

std::vector<ClinicVisit> add_stories(ClinicResources& resources, Day today) {
  return Stories(resources, today).tell();
}

}  // namespace authledger
