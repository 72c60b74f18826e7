#include "fhir/view/map_stream.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "base/ordered_work.h"
#include "base/text.h"
#include "fhir/path/path.h"
#include "fhir/resource_reader.h"
#include "fhir/text_input.h"

namespace authledger {
namespace {

constexpr size_t kProblemsPerPartMax = 10'000;
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

std::vector<std::string> column_names(const std::vector<View>& views, bool is_explained) {
  if (is_explained) return {"resource", "row", "column", "value", "path", "elements"};
  std::vector<std::string> names;
  for (const View& view : views) {
    for (const ViewColumn& column : view.columns()) {
      if (std::find(names.begin(), names.end(), column.name) == names.end()) names.push_back(column.name);
    }
  }
  return names;
}

ViewValue cell_of(std::string_view text) {
  ViewValue value;
  value.kind = ViewValueKind::string;
  value.text = text;
  return value;
}

}  // namespace

// Blocks are cut unread, so that only their results know how many lines they had: numbers are relative until then.
struct MapStream::Result {
  struct Problem {
    size_t line;  // From 1 in the part; 0: the whole file.
    std::string message;
  };
  MappedPart part;
  std::string file;
  bool is_first = false;
  size_t lines = 0;
  std::vector<Problem> problems;
};

// One thread's memory and work.
class MapStream::Mapper {
 public:
  explicit Mapper(const MapStream& stream) : stream_(stream), rows_(stream.options_.is_explained) {
    for (const View& view : stream.views_) {
      std::vector<int>& positions = positions_.emplace_back();
      for (const std::string& name : stream.columns_) positions.push_back(view.column(name));
    }
    cells_.resize(stream.columns_.size());
  }

  Result map(const InputPart& part) {
    Result out;
    out.file = part.file;
    out.is_first = part.is_first;
    if (!part.problem.empty()) {
      out.lines = part.is_lines ? 1 : 0;
      complain(out, part.problem);
      return out;
    }
    if (!part.is_lines) {
      read(out, part.text, kJsonFileBytesMax);
      return out;
    }
    for (std::string_view rest = part.text; !rest.empty();) {
      ++out.lines;
      size_t end = rest.find('\n');
      std::string_view line = trim(rest.substr(0, end));
      rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
      if (out.lines == 1 && part.is_first && line.starts_with(kByteOrderMark))
        line.remove_prefix(kByteOrderMark.size());
      if (!line.empty()) read(out, line, kLineBytesMax);
    }
    return out;
  }

 private:
  static void complain(Result& out, std::string message) {
    if (out.problems.size() < kProblemsPerPartMax) out.problems.push_back({out.lines, std::move(message)});
  }

  void read(Result& out, std::string_view text, size_t bytes_max) {
    std::string problem = reader_.read(text, bytes_max, [&](const FoundResource& found) {
      ++out.part.resources;
      for (size_t i = 0; i < stream_.views_.size(); ++i) add_rows(out, i, found);
      return true;
    });
    if (!problem.empty()) complain(out, std::move(problem));
  }

  void add_rows(Result& out, size_t view_index, const FoundResource& found) {
    const View& view = stream_.views_[view_index];
    rows_.clear();
    auto outcome = view.evaluate(found.resource, rows_, found.bundle);
    if (!outcome) return complain(out, outcome.error().message);
    for (size_t i = 0; i < rows_.size(); ++i) {
      if (stream_.options_.is_explained) {
        explain(out.part, view, found.resource, i);
        continue;
      }
      std::span<const ViewValue> row = rows_.row(i);
      for (size_t c = 0; c < cells_.size(); ++c) {
        int position = positions_[view_index][c];
        cells_[c] = position < 0 ? nullptr : &row[static_cast<size_t>(position)];
      }
      add_row(out.part);
    }
  }

  void add_row(MappedPart& out) {
    ++out.rows;
    if (stream_.options_.format != RowFormat::table) return stream_.row_text_.add(cells_, out.text);
    std::vector<std::string>& shown = out.shown.emplace_back();
    for (const ViewValue* cell : cells_) shown.push_back(cell ? replace_all(shown_text(*cell), "\n", " ") : "");
  }

  void explain(MappedPart& out, const View& view, JsonView resource, size_t row) {
    std::string key = resource["resourceType"].string() + "/" + resource["id"].string();
    std::string number = std::to_string(row);
    for (size_t c = 0; c < view.columns().size(); ++c) {
      const ViewValue& value = rows_.row(row)[c];
      std::vector<std::string> paths;
      add_paths(resource, value, paths);
      std::vector<ViewValue> elements;
      for (const std::string& path : paths) elements.push_back(cell_of(path));
      ViewValue row_cell = cell_of(number), list;
      row_cell.kind = ViewValueKind::number;
      list.kind = ViewValueKind::collection;
      list.elements = elements;
      ViewValue resource_cell = cell_of(key), name = cell_of(view.columns()[c].name),
                path = cell_of(view.columns()[c].path);
      cells_ = {&resource_cell, &row_cell, &name, &value, &path, &list};
      add_row(out);
    }
  }

  static void add_paths(JsonView resource, const ViewValue& value, std::vector<std::string>& paths) {
    for (const JsonNode* source : value.source_elements()) {
      std::string path = element_path(resource, source);
      if (!path.empty() && std::find(paths.begin(), paths.end(), path) == paths.end()) paths.push_back(path);
    }
    for (const ViewValue& element : value.elements) add_paths(resource, element, paths);
  }

  const MapStream& stream_;
  ResourceReader reader_;
  ViewRows rows_;
  std::vector<std::vector<int>> positions_;  // By view: where each column stands in its rows, or -1.
  std::vector<const ViewValue*> cells_;
};

MapStream::MapStream(const std::vector<View>& views, MapOptions options, std::function<bool(MappedPart&&)> take)
    : views_(views),
      options_(options),
      take_(std::move(take)),
      columns_(column_names(views, options.is_explained)),
      row_text_(options.format, columns_) {}

bool MapStream::give(Result&& result) {
  if (result.is_first) lines_before_ = 0;
  for (Result::Problem& problem : result.problems) {
    result.part.problems.push_back(
        problem.line == 0 ? fmt::format("{}: {}", result.file, problem.message)
                          : fmt::format("{}:{}: {}", result.file, lines_before_ + problem.line, problem.message));
  }
  lines_before_ += result.lines;
  return take_(std::move(result.part));
}

bool MapStream::run(const std::vector<std::string>& files) {
  TextInput input(files);
  OrderedWork<InputPart, Result> work(size_t{options_.threads} * 4, [&](InputPart& part) { return input.next(part); });
  auto make_work = [this] {
    // Shared: a std::function must be copyable.
    auto mapper = std::make_shared<Mapper>(*this);
    return [mapper](InputPart& part) { return mapper->map(part); };
  };
  return work.run(options_.threads, make_work, [this](Result&& result) { return give(std::move(result)); });
}

}  // namespace authledger
