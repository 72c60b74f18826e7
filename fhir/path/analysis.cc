#include "fhir/path/analysis.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace authledger {
namespace {

// What is known of an expression's value before any resource is seen.
struct StaticType {
  TypeIndex type = kUnknownType;
  const ElementDefinition* choice = nullptr;  // A choice not yet narrowed.
  bool has_order = true;                      // children() and descendants() have none.
};

class Analysis {
 public:
  Analysis(PathProgram& program, const PathOptions& options)
      : program_(program), options_(options), model_(Model::r4()), types_(program.nodes.size()) {}

  std::optional<PathError> run(TypeIndex& result_type) {
    StaticType start{model_.find_type(options_.context_type), nullptr, true};
    for (PathNode& node : program_.nodes) finish_literal(node);
    if (visit(program_.root, start)) result_type = types_[program_.root].type;
    return error_;
  }

 private:
  bool fail(const PathNode& node, std::string message) {
    error_ = error_at(program_.text, node.offset, std::move(message));
    return false;
  }
  static std::string suggestion(const std::string& nearest) {
    return nearest.empty() ? "" : "; did you mean " + nearest + "?";
  }

  void finish_literal(PathNode& node) {
    if (node.op != PathOp::literal) return;
    node.literal.text = node.text;
    if (node.literal.kind == ValueKind::quantity) node.literal.unit = node.json_sibling;
  }

  bool visit(NodeIndex index, const StaticType& focus) {
    PathNode& node = program_.nodes[index];
    StaticType input = focus;
    if (node.input != kNoNode) {
      if (!visit(node.input, focus)) return false;
      input = types_[node.input];
    }
    StaticType& result = types_[index];
    switch (node.op) {
      case PathOp::this_item:
        result = focus;
        return true;
      case PathOp::variable:
        return variable(node, result);
      case PathOp::member:
        return member(node, input, result);
      case PathOp::call:
        return call(node, input, focus, result);
      case PathOp::indexer:
        result = input;
        if (!check_order(node, input)) return false;
        return visit(node.arguments[0], focus);
      case PathOp::as_type:
        narrow(node, result);
        return true;
      case PathOp::union_of: {
        for (NodeIndex argument : node.arguments) {
          if (!visit(argument, focus)) return false;
          if (types_[argument].type == input.type) result.type = input.type;
        }
        return true;
      }
      case PathOp::literal:
      case PathOp::empty:
      case PathOp::index:
      case PathOp::total:
      case PathOp::root_type:
      case PathOp::negate:
      case PathOp::keep_sign:
      case PathOp::add:
      case PathOp::subtract:
      case PathOp::multiply:
      case PathOp::divide:
      case PathOp::divide_whole:
      case PathOp::remainder:
      case PathOp::concatenate:
      case PathOp::less:
      case PathOp::less_equal:
      case PathOp::greater:
      case PathOp::greater_equal:
      case PathOp::equal:
      case PathOp::not_equal:
      case PathOp::equivalent:
      case PathOp::not_equivalent:
      case PathOp::in:
      case PathOp::contains:
      case PathOp::logical_and:
      case PathOp::logical_or:
      case PathOp::logical_xor:
      case PathOp::implies:
      case PathOp::is_type:
      case PathOp::typed_member:
      case PathOp::where_equal:
      case PathOp::extension_url:
        for (NodeIndex argument : node.arguments) {
          if (!visit(argument, focus)) return false;
        }
        return true;
    }
    return true;
  }

  bool variable(PathNode& node, StaticType& result) {
    constexpr std::string_view kKnown[] = {"resource", "context", "rootResource", "sct", "loinc", "ucum"};
    const std::string& root = options_.resource_type.empty() ? options_.context_type : options_.resource_type;
    if (node.text == "resource" || node.text == "context") result.type = model_.find_type(root);
    if (std::find(std::begin(kKnown), std::end(kKnown), node.text) != std::end(kKnown)) return true;
    if (node.text.starts_with("vs-") || node.text.starts_with("ext-")) return true;
    if (std::find(options_.variables.begin(), options_.variables.end(), node.text) != options_.variables.end())
      return true;
    std::vector<std::string> names(std::begin(kKnown), std::end(kKnown));
    names.insert(names.end(), options_.variables.begin(), options_.variables.end());
    for (const PathNode& other : program_.nodes) {
      if (other.op != PathOp::call || other.function != PathFunction::define_variable) continue;
      const PathNode& name = program_.nodes[other.arguments[0]];
      if (name.op != PathOp::literal || name.text == node.text) return true;  // Known only when it runs.
      names.push_back(name.text);
    }
    std::string nearest = nearest_word(node.text, names);
    return fail(node, fmt::format("%{} is not defined{}", node.text.substr(0, 60),
                                  nearest.empty() ? "" : "; did you mean %" + nearest + "?"));
  }

  bool member(PathNode& node, const StaticType& input, StaticType& result) {
    result.has_order = input.has_order;
    if (node.input == kNoNode && !node.text.empty() && node.text[0] >= 'A' && node.text[0] <= 'Z' &&
        model_.find_type(node.text) != kUnknownType && !model_.find_element(input.type, node.text)) {
      TypeIndex named = model_.find_type(node.text);
      node.op = PathOp::root_type;
      node.type_name.fhir = named;
      bool is_related = input.type == kUnknownType || model_.is_a(input.type, named) || model_.is_a(named, input.type);
      if (options_.is_strict && !is_related) {
        return fail(node, fmt::format("{} never occurs here: the expression starts from {}", node.text,
                                      model_.type(input.type).name));
      }
      result.type = input.type != kUnknownType && model_.is_a(input.type, named) ? input.type : named;
      return true;
    }
    if (input.choice) return true;
    if (input.type == kUnknownType) return true;
    const ElementDefinition* element = model_.find_element(input.type, node.text);
    if (!element) return unknown_element(node, input);
    node.input_type = input.type;
    node.element = element;
    if (element->is_choice) {
      result.choice = element;
      if (element->types.size() == 1) result.type = element->types[0];
    } else if (!element->types.empty()) {
      result.type = element->types[0];
      // Which resource stands there, only the resource itself can say.
      if (model_.type(result.type).name == "Resource") result.type = kUnknownType;
    }
    return true;
  }

  bool unknown_element(const PathNode& node, const StaticType& input) {
    const TypeDefinition& type = model_.type(input.type);
    for (const ElementDefinition& known : type.elements) {
      std::string_view name = node.text;
      if (!known.is_choice || !name.starts_with(known.name)) continue;
      TypeIndex chosen = model_.find_json_suffix(name.substr(known.name.size()));
      if (chosen == kUnknownType) continue;
      return fail(node, fmt::format("{} is JSON's name of a choice; write {}.ofType({})", node.text, known.name,
                                    model_.type(chosen).name));
    }
    if (!options_.is_strict || type.kind == TypeKind::primitive) return true;
    return fail(node, fmt::format("{} has no element {}{}", type.name, node.text.substr(0, 60),
                                  suggestion(model_.nearest_element(input.type, node.text))));
  }

  bool check_order(const PathNode& node, const StaticType& input) {
    if (!options_.is_strict || input.has_order) return true;
    return fail(node, "this takes by position from a collection without order (children, descendants)");
  }

  // ofType/as: over a choice member, the JSON member of that type is read directly.
  void narrow(PathNode& node, StaticType& result) {
    result.type = node.type_name.fhir;
    if (node.input == kNoNode || node.type_name.fhir == kUnknownType || node.op != PathOp::call) return;
    const PathNode& source = program_.nodes[node.input];
    const StaticType& input = types_[node.input];
    if (!input.choice || source.op != PathOp::member || !source.element || node.function != PathFunction::of_type)
      return;
    bool is_possible = input.choice->is_open_choice || std::find(input.choice->types.begin(), input.choice->types.end(),
                                                                 node.type_name.fhir) != input.choice->types.end();
    if (!is_possible) return;
    node.op = PathOp::typed_member;
    node.text = std::string(input.choice->name) + std::string(model_.type(node.type_name.fhir).json_suffix);
    node.json_sibling = "_" + node.text;
    node.input = source.input;
  }

  bool call(PathNode& node, const StaticType& input, const StaticType& focus, StaticType& result) {
    const FunctionSignature& signature = signature_of(node.function);
    if (signature.needs_order && !check_order(node, input)) return false;
    using F = PathFunction;
    StaticType inner = signature.argument_kind == ArgumentKind::per_item ? input : focus;
    for (size_t i = 0; i < node.arguments.size(); ++i) {
      // The start value of an aggregate and the name of a trace or variable stand outside the iteration.
      bool is_outside = (node.function == F::aggregate && i == 1) ||
                        ((node.function == F::trace || node.function == F::define_variable) && i == 0);
      if (!visit(node.arguments[i], is_outside ? focus : inner)) return false;
    }
    switch (node.function) {
      case F::where:
      case F::first:
      case F::last:
      case F::tail:
      case F::skip:
      case F::take:
      case F::single:
      case F::distinct:
      case F::trace:
      case F::sort:
      case F::exclude:
      case F::intersect:
      case F::define_variable:
        result = input;
        if (node.function == F::sort) result.has_order = true;
        break;
      case F::select:
        result = types_[node.arguments[0]];
        break;
      case F::repeat:
      case F::repeat_all:
        if (types_[node.arguments[0]].type == input.type) result.type = input.type;
        break;
      case F::of_type:
      case F::as:
        narrow(node, result);
        break;
      case F::extension:
        result.type = model_.find_type("Extension");
        break;
      case F::children:
      case F::descendants:
        result.has_order = false;
        break;
      default:
        break;
    }
    return specialize(node);
  }

  bool specialize(PathNode& node) {
    using F = PathFunction;
    if (node.op != PathOp::call) return true;
    if (node.function == F::extension) {
      const PathNode& url = program_.nodes[node.arguments[0]];
      if (url.op != PathOp::literal || url.literal.kind != ValueKind::string) return true;
      node.op = PathOp::extension_url;
      node.literal = url.literal;
    } else if (node.function == F::where) {
      const PathNode& test = program_.nodes[node.arguments[0]];
      if (test.op != PathOp::equal) return true;
      const PathNode& left = program_.nodes[test.input];
      const PathNode& right = program_.nodes[test.arguments[0]];
      bool is_plain = left.op == PathOp::member && left.input == kNoNode && right.op == PathOp::literal &&
                      right.literal.kind == ValueKind::string;
      if (!is_plain) return true;
      node.op = PathOp::where_equal;
      node.literal = right.literal;
      node.arguments[0] = test.input;
    } else if (node.function == F::matches || node.function == F::matches_full || node.function == F::replace_matches) {
      const PathNode& pattern = program_.nodes[node.arguments[0]];
      size_t plain = node.function == F::replace_matches ? 2 : 1;
      if (pattern.op != PathOp::literal || pattern.literal.kind != ValueKind::string || node.arguments.size() != plain)
        return true;
      auto regex = Regex::compile(pattern.text);
      if (!regex) return fail(pattern, regex.error().message);
      node.regex = std::make_unique<Regex>(std::move(*regex));
    }
    return true;
  }

  PathProgram& program_;
  const PathOptions& options_;
  const Model& model_;
  std::vector<StaticType> types_;
  std::optional<PathError> error_;
};

}  // namespace

std::optional<PathError> analyze_path(PathProgram& program, const PathOptions& options, TypeIndex& result_type) {
  return Analysis(program, options).run(result_type);
}

}  // namespace authledger
