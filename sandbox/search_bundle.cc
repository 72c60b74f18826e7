#include <fmt/format.h>

#include "sandbox/fhir_routes.h"

// Bundles are put together as text: the bodies are JSON already.

namespace authledger {
namespace {

std::string page_url(const SearchPageText& page, const std::string& token) {
  std::string url = fmt::format("{}/{}", page.base_url, page.type);
  char separator = '?';
  auto add = [&](std::string_view name, std::string_view value) {
    url += fmt::format("{}{}={}", separator, name, encode_query_value(value));
    separator = '&';
  };
  for (const auto& [name, value] : page.query.used) add(name, value);
  if (!token.empty()) add("_page_token", token);
  return url;
}

std::string entry(const SearchPageText& page, const std::string& id, const std::string& body) {
  return fmt::format(R"({{"fullUrl":{},"resource":{},"search":{{"mode":"match"}}}})",
                     json_string(fmt::format("{}/{}/{}", page.base_url, page.type, id)), body);
}

// What a lagging replica would still show: the version before, or one made up when there is only one.
std::string stale_body(const ResourceMatch& match) {
  if (!match.earlier_body.empty()) return match.earlier_body;
  JsonDocument document;
  const auto parsed = document.parse(match.body);
  return parsed ? with_server_meta(*parsed, match.id, 0, match.updated - std::chrono::hours(1)) : match.body;
}

std::string next_url(const SearchPageText& page) {
  if (!page.faults.foreign_next.empty()) return page.faults.foreign_next;
  const std::string own_token = page.query.after ? format_page_token(*page.query.after) : "";
  if (page.faults.endless_next) return page_url(page, own_token);
  if (!page.result.more) return "";
  const ResourceMatch& last = page.result.page.back();
  return page_url(page, format_page_token({last.updated, last.id}));
}

}  // namespace

std::string search_bundle(const SearchPageText& page) {
  const std::string self = page_url(page, page.query.after ? format_page_token(*page.query.after) : "");
  std::string links = fmt::format(R"({{"relation":"self","url":{}}})", json_string(self));
  if (const std::string next = next_url(page); !next.empty()) {
    links += fmt::format(R"(,{{"relation":"next","url":{}}})", json_string(next));
  }
  std::vector<std::string> entries;
  if (page.faults.outcome_in_searchset) {
    entries.push_back(
        R"({"resource":{"resourceType":"OperationOutcome","issue":[{"severity":"warning","code":"informational",)"
        R"("diagnostics":"Some records are withheld."}]},"search":{"mode":"outcome"}})");
  }
  if (page.result.last_of_page_before && (page.faults.repeat_entries || page.faults.stale_repeat)) {
    const ResourceMatch& repeated = *page.result.last_of_page_before;
    entries.push_back(entry(page, repeated.id, page.faults.stale_repeat ? stale_body(repeated) : repeated.body));
  }
  for (const ResourceMatch& match : page.result.page) entries.push_back(entry(page, match.id, match.body));

  const size_t total = page.result.total + (page.faults.outcome_in_searchset ? 7 : 0);
  std::string bundle =
      fmt::format(R"({{"resourceType":"Bundle","type":"searchset","total":{},"link":[{}])", total, links);
  if (!entries.empty()) bundle += fmt::format(R"(,"entry":[{}])", fmt::join(entries, ","));
  return bundle + "}";
}

}  // namespace authledger
