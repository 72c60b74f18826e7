#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace authledger {

// Position of a type in the model; kUnknownType for values whose type the model does not know.
using TypeIndex = uint16_t;
inline constexpr TypeIndex kUnknownType = 0xFFFF;

enum class TypeKind : uint8_t { primitive, complex, backbone, resource };

// How the text or number of a primitive is to be understood.
enum class PrimitiveKind : uint8_t { none, boolean, integer, decimal, string, date, date_time, time };

struct ElementDefinition {
  std::string_view name;         // Without [x].
  std::vector<TypeIndex> types;  // More than one, or is_choice: a choice.
  bool is_choice = false;
  bool is_open_choice = false;  // value[x] of Extension and the like: any data type.
  bool is_list = false;
};

struct TypeDefinition {
  std::string_view name;         // "Patient", "Patient.contact", "code"
  std::string_view json_suffix;  // "Code" in valueCode: the name with a capital; shares no storage with `name`.
  TypeIndex parent = kUnknownType;
  TypeKind kind = TypeKind::complex;
  PrimitiveKind primitive = PrimitiveKind::none;
  std::vector<ElementDefinition> elements;  // Parents' included, sorted by name.
};

// The types and elements of FHIR R4 (4.0.1) as data. Immutable; safe to share between threads.
// Source: HL7 StructureDefinitions, see generate_r4_model.py.
class Model {
 public:
  // The one built-in model: constant data, read once on first use.
  static const Model& r4();

  const TypeDefinition& type(TypeIndex index) const { return types_[index]; }
  TypeIndex find_type(std::string_view name) const;
  // The data type named by a choice element's JSON name suffix ("Quantity", "DateTime").
  TypeIndex find_json_suffix(std::string_view suffix) const;
  const ElementDefinition* find_element(TypeIndex type, std::string_view name) const;
  // Whether `type` is `ancestor` or descends from it.
  bool is_a(TypeIndex type, TypeIndex ancestor) const;
  size_t size() const { return types_.size(); }
  // The element name nearest to a mistaken one, or "".
  std::string nearest_element(TypeIndex type, std::string_view name) const;

 private:
  Model();
  std::vector<TypeDefinition> types_;
  std::vector<std::string> suffixes_;
  std::unordered_map<std::string_view, TypeIndex> by_name_;
  std::unordered_map<std::string_view, TypeIndex> by_suffix_;
};

}  // namespace authledger
