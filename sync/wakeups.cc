#include "sync/wakeups.h"

#include "base/log.h"

namespace authledger {

WakeupRecorder::WakeupRecorder(const TenantSession& session)
    : session_(session), connection_(session.connect()), thread_([this](std::stop_token stop) { run(stop); }) {}

WakeupRecorder::~WakeupRecorder() {
  thread_.request_stop();
  thread_.join();
}

bool WakeupRecorder::record(const std::string& source, const std::vector<NotifiedResource>& resources,
                            std::function<void(bool)> done) {
  Item item;
  item.wakeups.reserve(resources.size());
  for (const NotifiedResource& resource : resources) item.wakeups.push_back({source, resource.type, resource.id});
  item.done = std::move(done);
  {
    const std::lock_guard lock(mutex_);
    if (waiting_.size() >= kWakeupsWaitingMax) return false;
    waiting_.push_back(std::move(item));
  }
  wake_.notify_one();
  return true;
}

void WakeupRecorder::run(std::stop_token stop) {
  while (true) {
    std::vector<Item> items;
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, stop, [this] { return !waiting_.empty(); });
      if (waiting_.empty()) return;
      items.swap(waiting_);
    }
    const bool is_committed = commit(items);
    for (const Item& item : items) item.done(is_committed);
  }
}

// One try, and one more over a new connection: the sender repeats what is refused, so nothing waits here.
bool WakeupRecorder::commit(const std::vector<Item>& items) {
  std::vector<Wakeup> all;
  for (const Item& item : items) all.insert(all.end(), item.wakeups.begin(), item.wakeups.end());
  for (int attempt = 0; attempt < 2; ++attempt) {
    try {
      if (!connection_) connection_ = session_.connect();
      transact(*connection_, session_.tenant_id(), [&](Transaction& transaction) { record_wakeups(transaction, all); });
      return true;
    } catch (const DbError& error) {
      connection_.reset();
      log_warning("wakeups_not_recorded", {{"notifications", items.size()}, {"cause", error.what()}});
    }
  }
  return false;
}

}  // namespace authledger
