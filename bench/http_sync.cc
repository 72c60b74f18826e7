// A full sync over HTTP from the sandbox EHR in a second process, beside the same transfer by plain libcurl, and a
// round in which nothing changed; with an argument in gigabytes also a Bulk Data export of that size. Prints figures
// with machine and counts; asserts nothing: machines differ.

#include <fmt/format.h>
#include <sys/resource.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <thread>

#include "base/clock.h"
#include "base/log.h"
#include "bench/child_process.h"
#include "bench/export_server.h"
#include "bench/machine.h"
#include "bench/workload.h"
#include "fhir/http_curl.h"
#include "sync/pull.h"
#include "sync/reconcile.h"

namespace {

using namespace authledger;

constexpr int kPatientsDefault = 3000;
constexpr const char* kTypes[] = {"Patient", "Coverage", "Claim", "ClaimResponse", "Encounter", "Appointment"};

double seconds_of(const std::function<void()>& work) {
  const auto started = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
}

int64_t resident_megabytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss / 1024;
}

int64_t total(const RoundSummary& summary) {
  int64_t count = 0;
  for (const auto& [type, pulled] : summary.pulled) count += pulled;
  return count;
}

void print_rate(const std::string& what, int64_t resources, double seconds) {
  fmt::print("{:<34} {:>9.0f} resources/s  ({} in {:.2f} s)\n", what, static_cast<double>(resources) / seconds,
             resources, seconds);
}

std::string wait_for_port(const std::string& file) {
  for (int i = 0; i < 600; ++i) {
    std::ifstream in(file);
    std::string port;
    if (in >> port) return port;
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  return "";
}

std::string write_config(const std::string& folder, const std::string& base_url, const std::string& keys) {
  std::filesystem::create_directories(folder);
  const std::string file = folder + "/authledger.yaml";
  std::ofstream(file)
      << "tenant:\n  name: bench\n  time_zone: America/New_York\nendpoints:\n  - name: ehr\n    base_url: " << base_url
      << "\n    page_size: 1000\n    overlap: 0s\n"
      << keys << "delivery:\n  enabled: false\n";
  return std::filesystem::absolute(file).string();
}

struct Rates {
  RoundSummary summary;
  double pull_seconds = 0, reconcile_seconds = 0;
};

Rates round(TenantSession& session) {
  const SystemClock clock;
  RoundOptions options;
  options.deliver = false;
  RoundContext context{session, clock, options, {}, [](const std::string&) {}};
  Rates rates;
  rates.pull_seconds = seconds_of([&] { pull_endpoints(context, rates.summary); });
  rates.reconcile_seconds = seconds_of([&] { reconcile_due(context, rates.summary); });
  for (const std::string& failure : rates.summary.failures) fmt::print(stderr, "{}\n", failure);
  return rates;
}

std::unique_ptr<TenantSession> open(const std::string& config_file) {
  auto config = load_config(config_file);
  if (!config) {
    for (const Issue& issue : config.error()) fmt::print(stderr, "{}: {}\n", issue.element_path, issue.message);
    return nullptr;
  }
  auto session = TenantSession::open(*config);
  if (!session) fmt::print(stderr, "{}\n", session.error().message);
  return session ? std::move(*session) : nullptr;
}

// The text of the next link, found without parsing.
std::string next_of(const std::string& body) {
  const std::string mark = R"("relation":"next","url":")";
  const size_t at = body.find(mark);
  if (at == std::string::npos) return "";
  const size_t start = at + mark.size();
  std::string url = body.substr(start, body.find('"', start) - start);
  for (size_t slash; (slash = url.find("\\/")) != std::string::npos;) url.erase(slash, 1);
  return url;
}

// The same pages by libcurl alone: what the server and the network can do.
double plain_transfer(const std::string& base_url, int64_t& bytes) {
  auto client = open_http_client({}, {});
  if (!client) return 0;
  return seconds_of([&] {
    for (const char* type : kTypes) {
      for (std::string url = fmt::format("{}/{}?_count=1000", base_url, type); !url.empty();) {
        HttpRequest request;
        request.url = url;
        const auto answer = (*client)->send(request);
        if (!answer) break;
        bytes += static_cast<int64_t>(answer->body.size());
        url = next_of(answer->body);
      }
    }
  });
}

int search_run(const std::string& folder, const std::string& program, int patients) {
  const int64_t resources = write_workload(folder + "/clinic.ndjson", patients, 7);
  fmt::print("workload: {} patients, {} resources, seed 7, pages of 1000\n", patients, resources);
  const ChildProcess ehr({program, "sandbox", "--empty", "--listen", "127.0.0.1:0", "--load", folder + "/clinic.ndjson",
                          "--port-file", folder + "/port"});
  const std::string port = wait_for_port(folder + "/port");
  if (port.empty()) return 4;
  const std::string base_url = "http://127.0.0.1:" + port + "/fhir";
  auto session = open(write_config(folder + "/ledger", base_url, ""));
  if (!session) return 4;
  int64_t bytes = 0;
  const double plain = plain_transfer(base_url, bytes);
  print_rate("the same transfer by libcurl alone", resources, plain);
  const Rates full = round(*session);
  print_rate("full HTTP sync to durable ledger", total(full.summary), full.pull_seconds + full.reconcile_seconds);
  fmt::print("  of it pull, map, record {:.2f} s; reconcile {:.2f} s; {} requests, {:.1f} MB\n", full.pull_seconds,
             full.reconcile_seconds, full.summary.requests, static_cast<double>(bytes) / 1e6);
  std::this_thread::sleep_for(std::chrono::milliseconds(1100));  // HTTP dates count whole seconds.
  round(*session);
  const Rates still = round(*session);
  fmt::print("a round in which nothing changed: {} requests, {} resources, {:.3f} s\n", still.summary.requests,
             total(still.summary), still.pull_seconds);
  fmt::print("resident memory at most: {} MB\n", resident_megabytes());
  return 0;
}

int export_run(const std::string& folder, double gigabytes) {
  const auto bytes = static_cast<int64_t>(gigabytes * 1e9);
  const ExportServer server(bytes);
  const std::string feeds =
      "    feeds:\n      Encounter: {strategy: bulk, requires: [location], mappings: [encounter]}\n";
  auto session = open(write_config(folder + "/export", server.base_url(), feeds));
  if (!session) return 4;
  const int64_t before = resident_megabytes();
  const Rates rates = round(*session);
  print_rate("Bulk Data export", total(rates.summary), rates.pull_seconds);
  fmt::print("  {:.1f} GB; resident memory at most {} MB before, {} MB after\n", gigabytes, before,
             resident_megabytes());
  return 0;
}

}  // namespace

// bench_http PROGRAM [PATIENTS] [GIGABYTES]
int main(int argc, char** argv) {
  set_log_level(LogLevel::error);
  if (argc < 2) return 2;
  const std::string folder = std::filesystem::absolute("build/bench-http").string();
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  fmt::print("machine: {}; EHR and PostgreSQL on the same machine, fsync on\n", bench_machine());
  if (argc > 3) {
    if (const int failed = export_run(folder, std::stod(argv[3])); failed != 0) return failed;
  }
  return search_run(folder, argv[1], argc > 2 ? std::stoi(argv[2]) : kPatientsDefault);
}
