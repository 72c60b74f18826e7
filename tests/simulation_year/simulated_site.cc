#include "tests/simulation_year/simulated_site.h"

#include <fmt/format.h>

#include "adapters/render.h"
#include "tests/support/lease_time.h"
#include "tests/support/site.h"

namespace authledger {
namespace {

constexpr Statement kUnitsIn{"units_in", R"(
  select coalesce(sum(quantity_milli), 0)::bigint / 1000
    from balance
   where tenant_id = $1
     and account = $2)"};

constexpr const char* kConfig = R"(tenant: {{name: clinic, time_zone: {0}}}
database: {{url: "{1}"}}
endpoints:
  - {{name: ehr, base_url: {2}, page_size: 50, retries_max: 0}}
delivery: {{visibility_window: 3m, lease: 60s, identifier_system: "https://clinic.example/authledger"}}
)";

}  // namespace

SimulatedSite::SimulatedSite(const std::string& time_zone, Instant start, const std::string& database_url)
    : time(start), ehr(time, false), database_(database_url.empty() ? TestDatabase() : TestDatabase(database_url)) {
  const std::string text = fmt::format(kConfig, time_zone, database_.url(), kSimulatedBase);
  config_ = load_config(folder_.write("authledger.yaml", text)).value();
  reopen();
}

void SimulatedSite::reopen() {
  session_.reset();
  session_ = TenantSession::open(config_).value();
}

void SimulatedSite::use_database(const std::string& url) {
  config_.database.url = url;
  reopen();
}

void SimulatedSite::end_leases() {
  PgConnection owner = database_.owner_connection();
  pass_lease_time(owner, session_->tenant_id(), std::chrono::hours(1));
}

RoundSummary SimulatedSite::round() {
  time.advance(std::chrono::seconds(1));
  RoundOptions options;
  RoundContext context{*session_,
                       clock,
                       options,
                       {},
                       [](const std::string&) {},
                       [this](const EndpointConfig&) { return ehr.open(wire); }};
  return run_round(context);
}

void SimulatedSite::load_patient(int approved, int visits, const std::string& first_day, const std::string& last_day) {
  ehr.put(patient_json("p1"));
  ehr.put(coverage_json("c1", "p1", "payer-1", "2026-01-01"));
  ApprovedLine line;
  line.id = "r1";
  line.patient = "p1";
  line.number = "AUTH-1";
  line.first_day = first_day;
  line.last_day = last_day;
  line.units = approved;
  ehr.put(claim_response_json(line));
  for (int i = 1; i <= visits; ++i) {
    ehr.put(encounter_json(fmt::format("e{}", i), "p1", "90837", fmt::format("2026-10-{:02}", i + 3)));
  }
}

size_t SimulatedSite::live(const std::string& type, const std::string& words) const {
  size_t count = 0;
  for (const std::string& body : ehr.bodies(type)) {
    JsonDocument document;
    count += !is_closed(document.parse(body).value()) && body.find(words) != std::string::npos;
  }
  return count;
}

int64_t SimulatedSite::units_in(int account) {
  PgConnection owner = database_.owner_connection();
  Transaction transaction(owner, session_->tenant_id());
  return transaction.execute(kUnitsIn, Parameters().integer(session_->tenant_id()).integer(account)).integer(0, 0);
}

}  // namespace authledger
