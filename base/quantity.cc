#include "base/quantity.h"

#include <fmt/format.h>

namespace authledger {
namespace {

constexpr int kExponentMax = 30;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

}  // namespace

std::optional<Quantity> parse_quantity(std::string_view text) {
  size_t at = 0;
  bool is_negative = false;
  if (at < text.size() && (text[at] == '-' || text[at] == '+')) is_negative = text[at++] == '-';

  std::string digits;
  int point_from_right = 0;
  bool seen_point = false;
  for (; at < text.size() && (is_digit(text[at]) || text[at] == '.'); ++at) {
    if (text[at] == '.') {
      if (seen_point) return std::nullopt;
      seen_point = true;
      continue;
    }
    digits.push_back(text[at]);
    if (seen_point) ++point_from_right;
  }
  if (digits.empty()) return std::nullopt;

  int exponent = 0;
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    bool is_negative_exponent = false;
    if (at < text.size() && (text[at] == '-' || text[at] == '+')) is_negative_exponent = text[at++] == '-';
    if (at == text.size()) return std::nullopt;
    for (; at < text.size() && is_digit(text[at]); ++at) {
      exponent = exponent * 10 + (text[at] - '0');
      if (exponent > kExponentMax) return std::nullopt;
    }
    if (is_negative_exponent) exponent = -exponent;
  }
  if (at != text.size()) return std::nullopt;

  // The value is `digits` × 10^(exponent − point_from_right); thousandths shift by three more.
  int shift = exponent - point_from_right + 3;
  int64_t milli = 0;
  const int64_t limit = kQuantityUnitsMax * 1000;
  int64_t keep = static_cast<int64_t>(digits.size()) + (shift < 0 ? shift : 0);
  for (int64_t i = 0; i < keep; ++i) {
    milli = milli * 10 + (digits[static_cast<size_t>(i)] - '0');
    if (milli > limit) return std::nullopt;
  }
  if (shift < 0 && keep >= 0 && keep < static_cast<int64_t>(digits.size()) && digits[static_cast<size_t>(keep)] >= '5')
    ++milli;
  for (; shift > 0 && milli != 0; --shift) {
    milli *= 10;
    if (milli > limit) return std::nullopt;
  }
  if (milli > limit) return std::nullopt;
  return Quantity::of_milli(is_negative ? -milli : milli);
}

std::string format_quantity(Quantity quantity) {
  int64_t milli = quantity.milli();
  const char* sign = milli < 0 ? "-" : "";
  uint64_t magnitude = milli < 0 ? 0 - static_cast<uint64_t>(milli) : static_cast<uint64_t>(milli);
  std::string text = fmt::format("{}{}", sign, magnitude / 1000);
  uint64_t fraction = magnitude % 1000;
  if (fraction != 0) {
    text += fmt::format(".{:03}", fraction);
    while (text.back() == '0') text.pop_back();
  }
  return text;
}

}  // namespace authledger
