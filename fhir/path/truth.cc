#include "fhir/path/equality.h"
#include "fhir/path/evaluator.h"

// What is true: logic, and the tests that mappings write most (=, exists, empty, not, endsWith) over plain paths.
// Source: FHIRPath 2.0, 5.1, 5.6, 6.1 and 6.5.

namespace authledger {

bool PathEvaluator::logic(const PathNode& node, const PathScope& scope, std::optional<bool>& answer) {
  std::optional<bool> left, right;
  if (!evaluate_criterion(node.input, scope, left)) return false;
  bool is_decided = (node.op == PathOp::logical_and && left == false) ||
                    (node.op == PathOp::logical_or && left == true) || (node.op == PathOp::implies && left == false);
  if (!is_decided && !evaluate_criterion(node.arguments[0], scope, right)) return false;
  if (node.op == PathOp::logical_and) {
    if (left == false || right == false)
      answer = false;
    else if (left && right)
      answer = true;
  } else if (node.op == PathOp::logical_or) {
    if (left == true || right == true)
      answer = true;
    else if (left && right)
      answer = false;
  } else if (node.op == PathOp::logical_xor) {
    if (left && right) answer = *left != *right;
  } else {
    if (left == false || right == true)
      answer = true;
    else if (left && right)
      answer = false;
  }
  return true;
}

// Leaves is_known false for what the general way must answer.
bool PathEvaluator::known_truth(const PathNode& node, const PathScope& scope, bool& is_known,
                                std::optional<bool>& out) {
  auto chain_of = [&](NodeIndex index) -> const PathNode* {
    return index != kNoNode && program_.nodes[index].chain.step_count > 0 ? &program_.nodes[index] : nullptr;
  };
  switch (node.op) {
    case PathOp::logical_and:
    case PathOp::logical_or:
    case PathOp::logical_xor:
    case PathOp::implies:
      is_known = true;
      return logic(node, scope, out);
    case PathOp::equal:
    case PathOp::not_equal: {
      const PathNode* path = chain_of(node.input);
      const PathNode& literal = program_.nodes[node.arguments[0]];
      if (!path || literal.op != PathOp::literal) return true;
      is_known = true;
      ChainEnd end;
      end.count_max = 2;
      if (!run_chain(*path, scope, end)) return false;
      if (end.count == 0) return true;
      std::optional<bool> answer = end.count == 1 ? equal(end.value, literal.literal) : false;
      if (answer) out = *answer == (node.op == PathOp::equal);
      return true;
    }
    case PathOp::call:
      break;
    default:
      return true;
  }
  const PathNode* path = chain_of(node.input);
  switch (node.function) {
    case PathFunction::exists:
    case PathFunction::empty: {
      if (!path || !node.arguments.empty()) return true;
      is_known = true;
      ChainEnd end;
      end.count_max = 1;
      if (!run_chain(*path, scope, end)) return false;
      out = (end.count > 0) == (node.function == PathFunction::exists);
      return true;
    }
    case PathFunction::not_: {
      if (node.input == kNoNode) return true;
      std::optional<bool> inner;
      if (!known_truth(program_.nodes[node.input], scope, is_known, inner)) return false;
      if (is_known && inner) out = !*inner;
      return true;
    }
    case PathFunction::starts_with:
    case PathFunction::ends_with:
    case PathFunction::contains: {
      const PathNode& literal = program_.nodes[node.arguments[0]];
      if (!path || literal.op != PathOp::literal || literal.literal.kind != ValueKind::string) return true;
      ChainEnd end;
      end.count_max = 2;
      if (!run_chain(*path, scope, end)) return false;
      // Two values, or one that is no string, are errors that the general way describes.
      if (end.count > 1 || (end.count == 1 && end.value.kind != ValueKind::string)) return true;
      is_known = true;
      if (end.count == 0) return true;
      std::string_view text = end.value.text, part = literal.literal.text;
      out = node.function == PathFunction::starts_with ? text.starts_with(part)
            : node.function == PathFunction::ends_with ? text.ends_with(part)
                                                       : text.find(part) != std::string_view::npos;
      return true;
    }
    default:
      return true;
  }
}

}  // namespace authledger
