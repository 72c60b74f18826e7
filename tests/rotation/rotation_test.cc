// An endpoint that rotates through all faults, by the wall clock, against the real `authledger serve`: nothing is lost,
// nothing stands twice, and when the faults stop, everything converges. `make faults MINUTES=10`.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>
#include <thread>

#include "base/clock.h"
#include "tests/rotation/disturbed_site.h"
#include "tests/rotation/rotating_faults.h"

namespace authledger {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

constexpr int kPatients = 8;
constexpr milliseconds kPhaseMin{600}, kPhaseMax{5000};
constexpr milliseconds kChangePause{100};
constexpr int kRoundsToConvergeMax = 30;

int64_t setting(const char* name, int64_t otherwise) {
  const char* given = std::getenv(name);
  return given != nullptr ? std::atoll(given) : otherwise;
}

struct Figures {
  std::map<int, int> phases;  // Of each fault's number.
  int kills = 0, clean_ends = 0, lost_databases = 0, lost_tokens = 0, rounds_to_converge = 0;
  double seconds_to_converge = 0;
};

class Rotation {
 public:
  Rotation(uint64_t seed, seconds length)
      : dice_(seed),
        length_(length),
        today_(TimeZone::find("America/New_York")->day_of(SystemClock().now())),
        site_(seed % 2 == 0),
        clinic_(dice_, site_, today_ - 60, {kPatients, false}),
        elsewhere_(std::move(*Sandbox::start({}))) {}

  void run() {
    clinic_.live_until(today_ - 30);
    site_.ehr().set_faults(export_faults());
    site_.start_serve();
    const auto end = steady_clock::now() + length_;
    std::vector<RotatingFault> faults = rotating_faults();
    // Each comes in every turn, the turns as long as the run allows.
    const auto phase = std::clamp<milliseconds>(length_ / static_cast<int>(2 * faults.size()), kPhaseMin, kPhaseMax);
    bool has_subscribed = false;
    while (steady_clock::now() < end) {
      dice_.shuffle(faults);
      for (const RotatingFault& fault : faults) {
        if (steady_clock::now() >= end) break;
        site_.ehr().set_faults(fault.faults(dice_, elsewhere_->base_url()));
        ++figures_.phases[fault.number];
        live_for(phase);
        if (!has_subscribed && fault.number == 0) {
          has_subscribed = site_.site().run({"subscriptions", "create"}).exit_code == 0;
        }
        disturb_the_process();
      }
    }
    EXPECT_TRUE(has_subscribed || length_ < seconds(60)) << "no subscription could be made";
    EXPECT_EQ(elsewhere_->requests(), 0) << "nothing was sent to the foreign server";
  }

  // Faults are over: rounds until one changes nothing.
  bool converge() {
    const auto started = steady_clock::now();
    site_.ehr().set_faults({});
    if (!site_.is_serving()) ADD_FAILURE() << "serve has ended by itself";
    std::this_thread::sleep_for(seconds(2));
    site_.end_serve();
    for (int round = 1; round <= kRoundsToConvergeMax; ++round) {
      site_.pass_waits();
      const int64_t writes = site_.ehr().writes();
      last_ = site_.site().run({"sync"});
      const bool is_still = last_.exit_code == 0 && site_.ehr().writes() == writes &&
                            last_.output.find("\"entries\":0,") != std::string::npos;
      figures_.rounds_to_converge = round;
      figures_.seconds_to_converge = std::chrono::duration<double>(steady_clock::now() - started).count();
      // A look that is due after a lost lease comes a lease later.
      if (is_still && still_++ >= 1) return true;
      if (!is_still) still_ = 0;
      std::this_thread::sleep_for(seconds(1));
    }
    return false;
  }

  DisturbedSite& site() { return site_; }
  const Figures& figures() const { return figures_; }
  const ProgramResult& last() const { return last_; }

 private:
  void live_for(milliseconds time) {
    const auto until = steady_clock::now() + time;
    while (steady_clock::now() < until) {
      clinic_.live_a_moment(today_);
      std::this_thread::sleep_for(kChangePause);
    }
  }

  void disturb_the_process() {
    if (dice_.one_in(16)) {
      ++figures_.kills;
      site_.kill_serve();
      site_.start_serve();
    } else if (dice_.one_in(16)) {
      ++figures_.clean_ends;
      site_.end_serve();
      site_.start_serve();
    } else if (dice_.one_in(16)) {
      ++figures_.lost_databases;
      site_.lose_database();
    } else if (dice_.one_in(6)) {
      ++figures_.lost_tokens;
      site_.ehr().revoke_tokens();
    }
  }

  Dice dice_;
  const seconds length_;
  const Day today_;
  DisturbedSite site_;
  ClinicYear clinic_;
  std::unique_ptr<Sandbox> elsewhere_;
  Figures figures_;
  ProgramResult last_;
  int still_ = 0;
};

void print(Rotation& rotation, int64_t length, uint64_t seed) {
  const Figures& figures = rotation.figures();
  int phases = 0;
  std::string each;
  for (const auto& [number, count] : figures.phases) {
    phases += count;
    each += fmt::format(" {}:{}", number, count);
  }
  DisturbedSite& site = rotation.site();
  size_t artefacts = site.bodies("Flag").size() + site.bodies("Task").size();
  std::cout << fmt::format(
      "{} s, seed {}, creates are {}conditional: {} phases (fault:times{}), {} kills, {} clean ends, {} databases "
      "lost, {} token losses; {} "
      "changes "
      "by people, {} requests, {} writes, {} Flags and Tasks; converged after {} rounds, {:.1f} s\n",
      length, seed, seed % 2 == 0 ? "" : "not ", phases, each, figures.kills, figures.clean_ends,
      figures.lost_databases, figures.lost_tokens, site.changes(), site.ehr().requests(), site.ehr().writes(),
      artefacts, figures.rounds_to_converge, figures.seconds_to_converge);
}

// What the run is judged by finds a notice that stands twice, one that is gone, a text that is old, and a lost visit.
TEST(Rotation, ItsChecksSeeWhatIsLostAndWhatStandsTwice) {
  DisturbedSite site;
  const Day today = TimeZone::find("America/New_York")->day_of(SystemClock().now());
  Sandbox& ehr = site.ehr();
  ASSERT_TRUE(ehr.put(patient_json("p1")).ok());
  ASSERT_TRUE(ehr.put(claim_response_json({.id = "r1",
                                           .patient = "p1",
                                           .number = "AUTH-1",
                                           .first_day = format_day(today - 30),
                                           .last_day = format_day(today + 100)}))
                  .ok());
  ASSERT_EQ(site.site().run({"sync"}).exit_code, 0);
  EXPECT_EQ(differences_from_twin(site), Complaints());
  EXPECT_EQ(unpaired_artefacts(site), Complaints());

  ASSERT_EQ(site.bodies("Flag").size(), 1U);
  const std::string flag = site.bodies("Flag")[0], id = "\"id\":\"";
  const size_t at = flag.find(id) + id.size();
  const std::string name = flag.substr(at, flag.find('"', at) - at);
  ASSERT_TRUE(ehr.put(std::string(flag).replace(at, name.size(), "again")).ok());
  ASSERT_EQ(unpaired_artefacts(site).size(), 1U);
  EXPECT_NE(unpaired_artefacts(site)[0].find("stands 2 times"), std::string::npos);
  std::string closed = std::string(flag).replace(at, name.size(), "again");
  const std::string open = "\"status\":\"active\"";
  ASSERT_NE(closed.find(open), std::string::npos) << flag;
  ASSERT_TRUE(ehr.put(closed.replace(closed.find(open), open.size(), "\"status\":\"entered-in-error\"")).ok());
  ASSERT_EQ(unpaired_artefacts(site).size(), 1U);
  EXPECT_NE(unpaired_artefacts(site)[0].find("was made 2 times"), std::string::npos);
  ASSERT_TRUE(ehr.remove("Flag", "again").ok());
  const size_t text = flag.find("of 12");
  ASSERT_NE(text, std::string::npos) << flag;
  ASSERT_TRUE(ehr.put(std::string(flag).replace(text, 5, "of 13")).ok());
  EXPECT_EQ(unpaired_artefacts(site).size(), 1U);
  ASSERT_TRUE(ehr.remove("Flag", name).ok());
  ASSERT_EQ(unpaired_artefacts(site).size(), 1U);
  EXPECT_NE(unpaired_artefacts(site)[0].find("stands 0 times"), std::string::npos);

  ASSERT_TRUE(ehr.put(encounter_json("e1", "p1", "90837", format_day(today - 1))).ok());
  EXPECT_GE(differences_from_twin(site).size(), 3U) << "the visit, the balance, and what the notice says";
}

// What the ledger takes for a person's closing is one only if a person closed it.
TEST(Rotation, ItsChecksSeeANoticeThatNobodyClosed) {
  for (const bool is_by_people : {true, false}) {
    DisturbedSite site;
    const Day today = TimeZone::find("America/New_York")->day_of(SystemClock().now());
    site.put(patient_json("p1"));
    site.put(claim_response_json({.id = "r1",
                                  .patient = "p1",
                                  .number = "AUTH-1",
                                  .first_day = format_day(today - 30),
                                  .last_day = format_day(today + 100)}));
    ASSERT_EQ(site.site().run({"sync"}).exit_code, 0);
    ASSERT_EQ(site.bodies("Flag").size(), 1U);
    std::string flag = site.bodies("Flag")[0];
    const std::string open = "\"status\":\"active\"";
    ASSERT_NE(flag.find(open), std::string::npos) << flag;
    flag.replace(flag.find(open), open.size(), "\"status\":\"inactive\"");
    if (is_by_people) {
      site.put(flag);
    } else {
      ASSERT_TRUE(site.ehr().put(flag).ok());
    }
    EXPECT_EQ(unpaired_artefacts(site).size(), is_by_people ? 0U : 1U) << "it stands nowhere";
    site.put(encounter_json("e1", "p1", "90837", format_day(today - 1)));
    ASSERT_EQ(site.site().run({"sync"}).exit_code, 0);
    const Complaints unpaired = unpaired_artefacts(site);
    ASSERT_EQ(unpaired.size(), is_by_people ? 0U : 1U);
    if (is_by_people) {
      EXPECT_EQ(differences_from_twin(site), Complaints()) << "the text of what a person closed is not compared";
    } else {
      EXPECT_NE(unpaired[0].find("was closed by nobody"), std::string::npos) << unpaired[0];
    }
  }
}

TEST(Rotation, AnEndpointThatRotatesThroughAllFaultsLosesNothingDuplicatesNothingAndConverges) {
  const int64_t length = setting("AUTHLEDGER_ROTATION_SECONDS", 20);
  const auto seed = static_cast<uint64_t>(setting("AUTHLEDGER_FIRST_SEED", 1));
  Rotation rotation(seed, seconds(length));
  rotation.run();
  EXPECT_TRUE(rotation.converge()) << rotation.last().output << rotation.last().errors;
  print(rotation, length, seed);
  DisturbedSite& site = rotation.site();
  for (const std::string& complaint : differences_from_twin(site)) ADD_FAILURE() << complaint;
  for (const std::string& complaint : unpaired_artefacts(site)) ADD_FAILURE() << complaint;
  const int64_t writes = site.ehr().writes();
  EXPECT_EQ(site.site().run({"sync"}).exit_code, 0);
  EXPECT_EQ(site.ehr().writes(), writes) << "a second round writes nothing";
  for (const char* command : {"verify", "replay"}) {
    const ProgramResult checked = site.site().run({command});
    EXPECT_EQ(checked.exit_code, 0) << command << ": " << checked.output << checked.errors;
  }
  EXPECT_GT(site.bodies("Flag").size() + site.bodies("Task").size(), 10U) << "something was at stake";
}

}  // namespace
}  // namespace authledger
