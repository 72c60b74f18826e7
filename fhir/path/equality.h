#pragma once

#include <optional>
#include <span>

#include "fhir/path/value.h"

// Source: FHIRPath 2.0, 6.1 (equality) and 6.2 (comparison).

namespace authledger {

// nullopt: unknown (dates of different precision, quantities that cannot be compared).
std::optional<bool> equal(const PathValue& a, const PathValue& b);
bool equivalent(const PathValue& a, const PathValue& b);
// Collections in order, and of the same size.
std::optional<bool> equal(std::span<const PathValue> a, std::span<const PathValue> b);
// Collections in any order.
bool equivalent(std::span<const PathValue> a, std::span<const PathValue> b);
// For distinct, union and the like: unknown counts as different.
inline bool same(const PathValue& a, const PathValue& b) {
  return equal(a, b).value_or(false);
}

}  // namespace authledger
