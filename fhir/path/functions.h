#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace authledger {

// Every function that can be called. Source: FHIRPath 2.0 section 5 and the 3.0 additions; FHIR R4 fhirpath.html
// section 2.9.1.5; SQL on FHIR v2 (getResourceKey, getReferenceKey).
enum class PathFunction : uint8_t {
  // Existence
  empty,
  exists,
  all,
  all_true,
  any_true,
  all_false,
  any_false,
  subset_of,
  superset_of,
  count,
  distinct,
  is_distinct,
  // Filtering and projection, subsetting, combining
  where,
  select,
  repeat,
  repeat_all,
  of_type,
  single,
  first,
  last,
  tail,
  skip,
  take,
  intersect,
  exclude,
  union_with,
  combine,
  coalesce,
  sort,
  aggregate,
  // Conversion
  iif,
  to_boolean,
  converts_to_boolean,
  to_integer,
  converts_to_integer,
  to_long,
  converts_to_long,
  to_date,
  converts_to_date,
  to_date_time,
  converts_to_date_time,
  to_decimal,
  converts_to_decimal,
  to_quantity,
  converts_to_quantity,
  to_string,
  converts_to_string,
  to_time,
  converts_to_time,
  // Strings
  index_of,
  last_index_of,
  substring,
  starts_with,
  ends_with,
  contains,
  upper,
  lower,
  replace,
  matches,
  matches_full,
  replace_matches,
  length,
  to_chars,
  encode,
  decode,
  escape,
  unescape,
  trim,
  split,
  join,
  // Math
  abs,
  ceiling,
  exp,
  floor,
  ln,
  log,
  power,
  round,
  sqrt,
  truncate,
  // Tree navigation, utility, types
  children,
  descendants,
  trace,
  now,
  time_of_day,
  today,
  define_variable,
  low_boundary,
  high_boundary,
  precision,
  comparable,
  type,
  is,
  as,
  not_,
  year_of,
  month_of,
  day_of,
  hour_of,
  minute_of,
  second_of,
  millisecond_of,
  timezone_offset_of,
  date_of,
  time_of,
  // FHIR
  extension,
  has_value,
  get_value,
  resolve,
  conforms_to,
  member_of,
  subsumes,
  subsumed_by,
  html_checks,
  element_definition,
  slice,
  check_modifiers,
  get_resource_key,
  get_reference_key
};

enum class ArgumentKind : uint8_t {
  value,     // Evaluated once, where the whole call stands.
  per_item,  // Evaluated for each input item, as $this.
  type_name  // Not evaluated.
};

struct FunctionSignature {
  std::string_view name;
  PathFunction function;
  uint8_t arguments_min, arguments_max;
  ArgumentKind argument_kind = ArgumentKind::value;
  bool needs_order = false;  // Taking by position from an unordered collection is a mistake.
};

// nullptr when there is none of that name.
const FunctionSignature* find_function(std::string_view name);
const FunctionSignature& signature_of(PathFunction function);
std::string nearest_function(std::string_view name);

}  // namespace authledger
