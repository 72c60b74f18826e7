#pragma once

#include <string_view>

#include "base/result.h"
#include "fhir/path/syntax.h"

namespace authledger {

inline constexpr size_t kExpressionBytesMax = size_t{64} << 10;
inline constexpr uint32_t kExpressionNestingMax = 100;  // Parentheses, brackets, arguments in each other.
inline constexpr uint32_t kExpressionDepthMax = 500;    // Of the tree, so that evaluation has a bounded stack.

// Text to a program whose names are not yet checked. Source: FHIRPath 2.0, appendix B.
// Errors: line and column of the first mistake.
Result<PathProgram, PathError> parse_path(std::string_view text);

}  // namespace authledger
