#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <sstream>

#include "cmd/commands.h"
#include "config/config.h"
#include "fhir/files.h"
#include "fhir/view/view.h"

// `map VIEW FILE…`: rows of a ViewDefinition, or of every view of a mapping file, over files.

namespace authledger {
namespace {

struct MapOptions {
  std::string view;
  std::vector<std::string> files;
  bool explains = false;
};

Result<std::string> definition_text(const std::string& name) {
  if (auto shipped = shipped_file("config/mappings/" + name + ".yaml")) return std::string(*shipped);
  std::ifstream stream(name, std::ios::binary);
  if (!stream) return Failure{fmt::format("{}: no such file, and no shipped mapping of that name", name)};
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

// Every view of the file; the mistakes of all of them when there are any.
Result<std::vector<View>, Issues> read_views(const std::string& name) {
  auto fail = [&](std::string message) { return Issues{{Severity::error, name, std::move(message)}}; };
  auto text = definition_text(name);
  if (!text) return fail(text.error().message);
  auto json = yaml_to_json(*text, name);
  if (!json) return fail(json.error().message);
  JsonDocument document;
  auto root = document.parse(*json);
  if (!root) return fail(root.error().message);
  std::vector<JsonView> definitions;
  if ((*root)["views"].exists()) {
    for (JsonView definition : (*root)["views"]) definitions.push_back(definition);
  } else {
    definitions.push_back(*root);
  }
  std::vector<View> views;
  Issues issues;
  for (size_t i = 0; i < definitions.size(); ++i) {
    auto view = View::compile(definitions[i]);
    if (view) {
      views.push_back(std::move(*view));
      continue;
    }
    for (Issue issue : view.error()) {
      issue.element_path = (*root)["views"].exists() ? fmt::format("{}: views[{}] {}", name, i, issue.element_path)
                                                     : fmt::format("{}: {}", name, issue.element_path);
      issues.push_back(std::move(issue));
    }
  }
  if (views.empty() && issues.empty()) return fail("holds no view");
  if (!issues.empty()) return issues;
  return views;
}

OutputCell output_cell(const ViewValue& value) {
  switch (value.kind) {
    case ViewValueKind::null:
      return {};
    case ViewValueKind::boolean:
      return OutputCell::of_boolean(value.text == "true");
    case ViewValueKind::number:
      return OutputCell::of_number(value.text);
    case ViewValueKind::string: {
      OutputCell cell;
      cell.kind = OutputCell::Kind::text;  // An empty string stays one.
      cell.text = value.text;
      return cell;
    }
    case ViewValueKind::collection: {
      JsonWriter writer;
      std::string shown;
      writer.begin_array();
      for (const ViewValue& element : value.elements) {
        if (element.kind == ViewValueKind::number)
          writer.number_text(element.text);
        else if (element.kind == ViewValueKind::boolean)
          writer.boolean(element.text == "true");
        else
          writer.string(element.text);
        shown += (shown.empty() ? "" : "; ") + std::string(element.text);
      }
      return OutputCell::of_json(writer.end_array().take(), shown);
    }
  }
  return {};
}

// Where in the resource a cell's text stands, by its address; empty for what an expression computed.
bool find_element(JsonView view, const char* text, std::string& path) {
  size_t length = path.size();
  for (size_t i = 0; i < view.size(); ++i) {
    JsonView child = view.at(i);
    path += view.is_array() ? fmt::format("[{}]", i) : "." + std::string(child.name());
    bool is_here = (child.is_string() || child.is_number()) && child.text().data() == text;
    if (is_here || find_element(child, text, path)) return true;
    path.resize(length);
  }
  return false;
}

std::vector<std::string> element_paths(JsonView resource, const ViewValue& value) {
  std::vector<std::string> paths;
  if (value.kind == ViewValueKind::collection) {
    for (const ViewValue& element : value.elements) {
      for (std::string& path : element_paths(resource, element)) paths.push_back(std::move(path));
    }
  } else if (value.kind == ViewValueKind::string || value.kind == ViewValueKind::number) {
    std::string path = resource["resourceType"].string();
    if (find_element(resource, value.text.data(), path)) paths.push_back(std::move(path));
  }
  return paths;
}

class MapRun {
 public:
  MapRun(std::vector<View> views, Format format, bool explains)
      : views_(std::move(views)),
        explains_(explains),
        columns_(column_names()),
        writer_(
            std::cout, format,
            explains ? std::vector<std::string>{"resource", "row", "column", "value", "path", "elements"} : columns_) {}

  bool is_clean() const { return is_clean_; }
  void finish() { writer_.finish(); }

  void read(const std::string& name) {
    std::filesystem::path path(name);
    std::string folder = path.has_parent_path() ? path.parent_path().string() : ".";
    Issues issues = read_resource_file(folder, path.filename().string(), [&](const FileResource& found) {
      for (const View& view : views_) add_rows(view, found);
      return true;
    });
    for (const Issue& issue : issues) complain(issue.element_path, issue.message);
  }

 private:
  std::vector<std::string> column_names() const {
    std::vector<std::string> names;
    for (const View& view : views_) {
      for (const ViewColumn& column : view.columns()) {
        if (std::find(names.begin(), names.end(), column.name) == names.end()) names.push_back(column.name);
      }
    }
    return names;
  }

  void complain(const std::string& where, const std::string& message) {
    is_clean_ = false;
    std::cerr << where << ": " << message << '\n';
  }

  void add_rows(const View& view, const FileResource& found) {
    rows_.clear();
    auto outcome = view.evaluate(found.resource, rows_);
    if (!outcome)
      return complain(found.line ? fmt::format("{}:{}", found.file, found.line) : found.file, outcome.error().message);
    for (size_t i = 0; i < rows_.size(); ++i) {
      if (explains_) {
        explain(view, found.resource, i);
        continue;
      }
      std::vector<OutputCell> cells;
      for (const std::string& name : columns_) {
        int column = view.column(name);
        cells.push_back(column < 0 ? OutputCell{} : output_cell(rows_.row(i)[static_cast<size_t>(column)]));
      }
      writer_.add(std::move(cells));
    }
  }

  void explain(const View& view, JsonView resource, size_t row) {
    std::string key = resource["resourceType"].string() + "/" + resource["id"].string();
    for (size_t c = 0; c < view.columns().size(); ++c) {
      const ViewValue& value = rows_.row(row)[c];
      writer_.add({OutputCell::of_text(key), OutputCell::of_integer(static_cast<long long>(row)),
                   OutputCell::of_text(view.columns()[c].name), output_cell(value),
                   OutputCell::of_text(view.columns()[c].path), OutputCell::of_list(element_paths(resource, value))});
    }
  }

  std::vector<View> views_;
  bool explains_;
  std::vector<std::string> columns_;
  RowWriter writer_;
  ViewRows rows_;
  bool is_clean_ = true;
};

int run_map(const MapOptions& options, Format format) {
  auto views = read_views(options.view);
  if (!views) {
    for (const Issue& issue : views.error()) std::cerr << issue.element_path << ": " << issue.message << '\n';
    return kExitBadUsage;
  }
  for (const std::string& file : options.files) {
    std::error_code code;
    if (!std::filesystem::is_regular_file(file, code)) {
      std::cerr << file << ": no such file\n";
      return kExitBadUsage;
    }
  }
  MapRun run(std::move(*views), format, options.explains);
  for (const std::string& file : options.files) run.read(file);
  run.finish();
  return run.is_clean() ? kExitDone : kExitWithQuarantine;
}

}  // namespace

void add_map_command(CommandLine line) {
  CLI::App* map = line.app.add_subcommand(
      "map", "Run a mapping on files and show the rows (ndjson unless --format says otherwise)");
  auto options =
      std::make_shared<MapOptions>();  // Shared: CLI11 fills it, and `run` reads it after this function has ended.
  map->add_option("VIEW", options->view,
                  "A ViewDefinition or mapping file (YAML, JSON), or the name of a shipped mapping")
      ->required();
  map->add_option("FILE", options->files, "JSON, NDJSON or Bundle files, also .gz")->required();
  map->add_flag("--explain", options->explains,
                "One line a cell: its FHIRPath and the elements that gave it (none when computed)");
  map->callback([&run = line.run, &globals = line.options, options] {
    run = [&globals, options] { return run_map(*options, globals.has_format ? globals.format : Format::ndjson); };
  });
}

}  // namespace authledger
