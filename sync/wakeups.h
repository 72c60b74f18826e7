#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "fhir/subscription.h"
#include "ledger/store/wakeup_store.h"
#include "sync/tenant_session.h"

namespace authledger {

inline constexpr size_t kWakeupsWaitingMax = 1000;  // Notifications, not resources.

// Commits what webhooks say on a thread and a connection of its own, many notifications in one transaction, and tells
// each sender when its own is durable. Thread-safe.
class WakeupRecorder {
 public:
  // Throws DbError when the database cannot be reached. `session` must outlive it.
  explicit WakeupRecorder(const TenantSession& session);
  ~WakeupRecorder();  // What waits is still committed.

  // `done(true)` once committed, `done(false)` when it could not be; called on the recorder's thread. Returns false,
  // and never calls `done`, when too many wait: the sender is to try again.
  bool record(const std::string& source, const std::vector<NotifiedResource>& resources,
              std::function<void(bool)> done);

 private:
  struct Item {
    std::vector<Wakeup> wakeups;
    std::function<void(bool)> done;
  };

  void run(std::stop_token stop);
  bool commit(const std::vector<Item>& items);

  const TenantSession& session_;
  std::unique_ptr<PgConnection> connection_;
  std::mutex mutex_;
  std::condition_variable_any wake_;
  std::vector<Item> waiting_;
  std::jthread thread_;  // Last: it uses what stands above.
};

}  // namespace authledger
