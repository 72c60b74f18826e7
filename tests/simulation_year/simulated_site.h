#pragma once

#include <memory>
#include <string>

#include "sync/round.h"
#include "tests/simulation_year/simulated_ehr.h"
#include "tests/support/program.h"
#include "tests/support/test_database.h"

namespace authledger {

// One clinic whose time, network and EHR the test owns, on a real PostgreSQL: for faults that need a moment which no
// process can be stopped at.
class SimulatedSite {
 public:
  // `database_url`: of a database on a server of the test's own; empty: a fresh one where all tests have theirs.
  explicit SimulatedSite(const std::string& time_zone = "America/New_York",
                         Instant start = parse_instant(kStart).value(), const std::string& database_url = "");

  RoundSummary round();
  // The process ends; it starts anew.
  void close() { session_.reset(); }
  void reopen();
  // The same database by another way.
  void use_database(const std::string& url);
  // Leases go by the database's clock, which does not pass with the test's.
  void end_leases();
  // Patient p1 with AUTH-1 for visits of 90837, and so many finished visits from 2026-10-04 on.
  void load_patient(int approved, int visits, const std::string& first_day = "2026-10-01",
                    const std::string& last_day = "2027-03-31");
  void pass_time(std::chrono::seconds by) { time.advance(by); }
  // Live artefacts of ours whose text contains `words`.
  size_t live(const std::string& type, const std::string& words = "") const;
  // Column of the journal's balance of all books: used 4, available 2 …, in units.
  int64_t units_in(int account);
  const Config& config() const { return config_; }
  TestDatabase& database() { return database_; }
  TenantSession& session() { return *session_; }

  static constexpr const char* kStart = "2026-11-01T15:00:00Z";
  SimulatedTime time;
  SkewedClock clock{time};
  SimulatedEhr ehr;
  Wire wire;

 private:
  TestDatabase database_;
  TemporaryFolder folder_;
  Config config_;
  std::unique_ptr<TenantSession> session_;
};

}  // namespace authledger
