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
};

struct PathProgram {
  std::string text;
  std::vector<PathNode> nodes;
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
