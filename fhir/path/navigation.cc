#include <fmt/format.h>

#include "fhir/path/evaluator.h"

// How a step moves from a value to its children: JSON members, choice types, `_name` siblings, extensions.

namespace authledger {
namespace {

// Where the children of a value stand: the object itself, or a primitive's sibling (id, extension).
JsonView object_of(const PathValue& value) {
  JsonView view(value.node);
  return view.is_object() ? view : JsonView(value.sibling);
}

}  // namespace

bool PathEvaluator::append_children(const PathNode& node, JsonView child, JsonView sibling, TypeIndex type,
                                    PathValues& out) {
  if (!child.is_array() && !sibling.is_array()) {
    if ((!child.exists() || child.is_null()) && !sibling.is_object()) return true;
    return push(node, element_value(child.node(), sibling.is_object() ? sibling.node() : nullptr, type), out);
  }
  size_t count = std::max(child.size(), sibling.size());
  for (size_t i = 0; i < count; ++i) {
    JsonView element = child.at(i);
    JsonView extra = sibling.at(i);
    if ((!element.exists() || element.is_null()) && !extra.is_object()) continue;
    if (!push(node, element_value(element.node(), extra.is_object() ? extra.node() : nullptr, type), out)) return false;
  }
  return true;
}

bool PathEvaluator::members(const PathNode& node, const PathValue& item, PathValues& out) {
  const ElementDefinition* element = item.type == node.input_type && node.element ? node.element
                                     : item.type == kUnknownType                  ? nullptr
                                                                 : model_.find_element(item.type, node.text);
  return member_named(node, item, node.text, node.json_sibling, element, out);
}

bool PathEvaluator::member_named(const PathNode& node, const PathValue& item, std::string_view name,
                                 std::string_view sibling_name, const ElementDefinition* element, PathValues& out) {
  if (item.kind == ValueKind::type_info) {
    if (name == "name") return push(node, text_value(ValueKind::string, item.text), out);
    if (name == "namespace") return push(node, text_value(ValueKind::string, item.unit), out);
    return true;
  }
  if (item.kind == ValueKind::quantity) {
    if (name == "value") return push(node, text_value(ValueKind::decimal, item.text), out);
    if (name == "unit" || name == "code") return push(node, text_value(ValueKind::string, item.unit), out);
    return true;
  }
  JsonView object = object_of(item);
  if (!object.is_object()) return true;
  if (element && !element->is_choice) {
    TypeIndex type = element->types.empty() ? kUnknownType : element->types[0];
    bool may_have_sibling = type == kUnknownType || model_.type(type).kind == TypeKind::primitive;
    return append_children(node, object[name], may_have_sibling ? object[sibling_name] : JsonView(), type, out);
  }
  if (!element && (item.type == kUnknownType || !object[name].exists())) {
    JsonView child = object[name];
    JsonView sibling = object[sibling_name];
    if (child.exists() || sibling.is_object()) {
      if (name == "resourceType") return true;
      return append_children(node, child, sibling, name == "extension" ? model_.find_type("Extension") : kUnknownType,
                             out);
    }
    if (item.type != kUnknownType) return true;
  } else if (!element) {
    // JSON's own name of a choice (valueQuantity) is no FHIRPath name; other names may come from a later FHIR version.
    if (name == "resourceType") return true;
    for (const ElementDefinition& known : model_.type(item.type).elements) {
      if (known.is_choice && name.starts_with(known.name) && name.size() > known.name.size() &&
          model_.find_json_suffix(name.substr(known.name.size())) != kUnknownType) {
        return true;
      }
    }
    return append_children(node, object[name], object[sibling_name], kUnknownType, out);
  }
  // A choice: the member whose name goes on with the name of a data type.
  for (JsonView child : object) {
    std::string_view member = child.name();
    bool is_sibling = !member.empty() && member[0] == '_';
    if (is_sibling) member.remove_prefix(1);
    if (!member.starts_with(name) || member.size() == name.size()) continue;
    TypeIndex type = model_.find_json_suffix(member.substr(name.size()));
    if (type == kUnknownType) continue;
    if (is_sibling) {
      if (object[member].exists()) continue;
      return append_children(node, JsonView(), child, type, out);
    }
    JsonView sibling;
    if (model_.type(type).kind == TypeKind::primitive) sibling = object["_" + std::string(member)];
    return append_children(node, child, sibling, type, out);
  }
  return true;
}

bool PathEvaluator::typed_members(const PathNode& node, const PathValue& item, PathValues& out) {
  JsonView object = object_of(item);
  if (!object.is_object()) return true;
  JsonView child = object[node.text];
  if (!child.exists() && !object[node.json_sibling].exists()) return true;
  return append_children(node, child, object[node.json_sibling], node.type_name.fhir, out);
}

bool PathEvaluator::children(const PathNode& node, const PathValue& item, PathValues& out) {
  JsonView object = object_of(item);
  for (JsonView child : object) {
    std::string_view name = child.name();
    bool is_sibling = !name.empty() && name[0] == '_';
    if (is_sibling) name.remove_prefix(1);
    if (name == "resourceType" || (is_sibling && object[name].exists())) continue;
    const ElementDefinition* element = model_.find_element(item.type, name);
    TypeIndex type = element && !element->types.empty() ? element->types[0] : kUnknownType;
    if (!element && item.type != kUnknownType) {
      for (const ElementDefinition& known : model_.type(item.type).elements) {
        if (known.is_choice && name.starts_with(known.name))
          type = model_.find_json_suffix(name.substr(known.name.size()));
      }
    }
    JsonView sibling = is_sibling ? child : object["_" + std::string(name)];
    if (!append_children(node, is_sibling ? JsonView() : child, sibling, type, out)) return false;
  }
  return true;
}

bool PathEvaluator::extensions(const PathNode& node, const PathValue& item, std::string_view url, PathValues& out) {
  JsonView list = object_of(item)["extension"];
  TypeIndex type = model_.find_type("Extension");
  for (JsonView extension : list) {
    if (extension["url"].text() == url && !push(node, element_value(extension.node(), nullptr, type), out))
      return false;
  }
  return true;
}

bool PathEvaluator::has_type(const PathValue& value, const TypeName& type, bool is_exact) const {
  if (value.type != kUnknownType) {
    if (type.fhir == kUnknownType) return false;
    // Taking a primitive as another type asks for exactly that type; `code is string` holds all the same.
    if (is_exact && model_.type(value.type).kind == TypeKind::primitive) return value.type == type.fhir;
    return model_.is_a(value.type, type.fhir);
  }
  if (value.node) {
    // Of unknown type: what JSON shows must do.
    if (type.fhir == kUnknownType) return value.kind == type.system;
    if (model_.type(type.fhir).kind != TypeKind::primitive) return value.kind == ValueKind::element;
    switch (model_.type(type.fhir).primitive) {
      case PrimitiveKind::boolean:
        return value.kind == ValueKind::boolean;
      case PrimitiveKind::integer:
        return value.kind == ValueKind::integer;
      case PrimitiveKind::decimal:
        return is_numeric(value);
      case PrimitiveKind::none:
      case PrimitiveKind::string:
      case PrimitiveKind::date:
      case PrimitiveKind::date_time:
      case PrimitiveKind::time:
        return value.kind == ValueKind::string;
    }
  }
  return type.system != ValueKind::none && value.kind == type.system;
}

}  // namespace authledger
