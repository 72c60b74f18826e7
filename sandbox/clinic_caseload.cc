#include "sandbox/clinic_caseload.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <random>
#include <string_view>

#include "sandbox/clinic_stories.h"

namespace authledger {
namespace {

constexpr int kWeeks = kWeeksBefore + 1 + kWeeksAfter;

struct Program {
  std::string_view code;
  int slots;          // Patients at a time.
  int visits_a_week;  // 5: every weekday, 3: Monday, Wednesday, Friday, 1: once.
  int episode_weeks_min;
  int episode_weeks_max;
  int renewal_block;  // How much a payer grants at a time where it grants in small steps.
};

constexpr auto kPrograms = std::to_array<Program>({
    {"H0035", 6, 5, 3, 5, 10},
    {"H0015", 6, 3, 6, 9, 12},
    {"S9480", 6, 3, 6, 9, 12},
    {"90853", 30, 1, 8, 14, 12},
    {"90837", 75, 1, 10, 26, 12},
    {"90834", 45, 1, 10, 26, 12},
});

constexpr int kPsychiatryPatients = 90;  // Seen about every four weeks; they fill the week up.

class Caseload {
 public:
  Caseload(ClinicResources& resources, Day today, uint64_t seed)
      : resources_(resources), today_(today), start_(first_monday(today)), random_(seed) {}

  void add(const std::vector<ClinicVisit>& story_visits) {
    for (const ClinicVisit& visit : story_visits) count(visit.day);
    for (const Program& program : kPrograms) {
      for (int slot = 0; slot < program.slots; ++slot) fill_slot(program, slot);
    }
    fill_psychiatry();
  }

 private:
  // std::uniform_int_distribution differs between libraries; this does not.
  int pick(int below) { return static_cast<int>(random_() % static_cast<uint64_t>(below)); }
  bool one_in(int chance) { return pick(chance) == 0; }

  void count(Day day) {
    const int week = (day - start_) / 7;
    if (day >= start_ && week < kWeeks) ++visits_in_week_[static_cast<size_t>(week)];
  }

  ClinicPatient next_patient() {
    constexpr std::array<std::string_view, 24> kGiven = {"Avery",  "Blake",  "Casey",  "Drew",   "Emery", "Frankie",
                                                         "Gray",   "Harper", "Indigo", "Jules",  "Kai",   "Lane",
                                                         "Marlow", "Nico",   "Oakley", "Perry",  "Quinn", "Reese",
                                                         "Sage",   "Tatum",  "Umber",  "Vesper", "Wren",  "Zephyr"};
    constexpr std::array<std::string_view, 20> kFamily = {
        "Testford",   "Samplewood", "Mockingham", "Fixtureman",      "Placeholder", "Demoson",     "Exampleton",
        "Pretendley", "Fakenham",   "Simwell",    "Stubbs-Test",     "Dummyfield",  "Fictionelli", "Madeup",
        "Synthwaite", "Imagiano",   "Notreal",    "Inventor-Sample", "Mimicson",    "Replicari"};
    ++patients_;
    ClinicPatient patient{fmt::format("patient-{:04}", patients_), std::string(kGiven[static_cast<size_t>(pick(24))]),
                          std::string(kFamily[static_cast<size_t>(pick(20))]), 1950 + pick(58), pick(6) + 1};
    resources_.add_patient(patient);
    return patient;
  }

  // One patient after the other, from before the first week until after the last.
  void fill_slot(const Program& program, int slot) {
    const int weekday = slot % 5, hour = 8 + slot % 9;
    int week = -pick(program.episode_weeks_max);  // The first episodes began before the sample does.
    while (week < kWeeks) {
      const int length = program.episode_weeks_min + pick(program.episode_weeks_max - program.episode_weeks_min + 1);
      std::vector<Day> days;
      for (int w = std::max(week, 0); w < std::min(week + length, kWeeks); ++w) {
        const Day monday = start_ + 7 * w;
        if (program.visits_a_week == 1) {
          days.push_back(monday + weekday);
        } else {
          for (int d = 0; d < 5; d += program.visits_a_week == 5 ? 1 : 2) days.push_back(monday + d);
        }
      }
      week += length;
      if (!days.empty()) add_episode(program, slot % 10 + 1, hour, days);
    }
  }

  void add_episode(const Program& program, int clinician, int hour, const std::vector<Day>& days) {
    const ClinicPatient patient = next_patient();
    const bool in_steps = one_in(10);
    const size_t block = in_steps ? static_cast<size_t>(program.renewal_block) : days.size();
    for (size_t from = 0; from < days.size(); from += block) {
      const size_t until = std::min(from + block, days.size());
      ClinicAuthorization asked = new_authorization(patient, clinician);
      asked.renewal = from > 0;
      asked.first_day = from == 0 ? days[from] - 3 : days[from];
      asked.last_day = until < days.size() ? days[until] - 1 : days.back() + 30 + pick(60);
      asked.services = {
          {std::string(program.code), in_steps ? program.renewal_block : static_cast<int>(days.size()) + 4 + pick(6)}};
      close_books_after(asked, days.back());
      const bool known = decide(
          asked, std::count_if(days.begin() + static_cast<ptrdiff_t>(from),
                               days.begin() + static_cast<ptrdiff_t>(until), [&](Day day) { return day < today_; }));
      for (size_t i = from; i < until; ++i) {
        add_visit(patient.id, std::string(program.code), clinician, days[i], hour, known ? asked.id + "-order" : "");
      }
    }
  }

  ClinicAuthorization new_authorization(const ClinicPatient& patient, int clinician) {
    ClinicAuthorization asked;
    ++authorizations_;
    asked.id = fmt::format("authorization-{:04}", authorizations_);
    asked.number = fmt::format("AL-{}", 100000 + authorizations_);
    asked.patient = patient;
    asked.clinician = clinician;
    return asked;
  }

  // Care that has ended leaves no authorization that would run out in the coming weeks: nobody would renew it.
  void close_books_after(ClinicAuthorization& asked, Day last_visit) const {
    const bool ends_soon = asked.last_day >= today_ && asked.last_day <= today_ + 30;
    if (last_visit < today_ && ends_soon) asked.last_day = std::max(last_visit, today_ - 1);
  }

  // False when the request has not been made yet.
  bool decide(ClinicAuthorization& asked, int64_t used) {
    asked.requested_on = asked.first_day - 10;
    asked.decided_on = asked.first_day - 6;
    if (asked.requested_on > today_) return false;
    if (asked.decided_on > today_) {
      asked.action = "A4";
      asked.number = fmt::format("PEND-{}", authorizations_);
      asked.decided_on = asked.requested_on;
    }
    const bool is_therapy = !service_code(asked.services.front().code).per_diem;
    asked.as_explanation = asked.patient.payer == 6 && is_therapy && asked.action == "A1";
    asked.payer_counted = static_cast<int>(used);
    resources_.add_authorization(asked);
    return true;
  }

  void add_visit(const std::string& patient, const std::string& code, int clinician, Day day, int hour,
                 const std::string& order) {
    ClinicVisit visit{"", patient, code, clinician, day, hour, order};
    if (day >= today_) {
      visit.id = fmt::format("booked-{:05}", ++appointments_);
      resources_.add_appointment(visit, "booked");
    } else if (one_in(50)) {
      visit.id = fmt::format("missed-{:05}", ++appointments_);
      resources_.add_appointment(visit, one_in(2) ? "noshow" : "cancelled");
      return;
    } else {
      visit.id = fmt::format("visit-{:05}", ++encounters_);
      resources_.add_encounter(visit);
    }
    count(day);
  }

  // Evaluations and medication management fill what the programs leave of each week.
  void fill_psychiatry() {
    struct Psychiatry {
      ClinicPatient patient;
      std::string order;
      bool evaluated = false;
    };
    std::vector<Psychiatry> patients;
    for (int i = 0; i < kPsychiatryPatients; ++i) {
      ClinicAuthorization asked = new_authorization(next_patient(), i % 3 + 8);
      asked.first_day = start_ - 3;
      asked.last_day = start_ + 365;
      asked.services = {{"99214", 24}, {"99213", 24}, {"90791", 2}};
      decide(asked, 0);
      patients.push_back({asked.patient, asked.id + "-order"});
    }
    size_t turn = 0;
    for (int week = 0; week < kWeeks; ++week) {
      for (int place = 0; visits_in_week_[static_cast<size_t>(week)] < kVisitsPerWeek; ++place) {
        Psychiatry& next = patients[turn++ % patients.size()];
        const std::string code = !next.evaluated ? "90791" : one_in(3) ? "99214" : "99213";
        next.evaluated = true;
        add_visit(next.patient.id, code, place % 3 + 8, start_ + 7 * week + place % 5, 8 + place % 10, next.order);
      }
    }
  }

  ClinicResources& resources_;
  const Day today_;
  const Day start_;
  std::mt19937_64 random_;
  std::array<int, kWeeks> visits_in_week_{};
  int patients_ = 0, authorizations_ = 0, encounters_ = 0, appointments_ = 0;
};

}  // namespace

Day first_monday(Day today) {
  Day monday = today;
  while (!is_weekday(monday) || is_weekday(monday - 1)) monday = monday - 1;
  return monday - 7 * kWeeksBefore;
}

void add_caseload(ClinicResources& resources, Day today, uint64_t seed, const std::vector<ClinicVisit>& story_visits) {
  Caseload(resources, today, seed).add(story_visits);
}

}  // namespace authledger
