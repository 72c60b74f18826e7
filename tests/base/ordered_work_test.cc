#include "base/ordered_work.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <vector>

namespace authledger {
namespace {

using Work = OrderedWork<int, int>;

TEST(OrderedWork, GivesResultsInTheOrderOfTheInputsWhateverEachTakes) {
  for (unsigned threads : {1U, 2U, 7U}) {
    int next = 0;
    Work work(4, [&](int& input) {
      input = next;
      return next++ < 500;
    });
    std::vector<int> taken;
    bool is_done = work.run(
        threads,
        [] {
          return [](int& input) {
            std::this_thread::sleep_for(std::chrono::microseconds(input * 7919 % 200));
            return input * 2;
          };
        },
        [&](int&& output) {
          taken.push_back(output);
          return true;
        });
    EXPECT_TRUE(is_done);
    ASSERT_EQ(taken.size(), 500U);
    for (size_t i = 0; i < taken.size(); ++i) EXPECT_EQ(taken[i], static_cast<int>(i) * 2);
  }
}

TEST(OrderedWork, FetchesNoMoreThanItsLimitAheadOfASlowTaker) {
  std::atomic<int> fetched = 0;
  Work work(4, [&](int& input) {
    input = fetched;
    return ++fetched <= 100;
  });
  int taken = 0, ahead_max = 0;
  work.run(
      3, [] { return [](int& input) { return input; }; },
      [&](int&&) {
        std::this_thread::sleep_for(std::chrono::microseconds(200));
        ahead_max = std::max(ahead_max, fetched.load() - taken);
        ++taken;
        return true;
      });
  EXPECT_EQ(taken, 100);
  EXPECT_LE(ahead_max, 6) << "four open ones, the taken one and the fetch that found the end";
}

TEST(OrderedWork, EndsWhenTheTakerHasEnough) {
  int next = 0;
  Work work(4, [&](int& input) {
    input = next++;
    return true;
  });
  int taken = 0;
  EXPECT_FALSE(work.run(
      3, [] { return [](int& input) { return input; }; }, [&](int&&) { return ++taken < 10; }));
  EXPECT_EQ(taken, 10);
}

}  // namespace
}  // namespace authledger
