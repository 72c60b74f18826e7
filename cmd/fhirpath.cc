#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <map>
#include <memory>

#include "base/clock.h"
#include "base/text.h"
#include "cmd/commands.h"
#include "fhir/path/path.h"
#include "fhir/resource_reader.h"
#include "fhir/text_input.h"

// `fhirpath EXPR FILE…`: what one expression gives for each resource of the files.

namespace authledger {
namespace {

struct FhirPathCommand {
  std::string expression;
  std::vector<std::string> files;
  bool is_strict = false;
  bool is_explained = false;
};

// Evaluates the expression for one resource after the other. An expression compiles once for each resource type.
class FhirPathRun {
 public:
  explicit FhirPathRun(const FhirPathCommand& command) : command_(command), now_(SystemClock().now()) {}

  int exit_code() const { return exit_code_; }

  void read(std::vector<std::string> files) {
    TextInput input(std::move(files));
    size_t line = 0;
    for (InputPart part; input.next(part);) {
      if (part.is_first) line = 0;
      if (!part.problem.empty()) {
        complain(part.is_lines ? fmt::format("{}:{}", part.file, ++line) : part.file, part.problem);
      } else if (!part.is_lines) {
        if (!read_text(part.text, kJsonFileBytesMax, part.file)) return;
      } else if (!read_lines(part, line)) {
        return;
      }
    }
  }

 private:
  void complain(const std::string& where, const std::string& message) {
    fmt::print(stderr, "{}: {}\n", where, message);
    if (exit_code_ == kExitDone) exit_code_ = kExitWithQuarantine;
  }

  // False to stop: nobody reads any more, or the expression is wrong for every resource.
  bool read_lines(const InputPart& part, size_t& line) {
    for (std::string_view rest = part.text; !rest.empty();) {
      size_t end = rest.find('\n');
      std::string_view text = trim(rest.substr(0, end));
      rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
      if (++line == 1 && text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
      if (!text.empty() && !read_text(text, kLineBytesMax, fmt::format("{}:{}", part.file, line))) return false;
    }
    return true;
  }

  bool read_text(std::string_view text, size_t bytes_max, const std::string& where) {
    bool is_open = true;
    std::string problem = reader_.read(text, bytes_max, [&](const FoundResource& found) {
      is_open = evaluate(found, where);
      return is_open;
    });
    if (!problem.empty()) complain(where, problem);
    return is_open;
  }

  bool evaluate(const FoundResource& found, const std::string& where) {
    std::string type = found.resource["resourceType"].string();
    auto known = compiled_.find(type);
    if (known == compiled_.end()) {
      PathOptions options;
      options.context_type = type;
      options.is_strict = command_.is_strict;
      auto expression = PathExpression::compile(command_.expression, options);
      if (!expression) {
        fmt::print(stderr, "expression:{}\n", to_string(expression.error()));
        exit_code_ = kExitBadUsage;
        return false;
      }
      known = compiled_.emplace(type, std::move(*expression)).first;
    }
    std::pmr::monotonic_buffer_resource arena;
    PathValues values(&arena);
    std::vector<const JsonNode*> read;
    PathEnvironment environment;
    environment.resource = found.resource;
    environment.bundle = found.bundle;
    environment.now = now_;
    if (command_.is_explained) environment.sources = &read;
    PathValue focus = resource_value(found.resource);
    auto outcome = known->second.evaluate(std::span<const PathValue>(&focus, 1), environment, values);
    if (!outcome) {
      complain(where, "expression:" + to_string(outcome.error()));
      return true;
    }
    std::string text = command_.is_explained ? explained(found.resource, values, read) : listed(values);
    return std::fwrite(text.data(), 1, text.size(), stdout) == text.size();
  }

  static std::string listed(const PathValues& values) {
    JsonWriter writer;
    writer.begin_array();
    for (const PathValue& value : values) write_json(value, writer);
    return writer.end_array().take() + "\n";
  }

  // One line a value: itself, and the elements that it is or was computed from.
  static std::string explained(JsonView resource, const PathValues& values, const std::vector<const JsonNode*>& read) {
    std::string text;
    for (const PathValue& value : values) {
      JsonWriter writer;
      writer.begin_object().member("resource", resource["resourceType"].string() + "/" + resource["id"].string());
      writer.key("value");
      write_json(value, writer);
      writer.key("elements").begin_array();
      for (const JsonNode* source : value_sources(value, read)) {
        if (std::string path = element_path(resource, source); !path.empty()) writer.string(path);
      }
      text += writer.end_array().end_object().take() + "\n";
    }
    return text;
  }

  const FhirPathCommand& command_;
  Instant now_;
  ResourceReader reader_;
  std::map<std::string, PathExpression> compiled_;
  int exit_code_ = kExitDone;
};

int run_fhirpath(const FhirPathCommand& command) {
  // A mistake in the expression is told even when the file holds nothing to try it on.
  if (auto expression = PathExpression::compile(command.expression); !expression) {
    fmt::print(stderr, "expression:{}\n", to_string(expression.error()));
    return kExitBadUsage;
  }
  for (const std::string& file : command.files) {
    std::error_code code;
    if (file != "-" && !std::filesystem::is_regular_file(file, code)) {
      fmt::print(stderr, "{}: no such file; name JSON, NDJSON or Bundle files, or - for standard input\n", file);
      return kExitBadUsage;
    }
  }
  FhirPathRun run(command);
  run.read(command.files);
  std::fflush(stdout);
  return run.exit_code();
}

}  // namespace

void add_fhirpath_command(CommandLine line) {
  CLI::App* fhirpath = line.app.add_subcommand(
      "fhirpath", "Evaluate one FHIRPath expression: a JSON array for each resource of the files");
  // Shared: CLI11 fills it, and `run` reads it after this function has ended.
  auto command = std::make_shared<FhirPathCommand>();
  fhirpath->add_option("EXPR", command->expression, "The expression")->required();
  fhirpath->add_option("FILE", command->files, "JSON, NDJSON or Bundle files, also .gz; - is standard input")
      ->required();
  fhirpath->add_flag("--strict", command->is_strict, "Refuse elements that the R4 model does not know");
  fhirpath->add_flag("--explain", command->is_explained,
                     "One line a value, with the elements that gave it, or that it was computed from");
  fhirpath->callback([&run = line.run, command] { run = [command] { return run_fhirpath(*command); }; });
}

}  // namespace authledger
