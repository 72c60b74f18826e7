#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/issue.h"
#include "base/json.h"
#include "base/result.h"

// FHIR resources from files: .json (one resource, a Bundle, Parameters or an array), .ndjson, each also .gz.
// Bundles and Parameters are walked recursively, wherever a resource stands (FHIR_FACTS a.2, notifications).

namespace authledger {

struct FileResource {
  JsonView resource;      // Valid during the callback.
  std::string_view text;  // Its text when the file gives it whole (an NDJSON line); empty inside a Bundle.
  std::string full_url;   // Bundle.entry.fullUrl, or empty.
  std::string file;       // Name relative to the folder.
  size_t line = 0;        // NDJSON line, from 1; 0 otherwise.
};

// Resources found inside one resource, itself included unless it is a Bundle or Parameters.
// References of the form urn:uuid: that match a fullUrl in the same Bundle can be resolved with `resolve_in_bundle`.
void walk_resources(JsonView resource, const std::function<void(JsonView resource, std::string_view full_url)>& visit);

// Sorted names of the readable files below `folder`, relative to it. Symlinks that leave the folder are left out.
Result<std::vector<std::string>> list_resource_files(const std::string& folder);

// Streams one file in constant memory (NDJSON line by line). A file or line that cannot be read becomes an Issue whose
// element_path is "file" or "file:line"; the rest goes on. `visit` returns false to stop.
Issues read_resource_file(const std::string& folder, const std::string& file,
                          const std::function<bool(const FileResource&)>& visit);

}  // namespace authledger
