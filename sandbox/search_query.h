#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "sandbox/search_keys.h"

// A search as parsed from its parameters: unknown ones are ignored and left out of the `self` link, as FHIR R4
// search.html asks of lenient servers; a comma means or, a repeated parameter means and.

namespace authledger {

inline constexpr size_t kPageCountDefault = 100;
inline constexpr size_t kPageCountMax = 1000;

using QueryPairs = std::vector<std::pair<std::string, std::string>>;

// Decodes "a=b&c=d" (percent-encoding, "+" is a space). Errors: a broken percent-encoding.
Result<QueryPairs> parse_query(std::string_view query);
std::string encode_query_value(std::string_view text);

// Where a page ended: searches go by (lastUpdated, id), so the last one seen is all there is to know.
struct PageToken {
  Instant updated;
  std::string id;
};

struct SearchValue {
  std::string text;        // code, or reference target, or id
  std::string system;      // For tokens.
  bool any_system = true;  // "code" rather than "system|code" or "|code".
  std::string prefix;      // For dates: eq, ne, gt, lt, ge, le.
  TimeRange range;
};

struct SearchCondition {
  std::string_view name;
  SearchKind kind = SearchKind::token;
  std::vector<SearchValue> any_of;
};

struct SearchQuery {
  std::vector<SearchCondition> conditions;  // `_id` and `_lastUpdated` among them.
  size_t count = kPageCountDefault;
  std::optional<PageToken> after;
  QueryPairs used;  // As sent, without the page token.
};

struct SearchSettings {
  std::string base_url;
  TimeZone zone;
  bool honours_last_updated = true;
  bool strict = false;  // Prefer: handling=strict; unknown parameters are an error.
};

// Errors: a modifier, an unknown prefix, a date or count that is none, a page token that this server did not write.
Result<SearchQuery> parse_search(std::string_view type, const QueryPairs& pairs, const SearchSettings& settings);

std::string format_page_token(const PageToken& token);

bool matches(const SearchQuery& query, std::string_view id, Instant updated, const SearchKeys& keys);
// What a condition of a search can be looked up by, "patient=Patient/1"; empty when the index cannot help.
std::vector<std::string> index_terms(const SearchCondition& condition);
// The terms under which a resource is indexed.
std::vector<std::string> index_terms(const SearchKeys& keys);

}  // namespace authledger
