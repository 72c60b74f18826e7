#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <iostream>
#include <memory>

#include "base/clock.h"
#include "cmd/commands.h"
#include "fhir/files.h"
#include "fhir/path/path.h"

// `fhirpath EXPR FILE`: what one expression gives for each resource of a file.

namespace authledger {
namespace {

struct FhirPathOptions {
  std::string expression;
  std::string file;
  bool is_strict = false;
};

// One JSON array a resource. Errors: the expression's own, with the place in it.
Result<std::string, PathError> evaluate(const FhirPathOptions& options, JsonView resource, Instant now) {
  PathOptions path_options;
  path_options.context_type = resource["resourceType"].string();
  path_options.is_strict = options.is_strict;
  auto expression = PathExpression::compile(options.expression, path_options);
  if (!expression) return expression.error();
  std::pmr::monotonic_buffer_resource arena;
  PathValues values(&arena);
  PathEnvironment environment;
  environment.resource = resource;
  environment.now = now;
  PathValue focus = resource_value(resource);
  auto outcome = expression->evaluate(std::span<const PathValue>(&focus, 1), environment, values);
  if (!outcome) return outcome.error();
  JsonWriter writer;
  writer.begin_array();
  for (const PathValue& value : values) write_json(value, writer);
  return writer.end_array().take();
}

int run_fhirpath(const FhirPathOptions& options) {
  // A mistake in the expression is told even when the file holds nothing to try it on.
  if (auto expression = PathExpression::compile(options.expression); !expression) {
    std::cerr << "expression:" << to_string(expression.error()) << '\n';
    return kExitBadUsage;
  }
  std::filesystem::path path(options.file);
  std::error_code code;
  if (!std::filesystem::is_regular_file(path, code)) {
    std::cerr << options.file << ": no such file\n";
    return kExitBadUsage;
  }
  int exit_code = kExitDone;
  std::string folder = path.has_parent_path() ? path.parent_path().string() : ".";
  Instant now = SystemClock().now();
  Issues issues = read_resource_file(folder, path.filename().string(), [&](const FileResource& found) {
    auto result = evaluate(options, found.resource, now);
    if (!result) {
      std::cerr << "expression:" << to_string(result.error()) << '\n';
      exit_code = kExitBadUsage;
      return false;
    }
    std::cout << *result << '\n';
    return true;
  });
  for (const Issue& issue : issues) std::cerr << issue.element_path << ": " << issue.message << '\n';
  return exit_code == kExitDone && has_error(issues) ? static_cast<int>(kExitWithQuarantine) : exit_code;
}

}  // namespace

void add_fhirpath_command(CommandLine line) {
  CLI::App* fhirpath = line.app.add_subcommand(
      "fhirpath", "Evaluate one FHIRPath expression: a JSON array for each resource of the file");
  auto options =
      std::make_shared<FhirPathOptions>();  // Shared: CLI11 fills it, and `run` reads it after this function has ended.
  fhirpath->add_option("EXPR", options->expression, "The expression")->required();
  fhirpath->add_option("FILE", options->file, "JSON, NDJSON or Bundle file, also .gz")->required();
  fhirpath->add_flag("--strict", options->is_strict, "Refuse elements that the R4 model does not know");
  fhirpath->callback([&run = line.run, options] { run = [options] { return run_fhirpath(*options); }; });
}

}  // namespace authledger
