#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "base/json.h"

// Bundles whose entries name each other by fullUrl (urn:uuid:…) instead of Type/id. Source: FHIR R4, bundle.html,
// "Resolving references in Bundles".

namespace authledger {

// fullUrl → "Type/id". An entry without an id is known by the last part of its fullUrl.
using BundleReferences = std::map<std::string, std::string, std::less<>>;

// Adds the entries of one Bundle (not of Bundles inside it) to `references`; the inner Bundle's name wins over an outer
// one. Names that end in the entry's own Type/id need no entry and get none.
void add_bundle_references(JsonView bundle, BundleReferences& references);

// Like walk_resources (fhir/files.h), with the names that hold where each resource stands.
void walk_resources_in_bundles(
    JsonView root,
    const std::function<void(JsonView resource, std::string_view full_url, const BundleReferences& references)>& visit);

// True when the resource says a reference that `references` resolves, or lacks the id that its fullUrl gives it.
bool needs_resolving(JsonView resource, std::string_view full_url, const BundleReferences& references);

// The resource as JSON text with every Reference.reference that is a key of `references` replaced by its value, and
// with the id that others know it by when it has none.
std::string resolve_in_bundle(JsonView resource, std::string_view full_url, const BundleReferences& references);

}  // namespace authledger
