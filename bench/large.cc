// A large ledger: 100,000 patients with 3 million facts, then 10 million journal entries. Each phase is a process of
// its own, so that its memory is its own: load, reconcile, ceiling, day, journal, verify, ask; or all of them in that
// order. Prints figures with machine and counts; asserts nothing: machines differ.

#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>

#include "base/log.h"
#include "bench/asked_answers.h"
#include "bench/journal_growth.h"
#include "bench/machine.h"
#include "bench/site.h"
#include "bench/statement_record.h"
#include "bench/workload.h"
#include "ledger/store/journal_store.h"
#include "ledger/store/schema.h"
#include "sync/embedded_postgres.h"
#include "sync/seal.h"
#include "sync/verify.h"

namespace {

using namespace authledger;

constexpr int kPatientsPerFile = 10000;
constexpr int64_t kEntriesPerPatient = 100;
const std::string kFolder = "build/bench-large";
const std::string kReconcileSeconds = kFolder + "/reconcile_seconds";
const Day kToday = day_of(2026, 11, 20);

std::string inbox() {
  return std::filesystem::absolute(kFolder + "/inbox").string();
}

std::unique_ptr<BenchSite> open_site(std::optional<Day> on_day = kToday) {
  return BenchSite::open(kFolder + "/ledger", inbox(), on_day);
}

Result<EmbeddedPostgres> cluster_of(BenchSite& site) {
  return EmbeddedPostgres::start(site.session().config().database.data_folder);
}

// Of a database beside the tenant's: only the superuser may copy that one.
std::string superuser_url(const EmbeddedPostgres& cluster) {
  const std::string url = cluster.url("bench_other"), role = "&user=authledger&";
  const size_t at = url.find(role);
  return url.substr(0, at) + "&user=postgres&" + url.substr(at + role.size());
}

void print_rate(const std::string& what, int64_t count, const std::string& unit, double seconds) {
  fmt::print("{:<34} {:>9.0f} {}/s  ({} in {:.2f} s)\n", what, static_cast<double>(count) / seconds, unit, count,
             seconds);
}

constexpr Statement kCountFacts{"bench_count_facts", "select sum(facts_seq)::bigint from subject where tenant_id = $1"};
constexpr Statement kPostedSpan{"bench_posted_span", R"(
  select min(posted_at), max(posted_at), count(*)
    from journal_entry
   where tenant_id = $1)"};
constexpr Statement kTouched{"bench_touched", R"(
  select sum(n_tup_upd) filter (where relname = 'subject')::bigint,
         sum(idx_tup_fetch) filter (where relname = 'fact_service')::bigint
    from pg_stat_user_tables)"};

int64_t count_facts(BenchSite& site) {
  int64_t facts = 0;
  transact(site.session().connection(), site.session().tenant_id(), [&](Transaction& transaction) {
    facts = transaction.execute(kCountFacts, Parameters().integer(transaction.tenant_id())).integer(0, 0);
  });
  return facts;
}

int load(int patients) {
  std::filesystem::remove_all(kFolder);
  std::filesystem::create_directories(inbox());
  // One authorization in a hundred ends today: tomorrow these and no others are due.
  WorkloadShape shape;
  shape.encounters = 24;
  shape.units_min = 28;
  shape.ends_early_in = 100;
  shape.early_end = format_day(kToday);
  shape.year_end = "2027-06-30";
  int64_t resources = 0;
  for (int first = 0; first < patients; first += kPatientsPerFile) {
    resources +=
        write_workload(fmt::format("{}/clinic-{:08}.ndjson", inbox(), first),
                       std::min(kPatientsPerFile, patients - first), 7U + static_cast<unsigned>(first), shape, first);
  }
  auto site = open_site();
  if (!site) return 4;
  RoundSummary summary;
  const double seconds = site->pull(summary);
  for (const std::string& failure : summary.failures) fmt::print(stderr, "{}\n", failure);
  fmt::print("workload: {} patients, {} resources, {} facts, {} quarantined, seed 7\n", patients, resources,
             summary.facts.new_facts, summary.facts.quarantined);
  print_rate("load: pull, map, record", resources, "resources", seconds);
  std::filesystem::remove_all(inbox());
  std::filesystem::create_directories(inbox());
  return 0;
}

void as_superuser(const EmbeddedPostgres& cluster, std::initializer_list<const char*> statements) {
  PgConnection superuser(superuser_url(cluster));
  superuser.execute_script("set statement_timeout = 0");
  for (const char* statement : statements) superuser.execute_script(statement);
}

// Leaves two copies of the database as it was before, for the ceiling.
int reconcile() {
  auto site = open_site();
  if (!site) return 4;
  auto cluster = cluster_of(*site);
  if (!cluster) return 4;
  const int64_t facts = count_facts(*site);
  site.reset();
  as_superuser(*cluster, {"create database bench_record template authledger owner authledger",
                          "create database bench_ceiling template authledger owner authledger"});
  site = open_site();
  if (!site) return 4;
  RoundSummary summary;
  const double seconds = site->reconcile(summary);
  print_rate("reconcile and post", facts, "facts", seconds);
  fmt::print("  {} subjects, {} entries\n", summary.subjects, summary.entries);
  const double seal_seconds = seconds_of([&] { seal_tenant(site->context()); });
  fmt::print("seal of {} chains: {:.2f} s\n", summary.entries, seal_seconds);
  std::ofstream(kReconcileSeconds) << seconds;
  return 0;
}

// What PostgreSQL alone needs: the same run once more with its writing statements kept, then these over one connection.
int ceiling() {
  auto site = open_site();
  if (!site) return 4;
  auto cluster = cluster_of(*site);
  if (!cluster) return 4;
  const int64_t facts = count_facts(*site);
  const int64_t tenant_id = site->session().tenant_id();
  site.reset();
  as_superuser(*cluster, {"alter database authledger rename to bench_reconciled",
                          "alter database bench_record rename to authledger"});
  StatementRecord record;
  site = open_site();
  if (!site) return 4;
  record.observe(site->session().connection());
  record.observe(site->session().second_connection());
  RoundSummary summary;
  site->reconcile(summary);
  site.reset();
  double seconds = 0;
  {
    PgConnection connection(cluster->url("bench_ceiling"));
    become_application(connection);
    seconds = record.replay(connection, tenant_id);
  }
  print_rate("PostgreSQL's ceiling (replay)", facts, "facts", seconds);
  double reconcile_seconds = 0;
  std::ifstream(kReconcileSeconds) >> reconcile_seconds;
  fmt::print("ratio to the ceiling: {:.0f} %\n", 100 * seconds / reconcile_seconds);
  as_superuser(*cluster, {"drop database bench_ceiling", "drop database authledger",
                          "alter database bench_reconciled rename to authledger"});
  return 0;
}

int day_change() {
  auto site = open_site(kToday + 1);
  if (!site) return 4;
  const auto touched = [&] {
    // A connection tells its counters once a second at most, and an idle one what is left after ten.
    sleep(11);
    const std::unique_ptr<PgConnection> fresh = site->session().connect();
    const Rows rows = fresh->execute(kTouched);
    return std::pair(rows.integer(0, 0), rows.integer(0, 1));
  };
  const auto [updated_before, read_before] = touched();
  RoundSummary summary;
  const double seconds = site->reconcile(summary);
  const auto [updated, read] = touched();
  fmt::print(
      "day change: {} subjects due, {} entries posted, in {:.2f} s; subject rows written {}, rows of services "
      "read {}\n",
      summary.subjects, summary.entries, seconds, updated - updated_before, read - read_before);
  RoundSummary still;
  const double still_seconds = site->reconcile(still);
  fmt::print("once more on that day: {} subjects due, in {:.3f} s\n", still.subjects, still_seconds);
  return 0;
}

int journal(int64_t entries) {
  auto site = open_site();
  if (!site) return 4;
  auto cluster = cluster_of(*site);
  if (!cluster) return 4;
  PgConnection owner(cluster->url());
  owner.execute_script("set statement_timeout = 0");
  const JournalGrowth growth = grow_journal(owner, site->session().tenant_id(), entries);
  seal_tenant(site->context());
  owner.execute_script("vacuum analyze journal_entry");
  owner.execute_script("vacuum analyze transfer");
  owner.execute_script("vacuum analyze subject");
  fmt::print(
      "journal: {} entries and {} transfers added by a seeded generator through the ledger's hash code "
      "({:.1f} s) and COPY with keys made after ({:.1f} s)\n",
      growth.entries, growth.transfers, growth.hash_seconds, growth.copy_seconds);
  return 0;
}

double own_processor_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

// Of all processes of the machine: PostgreSQL's share is the rest where nothing else runs.
double machine_processor_seconds() {
  std::ifstream stat("/proc/stat");
  std::string word;
  double busy = 0, ticks = 0;
  stat >> word;
  for (int field = 0; field < 8 && stat >> ticks; ++field) {
    if (field != 3 && field != 4) busy += ticks;  // Not idle, not waiting for the disk.
  }
  return busy / static_cast<double>(sysconf(_SC_CLK_TCK));
}

int verify() {
  auto site = open_site();
  if (!site) return 4;
  for (const int threads : {1, 2}) {
    const double own = own_processor_seconds(), all = machine_processor_seconds();
    VerifyReport report;
    const double seconds =
        seconds_of([&] { report = verify_journal(site->session(), threads, [](const std::string&) {}); });
    const double own_used = own_processor_seconds() - own, all_used = machine_processor_seconds() - all;
    const auto entries = static_cast<double>(report.counts.entries);
    fmt::print(
        "verify, {} connection{}: {} entries, {} transfers, {} faults in {:.2f} s: {:.0f} entries/s; {:.0f} "
        "entries/s per core of its own ({:.2f} s of processor), with PostgreSQL's {:.2f} s {:.0f} per core\n",
        threads, threads == 1 ? "" : "s", report.counts.entries, report.counts.transfers, report.faults.size(), seconds,
        entries / seconds, entries / own_used, own_used, all_used - own_used, entries / all_used);
    if (threads == 2) {
      const double seal_seconds = seconds_of([&] { verify_seals(site->session(), report); });
      fmt::print("  and {} seals in {:.2f} s, {} faults\n", report.seals, seal_seconds, report.faults.size());
    }
  }
  return 0;
}

int ask(int patients) {
  auto site = open_site();
  if (!site) return 4;
  TenantSession& session = site->session();
  Instant first{}, last{};
  int64_t entries = 0;
  transact(session.connection(), session.tenant_id(), [&](Transaction& transaction) {
    const Rows rows = transaction.execute(kPostedSpan, Parameters().integer(transaction.tenant_id()));
    first = rows.instant(0, 0);
    last = std::min(rows.instant(0, 1), oldest_open_transaction(transaction));
    entries = rows.integer(0, 2);
  });
  fmt::print("answers beside {} journal entries, asked one by one in one process over one warm connection:\n", entries);
  ask_answers(session, kFolder + "/ledger/authledger.yaml", patients, kToday + 1, first, last);
  return 0;
}

int run_phase(const std::string& name, int patients) {
  const std::map<std::string, std::function<int()>> phases{
      {"load", [&] { return load(patients); }},
      {"reconcile", [] { return reconcile(); }},
      {"ceiling", [] { return ceiling(); }},
      {"day", [] { return day_change(); }},
      {"journal", [&] { return journal(kEntriesPerPatient * patients); }},
      {"verify", [] { return verify(); }},
      {"ask", [&] { return ask(patients); }}};
  const auto phase = phases.find(name);
  if (phase == phases.end()) {
    fmt::print(stderr, "usage: bench_large [load|reconcile|ceiling|day|journal|verify|ask|all] [patients]\n");
    return 2;
  }
  const int code = phase->second();
  fmt::print("  {}: resident memory at most {} MB\n", name, resident_megabytes_max());
  std::fflush(stdout);
  return code;
}

}  // namespace

int main(int argc, char** argv) {
  set_log_level(LogLevel::error);
  const std::string phase = argc > 1 ? argv[1] : "all";
  const int patients = argc > 2 ? std::stoi(argv[2]) : 100000;
  if (phase != "all") return run_phase(phase, patients);
  fmt::print("machine: {}; PostgreSQL on the same machine, fsync on\n", bench_machine());
  std::fflush(stdout);
  for (const char* name : {"load", "reconcile", "ceiling", "day", "journal", "verify", "ask"}) {
    const pid_t child = fork();
    if (child == 0) return run_phase(name, patients);
    int status = 0;
    if (child < 0 || waitpid(child, &status, 0) != child || status != 0) return 1;
  }
  std::filesystem::remove_all(kFolder);
  return 0;
}
