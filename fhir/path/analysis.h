#pragma once

#include <optional>

#include "fhir/path/path.h"

namespace authledger {

// Checks names against the R4 model as far as types are known, and rewrites common shapes to their fast form.
// Sets `result_type` to the result's type where the model tells it.
std::optional<PathError> analyze_path(PathProgram& program, const PathOptions& options, TypeIndex& result_type);

}  // namespace authledger
