#include <charconv>

#include "ledger/store/pg.h"

// Values in PostgreSQL's text formats. Source: PostgreSQL 15, 8.15.2 (array input), 8.4.1 (bytea hex format).

namespace authledger {

namespace {

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
  values_.emplace_back(without_nul(value));
  return *this;
}

Parameters& Parameters::integer(int64_t value) {
  std::string text;
  append_integer(text, value);
  values_.emplace_back(std::move(text));
  return *this;
}

Parameters& Parameters::boolean(bool value) {
  values_.emplace_back(value ? "t" : "f");
  return *this;
}

Parameters& Parameters::day(Day value) {
  values_.emplace_back(format_day(value));
  return *this;
}

Parameters& Parameters::instant(Instant value) {
  values_.emplace_back(format_instant(value));
  return *this;
}

Parameters& Parameters::hash(const Hash& value) {
  return bytes(bytes_of(value));
}

Parameters& Parameters::bytes(std::string_view value) {
  std::string text = "\\x";
  append_hex(text, value);
  values_.emplace_back(std::move(text));
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

void ArrayBuilder::separate() {
  if (count_++ > 0) text_ += ',';
}

void ArrayBuilder::text(std::string_view value) {
  separate();
  text_ += '"';
  for (const char byte : value) {
    if (byte == '"' || byte == '\\') text_ += '\\';
    if (byte != '\0') text_ += byte;
  }
  text_ += '"';
}

void ArrayBuilder::integer(int64_t value) {
  separate();
  append_integer(text_, value);
}

void ArrayBuilder::boolean(bool value) {
  separate();
  text_ += value ? 't' : 'f';
}

void ArrayBuilder::day(Day value) {
  separate();
  text_ += format_day(value);
}

void ArrayBuilder::instant(Instant value) {
  separate();
  text_ += '"';
  text_ += format_instant(value);
  text_ += '"';
}

void ArrayBuilder::hash(const Hash& value) {
  bytes(bytes_of(value));
}

void ArrayBuilder::bytes(std::string_view value) {
  separate();
  text_ += "\"\\\\x";
  append_hex(text_, value);
  text_ += '"';
}

void ArrayBuilder::null() {
  separate();
  text_ += "NULL";
}

void ArrayBuilder::add_to(Parameters& parameters) {
  text_ += '}';
  parameters.values_.emplace_back(std::move(text_));
  text_ = "{";
  count_ = 0;
}

}  // namespace authledger
