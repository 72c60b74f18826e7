// NDJSON to durable ledger, beside PostgreSQL's own ceiling for the same rows, and a round in which nothing changed.
// Prints figures with machine and counts; asserts nothing: machines differ.

#include <fmt/format.h>

#include <cstdio>
#include <filesystem>
#include <optional>

#include "base/log.h"
#include "bench/machine.h"
#include "bench/site.h"
#include "bench/statement_record.h"
#include "bench/workload.h"
#include "ledger/store/schema.h"
#include "ledger/store/tenant_store.h"
#include "sync/embedded_postgres.h"

namespace {

using namespace authledger;

constexpr int kPatientsDefault = 3000;

int64_t total(const RoundSummary& summary) {
  int64_t count = 0;
  for (const auto& [type, pulled] : summary.pulled) count += pulled;
  return count;
}

void print_rate(const std::string& what, int64_t resources, double seconds) {
  fmt::print("{:<34} {:>9.0f} resources/s  ({} in {:.2f} s)\n", what, static_cast<double>(resources) / seconds,
             resources, seconds);
}

// The ceiling: the statements of the same run, taken down on a site of its own, then run again over one connection on
// an empty database: no mapping, no allocation, no reads. Returns seconds, or nullopt.
std::optional<double> replay_run(const std::string& folder, const std::string& inbox) {
  auto site = BenchSite::open(folder, inbox);
  if (!site) return std::nullopt;
  TenantSession& session = site->session();
  StatementRecord record;
  record.observe(session.connection());
  record.observe(session.second_connection());
  RoundSummary summary;
  site->pull(summary);
  site->reconcile(summary);
  session.connection().observe(nullptr);
  session.second_connection().observe(nullptr);

  auto cluster = EmbeddedPostgres::start(session.config().database.data_folder);
  if (!cluster) {
    fmt::print(stderr, "{}\n", cluster.error().message);
    return std::nullopt;
  }
  PgConnection ceiling(cluster->url("bench_ceiling"));
  migrate(ceiling);
  become_application(ceiling);
  int64_t tenant_id = ensure_tenant(ceiling, "bench", "America/New_York");
  double seconds = record.replay(ceiling, tenant_id);
  fmt::print("writing statements:");
  for (const auto& [name, count] : record.counts()) fmt::print(" {} {}", name, count);
  fmt::print("\n");
  return seconds;
}

int run(int patients) {
  const std::string folder = "build/bench-run";
  std::filesystem::remove_all(folder);
  const std::string inbox = std::filesystem::absolute(folder + "/inbox").string();
  std::filesystem::create_directories(inbox);
  int64_t resources = write_workload(inbox + "/clinic.ndjson", patients, 7);
  fmt::print("machine: {}; PostgreSQL on the same machine, fsync on\n", bench_machine());
  fmt::print("workload: {} patients, {} resources, {:.1f} MB of NDJSON, seed 7\n", patients, resources,
             static_cast<double>(std::filesystem::file_size(inbox + "/clinic.ndjson")) / 1e6);

  auto site = BenchSite::open(folder + "/ledger", inbox);
  if (!site) return 4;
  RoundSummary summary, still;
  double pull_seconds = site->pull(summary);
  double reconcile_seconds = site->reconcile(summary);
  for (const std::string& failure : summary.failures) fmt::print(stderr, "{}\n", failure);
  print_rate("NDJSON to durable ledger", resources, pull_seconds + reconcile_seconds);
  fmt::print("  of it pull, map, record {:.2f} s; reconcile and post {:.2f} s ({} entries, {} facts, {} quarantined)\n",
             pull_seconds, reconcile_seconds, summary.entries, summary.facts.new_facts, summary.facts.quarantined);

  double still_seconds = site->pull(still) + site->reconcile(still);
  print_rate("a round in which nothing changed", total(still), still_seconds);
  fmt::print("  ({} new facts, {} entries)\nresident memory at most: {} MB\n", still.facts.new_facts, still.entries,
             resident_megabytes_max());
  site.reset();

  auto ceiling_seconds = replay_run(folder + "/ceiling", inbox);
  if (!ceiling_seconds) return 4;
  print_rate("PostgreSQL's ceiling (replay)", resources, *ceiling_seconds);
  fmt::print("ratio to the ceiling: {:.0f} %\n", 100 * *ceiling_seconds / (pull_seconds + reconcile_seconds));
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  set_log_level(LogLevel::error);
  return run(argc > 1 ? std::stoi(argv[1]) : kPatientsDefault);
}
