#include "fhir/retry.h"

#include <algorithm>
#include <charconv>
#include <condition_variable>
#include <mutex>

#include "base/text.h"

namespace authledger {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kBackOffFirst{250};
constexpr milliseconds kBackOffMax{30'000};
constexpr milliseconds kJitterMax{1'000};
constexpr int64_t kStatedSecondsMax = 86'400 * 365;

int64_t between(int64_t low, int64_t high, std::mt19937_64& random) {
  return std::uniform_int_distribution<int64_t>(low, high)(random);
}

}  // namespace

bool is_no_service_status(int status) {
  return status == 429 || status == 502 || status == 503 || status == 504;
}

std::optional<milliseconds> stated_wait(const HttpResponse& response, Instant now) {
  const std::string header = response.header("retry-after");
  const std::string_view text = trim(header);
  if (text.empty()) return std::nullopt;
  if (text.find_first_not_of("0123456789") == std::string_view::npos) {
    int64_t seconds = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
    if (error != std::errc()) seconds = kStatedSecondsMax;
    return std::chrono::seconds(std::min(seconds, kStatedSecondsMax));
  }
  const auto until = parse_http_date(text);
  if (!until) return std::nullopt;
  const auto server_now = parse_http_date(response.header("date"));
  const auto wait = std::chrono::ceil<milliseconds>(*until - server_now.value_or(now));
  return std::clamp<milliseconds>(wait, milliseconds(0), std::chrono::seconds(kStatedSecondsMax));
}

milliseconds back_off(int attempt, std::mt19937_64& random) {
  const milliseconds full = std::min(kBackOffMax, kBackOffFirst * (int64_t{1} << std::clamp(attempt, 0, 16)));
  return milliseconds(between(full.count() / 2, full.count(), random));
}

milliseconds jitter_on_top(milliseconds stated, std::mt19937_64& random) {
  return milliseconds(between(0, std::min<int64_t>(kJitterMax.count(), 50 + stated.count() / 10), random));
}

bool wait_unless_stopped(milliseconds duration, const std::stop_token& stop) {
  if (stop.stop_requested()) return false;
  if (duration <= milliseconds(0)) return true;
  std::mutex mutex;
  std::condition_variable_any condition;
  std::unique_lock lock(mutex);
  condition.wait_for(lock, stop, duration, [] { return false; });
  return !stop.stop_requested();
}

}  // namespace authledger
