#include "sandbox/search_query.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/text.h"

namespace authledger {
namespace {

template <typename Number>
std::optional<Number> whole_number(std::string_view text, int base = 10) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::optional<std::string> decode(std::string_view text) {
  std::string decoded;
  for (size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '%') {
      decoded += text[at] == '+' ? ' ' : text[at];
      continue;
    }
    const auto byte = whole_number<unsigned>(text.substr(at + 1, 2), 16);
    if (at + 2 >= text.size() || !byte) return std::nullopt;
    decoded += static_cast<char>(*byte);
    at += 2;
  }
  return decoded;
}

std::optional<PageToken> parse_page_token(std::string_view text) {
  const size_t dash = text.find('-');
  const auto micros = whole_number<int64_t>(text.substr(0, dash), 16);
  if (dash == text.npos || !micros) return std::nullopt;
  return PageToken{Instant(std::chrono::microseconds(*micros)), std::string(text.substr(dash + 1))};
}

SearchValue token_value(std::string_view text) {
  SearchValue value;
  const size_t bar = text.find('|');
  value.any_system = bar == text.npos;
  if (!value.any_system) value.system = text.substr(0, bar);
  value.text = value.any_system ? text : text.substr(bar + 1);
  return value;
}

SearchValue reference_value(std::string_view text, std::string_view name, std::string_view target,
                            const SearchSettings& settings) {
  SearchValue value;
  value.text = relative_reference(text, settings.base_url);
  const bool is_patient = target == "Patient" || name == "beneficiary";
  if (value.text.find('/') == value.text.npos && is_patient) value.text = "Patient/" + value.text;
  return value;
}

std::optional<SearchValue> date_value(std::string_view text, const TimeZone& zone) {
  SearchValue value;
  value.prefix = "eq";
  if (text.size() > 2 && text[0] >= 'a' && text[0] <= 'z') {
    value.prefix = text.substr(0, 2);
    text.remove_prefix(2);
  }
  const auto range = time_range(text, zone);
  constexpr std::string_view kPrefixes[] = {"eq", "ne", "gt", "lt", "ge", "le"};
  if (!range || std::ranges::find(kPrefixes, value.prefix) == std::end(kPrefixes)) return std::nullopt;
  value.range = *range;
  return value;
}

bool range_matches(const SearchValue& value, const TimeRange& stored) {
  const TimeRange& asked = value.range;
  if (value.prefix == "ge") return stored.until > asked.from;
  if (value.prefix == "gt") return stored.until > asked.until;
  if (value.prefix == "le") return stored.from < asked.until;
  if (value.prefix == "lt") return stored.from < asked.from;
  const bool contained = stored.from >= asked.from && stored.until <= asked.until;
  return value.prefix == "ne" ? !contained : contained;
}

bool token_matches(const SearchValue& value, const SearchKeys::Token& token) {
  if (!value.any_system && value.system != token.system) return false;
  return value.text.empty() ? !value.any_system : value.text == token.code;
}

bool reference_matches(const SearchValue& value, std::string_view target) {
  if (value.text == target) return true;
  return value.text.find('/') == value.text.npos && target.size() > value.text.size() && target.ends_with(value.text) &&
         target[target.size() - value.text.size() - 1] == '/';
}

bool condition_holds(const SearchCondition& condition, const SearchValue& value, const SearchKeys& keys) {
  switch (condition.kind) {
    case SearchKind::token:
      return std::any_of(keys.tokens.begin(), keys.tokens.end(), [&](const SearchKeys::Token& token) {
        return token.parameter == condition.name && token_matches(value, token);
      });
    case SearchKind::reference:
      return std::any_of(keys.references.begin(), keys.references.end(), [&](const SearchKeys::Reference& reference) {
        return reference.parameter == condition.name && reference_matches(value, reference.target);
      });
    case SearchKind::date:
      return std::any_of(keys.dates.begin(), keys.dates.end(), [&](const SearchKeys::Date& date) {
        return date.parameter == condition.name && range_matches(value, date.range);
      });
  }
  return false;
}

// Parses the comma-separated values of one parameter.
Result<SearchCondition> parse_condition(const SearchParameter& parameter, std::string_view text,
                                        const SearchSettings& settings) {
  SearchCondition condition{parameter.name, parameter.kind, {}};
  for (const std::string& part : split(text, ',')) {
    switch (parameter.kind) {
      case SearchKind::token:
        condition.any_of.push_back(token_value(part));
        break;
      case SearchKind::reference:
        condition.any_of.push_back(reference_value(part, parameter.name, parameter.target, settings));
        break;
      case SearchKind::date: {
        auto value = date_value(part, settings.zone);
        if (!value) return Failure{fmt::format("{}: not a date with a known prefix", parameter.name)};
        condition.any_of.push_back(std::move(*value));
        break;
      }
    }
  }
  return condition;
}

}  // namespace

Result<QueryPairs> parse_query(std::string_view query) {
  QueryPairs pairs;
  for (const std::string& part : split(query, '&')) {
    if (part.empty()) continue;
    const size_t equals = part.find('=');
    const auto name = decode(std::string_view(part).substr(0, equals));
    const auto value = decode(equals == part.npos ? std::string_view() : std::string_view(part).substr(equals + 1));
    if (!name || !value) return Failure{"the query holds a broken percent-encoding"};
    pairs.emplace_back(*name, *value);
  }
  return pairs;
}

std::string encode_query_value(std::string_view text) {
  std::string encoded;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       std::string_view("-._~:/").find(c) != std::string_view::npos;
    encoded += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return encoded;
}

std::string format_page_token(const PageToken& token) {
  return fmt::format("{:x}-{}", token.updated.time_since_epoch().count(), token.id);
}

Result<SearchQuery> parse_search(std::string_view type, const QueryPairs& pairs, const SearchSettings& settings) {
  SearchQuery query;
  std::vector<SearchParameter> known = search_parameters(type);
  known.push_back({"_id", SearchKind::token, "", ""});
  if (settings.honours_last_updated) known.push_back({"_lastUpdated", SearchKind::date, "", ""});
  for (const auto& [name, text] : pairs) {
    if (name == "_page_token") {
      query.after = parse_page_token(text);
      if (!query.after) return Failure{"_page_token: not one of this server"};
      continue;
    }
    if (name == "_count") {
      const auto count = whole_number<size_t>(text);
      if (!count) return Failure{"_count: not a whole number"};
      query.count = std::min(*count, kPageCountMax);
      query.used.emplace_back(name, text);
      continue;
    }
    const std::string_view plain_name = std::string_view(name).substr(0, name.find(':'));
    const auto found = std::find_if(known.begin(), known.end(),
                                    [&](const SearchParameter& parameter) { return parameter.name == plain_name; });
    if (found == known.end()) {
      if (settings.strict && name != "_format") return Failure{name + ": unknown search parameter"};
      continue;
    }
    if (plain_name.size() != name.size()) return Failure{name + ": this server knows no modifiers"};
    auto condition = parse_condition(*found, text, settings);
    if (!condition) return condition.error();
    query.conditions.push_back(std::move(*condition));
    query.used.emplace_back(name, text);
  }
  return query;
}

bool matches(const SearchQuery& query, std::string_view id, Instant updated, const SearchKeys& keys) {
  return std::all_of(query.conditions.begin(), query.conditions.end(), [&](const SearchCondition& condition) {
    return std::any_of(condition.any_of.begin(), condition.any_of.end(), [&](const SearchValue& value) {
      if (condition.name == "_id") return value.text == id;
      if (condition.name == "_lastUpdated") {
        return range_matches(value, {updated, updated + std::chrono::microseconds(1)});
      }
      return condition_holds(condition, value, keys);
    });
  });
}

std::vector<std::string> index_terms(const SearchCondition& condition) {
  std::vector<std::string> terms;
  for (const SearchValue& value : condition.any_of) {
    if (condition.name == "identifier" && !value.text.empty()) terms.push_back("identifier=" + value.text);
    if (condition.name == "patient") terms.push_back("patient=" + value.text);
  }
  return terms.size() == condition.any_of.size() ? terms : std::vector<std::string>();
}

std::vector<std::string> index_terms(const SearchKeys& keys) {
  std::vector<std::string> terms;
  for (const SearchKeys::Token& token : keys.tokens) {
    if (token.parameter == "identifier") terms.push_back("identifier=" + token.code);
  }
  for (const SearchKeys::Reference& reference : keys.references) {
    if (reference.parameter == "patient") terms.push_back("patient=" + reference.target);
  }
  std::sort(terms.begin(), terms.end());
  terms.erase(std::unique(terms.begin(), terms.end()), terms.end());
  return terms;
}

}  // namespace authledger
