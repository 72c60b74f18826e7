#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <optional>
#include <sstream>
#include <thread>

#include "cmd/commands.h"
#include "cmd/map_expect.h"
#include "config/config.h"
#include "fhir/view/map_stream.h"

// `map VIEW FILE…`: rows of a ViewDefinition, or of every view of a mapping file, over files.

namespace authledger {
namespace {

struct MapCommand {
  std::string view;
  std::vector<std::string> files;
  std::string expected_file;
  bool is_explained = false;
  unsigned threads = std::max(1u, std::thread::hardware_concurrency());
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

RowFormat row_format(Format format) {
  switch (format) {
    case Format::table:
      return RowFormat::table;
    case Format::json:
      return RowFormat::json;
    case Format::ndjson:
      return RowFormat::ndjson;
    case Format::csv:
      return RowFormat::csv;
  }
  return RowFormat::ndjson;
}

// Writes what the stream gives; false when nobody reads it any more.
class MapOutput {
 public:
  MapOutput(Format format, ExpectedRows* expected) : format_(format), expected_(expected) {}

  void begin(const MapStream& stream) {
    if (expected_) return;
    if (format_ == Format::table)
      table_.emplace(std::cout, format_, stream.columns());
    else
      write(stream.row_text().head());
  }
  bool take(MappedPart&& part) {
    for (const std::string& problem : part.problems) fmt::print(stderr, "{}\n", problem);
    is_clean_ = is_clean_ && part.problems.empty();
    std::string_view text = part.text;
    if (expected_) {
      for (size_t end = 0; (end = text.find('\n')) != std::string_view::npos; text.remove_prefix(end + 1))
        expected_->add(text.substr(0, end));
      return true;
    }
    for (const std::vector<std::string>& row : part.shown) {
      std::vector<OutputCell> cells;
      for (const std::string& shown : row) cells.push_back(OutputCell::of_text(shown));
      table_->add(std::move(cells));
    }
    if (format_ == Format::json && !has_rows_ && part.rows > 0) text.remove_prefix(1);
    has_rows_ = has_rows_ || part.rows > 0;
    return write(text);
  }
  void finish(const MapStream& stream) {
    if (table_) return table_->finish();
    if (!expected_) write(stream.row_text().tail(has_rows_));
    std::fflush(stdout);
  }
  bool is_clean() const { return is_clean_; }

 private:
  static bool write(std::string_view text) { return std::fwrite(text.data(), 1, text.size(), stdout) == text.size(); }

  Format format_;
  ExpectedRows* expected_;
  std::optional<RowWriter> table_;
  bool is_clean_ = true;
  bool has_rows_ = false;
};

int run_map(const MapCommand& command, Format format) {
  auto views = read_views(command.view);
  if (!views) {
    for (const Issue& issue : views.error()) fmt::print(stderr, "{}: {}\n", issue.element_path, issue.message);
    return kExitBadUsage;
  }
  for (const std::string& file : command.files) {
    std::error_code code;
    if (file != "-" && !std::filesystem::is_regular_file(file, code)) {
      fmt::print(stderr, "{}: no such file; name JSON, NDJSON or Bundle files, or - for standard input\n", file);
      return kExitBadUsage;
    }
  }
  std::optional<ExpectedRows> expected;
  if (!command.expected_file.empty()) {
    auto read = ExpectedRows::read(command.expected_file);
    if (!read) {
      fmt::print(stderr, "{}\n", read.error().message);
      return kExitBadUsage;
    }
    expected = std::move(*read);
    format = Format::ndjson;
  }
  MapOptions options;
  options.format = row_format(format);
  options.is_explained = command.is_explained;
  options.threads = command.threads;
  MapOutput output(format, expected ? &*expected : nullptr);
  MapStream stream(*views, options, [&](MappedPart&& part) { return output.take(std::move(part)); });
  output.begin(stream);
  if (!stream.run(command.files)) return kExitDone;
  output.finish(stream);
  if (expected) {
    auto differences = expected->differences();
    for (const std::string& difference : differences) fmt::print("{}\n", difference);
    if (!differences.empty()) {
      fmt::print(stderr,
                 "{}: the rows differ; where the new ones are right, write them there: authledger map {} … > {}\n",
                 command.expected_file, command.view, command.expected_file);
      return kExitNegative;
    }
    if (output.is_clean()) fmt::print("{} rows as expected\n", expected->expected_count());
  }
  return output.is_clean() ? kExitDone : kExitWithQuarantine;
}

}  // namespace

void add_map_command(CommandLine line) {
  CLI::App* map = line.app.add_subcommand(
      "map", "Run a mapping on files and show the rows (ndjson unless --format says otherwise)");
  // Shared: CLI11 fills it, and `run` reads it after this function has ended.
  auto options = std::make_shared<MapCommand>();
  map->add_option("VIEW", options->view,
                  "A ViewDefinition or mapping file (YAML, JSON), or the name of a shipped mapping")
      ->required();
  map->add_option("FILE", options->files, "JSON, NDJSON or Bundle files, also .gz; - is standard input")->required();
  map->add_flag("--explain", options->is_explained,
                "One line a cell: its FHIRPath and the elements that gave it, or that it was computed from");
  map->add_option("--expect", options->expected_file,
                  "Compare the rows with a golden NDJSON file: exit 0 when they are the same, 3 with the differences");
  map->add_option("--threads", options->threads, "How many threads map; the order of the rows stays that of the input")
      ->check(CLI::Range(1, 256))
      ->capture_default_str();
  map->callback([&run = line.run, &globals = line.options, options] {
    run = [&globals, options] { return run_map(*options, globals.has_format ? globals.format : Format::ndjson); };
  });
}

}  // namespace authledger
