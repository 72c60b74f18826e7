#include "fhir/bundle.h"

#include <fmt/format.h>

#include "fhir/files.h"

namespace authledger {
namespace {

bool is_urn(std::string_view url) {
  return url.starts_with("urn:");
}

std::string_view last_part(std::string_view url) {
  const size_t end = url.find_last_of(":/");
  return end == std::string_view::npos ? url : url.substr(end + 1);
}

using Visit = std::function<void(JsonView, std::string_view, const BundleReferences&)>;

void walk(JsonView value, std::string_view full_url, const BundleReferences& references, const Visit& visit);

void walk_parameters(JsonView parameters, const BundleReferences& references, const Visit& visit) {
  for (const JsonView parameter : parameters) {
    walk(parameter["resource"], "", references, visit);
    walk_parameters(parameter["part"], references, visit);
  }
}

void walk(JsonView value, std::string_view full_url, const BundleReferences& references, const Visit& visit) {
  if (value.is_array()) {
    for (const JsonView element : value) walk(element, "", references, visit);
    return;
  }
  const std::string_view type = value["resourceType"].text();
  if (type == "Bundle") {
    BundleReferences inner = references;
    add_bundle_references(value, inner);
    for (const JsonView entry : value["entry"]) walk(entry["resource"], entry["fullUrl"].text(), inner, visit);
  } else if (type == "Parameters") {
    walk_parameters(value["parameter"], references, visit);
  } else if (!type.empty()) {
    visit(value, full_url, references);
  }
}

void write_resolved(JsonView value, const BundleReferences& references, JsonWriter& writer) {
  if (value.is_array()) {
    writer.begin_array();
    for (const JsonView element : value) write_resolved(element, references, writer);
    writer.end_array();
  } else if (value.is_object()) {
    writer.begin_object();
    for (const JsonView member : value) {
      writer.key(member.name());
      const auto found =
          member.name() == "reference" && member.is_string() ? references.find(member.text()) : references.end();
      if (found != references.end())
        writer.string(found->second);
      else
        write_resolved(member, references, writer);
    }
    writer.end_object();
  } else {
    writer.value(value);
  }
}

bool has_reference(JsonView value, const BundleReferences& references) {
  if (!value.is_array() && !value.is_object()) return false;
  for (const JsonView child : value) {
    if (child.is_string() && child.name() == "reference" && references.contains(child.text())) return true;
    if (has_reference(child, references)) return true;
  }
  return false;
}

bool lacks_known_id(JsonView resource, std::string_view full_url) {
  return !resource["id"].exists() && is_urn(full_url) && !last_part(full_url).empty();
}

}  // namespace

void add_bundle_references(JsonView bundle, BundleReferences& references) {
  for (const JsonView entry : bundle["entry"]) {
    const std::string_view full_url = entry["fullUrl"].text();
    const std::string_view type = entry["resource"]["resourceType"].text();
    std::string_view id = entry["resource"]["id"].text();
    if (id.empty() && is_urn(full_url)) id = last_part(full_url);
    if (full_url.empty() || type.empty() || id.empty()) continue;
    std::string reference = fmt::format("{}/{}", type, id);
    if (full_url == reference || full_url.ends_with("/" + reference)) continue;
    references.insert_or_assign(std::string(full_url), std::move(reference));
  }
}

void walk_resources_in_bundles(JsonView root, const Visit& visit) {
  walk(root, "", BundleReferences(), visit);
}

void walk_resources(JsonView resource, const std::function<void(JsonView, std::string_view)>& visit) {
  walk_resources_in_bundles(
      resource, [&](JsonView found, std::string_view full_url, const BundleReferences&) { visit(found, full_url); });
}

bool needs_resolving(JsonView resource, std::string_view full_url, const BundleReferences& references) {
  return lacks_known_id(resource, full_url) || (!references.empty() && has_reference(resource, references));
}

std::string resolve_in_bundle(JsonView resource, std::string_view full_url, const BundleReferences& references) {
  JsonWriter writer;
  writer.begin_object();
  for (const JsonView member : resource) {
    writer.key(member.name());
    write_resolved(member, references, writer);
    if (member.name() == "resourceType" && lacks_known_id(resource, full_url)) {
      writer.member("id", last_part(full_url));
    }
  }
  writer.end_object();
  return writer.take();
}

}  // namespace authledger
