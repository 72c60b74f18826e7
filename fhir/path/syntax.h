#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "fhir/path/functions.h"
#include "fhir/path/regex.h"
#include "fhir/path/value.h"

namespace authledger {

enum class PathOp : uint8_t {
  literal,
  empty,
  this_item,
  index,
  total,
  variable,
  root_type,
  member,
  call,
  indexer,
  negate,
  keep_sign,
  add,
  subtract,
  multiply,
  divide,
  divide_whole,
  remainder,
  concatenate,
  union_of,
  less,
  less_equal,
  greater,
  greater_equal,
  equal,
  not_equal,
  equivalent,
  not_equivalent,
  in,
  contains,
  logical_and,
  logical_or,
  logical_xor,
  implies,
  is_type,
  as_type,
  // Written by the analysis over what the parser gave, so that common shapes run without collections.
  typed_member,  // value.ofType(Quantity): the JSON member valueQuantity
  where_equal,   // where(code = 'x'): argument 0 a member path, text the literal
  extension_url  // extension('url')
};

using NodeIndex = uint32_t;
inline constexpr NodeIndex kNoNode = 0xFFFFFFFF;

// Which type `is`, `as` and ofType ask for.
struct TypeName {
  std::string written;
  TypeIndex fhir = kUnknownType;       // FHIR.Patient, Patient
  ValueKind system = ValueKind::none;  // System.Integer, Integer
};

// What a step of a chain does with one value.
enum class StepKind : uint8_t {
  member,         // An element of known type that is no choice.
  any_member,     // An element of which the model knows no more than its name.
  typed_member,   // A choice of one type.
  where_equal,    // Keeps the value when a plain text element of it has a given text.
  extension_url,  // Its extensions with a given URL.
  first,          // The first value, and no more.
  filter,         // where(), with any criterion.
  of_type,
  root_type
};

// One step of a chain, with all that it needs side by side. Texts live in the program's nodes.
struct PathStep {
  StepKind kind = StepKind::member;
  ValueKind text_kind = ValueKind::string;  // What a JSON text is here.
  bool is_decimal = false;                  // What a JSON number is here.
  bool has_sibling = false;                 // A primitive, which `_name` may accompany.
  TypeIndex input_type = kUnknownType;      // member: only values of this type; others take the long way.
  TypeIndex type = kUnknownType;            // Of the result.
  NodeIndex node = kNoNode;
  JsonName name, sibling;
  std::string_view literal;
};

// A path that gives one value after the other, without collections in between.
struct PathChain {
  NodeIndex source = kNoNode;  // What it starts from; kNoNode: the focus.
  uint32_t first_step = 0;
  uint32_t step_count = 0;  // 0: the node is no chain.
};

// One operation of a compiled expression. Nodes lie in one vector; children stand before their parent.
struct PathNode {
  PathOp op = PathOp::empty;
  PathFunction function = PathFunction::count;
  uint32_t offset = 0;  // Byte in the text, for errors.
  uint32_t depth = 1;
  NodeIndex input = kNoNode;  // What stands left: of the dot, or of the operator. kNoNode: the focus.
  std::vector<NodeIndex> arguments;
  std::string text;          // Member, variable, literal or function name.
  std::string json_sibling;  // "_name" of a member; a quantity literal's unit.
  TypeName type_name;
  PathValue literal;
  std::vector<bool> descending;  // sort(): per argument.
  std::unique_ptr<Regex> regex;  // A pattern that is a literal.
  // What the analysis knows: the member's definition when the input has this type.
  TypeIndex input_type = kUnknownType;
  const ElementDefinition* element = nullptr;
  PathChain chain;  // The node and what stands left of it, when that is a chain.
};

struct PathProgram {
  std::string text;
  std::vector<PathNode> nodes;
  std::vector<PathStep> steps;
  NodeIndex root = kNoNode;
};

struct PathError {
  std::string message;  // Never holds a value of the resource.
  uint32_t line = 1, column = 1;
};

// "3:14: unknown function"
std::string to_string(const PathError& error);
PathError error_at(std::string_view text, uint32_t offset, std::string message);

}  // namespace authledger
