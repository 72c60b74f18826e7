#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace authledger {

// Several threads fetch inputs, one thread at a time, and work on them side by side; the results come in the order of
// the inputs. At most `open_max` inputs are fetched and not taken yet, so that memory stays bounded.
template <typename Input, typename Output>
class OrderedWork {
 public:
  // Fills the next input, whose memory is that of an earlier one; false when there is none.
  using Next = std::function<bool(Input&)>;
  using Work = std::function<Output(Input&)>;
  // On the thread that called run; false to stop.
  using Take = std::function<bool(Output&&)>;

  OrderedWork(size_t open_max, Next next) : open_max_(open_max), next_(std::move(next)) {}

  // `make_work` is called once for each thread, so that each has its own memory to work in. False when `take` stopped.
  bool run(unsigned threads, const std::function<Work()>& make_work, const Take& take) {
    if (threads <= 1) {
      Work work = make_work();
      for (Input input; next_(input);) {
        if (!take(work(input))) return false;
      }
      return true;
    }
    std::vector<std::jthread> running;
    for (unsigned i = 0; i < threads; ++i) running.emplace_back([this, work = make_work()] { work_on(work); });
    while (true) {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] { return done_.contains(taken_) || (is_ended_ && taken_ == fetched_); });
      auto found = done_.find(taken_);
      if (found == done_.end()) return true;
      Output output = std::move(found->second);
      done_.erase(found);
      ++taken_;
      changed_.notify_all();
      lock.unlock();
      if (take(std::move(output))) continue;
      lock.lock();
      is_ended_ = true;
      changed_.notify_all();
      return false;
    }
  }

 private:
  void work_on(const Work& work) {
    Input input;
    while (true) {
      size_t number = 0;
      {
        std::scoped_lock fetching(fetch_mutex_);
        {
          std::unique_lock lock(mutex_);
          changed_.wait(lock, [&] { return is_ended_ || fetched_ < taken_ + open_max_; });
          if (is_ended_) return;
        }
        bool has_input = next_(input);
        std::scoped_lock lock(mutex_);
        if (!has_input) {
          is_ended_ = true;
          changed_.notify_all();
          return;
        }
        number = fetched_++;
      }
      Output output = work(input);
      std::scoped_lock lock(mutex_);
      done_.emplace(number, std::move(output));
      changed_.notify_all();
    }
  }

  size_t open_max_;
  Next next_;
  std::mutex fetch_mutex_;  // Taken before mutex_.
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<size_t, Output> done_;
  size_t fetched_ = 0, taken_ = 0;
  bool is_ended_ = false;
};

}  // namespace authledger
