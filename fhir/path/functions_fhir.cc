#include <fmt/format.h>

#include "fhir/path/evaluator.h"

// Source: FHIR R4, fhirpath.html 2.9.1.5 (additional functions); SQL on FHIR v2, getResourceKey and getReferenceKey.

namespace authledger {
namespace {

// "Patient/p1" of a relative or absolute reference, without version; empty when it names no resource by type and id.
struct ReferenceParts {
  std::string_view type, id;
};

ReferenceParts reference_parts(std::string_view reference) {
  if (size_t history = reference.find("/_history/"); history != std::string_view::npos)
    reference = reference.substr(0, history);
  if (reference.starts_with('#') || reference.starts_with("urn:") || reference.find('?') != std::string_view::npos)
    return {};
  size_t slash = reference.rfind('/');
  if (slash == std::string_view::npos || slash + 1 == reference.size()) return {};
  size_t before = slash == 0 ? std::string_view::npos : reference.rfind('/', slash - 1);
  size_t start = before == std::string_view::npos ? 0 : before + 1;
  return {reference.substr(start, slash - start), reference.substr(slash + 1)};
}

JsonView find_contained(JsonView resource, std::string_view id) {
  for (JsonView contained : resource["contained"]) {
    if (contained["id"].text() == id) return contained;
  }
  return {};
}

}  // namespace

bool PathEvaluator::resolve(Call node, const PathValue& item, PathValues& out) {
  std::string_view reference = item.kind == ValueKind::string ? item.text : JsonView(item.node)["reference"].text();
  if (reference.empty()) return true;
  JsonView container = environment_.root_resource ? environment_.root_resource : environment_.resource;
  if (reference.starts_with('#')) {
    JsonView found = reference == "#" ? container : find_contained(container, reference.substr(1));
    return !found.exists() || push(node, resource_value(found), out);
  }
  JsonView bundle = environment_.bundle                            ? environment_.bundle
                    : container["resourceType"].text() == "Bundle" ? container
                                                                   : JsonView();
  ReferenceParts parts = reference_parts(reference);
  for (JsonView entry : bundle["entry"]) {
    if (!step(node)) return false;
    JsonView resource = entry["resource"];
    std::string_view full_url = entry["fullUrl"].text();
    bool is_same_url = !full_url.empty() &&
                       (full_url == reference ||
                        (!parts.id.empty() && full_url.ends_with(reference) && full_url.size() > reference.size() &&
                         full_url[full_url.size() - reference.size() - 1] == '/'));
    // References to an entry known by a urn: are read as Type/id (fhir/bundle.h).
    bool is_same_id = (full_url.empty() || full_url.starts_with("urn:")) && !parts.id.empty() &&
                      resource["resourceType"].text() == parts.type && resource["id"].text() == parts.id;
    if (resource.exists() && (is_same_url || is_same_id)) return push(node, resource_value(resource), out);
  }
  return true;  // Nothing is fetched: what is not at hand is empty.
}

bool PathEvaluator::fhir_function(Call node, const PathScope& scope, std::span<const PathValue> input,
                                  PathValues& out) {
  using F = PathFunction;
  switch (node.function) {
    case F::extension: {
      std::optional<std::string_view> url;
      if (!evaluate_text(node, node.arguments[0], scope, url)) return false;
      for (const PathValue& value : input) {
        if (url && !extensions(node, value, *url, out)) return false;
      }
      return true;
    }
    case F::has_value: {
      bool has_value = input.size() == 1 && input[0].kind != ValueKind::none && input[0].kind != ValueKind::element;
      return push(node, boolean_value(has_value), out);
    }
    case F::get_value: {
      if (input.size() != 1 || input[0].kind == ValueKind::none || input[0].kind == ValueKind::element) return true;
      PathValue value = input[0];
      value.type = kUnknownType;
      value.node = value.sibling = nullptr;
      return push(node, value, out);
    }
    case F::resolve:
      for (const PathValue& value : input) {
        if (!resolve(node, value, out)) return false;
      }
      return true;
    case F::conforms_to: {
      std::optional<PathValue> value;
      std::optional<std::string_view> url;
      if (!single_input(node, input, value) || !evaluate_text(node, node.arguments[0], scope, url)) return false;
      if (!value || !url) return true;
      constexpr std::string_view kBase = "http://hl7.org/fhir/StructureDefinition/";
      TypeIndex type = url->starts_with(kBase) ? model_.find_type(url->substr(kBase.size())) : kUnknownType;
      if (type == kUnknownType)
        return fail(node, "conformsTo() knows FHIR R4's own types only; profiles are not loaded");
      return push(node, boolean_value(model_.is_a(value->type, type)), out);
    }
    case F::get_resource_key: {
      for (const PathValue& value : input) {
        JsonView resource(value.node);
        if (!resource["resourceType"].is_string()) return fail(node, "getResourceKey() needs a resource");
        if (!resource["id"].is_string()) continue;
        if (!push_text(node, ValueKind::string, resource["resourceType"].string() + "/" + resource["id"].string(), out))
          return false;
      }
      return true;
    }
    case F::get_reference_key:
      for (const PathValue& value : input) {
        ReferenceParts parts = reference_parts(JsonView(value.node)["reference"].text());
        if (parts.id.empty() || model_.find_type(parts.type) == kUnknownType) continue;
        if (!node.type_name.written.empty() && model_.find_type(parts.type) != node.type_name.fhir) continue;
        if (!push_text(node, ValueKind::string, std::string(parts.type) + "/" + std::string(parts.id), out))
          return false;
      }
      return true;
    case F::html_checks:
      return input.empty() || push(node, boolean_value(true), out);
    case F::member_of:
      return fail(node,
                  "memberOf() needs a terminology server, which authledger does not call; list the codes: code in "
                  "('A1' | 'A2')");
    case F::subsumes:
    case F::subsumed_by:
      return fail(node, fmt::format("{}() needs a terminology server, which authledger does not call", node.text));
    default:
      return fail(node, fmt::format("{}() is not supported: it needs profiles, which are not loaded", node.text));
  }
}

}  // namespace authledger
