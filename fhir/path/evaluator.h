#pragma once

#include <optional>
#include <span>
#include <string>

#include "fhir/path/path.h"

namespace authledger {

// What $this, $index and $total mean at one point of an evaluation.
struct PathScope {
  std::span<const PathValue> focus;
  int64_t index = -1;  // -1: no iteration.
  const PathValues* total = nullptr;
};

// One evaluation of one program. Every step returns false when it failed; `error()` then says why.
class PathEvaluator {
 public:
  PathEvaluator(const PathProgram& program, const PathEnvironment& environment, std::pmr::memory_resource& arena)
      : program_(program), environment_(environment), model_(Model::r4()), arena_(arena), variables_(&arena) {}

  bool evaluate(NodeIndex index, const PathScope& scope, PathValues& out);
  const PathError& error() const { return error_; }

 private:
  struct Variable {
    std::string_view name;
    PathValues values;
  };
  using Call = const PathNode&;
  enum class Flow : uint8_t { go_on, enough, failed };
  // Where a chain's values go: into `out`, or only counted.
  struct ChainEnd {
    PathValues* out = nullptr;
    uint32_t count_max = 0;
    uint32_t count = 0;
    PathValue value;  // The first one that was counted.
  };
  struct ChainRun {
    const PathStep* steps_end;
    const PathScope& scope;
    ChainEnd& end;
  };

  // Core (evaluator.cc)
  bool fail(const PathNode& node, std::string message);
  bool step(const PathNode& node, size_t count = 1);
  bool push(const PathNode& node, const PathValue& value, PathValues& out);
  bool evaluate_input(const PathNode& node, const PathScope& scope, PathValues& storage,
                      std::span<const PathValue>& input);
  bool evaluate_scoped(NodeIndex index, const PathScope& scope, PathValues& out);
  bool evaluate_single(NodeIndex index, const PathScope& scope, std::optional<PathValue>& out);
  bool evaluate_text(const PathNode& call, NodeIndex index, const PathScope& scope,
                     std::optional<std::string_view>& out);
  bool evaluate_integer(const PathNode& call, NodeIndex index, const PathScope& scope, std::optional<int64_t>& out);
  // A criterion's answer: nullopt for empty. A single value that is no boolean is true.
  bool evaluate_criterion(NodeIndex index, const PathScope& scope, std::optional<bool>& out);
  bool as_criterion(const PathNode& node, std::span<const PathValue> values, std::optional<bool>& out);
  bool single_input(const PathNode& node, std::span<const PathValue> input, std::optional<PathValue>& out);
  bool variable(const PathNode& node, const PathScope& scope, PathValues& out);

  // Chains (chain.cc)
  bool run_chain(const PathNode& node, const PathScope& scope, ChainEnd& end);
  Flow run_steps(ChainRun& run, const PathStep* at, const PathValue& item);
  Flow run_children(ChainRun& run, const PathStep& step, const JsonNode* child, const JsonNode* sibling);
  Flow end_chain(ChainRun& run, const PathValue& value);

  // Truth (truth.cc): the answers of tests, without collections where they are plain.
  bool known_truth(const PathNode& node, const PathScope& scope, bool& is_known, std::optional<bool>& out);
  bool logic(const PathNode& node, const PathScope& scope, std::optional<bool>& out);

  // Navigation (navigation.cc)
  bool members(const PathNode& node, const PathValue& item, PathValues& out);
  bool member_named(const PathNode& node, const PathValue& item, std::string_view name, std::string_view sibling_name,
                    const ElementDefinition* element, PathValues& out);
  bool append_children(const PathNode& node, JsonView child, JsonView sibling, TypeIndex type, PathValues& out);
  bool typed_members(const PathNode& node, const PathValue& item, PathValues& out);
  bool children(const PathNode& node, const PathValue& item, PathValues& out);
  bool extensions(const PathNode& node, const PathValue& item, std::string_view url, PathValues& out);
  bool has_type(const PathValue& value, const TypeName& type, bool is_exact) const;

  // Operators (operators.cc)
  bool binary(const PathNode& node, const PathScope& scope, PathValues& out);
  bool arithmetic(const PathNode& node, const PathValue& left, const PathValue& right, PathValues& out);
  bool shift_temporal(const PathNode& node, const PathValue& left, const PathValue& right, PathValues& out);
  bool order(const PathNode& node, const PathValue& left, const PathValue& right, std::optional<int>& out);
  bool push_decimal(const PathNode& node, std::optional<Decimal> value, ValueKind kind, PathValues& out);
  bool push_text(const PathNode& node, ValueKind kind, std::string_view text, PathValues& out);

  // Functions, by group
  bool call(const PathNode& node, const PathScope& scope, PathValues& out);
  bool collection_function(Call node, const PathScope& scope, std::span<const PathValue> input, PathValues& out);
  bool iteration_function(Call node, const PathScope& scope, std::span<const PathValue> input, PathValues& out);
  bool repeat(Call node, std::span<const PathValue> input, const PathScope& scope, PathValues& out);
  bool sort(Call node, std::span<const PathValue> input, PathValues& out);
  bool conversion_function(Call node, const PathScope& scope, std::span<const PathValue> input, PathValues& out);
  bool string_function(Call node, const PathScope& scope, std::span<const PathValue> input, PathValues& out);
  bool pattern_function(Call node, const PathScope& scope, std::string_view text, PathValues& out);
  bool coding_function(Call node, const PathScope& scope, std::string_view text, PathValues& out);
  bool math_function(Call node, const PathScope& scope, std::span<const PathValue> input, PathValues& out);
  bool temporal_function(Call node, const PathScope& scope, std::span<const PathValue> input, PathValues& out);
  bool fhir_function(Call node, const PathScope& scope, std::span<const PathValue> input, PathValues& out);
  bool resolve(Call node, const PathValue& item, PathValues& out);

  const PathProgram& program_;
  const PathEnvironment& environment_;
  const Model& model_;
  std::pmr::memory_resource& arena_;
  std::pmr::vector<Variable> variables_;  // defineVariable(), innermost last.
  size_t steps_ = 0;
  PathError error_;
};

}  // namespace authledger
