#include "fhir/path/evaluator.h"

#include <fmt/format.h>

#include "fhir/path/equality.h"

namespace authledger {

bool PathEvaluator::fail(const PathNode& node, std::string message) {
  error_ = error_at(program_.text, node.offset, std::move(message));
  return false;
}

bool PathEvaluator::step(const PathNode& node, size_t count) {
  steps_ += count;
  if (steps_ <= kPathStepsMax) return true;
  return fail(node, fmt::format("the evaluation took more than {} steps", kPathStepsMax));
}

bool PathEvaluator::push(const PathNode& node, const PathValue& value, PathValues& out) {
  if (out.size() >= kPathItemsMax) return fail(node, fmt::format("a collection grew beyond {} items", kPathItemsMax));
  if (!step(node)) return false;
  out.push_back(value);
  return true;
}

bool PathEvaluator::push_text(const PathNode& node, ValueKind kind, std::string_view text, PathValues& out) {
  if (text.size() > kPathTextBytesMax)
    return fail(node, fmt::format("a string grew beyond {} bytes", kPathTextBytesMax));
  return step(node, text.size() / 64) && push(node, text_value(kind, keep_text(arena_, text)), out);
}

bool PathEvaluator::push_decimal(const PathNode& node, std::optional<Decimal> value, ValueKind kind, PathValues& out) {
  if (!value) return true;  // What does not fit is empty.
  if (kind == ValueKind::decimal) return push_text(node, kind, format_decimal(*value), out);
  auto whole = rescale(*value, 0, DecimalRounding::down);
  auto number = whole ? to_integer(*whole) : std::nullopt;
  if (!number || (kind == ValueKind::integer && !fits_integer(*number))) return true;
  return push_text(node, kind, std::to_string(*number), out);
}

bool PathEvaluator::evaluate_input(const PathNode& node, const PathScope& scope, PathValues& storage,
                                   std::span<const PathValue>& input) {
  if (node.input == kNoNode) {
    input = scope.focus;
    return true;
  }
  if (!evaluate(node.input, scope, storage)) return false;
  input = storage;
  return true;
}

bool PathEvaluator::evaluate_scoped(NodeIndex index, const PathScope& scope, PathValues& out) {
  size_t known = variables_.size();
  bool is_done = evaluate(index, scope, out);
  if (variables_.size() > known)
    variables_.erase(variables_.begin() + static_cast<std::ptrdiff_t>(known), variables_.end());
  return is_done;
}

bool PathEvaluator::evaluate_single(NodeIndex index, const PathScope& scope, std::optional<PathValue>& out) {
  PathValues values(&arena_);
  if (!evaluate_scoped(index, scope, values)) return false;
  return single_input(program_.nodes[index], values, out);
}

bool PathEvaluator::single_input(const PathNode& node, std::span<const PathValue> input,
                                 std::optional<PathValue>& out) {
  if (input.size() > 1) return fail(node, fmt::format("expected at most one value, found {}", input.size()));
  if (!input.empty() && input[0].kind != ValueKind::none) out = input[0];
  return true;
}

bool PathEvaluator::evaluate_text(const PathNode& call_node, NodeIndex index, const PathScope& scope,
                                  std::optional<std::string_view>& out) {
  std::optional<PathValue> value;
  if (!evaluate_single(index, scope, value)) return false;
  if (!value) return true;
  if (value->kind != ValueKind::string) {
    return fail(call_node, fmt::format("{}() needs a string, found {}", call_node.text, kind_name(*value)));
  }
  out = value->text;
  return true;
}

bool PathEvaluator::evaluate_integer(const PathNode& call_node, NodeIndex index, const PathScope& scope,
                                     std::optional<int64_t>& out) {
  std::optional<PathValue> value;
  if (!evaluate_single(index, scope, value)) return false;
  if (!value) return true;
  auto number = decimal_value(*value);
  out = is_whole(*value) && number ? to_integer(*number) : std::nullopt;
  if (!out) return fail(call_node, fmt::format("{}() needs an integer, found {}", call_node.text, kind_name(*value)));
  return true;
}

bool PathEvaluator::as_criterion(const PathNode& node, std::span<const PathValue> values, std::optional<bool>& out) {
  if (values.size() > 1) return fail(node, fmt::format("expected one true or false, found {} values", values.size()));
  if (values.empty() || values[0].kind == ValueKind::none) return true;
  out = values[0].kind == ValueKind::boolean ? values[0].boolean : true;
  return true;
}

bool PathEvaluator::evaluate_criterion(NodeIndex index, const PathScope& scope, std::optional<bool>& out) {
  const PathNode& node = program_.nodes[index];
  bool is_known = false;
  if (!step(node) || !known_truth(node, scope, is_known, out)) return false;
  if (is_known) return true;
  PathValues values(&arena_);
  return evaluate_scoped(index, scope, values) && as_criterion(node, values, out);
}

bool PathEvaluator::variable(const PathNode& node, const PathScope&, PathValues& out) {
  auto push_resource = [&](JsonView resource) {
    return !resource.exists() || push(node, resource_value(resource), out);
  };
  for (size_t i = variables_.size(); i-- > 0;) {
    if (variables_[i].name == node.text) {
      for (const PathValue& value : variables_[i].values) {
        if (!push(node, value, out)) return false;
      }
      return true;
    }
  }
  for (const PathVariable& known : environment_.variables) {
    if (known.name == node.text) {
      for (const PathValue& value : known.values) {
        if (!push(node, value, out)) return false;
      }
      return true;
    }
  }
  if (node.text == "resource" || node.text == "context") return push_resource(environment_.resource);
  if (node.text == "rootResource") {
    return push_resource(environment_.root_resource ? environment_.root_resource : environment_.resource);
  }
  if (node.text == "sct") return push(node, text_value(ValueKind::string, "http://snomed.info/sct"), out);
  if (node.text == "loinc") return push(node, text_value(ValueKind::string, "http://loinc.org"), out);
  if (node.text == "ucum") return push(node, text_value(ValueKind::string, "http://unitsofmeasure.org"), out);
  if (node.text.starts_with("vs-"))
    return push_text(node, ValueKind::string, "http://hl7.org/fhir/ValueSet/" + node.text.substr(3), out);
  if (node.text.starts_with("ext-")) {
    return push_text(node, ValueKind::string, "http://hl7.org/fhir/StructureDefinition/" + node.text.substr(4), out);
  }
  return fail(node, fmt::format("%{} is not defined here", node.text));
}

bool PathEvaluator::evaluate(NodeIndex index, const PathScope& scope, PathValues& out) {
  const PathNode& node = program_.nodes[index];
  if (!step(node)) return false;
  if (node.chain.step_count > 0) {
    ChainEnd end;
    end.out = &out;
    return run_chain(node, scope, end);
  }
  bool is_known = false;
  std::optional<bool> truth;
  if (!known_truth(node, scope, is_known, truth)) return false;
  if (is_known) return !truth || push(node, boolean_value(*truth), out);
  switch (node.op) {
    case PathOp::empty:
      return true;
    case PathOp::literal:
      return push(node, node.literal, out);
    case PathOp::this_item:
      for (const PathValue& value : scope.focus) {
        if (!push(node, value, out)) return false;
      }
      return true;
    case PathOp::index:
      if (scope.index < 0) return fail(node, "$index is known only inside where(), select() and the like");
      return push_text(node, ValueKind::integer, std::to_string(scope.index), out);
    case PathOp::total:
      if (!scope.total) return fail(node, "$total is known only inside aggregate()");
      for (const PathValue& value : *scope.total) {
        if (!push(node, value, out)) return false;
      }
      return true;
    case PathOp::variable:
      return variable(node, scope, out);
    case PathOp::indexer: {
      PathValues input(&arena_);
      if (!evaluate(node.input, scope, input)) return false;
      std::optional<PathValue> position;
      if (!evaluate_single(node.arguments[0], scope, position)) return false;
      if (!position) return true;
      auto number = decimal_value(*position);
      auto at = position->kind == ValueKind::integer && number ? to_integer(*number) : std::nullopt;
      if (!at) return fail(node, fmt::format("an index must be an integer, found {}", kind_name(*position)));
      if (*at < 0 || static_cast<size_t>(*at) >= input.size()) return true;
      return push(node, input[static_cast<size_t>(*at)], out);
    }
    case PathOp::negate:
    case PathOp::keep_sign: {
      std::optional<PathValue> value;
      if (!evaluate_single(node.input, scope, value)) return false;
      if (!value) return true;
      auto number =
          is_numeric(*value) || value->kind == ValueKind::quantity ? parse_decimal(value->text) : std::nullopt;
      if (!number) return fail(node, fmt::format("a sign needs a number, found {}", kind_name(*value)));
      PathValue result = *value;
      result.node = result.sibling = nullptr;
      result.type = kUnknownType;
      if (node.op == PathOp::negate) result.text = keep_text(arena_, format_decimal(negate(*number)));
      return push(node, result, out);
    }
    case PathOp::is_type: {
      std::optional<PathValue> value;
      if (!evaluate_single(node.input, scope, value)) return false;
      return !value || push(node, boolean_value(has_type(*value, node.type_name, false)), out);
    }
    case PathOp::as_type: {
      std::optional<PathValue> value;
      if (!evaluate_single(node.input, scope, value)) return false;
      return !value || !has_type(*value, node.type_name, true) || push(node, *value, out);
    }
    // What is always a chain, or always known to be true or false, was answered above.
    case PathOp::root_type:
    case PathOp::member:
    case PathOp::typed_member:
    case PathOp::where_equal:
    case PathOp::extension_url:
    case PathOp::logical_and:
    case PathOp::logical_or:
    case PathOp::logical_xor:
    case PathOp::implies:
      return true;
    case PathOp::call:
      return call(node, scope, out);
    case PathOp::add:
    case PathOp::subtract:
    case PathOp::multiply:
    case PathOp::divide:
    case PathOp::divide_whole:
    case PathOp::remainder:
    case PathOp::concatenate:
    case PathOp::union_of:
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
      return binary(node, scope, out);
  }
  return true;
}

}  // namespace authledger
