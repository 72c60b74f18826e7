#include "fhir/path/model.h"

#include <algorithm>

#include "base/text.h"

namespace authledger {
namespace {

constexpr std::string_view kTable =
#include "fhir/path/r4_model.inc"
    ;

std::string_view take_until(std::string_view& text, char separator) {
  size_t at = text.find(separator);
  std::string_view part = text.substr(0, at);
  text.remove_prefix(at == std::string_view::npos ? text.size() : at + 1);
  return part;
}

PrimitiveKind primitive_kind(std::string_view name) {
  if (name == "boolean") return PrimitiveKind::boolean;
  if (name == "integer" || name == "positiveInt" || name == "unsignedInt") return PrimitiveKind::integer;
  if (name == "decimal") return PrimitiveKind::decimal;
  if (name == "date") return PrimitiveKind::date;
  if (name == "dateTime" || name == "instant") return PrimitiveKind::date_time;
  if (name == "time") return PrimitiveKind::time;
  return PrimitiveKind::string;
}

}  // namespace

const Model& Model::r4() {
  static const Model model;
  return model;
}

Model::Model() {
  struct Line {
    std::string_view parent, elements;
  };
  std::vector<Line> lines;
  std::string_view table = kTable;
  while (!table.empty()) {
    std::string_view line = take_until(table, '\n');
    if (line.empty()) continue;
    TypeDefinition type;
    type.name = take_until(line, '|');
    std::string_view parent = take_until(line, '|');
    char kind = take_until(line, '|').front();
    type.kind = kind == 'p'   ? TypeKind::primitive
                : kind == 'r' ? TypeKind::resource
                : kind == 'b' ? TypeKind::backbone
                              : TypeKind::complex;
    if (type.kind == TypeKind::primitive) type.primitive = primitive_kind(type.name);
    by_name_.emplace(type.name, static_cast<TypeIndex>(types_.size()));
    types_.push_back(std::move(type));
    lines.push_back({parent, line});
  }
  suffixes_.reserve(types_.size());
  for (size_t i = 0; i < types_.size(); ++i) {
    types_[i].parent = find_type(lines[i].parent);
    std::string suffix(types_[i].name);
    suffix[0] = static_cast<char>(suffix[0] >= 'a' && suffix[0] <= 'z' ? suffix[0] - 'a' + 'A' : suffix[0]);
    suffixes_.push_back(std::move(suffix));
    types_[i].json_suffix = suffixes_.back();
    if (types_[i].kind == TypeKind::primitive || types_[i].kind == TypeKind::complex) {
      by_suffix_.emplace(types_[i].json_suffix, static_cast<TypeIndex>(i));
    }
  }
  for (size_t i = 0; i < types_.size(); ++i) {
    auto read_own = [&](std::string_view text, std::vector<ElementDefinition>& elements) {
      while (!text.empty()) {
        std::string_view part = take_until(text, '|');
        ElementDefinition element;
        element.is_list = part.ends_with('*');
        if (element.is_list) part.remove_suffix(1);
        element.name = take_until(part, '=');
        element.is_choice = element.name.ends_with("[x]");
        if (element.is_choice) element.name.remove_suffix(3);
        element.is_open_choice = part == "Any";
        while (!part.empty() && !element.is_open_choice) element.types.push_back(find_type(take_until(part, ',')));
        elements.push_back(std::move(element));
      }
    };
    std::vector<ElementDefinition>& elements = types_[i].elements;
    for (TypeIndex at = static_cast<TypeIndex>(i); at != kUnknownType; at = types_[at].parent) {
      read_own(lines[at].elements, elements);
    }
    std::stable_sort(elements.begin(), elements.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  }
}

TypeIndex Model::find_type(std::string_view name) const {
  auto found = by_name_.find(name);
  return found == by_name_.end() ? kUnknownType : found->second;
}

TypeIndex Model::find_json_suffix(std::string_view suffix) const {
  auto found = by_suffix_.find(suffix);
  return found == by_suffix_.end() ? kUnknownType : found->second;
}

const ElementDefinition* Model::find_element(TypeIndex index, std::string_view name) const {
  if (index == kUnknownType) return nullptr;
  const auto& elements = types_[index].elements;
  auto found =
      std::lower_bound(elements.begin(), elements.end(), name,
                       [](const ElementDefinition& element, std::string_view wanted) { return element.name < wanted; });
  return found != elements.end() && found->name == name ? &*found : nullptr;
}

bool Model::is_a(TypeIndex index, TypeIndex ancestor) const {
  for (; index != kUnknownType; index = types_[index].parent) {
    if (index == ancestor) return true;
  }
  return false;
}

std::string Model::nearest_element(TypeIndex index, std::string_view name) const {
  if (index == kUnknownType) return "";
  std::vector<std::string> names;
  for (const ElementDefinition& element : types_[index].elements) names.emplace_back(element.name);
  return nearest_word(name, names);
}

}  // namespace authledger
