#include "sync/loop.h"

#include <algorithm>
#include <condition_variable>
#include <future>
#include <mutex>
#include <thread>

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
constexpr std::chrono::milliseconds kWakeupPoll{100};

// Before a woken round looks again whether a feed is free that another round reads.
constexpr std::chrono::milliseconds kHeldFeedPause{1000};

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

using Report = std::function<void(const LoopReport&)>;

// Calls `step` until `stop`, and again after each time that it lost the database: the one place where that ends.
// Whatever was not committed is done again from state.
void repeat(TenantSession& session, const std::stop_token& stop, const Report& report,
            const std::function<void()>& step) {
  std::chrono::seconds reconnect_pause = kReconnectPauseMin;
  bool is_connected = true;
  while (!stop.stop_requested()) {
    try {
      if (!is_connected) session.reconnect();
      is_connected = true;
      step();
      reconnect_pause = kReconnectPauseMin;
    } catch (const DbError& error) {
      is_connected = false;
      log_error("database_lost", {{"cause", error.what()}, {"retry_seconds", reconnect_pause.count()}});
      report({std::nullopt, error.what(), {}, {}});
      wait_for(reconnect_pause, stop);
      reconnect_pause = std::min(reconnect_pause * 2, kReconnectPauseMax);
    }
  }
}

void run_woken_rounds(TenantSession& session, const Clock& clock, const std::stop_token& stop, const Report& report) {
  // A wake-up that failed is not tried again at once: only a newer one, or the next full round, does that.
  std::optional<Instant> newest_seen;
  repeat(session, stop, report, [&] {
    const auto newest = newest_wakeup(session.connection(), session.tenant_id());
    if (!newest || newest == newest_seen) return wait_for(kWakeupPoll, stop);
    const LoopReport done = one_round(session, clock, stop, true);
    report(done);
    if (done.summary->left_woken) return wait_for(kHeldFeedPause, stop);
    newest_seen = newest;
  });
}

}  // namespace

void run_loop(TenantSession& session, const Clock& clock, std::stop_token stop,
              const std::function<void(const LoopReport&)>& report) {
  using std::chrono::steady_clock;
  const auto interval = std::chrono::duration_cast<std::chrono::milliseconds>(session.config().server.sync_interval);
  std::unique_ptr<TenantSession> beside;
  std::promise<void> woken_end;
  std::future<void> woken_failure = woken_end.get_future();
  std::stop_source ends;
  const std::stop_callback with_loop(stop, [&ends] { ends.request_stop(); });
  std::jthread woken;  // Ends before its session, also when this one is left by an exception.
  repeat(session, stop, report, [&] {
    if (woken_failure.wait_for(std::chrono::seconds(0)) == std::future_status::ready) woken_failure.get();
    const auto next_round = steady_clock::now() + interval;
    report(one_round(session, clock, stop, false));
    if (!beside && can_be_woken(session.config()) && !stop.stop_requested()) {
      beside = session.beside();
      woken = std::jthread([&](const std::stop_token& own) {
        const std::stop_callback with_thread(own, [&ends] { ends.request_stop(); });
        try {
          run_woken_rounds(*beside, clock, ends.get_token(), report);
        } catch (...) {
          woken_end.set_exception(std::current_exception());
        }
      });
    }
    wait_for(std::chrono::duration_cast<std::chrono::milliseconds>(next_round - steady_clock::now()), stop);
  });
}

}  // namespace authledger
