#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "fhir/path/equality.h"
#include "fhir/path/evaluator.h"

// Source: FHIRPath 2.0, sections 5.1 to 5.4, 7; FHIRPath 3.0, sort, repeatAll, coalesce, defineVariable.

namespace authledger {
namespace {

bool is_system_variable(std::string_view name) {
  constexpr std::string_view kNames[] = {"context", "resource", "rootResource", "sct", "loinc", "ucum"};
  return std::find(std::begin(kNames), std::end(kNames), name) != std::end(kNames) || name.starts_with("vs-") ||
         name.starts_with("ext-");
}

bool holds(std::span<const PathValue> values, const PathValue& wanted) {
  return std::any_of(values.begin(), values.end(), [&](const PathValue& value) { return same(value, wanted); });
}

}  // namespace

bool PathEvaluator::call(const PathNode& node, const PathScope& scope, PathValues& out) {
  PathValues storage(&arena_);
  std::span<const PathValue> input;
  if (!evaluate_input(node, scope, storage, input)) return false;
  using F = PathFunction;
  F function = node.function;
  if (function <= F::coalesce) {
    bool iterates = function == F::where || function == F::select || function == F::all || function == F::repeat ||
                    function == F::repeat_all || (function == F::exists && !node.arguments.empty());
    return iterates ? iteration_function(node, scope, input, out) : collection_function(node, scope, input, out);
  }
  if (function <= F::aggregate || function == F::iif || function == F::trace || function == F::define_variable) {
    return iteration_function(node, scope, input, out);
  }
  if (function <= F::converts_to_time) return conversion_function(node, scope, input, out);
  if (function <= F::join) return string_function(node, scope, input, out);
  if (function <= F::truncate) return math_function(node, scope, input, out);
  if (function == F::children || function == F::descendants || function == F::not_)
    return collection_function(node, scope, input, out);
  if (function == F::type || function == F::is || function == F::as)
    return conversion_function(node, scope, input, out);
  if (function <= F::time_of) return temporal_function(node, scope, input, out);
  return fhir_function(node, scope, input, out);
}

bool PathEvaluator::collection_function(Call node, const PathScope& scope, std::span<const PathValue> input,
                                        PathValues& out) {
  using F = PathFunction;
  auto answer = [&](bool value) { return push(node, boolean_value(value), out); };
  auto push_all = [&](std::span<const PathValue> values) {
    return std::all_of(values.begin(), values.end(), [&](const PathValue& value) { return push(node, value, out); });
  };
  PathValues other(&arena_);
  bool has_collection_argument = node.function == F::subset_of || node.function == F::superset_of ||
                                 node.function == F::intersect || node.function == F::exclude ||
                                 node.function == F::union_with || node.function == F::combine;
  if (has_collection_argument) {
    if (!evaluate_scoped(node.arguments[0], scope, other) || !step(node, input.size() * other.size() / 8)) return false;
  }
  switch (node.function) {
    case F::empty:
      return answer(input.empty());
    case F::exists:
      return answer(!input.empty());
    case F::count:
      return push_text(node, ValueKind::integer, std::to_string(input.size()), out);
    case F::not_: {
      std::optional<bool> value;
      return as_criterion(node, input, value) && (!value || answer(!*value));
    }
    case F::all_true:
    case F::any_true:
    case F::all_false:
    case F::any_false: {
      bool wanted = node.function == F::all_true || node.function == F::any_true;
      bool asks_all = node.function == F::all_true || node.function == F::all_false;
      bool result = asks_all;
      for (const PathValue& value : input) {
        if (value.kind != ValueKind::boolean)
          return fail(node, fmt::format("{}() needs booleans, found {}", node.text, kind_name(value)));
        if (asks_all && value.boolean != wanted) result = false;
        if (!asks_all && value.boolean == wanted) result = true;
      }
      return answer(result);
    }
    case F::subset_of:
      return answer(std::all_of(input.begin(), input.end(), [&](const auto& value) { return holds(other, value); }));
    case F::superset_of:
      return answer(std::all_of(other.begin(), other.end(), [&](const auto& value) { return holds(input, value); }));
    case F::distinct:
    case F::is_distinct:
    case F::union_with: {
      PathValues found(&arena_);
      for (std::span<const PathValue> side : {input, std::span<const PathValue>(other)}) {
        for (const PathValue& value : side) {
          if (!step(node, found.size() / 8)) return false;
          if (!holds(found, value)) found.push_back(value);
        }
      }
      return node.function == F::is_distinct ? answer(found.size() == input.size()) : push_all(found);
    }
    case F::intersect: {
      PathValues found(&arena_);
      for (const PathValue& value : input) {
        if (holds(other, value) && !holds(found, value)) found.push_back(value);
      }
      return push_all(found);
    }
    case F::exclude:
      for (const PathValue& value : input) {
        if (!holds(other, value) && !push(node, value, out)) return false;
      }
      return true;
    case F::combine:
      return push_all(input) && push_all(other);
    case F::coalesce:
      for (NodeIndex argument : node.arguments) {
        PathValues values(&arena_);
        if (!evaluate_scoped(argument, scope, values)) return false;
        if (!values.empty()) return push_all(values);
      }
      return true;
    case F::of_type:
      for (const PathValue& value : input) {
        if (has_type(value, node.type_name, true) && !push(node, value, out)) return false;
      }
      return true;
    case F::single:
      if (input.size() > 1) return fail(node, fmt::format("single() found {} values", input.size()));
      return push_all(input);
    case F::first:
      return input.empty() || push(node, input.front(), out);
    case F::last:
      return input.empty() || push(node, input.back(), out);
    case F::tail:
      return input.empty() || push_all(input.subspan(1));
    case F::skip:
    case F::take: {
      std::optional<int64_t> count;
      if (!evaluate_integer(node, node.arguments[0], scope, count)) return false;
      if (!count) return true;
      size_t cut = *count <= 0 ? 0 : std::min(static_cast<size_t>(*count), input.size());
      return push_all(node.function == F::skip ? input.subspan(cut) : input.first(cut));
    }
    case F::children:
    case F::descendants: {
      PathValues level(input.begin(), input.end(), &arena_);
      do {
        PathValues next(&arena_);
        for (const PathValue& value : level) {
          if (!children(node, value, next)) return false;
        }
        if (!push_all(next)) return false;
        level = std::move(next);
      } while (node.function == F::descendants && !level.empty());
      return true;
    }
    default:
      return fail(node, fmt::format("{}() is not supported", node.text));
  }
}

bool PathEvaluator::iteration_function(Call node, const PathScope& scope, std::span<const PathValue> input,
                                       PathValues& out) {
  using F = PathFunction;
  switch (node.function) {
    case F::where:
    case F::exists:
    case F::all:
      for (size_t i = 0; i < input.size(); ++i) {
        std::optional<bool> is_met;
        PathScope inner{input.subspan(i, 1), static_cast<int64_t>(i), scope.total};
        if (!evaluate_criterion(node.arguments[0], inner, is_met)) return false;
        if (node.function == F::where && is_met == true && !push(node, input[i], out)) return false;
        if (node.function == F::exists && is_met == true) return push(node, boolean_value(true), out);
        if (node.function == F::all && is_met != true) return push(node, boolean_value(false), out);
      }
      return node.function == F::where || push(node, boolean_value(node.function == F::all), out);
    case F::select:
      for (size_t i = 0; i < input.size(); ++i) {
        PathScope inner{input.subspan(i, 1), static_cast<int64_t>(i), scope.total};
        if (!evaluate_scoped(node.arguments[0], inner, out)) return false;
        if (out.size() > kPathItemsMax)
          return fail(node, fmt::format("a collection grew beyond {} items", kPathItemsMax));
      }
      return true;
    case F::repeat:
    case F::repeat_all:
      return repeat(node, input, scope, out);
    case F::sort:
      return sort(node, input, out);
    case F::aggregate: {
      PathValues total(&arena_);
      if (node.arguments.size() > 1 && !evaluate_scoped(node.arguments[1], scope, total)) return false;
      for (size_t i = 0; i < input.size(); ++i) {
        PathValues next(&arena_);
        PathScope inner{input.subspan(i, 1), static_cast<int64_t>(i), &total};
        if (!evaluate_scoped(node.arguments[0], inner, next)) return false;
        total = std::move(next);
      }
      return std::all_of(total.begin(), total.end(), [&](const PathValue& value) { return push(node, value, out); });
    }
    case F::iif: {
      if (node.input != kNoNode && input.size() > 1) return fail(node, "iif() needs at most one value before it");
      PathScope inner = scope;
      if (node.input != kNoNode) inner.focus = input;
      std::optional<bool> is_met;
      PathValues criterion(&arena_);
      if (!evaluate_scoped(node.arguments[0], inner, criterion)) return false;
      if (!criterion.empty() && criterion[0].kind != ValueKind::boolean) {
        return fail(program_.nodes[node.arguments[0]], "the first argument of iif() must be true, false or empty");
      }
      if (!as_criterion(node, criterion, is_met)) return false;
      if (is_met == true) return evaluate_scoped(node.arguments[1], inner, out);
      return node.arguments.size() < 3 || evaluate_scoped(node.arguments[2], inner, out);
    }
    case F::trace:
      return std::all_of(input.begin(), input.end(), [&](const PathValue& value) { return push(node, value, out); });
    case F::define_variable: {
      std::optional<std::string_view> name;
      if (!evaluate_text(node, node.arguments[0], scope, name)) return false;
      if (!name) return fail(node, "defineVariable() needs a name");
      if (is_system_variable(*name)) return fail(node, fmt::format("%{} is FHIR's own and cannot be defined", *name));
      for (const Variable& known : variables_) {
        if (known.name == *name) return fail(node, fmt::format("%{} is already defined", *name));
      }
      PathValues values(&arena_);
      PathScope inner = scope;
      inner.focus = input;
      if (node.arguments.size() > 1) {
        if (!evaluate_scoped(node.arguments[1], inner, values)) return false;
      } else {
        values.assign(input.begin(), input.end());
      }
      for (const PathValue& value : input) {
        if (!push(node, value, out)) return false;
      }
      variables_.push_back({*name, std::move(values)});
      return true;
    }
    default:
      return fail(node, fmt::format("{}() is not supported", node.text));
  }
}

bool PathEvaluator::repeat(Call node, std::span<const PathValue> input, const PathScope& scope, PathValues& out) {
  bool keeps_repeats = node.function == PathFunction::repeat_all;
  PathValues level(input.begin(), input.end(), &arena_);
  size_t first_out = out.size();
  while (!level.empty()) {
    PathValues next(&arena_);
    for (size_t i = 0; i < level.size(); ++i) {
      PathScope inner{std::span<const PathValue>(level).subspan(i, 1), static_cast<int64_t>(i), scope.total};
      PathValues found(&arena_);
      if (!evaluate_scoped(node.arguments[0], inner, found)) return false;
      for (const PathValue& value : found) {
        std::span<const PathValue> known = std::span<const PathValue>(out).subspan(first_out);
        if (!step(node, keeps_repeats ? 0 : known.size() / 4)) return false;
        if (!keeps_repeats && holds(known, value)) continue;
        if (!push(node, value, out)) return false;
        next.push_back(value);
      }
    }
    level = std::move(next);
  }
  return true;
}

bool PathEvaluator::sort(Call node, std::span<const PathValue> input, PathValues& out) {
  size_t keys = std::max<size_t>(node.arguments.size(), 1);
  std::pmr::vector<std::optional<PathValue>> table(input.size() * keys, &arena_);
  std::pmr::vector<size_t> positions(input.size(), &arena_);
  for (size_t i = 0; i < input.size(); ++i) {
    positions[i] = i;
    if (node.arguments.empty()) table[i] = input[i];
    for (size_t k = 0; k < node.arguments.size(); ++k) {
      PathScope inner{input.subspan(i, 1), static_cast<int64_t>(i), nullptr};
      if (!evaluate_single(node.arguments[k], inner, table[i * keys + k])) return false;
    }
  }
  if (!step(node, input.size() * 16)) return false;
  bool is_failed = false;
  std::stable_sort(positions.begin(), positions.end(), [&](size_t a, size_t b) {
    for (size_t k = 0; k < keys && !is_failed; ++k) {
      const auto& x = table[a * keys + k];
      const auto& y = table[b * keys + k];
      bool is_descending = k < node.descending.size() && node.descending[k];
      if (!x || !y) {
        if (!x && !y) continue;
        return !x;  // Empty comes first, whichever the direction.
      }
      std::optional<int> relation;
      if (!order(node, *x, *y, relation)) is_failed = true;
      if (relation && *relation != 0) return is_descending ? *relation > 0 : *relation < 0;
    }
    return false;
  });
  if (is_failed) return false;
  return std::all_of(positions.begin(), positions.end(), [&](size_t at) { return push(node, input[at], out); });
}

}  // namespace authledger
