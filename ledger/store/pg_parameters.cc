#include <charconv>

#include "base/check.h"
#include "ledger/store/pg.h"
#include "ledger/store/pg_types.h"

// Single values in PostgreSQL's text formats, arrays in its binary one. Source: PostgreSQL 15, 8.4.1 (bytea hex
// format); src/backend/utils/adt/arrayfuncs.c, array_recv, and the recv functions of the element types.

namespace authledger {

namespace {

// In network byte order.
template <typename Number>
struct BigEndian {
  explicit BigEndian(Number number) {
    for (size_t i = sizeof number; i-- > 0; number = static_cast<Number>(number >> 8))
      bytes[i] = static_cast<char>(number & 0xFF);
  }
  operator std::string_view() const { return {bytes, sizeof bytes}; }
  char bytes[sizeof(Number)];
};
template <typename Number>
BigEndian<Number> big_endian(Number number) {
  return BigEndian<Number>(number);
}

void append_big_endian(std::string& out, uint32_t number) {
  out += std::string_view(big_endian(number));
}

void append_integer(std::string& out, int64_t value) {
  char digits[24];
  const auto end = std::to_chars(digits, digits + sizeof digits, value);
  out.append(digits, end.ptr);
}

void append_hex(std::string& out, std::string_view bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  for (const char byte : bytes) {
    const auto value = static_cast<unsigned char>(byte);
    out += kDigits[value >> 4];
    out += kDigits[value & 15];
  }
}

// PostgreSQL's text cannot hold NUL, and a parameter ends at it: it is left out.
std::string without_nul(std::string_view value) {
  std::string text(value);
  std::erase(text, '\0');
  return text;
}

}  // namespace

Parameters& Parameters::text(std::string_view value) {
  add(without_nul(value));
  return *this;
}

Parameters& Parameters::integer(int64_t value) {
  std::string text;
  append_integer(text, value);
  add(std::move(text));
  return *this;
}

Parameters& Parameters::boolean(bool value) {
  add(value ? "t" : "f");
  return *this;
}

Parameters& Parameters::day(Day value) {
  add(format_day(value));
  return *this;
}

Parameters& Parameters::instant(Instant value) {
  add(format_instant(value));
  return *this;
}

Parameters& Parameters::hash(const Hash& value) {
  return bytes(bytes_of(value));
}

Parameters& Parameters::bytes(std::string_view value) {
  std::string text = "\\x";
  append_hex(text, value);
  add(std::move(text));
  return *this;
}

Parameters& Parameters::null() {
  values_.emplace_back();
  return *this;
}

Parameters& Parameters::optional_integer(std::optional<int64_t> value) {
  return value ? integer(*value) : null();
}
Parameters& Parameters::optional_day(std::optional<Day> value) {
  return value ? day(*value) : null();
}
Parameters& Parameters::optional_instant(std::optional<Instant> value) {
  return value ? instant(*value) : null();
}

Parameters& Parameters::text_array(std::span<const std::string> values) {
  ArrayBuilder array;
  for (const std::string& value : values) array.text(value);
  array.add_to(*this);
  return *this;
}

Parameters& Parameters::integer_array(std::span<const int64_t> values) {
  ArrayBuilder array;
  for (const int64_t value : values) array.integer(value);
  array.add_to(*this);
  return *this;
}

void ArrayBuilder::element(uint32_t type, std::string_view bytes) {
  AUTHLEDGER_CHECK(type_ == 0 || type_ == type);
  type_ = type;
  append_big_endian(elements_, static_cast<uint32_t>(bytes.size()));
  elements_ += bytes;
  ++count_;
}

void ArrayBuilder::text(std::string_view value) {
  if (value.find('\0') == std::string_view::npos) return element(kTextType, value);
  element(kTextType, without_nul(value));
}

void ArrayBuilder::integer(int64_t value) {
  element(kBigintType, big_endian(static_cast<uint64_t>(value)));
}

void ArrayBuilder::boolean(bool value) {
  element(kBooleanType, value ? std::string_view("\1", 1) : std::string_view("\0", 1));
}

void ArrayBuilder::day(Day value) {
  element(kDateType, big_endian(static_cast<uint32_t>(value - kPostgresEpoch)));
}

void ArrayBuilder::instant(Instant value) {
  element(kTimestamptzType, big_endian(static_cast<uint64_t>((value - kPostgresEpochInstant).count())));
}

void ArrayBuilder::hash(const Hash& value) {
  bytes(bytes_of(value));
}

void ArrayBuilder::bytes(std::string_view value) {
  element(kByteaType, value);
}

void ArrayBuilder::null() {
  append_big_endian(elements_, kNullLength);
  ++count_;
}

void ArrayBuilder::add_to(Parameters& parameters) {
  if (type_ == 0) {
    // Of what type the nulls are, only the statement knows: as text they fit any.
    std::string text = "{";
    for (size_t i = 0; i < count_; ++i) text += i == 0 ? "NULL" : ",NULL";
    parameters.add(text + "}");
  } else {
    // Dimensions, whether nulls may stand in it, type; then length and lower bound of the one dimension.
    std::string array;
    array.reserve(kArrayHeaderBytes + elements_.size());
    for (const uint32_t word : {uint32_t{1}, uint32_t{1}, type_, static_cast<uint32_t>(count_), uint32_t{1}}) {
      append_big_endian(array, word);
    }
    array += elements_;
    parameters.values_.push_back({std::move(array), true});
  }
  elements_.clear();
  type_ = 0;
  count_ = 0;
}

}  // namespace authledger
