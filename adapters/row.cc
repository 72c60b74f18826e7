#include "adapters/row.h"

#include <fmt/format.h>

#include "base/text.h"

namespace authledger {
namespace {

// The beginning of a FHIRPath that is only names and dots: "period.start" of "period.start.first()". Of a choice
// between paths, that of its condition, which asks for the element that the source should have filled.
std::string simple_beginning(std::string_view path) {
  constexpr std::string_view kChoice = "iif(";
  while (path.starts_with(kChoice)) path.remove_prefix(kChoice.size());
  size_t end = 0;
  while (end < path.size() && (std::isalnum(static_cast<unsigned char>(path[end])) || path[end] == '.')) ++end;
  std::string_view head = path.substr(0, end);
  if (end < path.size() && path[end] == '(') {  // The last name is a function.
    const size_t dot = head.rfind('.');
    head = dot == std::string_view::npos ? std::string_view() : head.substr(0, dot);
  }
  return std::string(head);
}

std::string about(Field field, std::string_view problem) {
  return fmt::format("{}: {}", name_of(field), problem);
}

}  // namespace

std::string_view Row::raw(Field field) const {
  const int column = layout_->column[static_cast<size_t>(field)];
  if (column < 0) return {};
  const ViewValue& cell = cells_[static_cast<size_t>(column)];
  if (cell.kind != ViewValueKind::collection) return trim(cell.text);
  for (const ViewValue& element : cell.elements) {
    const std::string_view text = trim(element.text);
    if (!text.empty()) return text;
  }
  return {};
}

std::string_view Row::text(Field field) const {
  const std::string_view value = raw(field);
  if (value.empty()) return {};
  return word(field, value).value_or(value);
}

std::vector<std::string_view> Row::raw_list(Field field) const {
  std::vector<std::string_view> values;
  const int column = layout_->column[static_cast<size_t>(field)];
  if (column < 0) return values;
  const ViewValue& cell = cells_[static_cast<size_t>(column)];
  if (cell.kind != ViewValueKind::collection) {
    if (const auto text = trim(cell.text); !text.empty()) values.push_back(text);
    return values;
  }
  for (const ViewValue& element : cell.elements) {
    if (const auto text = trim(element.text); !text.empty()) values.push_back(text);
  }
  return values;
}

std::optional<std::string_view> Row::word(Field field, std::string_view raw_value) const {
  const ValueMap* map = layout_->map[static_cast<size_t>(field)];
  return map ? map->find(raw_value) : std::nullopt;
}

std::string Row::element_path() const {
  if (layout_->for_each.empty()) return layout_->resource_type;
  return fmt::format("{}.{}[{}]", layout_->resource_type, layout_->for_each, index_);
}

std::string Row::element_path(Field field) const {
  const std::string below = simple_beginning(layout_->path[static_cast<size_t>(field)]);
  const std::string above = layout_->is_each[static_cast<size_t>(field)] ? element_path() : layout_->resource_type;
  return below.empty() ? element_path() : above + "." + below;
}

void add_issue(Issues& issues, Severity severity, std::string element_path, std::string message) {
  issues.push_back({severity, std::move(element_path), std::move(message)});
}

std::optional<Day> read_first_day(const Row& row, Field field, Issues& issues) {
  const std::string_view text = row.raw(field);
  if (text.empty()) return std::nullopt;
  const auto day = first_day_as_written(text);
  if (!day)
    add_issue(issues, Severity::error, row.element_path(field),
              about(field, "not a FHIR date; correct it at the source"));
  return day;
}

std::optional<Day> read_last_day(const Row& row, Field field, Issues& issues) {
  const std::string_view text = row.raw(field);
  if (text.empty()) return std::nullopt;
  const auto day = last_day_as_written(text);
  if (!day)
    add_issue(issues, Severity::error, row.element_path(field),
              about(field, "not a FHIR date; correct it at the source"));
  return day;
}

std::optional<Instant> read_instant(const Row& row, Field field, Issues& issues) {
  const std::string_view text = row.raw(field);
  if (text.empty()) return std::nullopt;
  const auto instant = parse_instant(text);
  if (!instant && !first_day_as_written(text)) {
    add_issue(issues, Severity::error, row.element_path(field),
              about(field, "not a FHIR dateTime; correct it at the source"));
  }
  return instant;
}

std::optional<Quantity> read_quantity(const Row& row, Field field, Issues& issues) {
  const std::string_view text = row.raw(field);
  if (text.empty()) return std::nullopt;
  const auto quantity = parse_quantity(text);
  if (!quantity) {
    add_issue(issues, Severity::error, row.element_path(field),
              about(field, fmt::format("not a decimal number up to {}; correct it at the source", kQuantityUnitsMax)));
    return std::nullopt;
  }
  if (*quantity < Quantity()) {
    add_issue(issues, Severity::error, row.element_path(field),
              about(field, "a negative number of units; correct it at the source"));
    return std::nullopt;
  }
  return quantity;
}

void check_period(std::optional<Day> first, std::optional<Day> last, const std::string& element_path, Issues& issues) {
  if (first && last && *last < *first) {
    add_issue(issues, Severity::error, element_path, "the period ends before it starts; correct it at the source");
  }
}

}  // namespace authledger
