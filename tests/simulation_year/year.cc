#include "tests/simulation_year/year.h"

#include <fmt/format.h>

#include <algorithm>

#include "sync/round.h"
#include "tests/simulation_year/invariants.h"
#include "tests/support/lease_time.h"

namespace authledger {
namespace {

const Day kFirstDay = day_of(2026, 1, 5);
constexpr int kDaysOfAYear = 365;
constexpr std::chrono::seconds kLease{60};
constexpr std::chrono::seconds kVisibilityWindow{180};

constexpr Statement kOwnProcess{"own_process", "select pg_backend_pid()"};
constexpr Statement kCountProcesses{"count_processes", R"(
  select count(*)
    from pg_stat_activity
   where pid = any($1::bigint[]))"};
constexpr Statement kEndProcess{"end_process", "select pg_terminate_backend($1::integer, 2000)"};

constexpr const char* kConfig = R"(tenant: {{name: {0}, time_zone: America/New_York}}
database: {{url: "{1}"}}
endpoints:
  - name: ehr
    base_url: {2}
    page_size: 5
    overlap: 15m
    retries_max: 0
    feeds: {{Organization: off, ServiceRequest: off, Claim: off, ExplanationOfBenefit: off, Procedure: off, ChargeItem: off}}
delivery: {{visibility_window: {3}s, lease: {4}s, identifier_system: "https://clinic.example/authledger"}}
)";

std::string words_of(const RoundFaults& faults) {
  return fmt::format("crash {}/{}/{} database {} other {}/{}{} wire 1/{}{}{}{} lag {} s", faults.crash_before_request,
                     faults.crash_before_reply, faults.crash_before_statement, faults.lose_database_before_statement,
                     faults.other_worker_before_request, faults.other_worker_before_reply,
                     faults.is_stalled ? " stalled" : "", faults.one_request_in, faults.reorders ? " reorders" : "",
                     faults.pages.repeat_entries ? " repeats" : "", faults.pages.stale_repeat ? " stale" : "",
                     faults.pages.search_lag.count() / 1000);
}

}  // namespace

YearGround::YearGround() : owner_(database_.owner_connection()), operator_(database_.owner_connection()) {
  SimulatedTime time(std::chrono::sys_days(std::chrono::days(kFirstDay.number)) + std::chrono::hours(15));
  SimulatedEhr ehr(time, true);
  Dice dice(1);
  ClinicYear clinic(dice, ehr, kFirstDay);
  auto session = TenantSession::open(config("bystander")).value();
  RoundOptions options;
  Wire wire;
  SkewedClock clock(time);
  RoundContext context{
      *session, clock, options, {}, [](const std::string&) {}, [&](const EndpointConfig&) { return ehr.open(wire); }};
  authledger::run_round(context);
  clinic.live_until(kFirstDay + 40);
  time.advance(std::chrono::days(40));
  authledger::run_round(context);
  bystander_ = session->tenant_id();
}

Config YearGround::config(const std::string& tenant) const {
  const std::string text =
      fmt::format(kConfig, tenant, database_.url(), kSimulatedBase, kVisibilityWindow.count(), kLease.count());
  auto loaded = load_config(folder_.write("authledger.yaml", text));
  if (!loaded) throw std::logic_error(loaded.error().front().message);
  return std::move(*loaded);
}

Year::Year(YearGround& ground, uint64_t seed)
    : ground_(ground),
      tenant_(fmt::format("year-{}", seed)),
      dice_(seed * 2654435761U + 1),
      time_(std::chrono::sys_days(std::chrono::days(kFirstDay.number)) + std::chrono::hours(15)),
      clock_(time_),
      has_conditional_create_(dice_.one_in(2)),
      has_prompt_index_(dice_.one_in(2)),
      ehr_(time_, has_conditional_create_),
      clinic_(dice_, ehr_, kFirstDay),
      bystander_before_(tenant_digest(ground.owner(), ground.bystander())) {
  // Keys of notices are made of subject ids, and deliveries go by key: whichever years were before, they are the same.
  ground_.owner().execute_script("alter sequence subject_id_seq restart with 1000");
  start_process(0);
  start_process(1);
}

Day Year::today() const {
  return sessions_[0]->policy().zone.day_of(clock_.now());
}

// What a process knows besides its connections it would read again in the same form: the config and the policy, which
// every round looks at anew.
void Year::start_process(size_t worker) {
  if (!sessions_[worker]) {
    sessions_[worker] = TenantSession::open(ground_.config(tenant_)).value();
  } else {
    sessions_[worker]->reconnect();
  }
  const Parameters ended = Parameters().integer_array(std::exchange(servers_[worker], {}));
  for (PgConnection* connection : {&sessions_[worker]->connection(), &sessions_[worker]->second_connection()}) {
    servers_[worker].push_back(connection->execute(kOwnProcess).integer(0, 0));
  }
  // PostgreSQL rolls back in its own time what a dead process left open; the next round is to find it done.
  while (ground_.operator_connection().execute(kCountProcesses, ended).integer(0, 0) > 0) continue;
}

void Year::pass_time(std::chrono::seconds by) {
  time_.advance(by);
  pass_lease_time(ground_.owner(), session().tenant_id(), by);
}

RoundFaults Year::draw_faults() {
  RoundFaults faults;
  if (dice_.one_in(4)) return faults;
  if (dice_.one_in(4)) faults.crash_before_request = 1 + dice_.below(25);
  if (dice_.one_in(4)) faults.crash_before_reply = 1 + dice_.below(25);
  if (dice_.one_in(4)) faults.crash_before_statement = 1 + dice_.below(60);
  if (dice_.one_in(6)) faults.lose_database_before_statement = 1 + dice_.below(60);
  faults.is_on_second_connection = dice_.one_in(2);
  if (dice_.one_in(4)) faults.other_worker_before_request = 1 + dice_.below(25);
  if (dice_.one_in(4)) faults.other_worker_before_reply = 1 + dice_.below(25);
  faults.is_stalled = dice_.one_in(2);
  if (dice_.one_in(2)) faults.one_request_in = 3 + dice_.below(12);
  faults.reorders = dice_.one_in(2);
  faults.pages.repeat_entries = dice_.one_in(3);
  faults.pages.stale_repeat = dice_.one_in(4);
  if (!has_prompt_index_ && dice_.one_in(2)) faults.pages.search_lag = std::chrono::seconds(dice_.below(120));
  return faults;
}

// Ours by an hour, the EHR's by five minutes. FAULTS 39.
void Year::draw_skews() {
  if (dice_.one_in(6)) clock_.set_ahead(std::chrono::seconds(dice_.below(7201) - 3600));
  if (dice_.one_in(6)) ehr_.clock().set_ahead(std::chrono::seconds(dice_.below(601) - 300));
}

void Year::live() {
  for (int day = 0; day < kDaysOfAYear;) {
    const int days = 4 + dice_.below(25);
    day += days;
    pass_time(std::chrono::days(days) - std::chrono::minutes(dice_.below(300)));
    draw_skews();
    clinic_.live_until(kFirstDay + day);
    const RoundFaults faults = draw_faults();
    ehr_.set_faults(faults.pages);
    run_round(0, faults);
    look_at_the_day();
  }
}

// What may be asked in the middle of the year.
void Year::look_at_the_day() {
  for (const std::string& complaint : cursor_passed_nothing_unread(*this)) complaints_.push_back("7: " + complaint);
  // Where creates are not conditional, or the condition sees late what stands there, a worker that stood still can
  // write beside another; that is found and mended.
  if (has_conditional_create_ && has_prompt_index_) {
    for (const std::string& complaint : no_alert_stands_twice(*this)) complaints_.push_back("6: " + complaint);
  }
  if (!dice_.one_in(3)) return;
  const Instant now = clock_.now();
  known_.push_back({now, answers_known_at(session(), now)});
  time_.advance(std::chrono::milliseconds(1));
}

bool Year::converge() {
  ehr_.set_faults({});
  clock_.set_ahead(std::chrono::seconds(0));
  ehr_.clock().set_ahead(std::chrono::seconds(0));
  pass_time(std::chrono::hours(2));
  for (int round = 0; round < 8; ++round) {
    pass_time(std::chrono::minutes(30));
    const int64_t writes = ehr_.writes();
    run_round(0, {});
    if (entries_of_last_round_ == 0 && failures_of_last_round_ == 0 && ehr_.writes() == writes && round > 1) {
      return true;
    }
  }
  return false;
}

void Year::on_statement(const RoundFaults& faults, int& count, PgConnection& victim) {
  ++count;
  if (count == faults.crash_before_statement) throw SimulatedCrash();
  if (count != faults.lose_database_before_statement) return;
  const int64_t process = victim.execute(kOwnProcess).integer(0, 0);
  ground_.operator_connection().execute(kEndProcess, Parameters().integer(process));
}

void Year::run_other_worker(const RoundFaults& faults, bool is_pulling) {
  if (faults.is_stalled) pass_time(kLease + kVisibilityWindow);
  // While this worker holds a feed, the other would wait for it.
  run_round(1, {}, faults.is_stalled || !is_pulling);
}

void Year::run_round(size_t worker, const RoundFaults& faults, bool pulls) {
  int requests = 0, replies = 0, statements = 0;
  bool is_pulling = true;
  Wire wire;
  wire.before_request = [&](const HttpRequest& request) {
    ++requests;
    if (request.method != "GET") is_pulling = false;
    if (requests == faults.crash_before_request) throw SimulatedCrash();
    if (requests == faults.other_worker_before_request) run_other_worker(faults, is_pulling);
    if (faults.one_request_in == 0 || !dice_.one_in(faults.one_request_in)) return WireFault::none;
    return static_cast<WireFault>(1 + dice_.below(4));
  };
  wire.before_reply = [&](const HttpRequest&) {
    ++replies;
    if (replies == faults.crash_before_reply) throw SimulatedCrash();
    if (replies == faults.other_worker_before_reply) run_other_worker(faults, is_pulling);
  };
  if (faults.reorders) wire.reorder = [&](std::vector<std::string>& entries) { dice_.shuffle(entries); };

  TenantSession& session = *sessions_[worker];
  RoundOptions options;
  options.pull = pulls;
  RoundContext context{
      session, clock_, options, {}, [](const std::string&) {}, [&](const EndpointConfig&) { return ehr_.open(wire); }};
  std::string end = "done";
  try {
    if (faults.crash_before_statement + faults.lose_database_before_statement > 0) {
      PgConnection& victim = faults.is_on_second_connection ? session.second_connection() : session.connection();
      victim.observe([&](const Statement*, const Parameters&) { on_statement(faults, statements, victim); });
    }
    const RoundSummary summary = authledger::run_round(context);
    entries_of_last_round_ = summary.entries;
    failures_of_last_round_ = summary.failures.size();
    if (!summary.failures.empty()) end = summary.failures.front();
    session.connection().observe({});
    session.second_connection().observe({});
  } catch (const SimulatedCrash&) {
    end = "crashed";
    start_process(worker);
  } catch (const DbError& error) {
    end = error.what();
    if (!error.is_connection_lost()) complaints_.push_back("a round ended with " + end);
    start_process(worker);
  }
  diary_.push_back(fmt::format("{} worker {} {}: {} requests: {}", format_instant(time_.now()), worker,
                               words_of(faults), requests, end));
}

}  // namespace authledger
