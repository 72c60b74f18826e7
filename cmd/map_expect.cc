#include "cmd/map_expect.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>

#include "base/json.h"
#include "base/text.h"

namespace authledger {
namespace {

constexpr size_t kRowsMax = 1'000'000;
constexpr size_t kDifferencesMax = 40;

// Rows with the same text here are the same row: no nulls, members sorted by name, numbers as written.
std::string canonical_row(JsonView row) {
  std::vector<JsonView> members;
  for (JsonView member : row) {
    if (!member.is_null()) members.push_back(member);
  }
  std::sort(members.begin(), members.end(), [](JsonView a, JsonView b) { return a.name() < b.name(); });
  JsonWriter writer;
  writer.begin_object();
  for (JsonView member : members) writer.key(member.name()).value(member);
  return writer.end_object().take();
}

std::string shown(JsonView value) {
  return value.exists() ? to_json_text(value) : "null";
}

void compare_rows(size_t number, const std::string& expected, const std::string& found, std::vector<std::string>& out) {
  JsonDocument expected_document, found_document;
  JsonView a = expected_document.parse(expected).value(), b = found_document.parse(found).value();
  for (JsonView member : a) {
    std::string name(member.name());
    if (shown(member) != shown(b[name]))
      out.push_back(
          fmt::format("row {}, column {}: expected {}, found {}", number, name, shown(member), shown(b[name])));
  }
  for (JsonView member : b) {
    if (!a[member.name()].exists())
      out.push_back(fmt::format("row {}, column {}: expected null, found {}", number, member.name(), shown(member)));
  }
}

}  // namespace

Result<ExpectedRows> ExpectedRows::read(const std::string& file) {
  std::ifstream stream(file, std::ios::binary);
  if (!stream) {
    return Failure{fmt::format(
        "{}: no such file; write one from rows that you have checked: authledger map VIEW FILE > {}", file, file)};
  }
  ExpectedRows rows;
  std::string line;
  JsonDocument document;
  for (size_t number = 1; std::getline(stream, line); ++number) {
    if (trim(line).empty()) continue;
    auto parsed = document.parse(line);
    if (!parsed || !parsed->is_object()) {
      return Failure{fmt::format("{}:{}: expected one row as a JSON object{}", file, number,
                                 parsed ? "" : ": " + parsed.error().message)};
    }
    if (rows.expected_.size() >= kRowsMax) return Failure{fmt::format("{}: more than {} rows", file, kRowsMax)};
    rows.expected_.push_back(canonical_row(*parsed));
  }
  return rows;
}

void ExpectedRows::add(std::string_view row) {
  if (found_.size() > kRowsMax) return;
  JsonDocument document;
  if (auto parsed = document.parse(row)) found_.push_back(canonical_row(*parsed));
}

std::vector<std::string> ExpectedRows::differences() const {
  // Rows that agree at the start and the end are left out, so that one row more or less is told as such.
  size_t first = 0, same_end = 0, least = std::min(expected_.size(), found_.size());
  while (first < least && expected_[first] == found_[first]) ++first;
  while (same_end < least - first && expected_[expected_.size() - 1 - same_end] == found_[found_.size() - 1 - same_end])
    ++same_end;
  size_t expected_end = expected_.size() - same_end, found_end = found_.size() - same_end;
  std::vector<std::string> out;
  if (expected_end - first == found_end - first) {
    for (size_t i = first; i < found_end && out.size() <= kDifferencesMax; ++i)
      compare_rows(i + 1, expected_[i], found_[i], out);
  } else {
    for (size_t i = first; i < expected_end && out.size() <= kDifferencesMax; ++i) {
      if (std::find(found_.begin() + static_cast<std::ptrdiff_t>(first),
                    found_.begin() + static_cast<std::ptrdiff_t>(found_end),
                    expected_[i]) == found_.begin() + static_cast<std::ptrdiff_t>(found_end))
        out.push_back(fmt::format("missing, expected as row {}: {}", i + 1, expected_[i]));
    }
    for (size_t i = first; i < found_end && out.size() <= kDifferencesMax; ++i) {
      if (std::find(expected_.begin() + static_cast<std::ptrdiff_t>(first),
                    expected_.begin() + static_cast<std::ptrdiff_t>(expected_end),
                    found_[i]) == expected_.begin() + static_cast<std::ptrdiff_t>(expected_end))
        out.push_back(fmt::format("not expected, found as row {}: {}", i + 1, found_[i]));
    }
    out.push_back(fmt::format("expected {} rows, found {}", expected_.size(), found_.size()));
  }
  if (out.size() > kDifferencesMax) {
    out.resize(kDifferencesMax);
    out.emplace_back("further differences are left out");
  }
  return out;
}

}  // namespace authledger
