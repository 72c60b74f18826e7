#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "sync/round.h"

namespace authledger {

double seconds_of(const std::function<void()>& work);
int64_t resident_megabytes_max();

// A tenant of its own cluster below `folder`, with everything that a round needs; it reads the folder `inbox`.
class BenchSite {
 public:
  // Null after the problem was printed.
  static std::unique_ptr<BenchSite> open(const std::string& folder, const std::string& inbox,
                                         std::optional<Day> on_day = std::nullopt);

  TenantSession& session() { return *session_; }
  RoundContext& context() { return context_; }
  double pull(RoundSummary& summary);
  double reconcile(RoundSummary& summary);

 private:
  BenchSite(std::unique_ptr<TenantSession> session, std::optional<Day> on_day);

  std::unique_ptr<TenantSession> session_;
  SystemClock clock_;
  RoundOptions options_;
  RoundContext context_{*session_, clock_, options_, {}, [](const std::string&) {}};
};

}  // namespace authledger
