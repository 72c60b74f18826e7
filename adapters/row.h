#pragma once

#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/row_field.h"
#include "adapters/value_map.h"
#include "base/day.h"
#include "base/issue.h"
#include "base/quantity.h"
#include "fhir/view/view.h"

// One row of a view, read by the ledger's field names, with the mapping's value maps applied.

namespace authledger {

// Where a view keeps each field. Made once, when the mapping is compiled.
struct RowLayout {
  std::string resource_type;
  std::string for_each;  // "item" when every row is one element of it: element paths then carry the index.
  std::array<int, kFieldCount> column{};           // -1: the view has no such column.
  std::array<const ValueMap*, kFieldCount> map{};  // Null: values stay as they are.
  std::array<std::string, kFieldCount> path;       // FHIRPath as written.
  std::array<bool, kFieldCount> is_each{};         // Of the element of for_each, not of the resource.
};

// A look at one row: valid while the ViewRows that holds it and the document live.
class Row {
 public:
  Row(const RowLayout& layout, std::span<const ViewValue> cells, size_t index)
      : layout_(&layout), cells_(cells), index_(index) {}

  // First value, trimmed, as the source wrote it; empty when there is none.
  std::string_view raw(Field field) const;
  // The same through the field's value map; what the map does not know stays as it is.
  std::string_view text(Field field) const;
  // Every value that is not empty, trimmed, as written.
  std::vector<std::string_view> raw_list(Field field) const;
  // The word of one value in the field's map, if there is such a map and it knows the value.
  std::optional<std::string_view> word(Field field, std::string_view raw_value) const;
  bool has(Field field) const { return !raw(field).empty(); }
  bool is_true(Field field) const { return raw(field) == "true"; }

  // "ClaimResponse.item[1].quantity.value": the simple beginning of the column's path below the row's element.
  std::string element_path(Field field) const;
  std::string element_path() const;

 private:
  const RowLayout* layout_;
  std::span<const ViewValue> cells_;
  size_t index_;
};

// Each of these adds an error to `issues` when the column has a value that cannot be read, and then returns nullopt.
std::optional<Day> read_first_day(const Row& row, Field field, Issues& issues);
std::optional<Day> read_last_day(const Row& row, Field field, Issues& issues);
// A FHIR instant or dateTime; a date without time is nullopt without an error.
std::optional<Instant> read_instant(const Row& row, Field field, Issues& issues);
// Not negative.
std::optional<Quantity> read_quantity(const Row& row, Field field, Issues& issues);

// An error when both days are known and the last is before the first.
void check_period(std::optional<Day> first, std::optional<Day> last, const std::string& element_path, Issues& issues);

void add_issue(Issues& issues, Severity severity, std::string element_path, std::string message);

}  // namespace authledger
