#include "adapters/import_cell.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/text.h"

namespace authledger {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// The number that a text begins with, as parse_quantity reads it ("1,200.5" is "1200.5"), and what stands behind it.
// Nullopt where thousands are not grouped by three.
struct LeadingNumber {
  std::string number;
  std::string_view rest;
};

std::optional<LeadingNumber> leading_number(std::string_view text, char decimal) {
  const char thousands = decimal == '.' ? ',' : '.';
  LeadingNumber found;
  size_t at = 0;
  if (at < text.size() && (text[at] == '-' || text[at] == '+')) found.number.push_back(text[at++]);
  size_t group = 0;
  bool is_grouped = false, is_fraction = false;
  for (; at < text.size(); ++at) {
    const char c = text[at];
    if (is_digit(c)) {
      found.number.push_back(c);
      ++group;
    } else if (c == thousands && !is_fraction && group > 0 && group <= 3 && (!is_grouped || group == 3)) {
      is_grouped = true;
      group = 0;
    } else if (c == decimal && !is_fraction) {
      if (is_grouped && group != 3) return std::nullopt;
      found.number.push_back('.');
      is_fraction = true;
    } else {
      break;
    }
  }
  if (is_grouped && !is_fraction && group != 3) return std::nullopt;
  found.rest = trim(text.substr(at));
  return found;
}

}  // namespace

std::string_view class_of(std::string_view text) {
  text = trim(text);
  if (text.empty()) return "nothing";
  if (text.front() == '#') return "an error of the spreadsheet (#REF!, #N/A and the like)";
  const auto all = [text](std::string_view more) {
    return std::all_of(text.begin(), text.end(), [more](char c) { return is_digit(c) || more.find(c) != more.npos; });
  };
  if (all("")) return "a whole number";
  if (text.front() == '-' && all("-.,")) return "a negative number";
  if (text.find('/') != text.npos && all("/ :")) return "a date with slashes";
  if (std::count(text.begin(), text.end(), '-') == 2 && all("-T: .Z")) return "a date with hyphens";
  if (std::count(text.begin(), text.end(), '.') == 2 && all(". :")) return "a date with points";
  if (all(".,")) return "a number";
  if (is_digit(text.front())) return "a number with words or signs";
  return "words";
}

const std::string& CellReader::cell(const std::string& column) const {
  const auto found = std::find(columns_.begin(), columns_.end(), column);
  return cells_[static_cast<size_t>(found - columns_.begin())];
}

std::string CellReader::written(const ImportField& field) const {
  for (const std::string& column : field.columns) {
    if (!cell(column).empty()) return cell(column);
  }
  return {};
}

void CellReader::problem(const ImportFact& fact, std::string_view name, std::string message) {
  const ImportField* field = fact.field(name);
  std::string column;
  if (field != nullptr && !field->columns.empty()) {
    column = field->columns.front();
    for (auto named = field->columns.rbegin(); named != field->columns.rend(); ++named) {
      if (!cell(*named).empty()) column = *named;
    }
  }
  problems_.push_back({std::move(column), std::move(message)});
}

std::string CellReader::text(const ImportFact& fact, std::string_view name) {
  const ImportField* field = fact.field(name);
  if (field == nullptr) return {};
  std::string says = written(*field);
  if (says.empty()) {
    if (field->is_required) problem(fact, name, fmt::format("empty, and {} is needed; fill it in", name));
    return field->otherwise;
  }
  if (field->values.empty()) return says;
  auto found = field->values.find(lower_case(says));
  if (found == field->values.end()) found = field->values.find("*");
  return found == field->values.end() ? says : found->second;
}

std::vector<std::string> CellReader::list(const ImportFact& fact, std::string_view name) {
  const ImportField* field = fact.field(name);
  if (field == nullptr) return {};
  std::string all;
  for (const std::string& column : field->columns) {
    const std::string& says = cell(column);
    auto found = field->values.find(lower_case(says));
    if (found == field->values.end() && !says.empty()) found = field->values.find("*");
    all += " " + (found == field->values.end() ? says : found->second);
  }
  if (trim(all).empty()) {
    if (field->is_required) problem(fact, name, fmt::format("empty, and {} is needed; fill it in", name));
    all = field->otherwise;
  }
  for (char& c : all) c = c == ',' || c == ';' || c == '/' || c == '\n' || c == '\t' ? ' ' : c;
  std::vector<std::string> values;
  for (const std::string& part : split(all, ' ')) {
    std::string value = upper_case(trim(part));
    if (!value.empty() && std::find(values.begin(), values.end(), value) == values.end()) {
      values.push_back(std::move(value));
    }
  }
  return values;
}

std::optional<WrittenTime> CellReader::time(const ImportFact& fact, std::string_view name) {
  const std::string says = text(fact, name);
  if (says.empty()) return std::nullopt;
  for (const DatePattern& pattern : mapping_.dates) {
    if (auto time = pattern.parse(says, mapping_.first_two_digit_year)) return time;
  }
  problem(fact, name,
          fmt::format("{} where a date written {} is expected; correct the cell, or add its form to `dates`",
                      class_of(says), mapping_.dates_text));
  return std::nullopt;
}

std::optional<Day> CellReader::day(const ImportFact& fact, std::string_view name) {
  const auto written_time = time(fact, name);
  return written_time ? std::optional(written_time->day) : std::nullopt;
}

std::optional<int> CellReader::whole_number(const ImportFact& fact, std::string_view name) {
  const std::string says = text(fact, name);
  if (says.empty()) return std::nullopt;
  int value = 0;
  const auto [end, error] = std::from_chars(says.data(), says.data() + says.size(), value);
  if (error == std::errc() && end == says.data() + says.size() && value >= 0) return value;
  problem(fact, name, fmt::format("{} where a whole number is expected; correct the cell", class_of(says)));
  return std::nullopt;
}

std::optional<Quantity> CellReader::quantity(const ImportFact& fact, std::string_view name, Measure* measure) {
  const std::string says = text(fact, name);
  if (says.empty()) return std::nullopt;
  const auto found = leading_number(says, mapping_.decimal);
  const auto value = found ? parse_quantity(found->number) : std::nullopt;
  if (!value) {
    problem(fact, name, fmt::format("{} where a number of units is expected; correct the cell", class_of(says)));
    return std::nullopt;
  }
  if (*value < Quantity()) {
    problem(fact, name, "a negative number of units; correct the cell");
    return std::nullopt;
  }
  if (found->rest.empty()) return value;
  const auto unit = mapping_.unit_words.find(lower_case(found->rest));
  if (unit == mapping_.unit_words.end()) {
    problem(fact, name, "a number and a word behind it that `unit_words` does not translate; add it there");
    return std::nullopt;
  }
  if (measure != nullptr) *measure = measure_from(unit->second).value_or(Measure::unknown);
  return value;
}

}  // namespace authledger
