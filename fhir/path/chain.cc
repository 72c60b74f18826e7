#include "fhir/path/chain.h"

#include <algorithm>

#include "fhir/path/equality.h"
#include "fhir/path/evaluator.h"

namespace authledger {
namespace {

// Whether the position of an item is asked for somewhere below: a chain does not count.
bool uses_index(const PathProgram& program, NodeIndex index) {
  const PathNode& node = program.nodes[index];
  if (node.op == PathOp::index) return true;
  if (node.input != kNoNode && uses_index(program, node.input)) return true;
  return std::any_of(node.arguments.begin(), node.arguments.end(),
                     [&](NodeIndex argument) { return uses_index(program, argument); });
}

bool is_zero(const PathNode& node) {
  return node.op == PathOp::literal && node.literal.kind == ValueKind::integer && node.text == "0";
}

std::optional<StepKind> step_kind(const PathProgram& program, const PathNode& node) {
  switch (node.op) {
    case PathOp::member:
      return node.element && !node.element->is_choice && node.element->types.size() == 1 ? StepKind::member
                                                                                         : StepKind::any_member;
    case PathOp::typed_member:
      return StepKind::typed_member;
    case PathOp::where_equal:
      return StepKind::where_equal;
    case PathOp::extension_url:
      return StepKind::extension_url;
    case PathOp::root_type:
      return StepKind::root_type;
    case PathOp::indexer:
      if (is_zero(program.nodes[node.arguments[0]])) return StepKind::first;
      return std::nullopt;
    case PathOp::call:
      if (node.function == PathFunction::first) return StepKind::first;
      if (node.function == PathFunction::of_type) return StepKind::of_type;
      if (node.function == PathFunction::where && !uses_index(program, node.arguments[0])) return StepKind::filter;
      return std::nullopt;
    default:
      return std::nullopt;
  }
}

PathStep step_of(const PathProgram& program, NodeIndex index, StepKind kind) {
  const Model& model = Model::r4();
  const PathNode& node = program.nodes[index];
  PathStep step;
  step.kind = kind;
  step.node = index;
  auto set_type = [&](TypeIndex type) {
    step.type = type;
    const TypeDefinition& definition = model.type(type);
    step.text_kind = kind_of_text(definition.primitive);
    step.is_decimal = definition.primitive == PrimitiveKind::decimal;
    step.has_sibling = definition.kind == TypeKind::primitive;
  };
  switch (kind) {
    case StepKind::member:
      step.name = JsonName(node.text);
      step.sibling = JsonName(node.json_sibling);
      step.input_type = node.input_type;
      // Which resource stands there, only the resource itself can say.
      if (node.element->types[0] == kUnknownType || model.type(node.element->types[0]).kind == TypeKind::resource)
        step.kind = StepKind::any_member;
      else
        set_type(node.element->types[0]);
      break;
    case StepKind::typed_member:
      step.name = JsonName(node.text);
      step.sibling = JsonName(node.json_sibling);
      if (model.type(node.type_name.fhir).kind != TypeKind::resource) set_type(node.type_name.fhir);
      break;
    case StepKind::where_equal: {
      const PathNode& path = program.nodes[node.arguments[0]];
      step.literal = node.literal.text;
      bool is_plain = path.element && !path.element->is_choice && !path.element->is_list &&
                      path.element->types.size() == 1 && path.element->types[0] != kUnknownType &&
                      model.type(path.element->types[0]).primitive == PrimitiveKind::string;
      if (!is_plain) break;
      step.name = JsonName(path.text);
      step.input_type = path.input_type;
      break;
    }
    case StepKind::extension_url:
      step.literal = node.literal.text;
      step.type = model.find_type("Extension");
      break;
    case StepKind::any_member:
    case StepKind::first:
    case StepKind::filter:
    case StepKind::of_type:
    case StepKind::root_type:
      break;
  }
  return step;
}

}  // namespace

void link_chains(PathProgram& program) {
  std::vector<bool> is_inner(program.nodes.size());
  for (const PathNode& node : program.nodes) {
    if (node.input == kNoNode || !step_kind(program, node)) continue;
    if (step_kind(program, program.nodes[node.input])) is_inner[node.input] = true;
  }
  for (NodeIndex index = 0; index < program.nodes.size(); ++index) {
    if (is_inner[index] || !step_kind(program, program.nodes[index])) continue;
    std::vector<PathStep> steps;
    NodeIndex at = index;
    while (at != kNoNode) {
      auto kind = step_kind(program, program.nodes[at]);
      if (!kind) break;
      steps.push_back(step_of(program, at, *kind));
      at = program.nodes[at].input;
    }
    if (at != kNoNode && program.nodes[at].op == PathOp::this_item) at = kNoNode;
    PathChain& chain = program.nodes[index].chain;
    chain.source = at;
    chain.first_step = static_cast<uint32_t>(program.steps.size());
    chain.step_count = static_cast<uint32_t>(steps.size());
    program.steps.insert(program.steps.end(), steps.rbegin(), steps.rend());
  }
}

namespace {

const JsonNode* object_of(const PathValue& value) {
  return value.node && value.node->kind == JsonKind::object ? value.node : value.sibling;
}

const JsonNode* member_of(const JsonNode* object, const JsonName& name) {
  return JsonView(object)[name].node();
}

// The value of a child whose type the step knows.
PathValue known_value(const PathStep& step, const JsonNode* node, const JsonNode* sibling) {
  PathValue value;
  value.node = node;
  value.sibling = sibling;
  value.type = step.type;
  if (!node) return value;
  switch (node->kind) {
    case JsonKind::null:
      break;
    case JsonKind::boolean:
      value.kind = ValueKind::boolean;
      value.boolean = node->boolean;
      value.text = JsonView(node).text();
      break;
    case JsonKind::number:
      value.text = {node->text, node->size};
      value.kind = step.is_decimal || value.text.find_first_of(".eE") != std::string_view::npos ? ValueKind::decimal
                                                                                                : ValueKind::integer;
      break;
    case JsonKind::string:
      value.text = {node->text, node->size};
      value.kind = step.text_kind;
      break;
    case JsonKind::array:
    case JsonKind::object:
      value.kind = ValueKind::element;
      break;
  }
  return value;
}

}  // namespace

bool PathEvaluator::run_chain(const PathNode& node, const PathScope& scope, ChainEnd& end) {
  const PathChain& chain = node.chain;
  PathValues storage(&arena_);
  std::span<const PathValue> input = scope.focus;
  if (chain.source != kNoNode) {
    if (!evaluate(chain.source, scope, storage)) return false;
    input = storage;
  }
  const PathStep* first = program_.steps.data() + chain.first_step;
  ChainRun run{first + chain.step_count, scope, end};
  for (const PathValue& value : input) {
    Flow flow = run_steps(run, first, value);
    if (flow != Flow::go_on) return flow == Flow::enough;
  }
  return true;
}

PathEvaluator::Flow PathEvaluator::end_chain(ChainRun& run, const PathValue& value) {
  ChainEnd& end = run.end;
  if (environment_.sources && (value.node || value.sibling))
    environment_.sources->push_back(value.node ? value.node : value.sibling);
  if (end.out) return push(program_.nodes[(run.steps_end - 1)->node], value, *end.out) ? Flow::go_on : Flow::failed;
  if (end.count == 0) end.value = value;
  return ++end.count >= end.count_max ? Flow::enough : Flow::go_on;
}

PathEvaluator::Flow PathEvaluator::run_children(ChainRun& run, const PathStep& step, const JsonNode* child,
                                                const JsonNode* sibling) {
  bool is_list = (child && child->kind == JsonKind::array) || (sibling && sibling->kind == JsonKind::array);
  auto object_or_none = [](const JsonNode* extra) {
    return extra && extra->kind == JsonKind::object ? extra : nullptr;
  };
  if (!is_list) {
    sibling = object_or_none(sibling);
    if ((!child || child->kind == JsonKind::null) && !sibling) return Flow::go_on;
    return run_steps(run, &step + 1, known_value(step, child, sibling));
  }
  JsonView children(child), siblings(sibling);
  size_t count = std::max(children.is_array() ? children.size() : 0, siblings.is_array() ? siblings.size() : 0);
  for (size_t i = 0; i < count; ++i) {
    const JsonNode* element = children.is_array() ? children.at(i).node() : nullptr;
    const JsonNode* extra = object_or_none(siblings.is_array() ? siblings.at(i).node() : nullptr);
    if ((!element || element->kind == JsonKind::null) && !extra) continue;
    Flow flow = run_steps(run, &step + 1, known_value(step, element, extra));
    if (flow != Flow::go_on) return flow;
  }
  return Flow::go_on;
}

PathEvaluator::Flow PathEvaluator::run_steps(ChainRun& run, const PathStep* at, const PathValue& item) {
  if (at == run.steps_end) return end_chain(run, item);
  const PathStep& step = *at;
  const PathNode& node = program_.nodes[step.node];
  if (!this->step(node)) return Flow::failed;
  switch (step.kind) {
    case StepKind::member:
      if (item.type == step.input_type) {
        const JsonNode* object = object_of(item);
        return run_children(run, step, member_of(object, step.name),
                            step.has_sibling ? member_of(object, step.sibling) : nullptr);
      }
      [[fallthrough]];
    case StepKind::any_member: {
      PathValues found(&arena_);
      if (!members(node, item, found)) return Flow::failed;
      for (const PathValue& value : found) {
        Flow flow = run_steps(run, at + 1, value);
        if (flow != Flow::go_on) return flow;
      }
      return Flow::go_on;
    }
    case StepKind::typed_member: {
      const JsonNode* object = object_of(item);
      if (step.type != kUnknownType && object) {
        return run_children(run, step, member_of(object, step.name),
                            step.has_sibling ? member_of(object, step.sibling) : nullptr);
      }
      PathValues found(&arena_);
      if (!typed_members(node, item, found)) return Flow::failed;
      for (const PathValue& value : found) {
        Flow flow = run_steps(run, at + 1, value);
        if (flow != Flow::go_on) return flow;
      }
      return Flow::go_on;
    }
    case StepKind::where_equal: {
      if (item.type == step.input_type && !step.name.text.empty()) {
        const JsonNode* found = member_of(object_of(item), step.name);
        bool is_met = found && found->kind == JsonKind::string && JsonView(found).text() == step.literal;
        return is_met ? run_steps(run, at + 1, item) : Flow::go_on;
      }
      PathValues found(&arena_);
      if (!members(program_.nodes[node.arguments[0]], item, found)) return Flow::failed;
      bool is_met = found.size() == 1 && equal(found[0], node.literal).value_or(false);
      return is_met ? run_steps(run, at + 1, item) : Flow::go_on;
    }
    case StepKind::extension_url: {
      static const JsonName kExtension("extension"), kUrl("url");
      for (JsonView extension : JsonView(object_of(item))[kExtension]) {
        if (extension[kUrl].text() != step.literal) continue;
        Flow flow = run_steps(run, at + 1, known_value(step, extension.node(), nullptr));
        if (flow != Flow::go_on) return flow;
      }
      return Flow::go_on;
    }
    case StepKind::first: {
      Flow flow = run_steps(run, at + 1, item);
      return flow == Flow::go_on ? Flow::enough : flow;
    }
    case StepKind::filter: {
      std::optional<bool> is_met;
      PathScope inner{std::span<const PathValue>(&item, 1), 0, run.scope.total};
      size_t known_sources = environment_.sources ? environment_.sources->size() : 0;
      if (!evaluate_criterion(node.arguments[0], inner, is_met)) return Flow::failed;
      // What a filter looks at is not what the path gives.
      if (environment_.sources) environment_.sources->resize(known_sources);
      return is_met == true ? run_steps(run, at + 1, item) : Flow::go_on;
    }
    case StepKind::of_type:
      return has_type(item, node.type_name, true) ? run_steps(run, at + 1, item) : Flow::go_on;
    case StepKind::root_type:
      return model_.is_a(item.type, node.type_name.fhir) ? run_steps(run, at + 1, item) : Flow::go_on;
  }
  return Flow::go_on;
}

}  // namespace authledger
