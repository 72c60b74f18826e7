#include "bench/site.h"

#include <fmt/format.h>
#include <sys/resource.h>

#include <chrono>
#include <filesystem>
#include <fstream>

#include "sync/pull.h"
#include "sync/reconcile.h"

namespace authledger {
namespace {

std::string write_config(const std::string& folder, const std::string& inbox) {
  std::filesystem::create_directories(folder);
  const std::string file = folder + "/authledger.yaml";
  std::ofstream(file)
      << "tenant:\n  name: bench\n  time_zone: America/New_York\nendpoints:\n  - name: files\n    folder: " << inbox
      << "\n    preset: folder\ndelivery:\n  enabled: false\n";
  return std::filesystem::absolute(file).string();
}

}  // namespace

double seconds_of(const std::function<void()>& work) {
  const auto started = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
}

int64_t resident_megabytes_max() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss / 1024;
}

std::unique_ptr<BenchSite> BenchSite::open(const std::string& folder, const std::string& inbox,
                                           std::optional<Day> on_day) {
  auto config = load_config(write_config(folder, inbox));
  if (!config) {
    for (const Issue& issue : config.error()) fmt::print(stderr, "{}: {}\n", issue.element_path, issue.message);
    return nullptr;
  }
  auto session = TenantSession::open(*config);
  if (!session) {
    fmt::print(stderr, "{}\n", session.error().message);
    return nullptr;
  }
  return std::unique_ptr<BenchSite>(new BenchSite(std::move(*session), on_day));
}

BenchSite::BenchSite(std::unique_ptr<TenantSession> session, std::optional<Day> on_day) : session_(std::move(session)) {
  options_.deliver = false;
  options_.on_day = on_day;
}

double BenchSite::pull(RoundSummary& summary) {
  return seconds_of([&] { pull_endpoints(context_, summary); });
}

double BenchSite::reconcile(RoundSummary& summary) {
  return seconds_of([&] { reconcile_due(context_, summary); });
}

}  // namespace authledger
