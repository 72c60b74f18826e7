#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/import_row.h"

// Reading the cells of one row field by field; problems are collected. Used by import_row alone.

namespace authledger {

class CellReader {
 public:
  CellReader(const ImportMapping& mapping, const std::vector<std::string>& columns, const ImportCells& cells,
             std::vector<ImportProblem>& problems)
      : mapping_(mapping), columns_(columns), cells_(cells), problems_(problems) {}

  // The field's text after its value map; "" when the mapping does not name it or the cells are empty.
  std::string text(const ImportFact& fact, std::string_view field);
  // Codes and numbers: all columns, split at , ; / and blanks, upper-cased, each once.
  std::vector<std::string> list(const ImportFact& fact, std::string_view field);
  std::optional<WrittenTime> time(const ImportFact& fact, std::string_view field);
  std::optional<Day> day(const ImportFact& fact, std::string_view field);
  std::optional<int> whole_number(const ImportFact& fact, std::string_view field);
  // "12", "1,200", "12 visits": a word of unit_words behind the number sets `measure`.
  std::optional<Quantity> quantity(const ImportFact& fact, std::string_view field, Measure* measure);
  // A word of an enumeration: `parse` knows it.
  template <typename Word, typename Parse>
  std::optional<Word> word(const ImportFact& fact, std::string_view field, Parse parse, std::string_view known);

  void problem(const ImportFact& fact, std::string_view field, std::string message);

 private:
  const std::string& cell(const std::string& column) const;
  // The first cell that is not empty, as written.
  std::string written(const ImportField& field) const;

  const ImportMapping& mapping_;
  const std::vector<std::string>& columns_;
  const ImportCells& cells_;
  std::vector<ImportProblem>& problems_;
};

// What kind of value stands there: "a whole number", "words", …; never the value.
std::string_view class_of(std::string_view text);

template <typename Word, typename Parse>
std::optional<Word> CellReader::word(const ImportFact& fact, std::string_view field, Parse parse,
                                     std::string_view known) {
  const std::string says = text(fact, field);
  if (says.empty()) return std::nullopt;
  std::optional<Word> found = parse(says);
  if (!found) {
    problem(
        fact, field,
        "a word that the mapping does not translate; add it to the field's `values` as one of " + std::string(known));
  }
  return found;
}

}  // namespace authledger
