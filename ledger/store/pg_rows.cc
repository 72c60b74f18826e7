#include <endian.h>

#include <algorithm>
#include <charconv>
#include <cstring>

#include "base/check.h"
#include "ledger/store/pg_result.h"
#include "ledger/store/pg_types.h"

// Values of a result, in PostgreSQL's binary formats.

namespace authledger {

namespace {

uint64_t big_endian_from(std::string_view bytes) {
  uint64_t number = 0;
  for (const char byte : bytes) number = number << 8 | static_cast<unsigned char>(byte);
  return number;
}

template <typename Number>
Number load(const char* bytes) {
  Number number;
  std::memcpy(&number, bytes, sizeof number);
  return number;
}

// Whole journals go through here number by number: one load each, not one a byte.
int64_t integer_from(std::string_view bytes) {
  switch (bytes.size()) {
    case 2:
      return static_cast<int16_t>(be16toh(load<uint16_t>(bytes.data())));
    case 4:
      return static_cast<int32_t>(be32toh(load<uint32_t>(bytes.data())));
    case 8:
      return static_cast<int64_t>(be64toh(load<uint64_t>(bytes.data())));
  }
  AUTHLEDGER_CHECK(false);
}

bool is_text(uint32_t type) {
  return type == kTextType || type == kVarcharType || type == kNameType || type == kUnknownLiteralType;
}

// Elements of an array of one dimension without nulls.
std::vector<std::string_view> elements_of(std::string_view array) {
  std::vector<std::string_view> elements;
  if (array.size() <= kEmptyArrayBytes) return elements;
  const uint64_t count = big_endian_from(array.substr(12, 4));
  elements.reserve(count);
  array.remove_prefix(kArrayHeaderBytes);
  for (uint64_t i = 0; i < count; ++i) {
    const uint64_t length = big_endian_from(array.substr(0, 4));
    AUTHLEDGER_CHECK(length != kNullLength);
    elements.push_back(array.substr(4, length));
    array.remove_prefix(4 + length);
  }
  return elements;
}

}  // namespace

struct Rows::State {
  ResultPtr result;
};

Rows rows_from(ResultPtr result) {
  auto state = std::make_unique<Rows::State>();
  state->result = std::move(result);
  return Rows(std::move(state));
}

Rows::Rows(std::unique_ptr<State> state) : state_(std::move(state)) {}
Rows::Rows(Rows&&) noexcept = default;
Rows& Rows::operator=(Rows&&) noexcept = default;
Rows::~Rows() = default;

size_t Rows::size() const {
  return static_cast<size_t>(PQntuples(state_->result.get()));
}

int64_t Rows::affected() const {
  const std::string_view text = PQcmdTuples(state_->result.get());
  int64_t count = 0;
  std::from_chars(text.data(), text.data() + text.size(), count);
  return count;
}

bool Rows::is_null(size_t row, int column) const {
  return PQgetisnull(state_->result.get(), static_cast<int>(row), column) != 0;
}

std::string_view Rows::value(size_t row, int column) const {
  const int at = static_cast<int>(row);
  return {PQgetvalue(state_->result.get(), at, column),
          static_cast<size_t>(PQgetlength(state_->result.get(), at, column))};
}

std::string_view Rows::text(size_t row, int column) const {
  AUTHLEDGER_CHECK(is_text(PQftype(state_->result.get(), column)));
  return value(row, column);
}

int64_t Rows::integer(size_t row, int column) const {
  return integer_from(value(row, column));
}

bool Rows::boolean(size_t row, int column) const {
  const std::string_view byte = value(row, column);
  return !byte.empty() && byte.front() != 0;
}

Day Rows::day(size_t row, int column) const {
  return kPostgresEpoch + static_cast<int>(integer(row, column));
}

Instant Rows::instant(size_t row, int column) const {
  return kPostgresEpochInstant + std::chrono::microseconds(integer(row, column));
}

Hash Rows::hash(size_t row, int column) const {
  Hash hash{};
  const std::string_view bytes = value(row, column);
  if (bytes.empty()) return hash;
  AUTHLEDGER_CHECK(bytes.size() == hash.size());
  std::copy(bytes.begin(), bytes.end(), hash.begin());
  return hash;
}

std::optional<int64_t> Rows::optional_integer(size_t row, int column) const {
  return is_null(row, column) ? std::nullopt : std::optional(integer(row, column));
}

std::optional<Day> Rows::optional_day(size_t row, int column) const {
  return is_null(row, column) ? std::nullopt : std::optional(day(row, column));
}

std::optional<Instant> Rows::optional_instant(size_t row, int column) const {
  return is_null(row, column) ? std::nullopt : std::optional(instant(row, column));
}

std::vector<std::string> Rows::text_array(size_t row, int column) const {
  const std::vector<std::string_view> elements = elements_of(value(row, column));
  return {elements.begin(), elements.end()};
}

std::vector<int64_t> Rows::integer_array(size_t row, int column) const {
  std::vector<int64_t> integers;
  for (const std::string_view element : elements_of(value(row, column))) integers.push_back(integer_from(element));
  return integers;
}

}  // namespace authledger
