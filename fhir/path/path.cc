#include "fhir/path/path.h"

#include <fmt/format.h>

#include <algorithm>

#include "fhir/path/analysis.h"
#include "fhir/path/chain.h"
#include "fhir/path/evaluator.h"
#include "fhir/path/parser.h"

namespace authledger {

PathExpression::PathExpression(std::unique_ptr<PathProgram> program, TypeIndex result_type)
    : program_(std::move(program)), result_type_(result_type) {}
PathExpression::PathExpression(PathExpression&&) noexcept = default;
PathExpression& PathExpression::operator=(PathExpression&&) noexcept = default;
PathExpression::~PathExpression() = default;

Result<PathExpression, PathError> PathExpression::compile(std::string_view text, const PathOptions& options) {
  auto parsed = parse_path(text);
  if (!parsed) return parsed.error();
  // Literals are views into their nodes, so the program gets its final place before the analysis sets them.
  auto program = std::make_unique<PathProgram>(std::move(*parsed));
  TypeIndex result_type = kUnknownType;
  if (auto error = analyze_path(*program, options, result_type)) return *error;
  link_chains(*program);
  return PathExpression(std::move(program), result_type);
}

const std::string& PathExpression::text() const {
  return program_->text;
}

std::string PathExpression::result_type() const {
  return result_type_ == kUnknownType ? "" : std::string(Model::r4().type(result_type_).name);
}

Result<Done, PathError> PathExpression::evaluate(std::span<const PathValue> focus, const PathEnvironment& environment,
                                                 PathValues& out) const {
  PathEvaluator evaluator(*program_, environment, *out.get_allocator().resource());
  if (!evaluator.evaluate(program_->root, PathScope{focus}, out)) return evaluator.error();
  return Done{};
}

PathValue resource_value(JsonView resource) {
  return element_value(resource.node(), nullptr, kUnknownType);
}

void write_json(const PathValue& value, JsonWriter& writer) {
  switch (value.kind) {
    case ValueKind::none:
      writer.null();
      return;
    case ValueKind::boolean:
      writer.boolean(value.boolean);
      return;
    case ValueKind::integer:
    case ValueKind::long_integer:
    case ValueKind::decimal:
      writer.number_text(value.text);
      return;
    case ValueKind::element:
      writer.value(JsonView(value.node));
      return;
    case ValueKind::string:
    case ValueKind::date:
    case ValueKind::date_time:
    case ValueKind::time:
    case ValueKind::quantity:
    case ValueKind::type_info:
      writer.string(display_text(value));
      return;
  }
}

std::vector<const JsonNode*> value_sources(const PathValue& value, std::span<const JsonNode* const> read) {
  constexpr size_t kSourcesMax = 50;
  if (value.node) return {value.node};
  if (value.sibling) return {value.sibling};
  std::vector<const JsonNode*> sources;
  for (const JsonNode* node : read) {
    if (sources.size() < kSourcesMax && std::find(sources.begin(), sources.end(), node) == sources.end())
      sources.push_back(node);
  }
  return sources;
}

namespace {

bool find_element(JsonView view, const JsonNode* element, std::string& path) {
  size_t length = path.size();
  for (size_t i = 0; i < view.size(); ++i) {
    JsonView child = view.at(i);
    path += view.is_array() ? fmt::format("[{}]", i) : "." + std::string(child.name());
    if (child.node() == element || find_element(child, element, path)) return true;
    path.resize(length);
  }
  return false;
}

}  // namespace

std::string element_path(JsonView resource, const JsonNode* element) {
  std::string path = resource["resourceType"].string();
  return resource.node() == element || find_element(resource, element, path) ? path : "";
}

std::string display_text(const PathValue& value) {
  if (value.kind == ValueKind::quantity) {
    return value.is_calendar_unit ? fmt::format("{} {}", value.text, value.unit)
                                  : fmt::format("{} '{}'", value.text, value.unit);
  }
  if (value.kind == ValueKind::type_info) return fmt::format("{}.{}", value.unit, value.text);
  return std::string(value.text);
}

}  // namespace authledger
