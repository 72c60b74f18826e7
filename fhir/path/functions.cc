#include "fhir/path/functions.h"

#include <algorithm>
#include <iterator>
#include <vector>

#include "base/check.h"
#include "base/text.h"

namespace authledger {
namespace {

using F = PathFunction;
constexpr auto kPerItem = ArgumentKind::per_item;
constexpr auto kValue = ArgumentKind::value;
constexpr auto kType = ArgumentKind::type_name;
constexpr uint8_t kManyArguments = 32;

constexpr FunctionSignature kFunctions[] = {
    {"empty", F::empty, 0, 0},
    {"exists", F::exists, 0, 1, kPerItem},
    {"all", F::all, 1, 1, kPerItem},
    {"allTrue", F::all_true, 0, 0},
    {"anyTrue", F::any_true, 0, 0},
    {"allFalse", F::all_false, 0, 0},
    {"anyFalse", F::any_false, 0, 0},
    {"subsetOf", F::subset_of, 1, 1},
    {"supersetOf", F::superset_of, 1, 1},
    {"count", F::count, 0, 0},
    {"distinct", F::distinct, 0, 0},
    {"isDistinct", F::is_distinct, 0, 0},
    {"where", F::where, 1, 1, kPerItem},
    {"select", F::select, 1, 1, kPerItem},
    {"repeat", F::repeat, 1, 1, kPerItem},
    {"repeatAll", F::repeat_all, 1, 1, kPerItem},
    {"ofType", F::of_type, 1, 1, kType},
    {"single", F::single, 0, 0},
    {"first", F::first, 0, 0, kValue, true},
    {"last", F::last, 0, 0, kValue, true},
    {"tail", F::tail, 0, 0, kValue, true},
    {"skip", F::skip, 1, 1, kValue, true},
    {"take", F::take, 1, 1, kValue, true},
    {"intersect", F::intersect, 1, 1},
    {"exclude", F::exclude, 1, 1},
    {"union", F::union_with, 1, 1},
    {"combine", F::combine, 1, 2},
    {"coalesce", F::coalesce, 1, kManyArguments},
    {"sort", F::sort, 0, kManyArguments, kPerItem},
    {"aggregate", F::aggregate, 1, 2, kPerItem},
    {"iif", F::iif, 2, 3, kPerItem},
    {"toBoolean", F::to_boolean, 0, 0},
    {"convertsToBoolean", F::converts_to_boolean, 0, 0},
    {"toInteger", F::to_integer, 0, 0},
    {"convertsToInteger", F::converts_to_integer, 0, 0},
    {"toLong", F::to_long, 0, 0},
    {"convertsToLong", F::converts_to_long, 0, 0},
    {"toDate", F::to_date, 0, 0},
    {"convertsToDate", F::converts_to_date, 0, 0},
    {"toDateTime", F::to_date_time, 0, 0},
    {"convertsToDateTime", F::converts_to_date_time, 0, 0},
    {"toDecimal", F::to_decimal, 0, 0},
    {"convertsToDecimal", F::converts_to_decimal, 0, 0},
    {"toQuantity", F::to_quantity, 0, 1},
    {"convertsToQuantity", F::converts_to_quantity, 0, 1},
    {"toString", F::to_string, 0, 0},
    {"convertsToString", F::converts_to_string, 0, 0},
    {"toTime", F::to_time, 0, 0},
    {"convertsToTime", F::converts_to_time, 0, 0},
    {"indexOf", F::index_of, 1, 1},
    {"lastIndexOf", F::last_index_of, 1, 1},
    {"substring", F::substring, 1, 2},
    {"startsWith", F::starts_with, 1, 1},
    {"endsWith", F::ends_with, 1, 1},
    {"contains", F::contains, 1, 1},
    {"upper", F::upper, 0, 0},
    {"lower", F::lower, 0, 0},
    {"replace", F::replace, 2, 2},
    {"matches", F::matches, 1, 2},
    {"matchesFull", F::matches_full, 1, 2},
    {"replaceMatches", F::replace_matches, 2, 3},
    {"length", F::length, 0, 0},
    {"toChars", F::to_chars, 0, 0},
    {"encode", F::encode, 1, 1},
    {"decode", F::decode, 1, 1},
    {"escape", F::escape, 1, 1},
    {"unescape", F::unescape, 1, 1},
    {"trim", F::trim, 0, 0},
    {"split", F::split, 1, 1},
    {"join", F::join, 0, 1},
    {"abs", F::abs, 0, 0},
    {"ceiling", F::ceiling, 0, 0},
    {"exp", F::exp, 0, 0},
    {"floor", F::floor, 0, 0},
    {"ln", F::ln, 0, 0},
    {"log", F::log, 1, 1},
    {"power", F::power, 1, 1},
    {"round", F::round, 0, 1},
    {"sqrt", F::sqrt, 0, 0},
    {"truncate", F::truncate, 0, 0},
    {"children", F::children, 0, 0},
    {"descendants", F::descendants, 0, 0},
    {"trace", F::trace, 1, 2, kPerItem},
    {"now", F::now, 0, 0},
    {"timeOfDay", F::time_of_day, 0, 0},
    {"today", F::today, 0, 0},
    {"defineVariable", F::define_variable, 1, 2, kPerItem},
    {"lowBoundary", F::low_boundary, 0, 1},
    {"highBoundary", F::high_boundary, 0, 1},
    {"precision", F::precision, 0, 0},
    {"comparable", F::comparable, 1, 1},
    {"type", F::type, 0, 0},
    {"is", F::is, 1, 1, kType},
    {"as", F::as, 1, 1, kType},
    {"not", F::not_, 0, 0},
    {"yearOf", F::year_of, 0, 0},
    {"monthOf", F::month_of, 0, 0},
    {"dayOf", F::day_of, 0, 0},
    {"hourOf", F::hour_of, 0, 0},
    {"minuteOf", F::minute_of, 0, 0},
    {"secondOf", F::second_of, 0, 0},
    {"millisecondOf", F::millisecond_of, 0, 0},
    {"timezoneOffsetOf", F::timezone_offset_of, 0, 0},
    {"dateOf", F::date_of, 0, 0},
    {"timeOf", F::time_of, 0, 0},
    {"extension", F::extension, 1, 1},
    {"hasValue", F::has_value, 0, 0},
    {"getValue", F::get_value, 0, 0},
    {"resolve", F::resolve, 0, 0},
    {"conformsTo", F::conforms_to, 1, 1},
    {"memberOf", F::member_of, 1, 1},
    {"subsumes", F::subsumes, 1, 1},
    {"subsumedBy", F::subsumed_by, 1, 1},
    {"htmlChecks", F::html_checks, 0, 0},
    {"elementDefinition", F::element_definition, 0, 0},
    {"slice", F::slice, 2, 2},
    {"checkModifiers", F::check_modifiers, 0, kManyArguments},
    {"getResourceKey", F::get_resource_key, 0, 0},
    {"getReferenceKey", F::get_reference_key, 0, 1, kType},
};

}  // namespace

const FunctionSignature* find_function(std::string_view name) {
  const auto* found = std::find_if(std::begin(kFunctions), std::end(kFunctions),
                                   [&](const FunctionSignature& signature) { return signature.name == name; });
  return found == std::end(kFunctions) ? nullptr : found;
}

const FunctionSignature& signature_of(PathFunction function) {
  for (const FunctionSignature& signature : kFunctions) {
    if (signature.function == function) return signature;
  }
  AUTHLEDGER_CHECK(false);
  return kFunctions[0];
}

std::string nearest_function(std::string_view name) {
  std::vector<std::string> names;
  for (const FunctionSignature& signature : kFunctions) names.emplace_back(signature.name);
  return nearest_word(name, names);
}

}  // namespace authledger
