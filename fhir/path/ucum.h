#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "fhir/path/value.h"

// Units by a small table of UCUM atoms and prefixes: what clinical quantities and durations use.
// Source: UCUM 2.1; FHIRPath 2.0, 6.1 (calendar durations above weeks are not UCUM's year and month).

namespace authledger {

// a as a number of b's unit against b: -1, 0, 1; nullopt when the units cannot be compared.
std::optional<int> compare_quantities(const PathQuantity& a, const PathQuantity& b);
// As above, but a calendar year or month is taken for UCUM's.
std::optional<int> compare_quantities_loosely(const PathQuantity& a, const PathQuantity& b);
bool comparable_quantities(const PathQuantity& a, const PathQuantity& b);
// The number of `from` in the unit of `to`.
std::optional<Decimal> convert_quantity(const PathQuantity& from, const PathQuantity& to);
// The unit of a product or quotient, written in canonical order ("g/m", "m2", "1").
std::optional<std::string> combine_units(std::string_view a, std::string_view b, bool is_quotient);

}  // namespace authledger
