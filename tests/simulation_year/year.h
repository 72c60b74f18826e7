#pragma once

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "sync/tenant_session.h"
#include "tests/simulation_year/clinic_year.h"
#include "tests/simulation_year/simulated_ehr.h"
#include "tests/support/program.h"
#include "tests/support/test_database.h"

namespace authledger {

// What every year of one process shares: a PostgreSQL database, and a bystander, a tenant that no year may touch.
class YearGround {
 public:
  YearGround();
  const std::string& database_url() const { return database_.url(); }
  // Loaded from a file: one tenant, one endpoint at kSimulatedBase.
  Config config(const std::string& tenant) const;
  PgConnection& owner() { return owner_; }
  // For what happens to the database itself, from whatever thread is just using it.
  PgConnection& operator_connection() { return operator_; }
  int64_t bystander() const { return bystander_; }

 private:
  TestDatabase database_;
  PgConnection owner_, operator_;
  TemporaryFolder folder_;
  int64_t bystander_ = 0;
};

// What goes wrong in one round. Requests and statements are counted from 1; 0 is never.
struct RoundFaults {
  int crash_before_request = 0, crash_before_reply = 0;
  int crash_before_statement = 0;  // Of the session's first connection, or its second.
  int lose_database_before_statement = 0;
  bool is_on_second_connection = false;
  int other_worker_before_request = 0, other_worker_before_reply = 0;
  bool is_stalled = false;  // The other worker runs because this one stands still for longer than its leases.
  int one_request_in = 0;   // So many requests meet a fault of the wire.
  bool reorders = false;
  SandboxFaults pages = {};  // Repeated and stale entries, a search index that lags.
};

// Answers as they were given for one instant.
struct KnownAnswer {
  Instant at{};
  std::string digest;
};

// One tenant through one year, against an EHR, a network, a database and processes that fail as the dice say. The same
// seed is the same year.
class Year {
 public:
  Year(YearGround& ground, uint64_t seed);

  void live();
  // Faults are over: rounds until one changes nothing. Returns whether that came to pass.
  bool converge();

  YearGround& ground() { return ground_; }
  SimulatedEhr& ehr() { return ehr_; }
  TenantSession& session() { return *sessions_[0]; }
  SkewedClock& clock() { return clock_; }
  Dice& dice() { return dice_; }
  Day today() const;
  const std::vector<KnownAnswer>& known_answers() const { return known_; }
  // What each round left that no invariant allows, found while the year went on.
  const std::vector<std::string>& complaints() const { return complaints_; }
  const std::string& bystander_before() const { return bystander_before_; }
  // For reading a failure: what each round did, one line each.
  const std::vector<std::string>& diary() const { return diary_; }

 private:
  struct Worker;
  void start_process(size_t worker);
  RoundFaults draw_faults();
  void draw_skews();
  void run_round(size_t worker, const RoundFaults& faults, bool pulls = true);
  void run_other_worker(const RoundFaults& faults, bool is_pulling);
  void on_statement(const RoundFaults& faults, int& count, PgConnection& victim);
  void pass_time(std::chrono::seconds by);
  void look_at_the_day();

  YearGround& ground_;
  const std::string tenant_;
  Dice dice_;
  SimulatedTime time_;
  SkewedClock clock_;
  const bool has_conditional_create_, has_prompt_index_;
  SimulatedEhr ehr_;
  ClinicYear clinic_;
  std::array<std::unique_ptr<TenantSession>, 2> sessions_;
  std::array<std::vector<int64_t>, 2> servers_;  // PostgreSQL's processes that serve each.
  std::string bystander_before_;
  std::vector<KnownAnswer> known_;
  std::vector<std::string> complaints_, diary_;
  int64_t entries_of_last_round_ = 0;
  size_t failures_of_last_round_ = 0;
};

}  // namespace authledger
