#include "base/quantity.h"

#include <gtest/gtest.h>

#include "base/crypto.h"
#include "base/text.h"

namespace authledger {
namespace {

TEST(Quantity, ReadsDecimalsExactly) {
  EXPECT_EQ(parse_quantity("12")->milli(), 12000);
  EXPECT_EQ(parse_quantity("0.333")->milli(), 333);
  EXPECT_EQ(parse_quantity("0.3335")->milli(), 334);
  EXPECT_EQ(parse_quantity("1e2")->milli(), 100000);
  EXPECT_EQ(parse_quantity("25e-1")->milli(), 2500);
  EXPECT_EQ(parse_quantity("-3.5")->milli(), -3500);
  EXPECT_EQ(parse_quantity("0.00000000000000000001")->milli(), 0);
}

TEST(Quantity, RefusesWhatIsNoDecimalOrTooLarge) {
  EXPECT_FALSE(parse_quantity(""));
  EXPECT_FALSE(parse_quantity("1.2.3"));
  EXPECT_FALSE(parse_quantity("twelve"));
  EXPECT_FALSE(parse_quantity("1e400"));
  EXPECT_FALSE(parse_quantity("1000000001"));
  EXPECT_TRUE(parse_quantity("1000000000"));
}

TEST(Quantity, PrintsPlainUnits) {
  EXPECT_EQ(format_quantity(Quantity::of_units(12)), "12");
  EXPECT_EQ(format_quantity(Quantity::of_milli(500)), "0.5");
  EXPECT_EQ(format_quantity(Quantity::of_milli(-1250)), "-1.25");
}

TEST(Crypto, HashesKnownVectorsAndSeparatesFields) {
  EXPECT_EQ(to_hex(sha256("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_NE(HashInput().add("ab").add("c").sha256(), HashInput().add("a").add("bc").sha256());
  EXPECT_EQ(base64("user:password"), "dXNlcjpwYXNzd29yZA==");
}

TEST(Text, FindsTheNearestWord) {
  EXPECT_EQ(nearest_word("endpoits", {"endpoints", "delivery"}), "endpoints");
  EXPECT_EQ(nearest_word("zzz", {"endpoints", "delivery"}), "");
}

TEST(Text, KnowsUtf8) {
  EXPECT_TRUE(is_utf8("plain ascii text, more than eight bytes"));
  EXPECT_TRUE(is_utf8("Größe 日本 🙂"));
  EXPECT_FALSE(is_utf8("\xED\xA0\x80"));
  EXPECT_FALSE(is_utf8("abc\xC3"));
}

}  // namespace
}  // namespace authledger
