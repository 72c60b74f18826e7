#include "sync/loop.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>

#include "base/log.h"

namespace authledger {
namespace {

constexpr std::chrono::seconds kReconnectPauseMin{1};
constexpr std::chrono::seconds kReconnectPauseMax{60};

void wait_for(std::chrono::milliseconds pause, std::stop_token stop) {
  std::mutex mutex;
  std::condition_variable_any wake;
  std::unique_lock lock(mutex);
  wake.wait_for(lock, stop, pause, [] { return false; });
}

LoopReport one_round(TenantSession& session, const Clock& clock, std::stop_token stop) {
  LoopReport report;
  RoundOptions options;
  RoundContext context{session, clock, options, stop, [](const std::string&) {}};
  report.summary = run_round(context);
  report.feeds = read_feeds(session.connection(), session.tenant_id());
  transact(session.connection(), session.tenant_id(),
           [&](Transaction& transaction) { report.subjects = count_subjects(transaction, clock.now()); });
  return report;
}

}  // namespace

void run_loop(TenantSession& session, const Clock& clock, std::stop_token stop,
              const std::function<void(const LoopReport&)>& report) {
  std::chrono::seconds reconnect_pause = kReconnectPauseMin;
  bool is_connected = true;
  while (!stop.stop_requested()) {
    auto started = std::chrono::steady_clock::now();
    try {
      if (!is_connected) session.reconnect();
      is_connected = true;
      report(one_round(session, clock, stop));
      reconnect_pause = kReconnectPauseMin;
    } catch (const DbError& error) {
      // The one place where a lost database ends: whatever was not committed is done again from state.
      is_connected = false;
      log_error("database_lost", {{"cause", error.what()}, {"retry_seconds", reconnect_pause.count()}});
      report({std::nullopt, error.what(), {}, {}});
      wait_for(reconnect_pause, stop);
      reconnect_pause = std::min(reconnect_pause * 2, kReconnectPauseMax);
      continue;
    }
    auto spent = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - started);
    auto interval = std::chrono::duration_cast<std::chrono::milliseconds>(session.config().server.sync_interval);
    if (spent < interval) wait_for(interval - spent, stop);
  }
}

}  // namespace authledger
