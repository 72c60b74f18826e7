#include "fhir/view/view.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/clock.h"
#include "fhir/view/view_program.h"

namespace authledger {
namespace {

constexpr size_t kScratchBytes = size_t{16} << 10;
constexpr size_t kRowArenaBytes = size_t{32} << 10;

using Rows = std::pmr::vector<ViewValue*>;  // Each as wide as the view.

// One run of a view over one resource. What is thrown away with it lives in `scratch`; cells go to the rows' arena.
class ViewRun {
 public:
  ViewRun(size_t width, bool has_row_index, PathEnvironment& environment, std::span<PathVariable> variables,
          PathValue& row_index, std::pmr::memory_resource& scratch, ViewRows& rows)
      : width_(width),
        has_row_index_(has_row_index),
        environment_(environment),
        variables_(variables),
        row_index_(row_index),
        scratch_(scratch),
        values_(&scratch),
        rows_(rows) {}

  const std::string& problem() const { return problem_; }

  // Appends the rows that `select` makes of the given focus: copies of `base` with what `select` fills of it.
  bool select(const ViewSelect& select, std::span<const PathValue> focus, int64_t row_index, const ViewValue* base,
              Rows& out) {
    if (select.iteration == ViewIteration::none) return fill(select, focus, row_index, base, out);
    PathValues items(&scratch_);
    if (select.iteration == ViewIteration::repeat) {
      for (const PathValue& value : focus) {
        if (!repeat(select, value, items, 0)) return false;
      }
    } else if (!evaluate(select.iterated[0], select.element_path, focus, items)) {
      return false;
    }
    if (items.empty() && select.iteration == ViewIteration::for_each_or_null) return fill(select, {}, 0, base, out);
    for (size_t i = 0; i < items.size(); ++i) {
      if (!fill(select, std::span<const PathValue>(items).subspan(i, 1), static_cast<int64_t>(i), base, out))
        return false;
    }
    return true;
  }

  bool evaluate(const PathExpression& expression, std::string_view element_path, std::span<const PathValue> focus,
                PathValues& out) {
    auto outcome = expression.evaluate(focus, environment_, out);
    if (outcome) return true;
    return fail(element_path, to_string(outcome.error()));
  }
  bool fail(std::string_view element_path, std::string_view message) {
    problem_ = fmt::format("{}: {}", element_path, message);
    return false;
  }

 private:
  // Parents before their children, in the order of the document.
  bool repeat(const ViewSelect& select, const PathValue& value, PathValues& out, int depth) {
    constexpr int kRepeatDepthMax = 200;
    if (depth > kRepeatDepthMax) return fail(select.element_path, "repeat goes deeper than 200 levels");
    for (const PathExpression& expression : select.iterated) {
      PathValues found(&scratch_);
      if (!evaluate(expression, select.element_path, std::span<const PathValue>(&value, 1), found)) return false;
      for (const PathValue& child : found) {
        if (out.size() >= kViewRowsMax) return fail(select.element_path, "repeat finds more rows than the limit");
        out.push_back(child);
        if (!repeat(select, child, out, depth + 1)) return false;
      }
    }
    return true;
  }

  ViewValue* new_row(const ViewValue* base) {
    auto* row = static_cast<ViewValue*>(
        rows_.arena().allocate(sizeof(ViewValue) * std::max<size_t>(width_, 1), alignof(ViewValue)));
    if (base)
      std::uninitialized_copy(base, base + width_, row);
    else
      std::uninitialized_default_construct(row, row + width_);
    return row;
  }

  bool fill(const ViewSelect& select, std::span<const PathValue> focus, int64_t row_index, const ViewValue* base,
            Rows& out) {
    ViewValue* row = new_row(base);
    if (has_row_index_) set_row_index(row_index);
    for (const ViewProgramColumn& column : select.columns) {
      if (!cell(column, focus, row[column.position])) return false;
    }
    if (select.selects.empty() && select.unions.empty()) return add(row, select, out);
    // One part alone multiplies with nothing: its rows are the rows.
    if (select.selects.size() == 1 && select.unions.empty())
      return this->select(select.selects[0], focus, row_index, row, out);
    if (select.selects.empty()) {
      for (const ViewSelect& branch : select.unions) {
        if (!this->select(branch, focus, row_index, row, out)) return false;
      }
      return true;
    }
    Rows part({row}, &scratch_);
    for (const ViewSelect& child : select.selects) {
      Rows found(&scratch_);
      if (!this->select(child, focus, row_index, row, found) ||
          !cross(part, found, child.first_column, child.column_count, select))
        return false;
    }
    if (!select.unions.empty()) {
      Rows found(&scratch_);
      for (const ViewSelect& branch : select.unions) {
        if (!this->select(branch, focus, row_index, row, found)) return false;
      }
      if (!cross(part, found, select.unions[0].first_column, select.unions[0].column_count, select)) return false;
    }
    return std::all_of(part.begin(), part.end(), [&](ViewValue* done) { return add(done, select, out); });
  }

  bool add(ViewValue* row, const ViewSelect& select, Rows& out) {
    if (out.size() >= kViewRowsMax)
      return fail(select.element_path, fmt::format("one resource gives more than {} rows", kViewRowsMax));
    out.push_back(row);
    return true;
  }

  // Every row of `part` with every row of `found`, which fills the given columns.
  bool cross(Rows& part, const Rows& found, size_t first, size_t count, const ViewSelect& select) {
    if (part.size() * found.size() > kViewRowsMax) {
      return fail(select.element_path, fmt::format("one resource gives more than {} rows", kViewRowsMax));
    }
    Rows result(&scratch_);
    result.reserve(part.size() * found.size());
    for (const ViewValue* row : part) {
      for (const ViewValue* other : found) {
        ViewValue* joined = result.emplace_back(new_row(row));
        std::copy(other + first, other + first + count, joined + first);
      }
    }
    part = std::move(result);
    return true;
  }

  void set_row_index(int64_t row_index) {
    row_index_.text = keep_text(scratch_, std::to_string(row_index));
    variables_.back().values = std::span<const PathValue>(&row_index_, 1);
  }

  bool cell(const ViewProgramColumn& column, std::span<const PathValue> focus, ViewValue& out) {
    PathValues& values = values_;
    values.clear();
    sources_.clear();
    environment_.sources = rows_.is_explained() ? &sources_ : nullptr;
    if (!evaluate(column.expression, column.element_path, focus, values)) return false;
    environment_.sources = nullptr;
    std::erase_if(values, [](const PathValue& value) { return value.kind == ValueKind::none; });
    if (!column.collection) {
      if (values.size() > 1) {
        return fail(column.element_path, fmt::format("column {} gives {} values; add first() or say collection: true",
                                                     column.name, values.size()));
      }
      return values.empty() || scalar(column, values[0], out);
    }
    out.kind = ViewValueKind::collection;
    if (values.empty()) return true;
    auto* elements =
        static_cast<ViewValue*>(rows_.arena().allocate(sizeof(ViewValue) * values.size(), alignof(ViewValue)));
    for (size_t i = 0; i < values.size(); ++i) {
      ViewValue* element = new (elements + i) ViewValue();
      if (!scalar(column, values[i], *element)) return false;
    }
    out.elements = std::span<const ViewValue>(elements, values.size());
    return true;
  }

  void explain(const PathValue& value, ViewValue& out) {
    std::vector<const JsonNode*> sources = value_sources(value, sources_);
    auto* kept = static_cast<const JsonNode**>(
        rows_.arena().allocate(sizeof(JsonNode*) * std::max<size_t>(sources.size(), 1), alignof(JsonNode*)));
    std::copy(sources.begin(), sources.end(), kept);
    out.sources = kept;
    out.source_count = static_cast<uint32_t>(sources.size());
  }

  bool scalar(const ViewProgramColumn& column, const PathValue& value, ViewValue& out) {
    switch (value.kind) {
      case ValueKind::boolean:
        out.kind = ViewValueKind::boolean;
        break;
      case ValueKind::integer:
      case ValueKind::long_integer:
      case ValueKind::decimal:
        out.kind = ViewValueKind::number;
        break;
      case ValueKind::none:
      case ValueKind::string:
      case ValueKind::date:
      case ValueKind::date_time:
      case ValueKind::time:
      case ValueKind::quantity:
      case ValueKind::type_info:
        out.kind = ViewValueKind::string;
        break;
      case ValueKind::element:
        return fail(column.element_path, fmt::format("column {} gives a {}; a column takes a primitive value",
                                                     column.name, kind_name(value)));
    }
    if (rows_.is_explained()) explain(value, out);
    bool lives_in_document = value.node != nullptr;
    out.text = lives_in_document ? value.text : keep_text(rows_.arena(), display_text(value));
    return true;
  }

  size_t width_;
  bool has_row_index_;
  PathEnvironment& environment_;
  std::span<PathVariable> variables_;
  PathValue& row_index_;
  std::pmr::memory_resource& scratch_;
  PathValues values_;
  std::vector<const JsonNode*> sources_;
  ViewRows& rows_;
  std::string problem_;
};

}  // namespace

// Most resources' cells fit the first block, which is used again.
ViewRows::ViewRows(bool is_explained)
    : is_explained_(is_explained),
      block_(std::make_unique<std::byte[]>(kRowArenaBytes)),
      arena_(std::make_unique<std::pmr::monotonic_buffer_resource>(block_.get(), kRowArenaBytes)) {}
ViewRows::~ViewRows() = default;
void ViewRows::clear() {
  rows_.clear();
  arena_->release();
}
std::pmr::memory_resource& ViewRows::arena() {
  return *arena_;
}

View::View(std::unique_ptr<Program> program) : program_(std::move(program)) {}
View::View(View&&) noexcept = default;
View& View::operator=(View&&) noexcept = default;
View::~View() = default;

const std::string& View::resource_type() const {
  return program_->resource_type;
}
const std::vector<ViewColumn>& View::columns() const {
  return program_->columns;
}

int View::column(std::string_view name) const {
  for (size_t i = 0; i < program_->columns.size(); ++i) {
    if (program_->columns[i].name == name) return static_cast<int>(i);
  }
  return -1;
}

Outcome View::evaluate(JsonView resource, ViewRows& rows, JsonView bundle) const {
  if (resource["resourceType"].text() != program_->resource_type) return Done{};
  std::array<std::byte, kScratchBytes> buffer;
  std::pmr::monotonic_buffer_resource scratch(buffer.data(), buffer.size());

  std::pmr::vector<PathValue> constants(&scratch);
  std::pmr::vector<PathVariable> variables(&scratch);
  constants.reserve(program_->constants.size());
  for (const ViewConstant& constant : program_->constants) {
    PathValue value = text_value(constant.kind, constant.text);
    value.boolean = constant.kind == ValueKind::boolean && constant.text == "true";
    value.type = constant.type;
    constants.push_back(value);
    variables.push_back({constant.name, std::span<const PathValue>(&constants.back(), 1)});
  }
  PathValue row_index = text_value(ValueKind::integer, "0");
  variables.push_back({"rowIndex", std::span<const PathValue>(&row_index, 1)});

  PathEnvironment environment;
  environment.resource = resource;
  environment.bundle = bundle;
  environment.variables = variables;
  environment.now = SystemClock().now();
  PathValue focus = resource_value(resource);
  ViewRun run(program_->columns.size(), program_->has_row_index, environment, variables, row_index, scratch, rows);
  for (size_t i = 0; i < program_->where.size(); ++i) {
    PathValues answer(&scratch);
    if (!run.evaluate(program_->where[i].expression, program_->where[i].element_path,
                      std::span<const PathValue>(&focus, 1), answer))
      return Failure{run.problem()};
    if (answer.size() > 1 || (answer.size() == 1 && answer[0].kind != ValueKind::boolean)) {
      return Failure{program_->where[i].element_path + ": must give true or false"};
    }
    if (answer.empty() || !answer[0].boolean) return Done{};
  }
  Rows found(&scratch);
  if (!run.select(program_->root, std::span<const PathValue>(&focus, 1), 0, nullptr, found))
    return Failure{run.problem()};
  for (const ViewValue* row : found) rows.add({row, program_->columns.size()});
  return Done{};
}

}  // namespace authledger
