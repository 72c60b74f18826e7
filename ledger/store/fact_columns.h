#pragma once

#include <string>
#include <type_traits>
#include <vector>

#include "ledger/fact_fields.h"
#include "ledger/store/pg.h"

// The columns of the typed fact tables, in the order of the fields (ledger/fact_fields.h) and of the statements in
// fact_insert.cc and fact_read.cc. Inside of ledger/store only.

namespace authledger {

// Lists travel as one text per row, each element after this separator; facts that hold it are refused (see
// resource_check.cc).
inline constexpr char kListSeparator = '\x1f';

// One array parameter per column, a value per fact.
class ColumnWriter {
 public:
  explicit ColumnWriter(size_t columns) : columns_(columns) {}
  void start_row() { at_ = 0; }
  void add_to(Parameters& parameters) {
    for (ArrayBuilder& column : columns_) column.add_to(parameters);
  }

  // Of a fact's header.
  void integer(int64_t value) { next().integer(value); }
  void number(const std::optional<int64_t>& value) { next().optional_integer(value); }
  void required(const std::string& value) { next().text(value); }
  void boolean(bool value) { next().boolean(value); }
  void instant(const std::optional<Instant>& value) { next().optional_instant(value); }
  void hash(const Hash& value) { next().hash(value); }

  // Of its body.
  void patient(const std::string& value) { required(value); }
  void text(const char*, const std::string& value) { next().optional_text(value); }
  void flag(const char*, bool value) { boolean(value); }
  void number(const char*, const std::optional<int>& value) { value ? integer(*value) : next().null(); }
  void day(const char*, Day value) { next().day(value); }
  void day(const char*, const std::optional<Day>& value) { next().optional_day(value); }
  void instant(const char*, const std::optional<Instant>& value) { instant(value); }
  void quantity(const char*, Quantity value) { integer(value.milli()); }
  void quantity(const char*, const std::optional<Quantity>& value) { value ? integer(value->milli()) : next().null(); }
  template <typename Word, typename From>
  void word(const char*, const Word& value, From) {
    integer(static_cast<int64_t>(value));
  }
  template <typename Word, typename From>
  void word(const char*, const std::optional<Word>& value, From) {
    value ? integer(static_cast<int64_t>(*value)) : next().null();
  }
  void list(const char*, const std::vector<std::string>& values) {
    joined(values, [](const std::string& value) -> const std::string& { return value; });
  }
  // A column for each member.
  template <typename Element, typename... Members>
  void objects(const char*, const std::vector<Element>& values, const Members&... members) {
    (column_of(values, members), ...);
  }

 private:
  template <typename Element>
  void column_of(const std::vector<Element>& values, const TextMember<Element>& part) {
    joined(values, [&part](const Element& element) -> const std::string& { return element.*part.member; });
  }
  template <typename Element, typename Word>
  void column_of(const std::vector<Element>& values, const WordMember<Element, Word>& part) {
    joined(values, [&part](const Element& element) { return std::to_string(static_cast<int>(element.*part.member)); });
  }
  template <typename Element, typename Part>
  void joined(const std::vector<Element>& values, Part part) {
    list_.clear();
    for (const Element& value : values) {
      list_ += kListSeparator;
      list_ += part(value);
    }
    next().text(list_);
  }
  ArrayBuilder& next() { return columns_[at_++]; }

  std::vector<ArrayBuilder> columns_;
  size_t at_ = 0;
  std::string list_;
};

class ColumnReader {
 public:
  ColumnReader(const Rows& rows, size_t row, int first_column) : rows_(rows), row_(row), column_(first_column) {}

  void patient(std::string& value) { value = rows_.string(row_, column_++); }
  void text(const char*, std::string& value) { value = rows_.string(row_, column_++); }
  void flag(const char*, bool& value) { value = rows_.boolean(row_, column_++); }
  void number(const char*, std::optional<int>& value) {
    const std::optional<int64_t> number = rows_.optional_integer(row_, column_++);
    value = number ? std::optional(static_cast<int>(*number)) : std::nullopt;
  }
  void day(const char*, Day& value) { value = rows_.day(row_, column_++); }
  void day(const char*, std::optional<Day>& value) { value = rows_.optional_day(row_, column_++); }
  void instant(const char*, std::optional<Instant>& value) { value = rows_.optional_instant(row_, column_++); }
  void quantity(const char*, Quantity& value) { value = Quantity::of_milli(rows_.integer(row_, column_++)); }
  void quantity(const char*, std::optional<Quantity>& value) {
    const std::optional<int64_t> milli = rows_.optional_integer(row_, column_++);
    value = milli ? std::optional(Quantity::of_milli(*milli)) : std::nullopt;
  }
  template <typename Word, typename From>
  void word(const char*, Word& value, From) {
    value = static_cast<Word>(rows_.integer(row_, column_++));
  }
  template <typename Word, typename From>
  void word(const char*, std::optional<Word>& value, From) {
    const std::optional<int64_t> number = rows_.optional_integer(row_, column_++);
    value = number ? std::optional(static_cast<Word>(*number)) : std::nullopt;
  }
  void list(const char*, std::vector<std::string>& values) { values = rows_.text_array(row_, column_++); }
  template <typename Element, typename... Members>
  void objects(const char*, std::vector<Element>& values, const Members&... members) {
    (take_column(values, members), ...);
  }

 private:
  template <typename Element>
  void take_column(std::vector<Element>& values, const TextMember<Element>& part) {
    std::vector<std::string> texts = rows_.text_array(row_, column_++);
    values.resize(texts.size());
    for (size_t i = 0; i < texts.size(); ++i) values[i].*part.member = std::move(texts[i]);
  }
  template <typename Element, typename Word>
  void take_column(std::vector<Element>& values, const WordMember<Element, Word>& part) {
    const std::vector<int64_t> numbers = rows_.integer_array(row_, column_++);
    values.resize(numbers.size());
    for (size_t i = 0; i < numbers.size(); ++i) values[i].*part.member = static_cast<Word>(numbers[i]);
  }

  const Rows& rows_;
  size_t row_;
  int column_;
};

}  // namespace authledger
