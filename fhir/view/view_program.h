#pragma once

#include <optional>
#include <string>
#include <vector>

#include "fhir/path/path.h"
#include "fhir/view/view.h"

namespace authledger {

inline constexpr size_t kViewRowsMax = 100'000;  // Rows of one resource.
inline constexpr size_t kViewColumnsMax = 500;
inline constexpr int kViewNestingMax = 30;  // Selects in each other.

enum class ViewIteration : uint8_t { none, for_each, for_each_or_null, repeat };

struct ViewProgramColumn {
  PathExpression expression;
  size_t position;  // Among the view's columns.
  bool collection = false;
  std::string element_path;  // In the definition, for messages.
  std::string name;
};

// One `select` with what stands below it. What a child without iteration holds stands in its parent. Its columns take
// the positions first_column … first_column + column_count.
struct ViewSelect {
  ViewIteration iteration = ViewIteration::none;
  std::vector<PathExpression> iterated;  // One, or several of repeat.
  std::string element_path;
  std::vector<ViewProgramColumn> columns;
  std::vector<ViewSelect> selects;
  std::vector<ViewSelect> unions;
  size_t first_column = 0;
  size_t column_count = 0;
};

// A constant's value, with the text it points to.
struct ViewConstant {
  std::string name;
  std::string text;
  ValueKind kind = ValueKind::string;
  TypeIndex type = kUnknownType;
};

struct ViewTest {
  PathExpression expression;
  std::string element_path;
};

struct View::Program {
  std::string resource_type;
  std::vector<ViewColumn> columns;
  std::vector<ViewConstant> constants;
  std::vector<ViewTest> where;
  ViewSelect root;             // The view's top-level selects are its children.
  bool has_row_index = false;  // Some expression may ask for %rowIndex.
};

}  // namespace authledger
