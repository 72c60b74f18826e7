#include "ledger/continuity.h"

#include <gtest/gtest.h>

namespace authledger {
namespace {

// CAPABILITIES row 54: 31 interrupted of 1,000 miss the 97 percent, 30 do not.
TEST(Continuity, Row54NinetySixPointNineIsNotNinetySeven) {
  const Quantity target = Quantity::of_units(97);
  EXPECT_EQ(percent_text(969, 1000), "96.9");
  EXPECT_FALSE(reaches(969, 1000, target));
  EXPECT_TRUE(reaches(970, 1000, target));
  EXPECT_EQ(percent_text(96999, 100000), "96.9") << "what misses 97 never reads 97.0";
  EXPECT_FALSE(reaches(96999, 100000, target));
  EXPECT_TRUE(reaches(0, 0, target));
  EXPECT_EQ(percent_text(0, 0), "100.0");
  EXPECT_TRUE(reaches(975, 1000, Quantity::of_milli(97500)));
  EXPECT_FALSE(reaches(974, 1000, Quantity::of_milli(97500)));
}

}  // namespace
}  // namespace authledger
