#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <memory_resource>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/issue.h"
#include "base/json.h"
#include "base/result.h"

// SQL on FHIR v2 ViewDefinition: compiled once, run over many resources.
// Source: HL7 SQL on FHIR v2, StructureDefinition-ViewDefinition.

namespace authledger {

enum class ViewValueKind : uint8_t { null, boolean, number, string, collection };

// One cell. Text lives in the resource's document or in the ViewRows' arena: valid until either is reused.
struct ViewValue {
  ViewValueKind kind = ViewValueKind::null;
  uint32_t source_count = 0;
  std::string_view text;                     // boolean: "true"/"false"; number: as written.
  std::span<const ViewValue> elements;       // collection
  const JsonNode* const* sources = nullptr;  // Explained rows: the elements that gave it, or that its expression read.

  std::span<const JsonNode* const> source_elements() const { return {sources, source_count}; }
};

struct ViewColumn {
  std::string name;
  std::string type;  // FHIR type, or empty when the view does not say.
  bool collection = false;
  std::string path;  // FHIRPath as written.
};

// Rows of one or more resources. Reuse it: clear() keeps the memory.
class ViewRows {
 public:
  // Rows that are explained know which elements gave each cell.
  explicit ViewRows(bool is_explained = false);
  ~ViewRows();
  bool is_explained() const { return is_explained_; }
  void clear();
  size_t size() const { return rows_.size(); }
  // Cells in the order of the view's columns.
  std::span<const ViewValue> row(size_t index) const { return rows_[index]; }

  // For the runner.
  std::pmr::memory_resource& arena();
  void add(std::span<const ViewValue> row) { rows_.push_back(row); }

 private:
  bool is_explained_;
  std::unique_ptr<std::byte[]> block_;
  std::unique_ptr<std::pmr::monotonic_buffer_resource> arena_;
  std::vector<std::span<const ViewValue>> rows_;
};

// Immutable after compile; evaluate may be called from several threads with separate ViewRows.
class View {
 public:
  // Errors: each names the element path in the definition and line:column in a FHIRPath. With `is_strict`, elements
  // that R4 does not know are errors too (PathOptions).
  static Result<View, Issues> compile(JsonView definition, bool is_strict = false);
  View(View&&) noexcept;
  View& operator=(View&&) noexcept;
  ~View();

  const std::string& resource_type() const;
  const std::vector<ViewColumn>& columns() const;
  // Position of a column, or -1.
  int column(std::string_view name) const;

  // Appends the rows of one resource (none when the type or a `where` does not match). `bundle`: where resolve() may
  // look.
  // Errors: an expression that cannot be evaluated, naming column and cause without any value.
  Outcome evaluate(JsonView resource, ViewRows& rows, JsonView bundle = {}) const;

 private:
  struct Program;
  explicit View(std::unique_ptr<Program> program);
  std::unique_ptr<Program> program_;
};

}  // namespace authledger
