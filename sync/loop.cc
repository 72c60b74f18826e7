#include "sync/loop.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>

#include "base/log.h"
#include "ledger/store/wakeup_store.h"

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

// How often the loop looks for wake-ups, which any process may have recorded.
constexpr std::chrono::milliseconds kWakeupPoll{200};

LoopReport one_round(TenantSession& session, const Clock& clock, std::stop_token stop, bool woken_only) {
  LoopReport report;
  RoundOptions options;
  options.woken_only = woken_only;
  RoundContext context{session, clock, options, stop, [](const std::string&) {}};
  report.summary = run_round(context);
  report.feeds = read_feeds(session.connection(), session.tenant_id());
  transact(session.connection(), session.tenant_id(),
           [&](Transaction& transaction) { report.subjects = count_subjects(transaction, clock.now()); });
  return report;
}

bool can_be_woken(const Config& config) {
  return std::any_of(config.endpoints.begin(), config.endpoints.end(),
                     [](const EndpointConfig& endpoint) { return !endpoint.subscriptions.hook_url.empty(); });
}

}  // namespace

void run_loop(TenantSession& session, const Clock& clock, std::stop_token stop,
              const std::function<void(const LoopReport&)>& report) {
  using std::chrono::steady_clock;
  const auto interval = std::chrono::duration_cast<std::chrono::milliseconds>(session.config().server.sync_interval);
  const bool is_wakeable = can_be_woken(session.config());
  std::chrono::seconds reconnect_pause = kReconnectPauseMin;
  bool is_connected = true, woken_only = false;
  auto next_full_round = steady_clock::now();
  // A wake-up that failed is not tried again at once: only a newer one, or the next full round, does that.
  std::optional<Instant> newest_seen;
  while (!stop.stop_requested()) {
    try {
      if (!is_connected) session.reconnect();
      is_connected = true;
      if (is_wakeable) newest_seen = newest_wakeup(session.connection(), session.tenant_id());
      if (!woken_only) next_full_round = steady_clock::now() + interval;
      report(one_round(session, clock, stop, woken_only));
      reconnect_pause = kReconnectPauseMin;
      woken_only = false;
      while (!stop.stop_requested() && steady_clock::now() < next_full_round && !woken_only) {
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(next_full_round - steady_clock::now());
        wait_for(is_wakeable ? std::min(left, kWakeupPoll) : left, stop);
        if (!is_wakeable) continue;
        const auto newest = newest_wakeup(session.connection(), session.tenant_id());
        woken_only = newest && newest != newest_seen;
      }
    } catch (const DbError& error) {
      // The one place where a lost database ends: whatever was not committed is done again from state.
      is_connected = false;
      woken_only = false;
      log_error("database_lost", {{"cause", error.what()}, {"retry_seconds", reconnect_pause.count()}});
      report({std::nullopt, error.what(), {}, {}});
      wait_for(reconnect_pause, stop);
      reconnect_pause = std::min(reconnect_pause * 2, kReconnectPauseMax);
    }
  }
}

}  // namespace authledger
