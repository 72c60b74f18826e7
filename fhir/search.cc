#include "fhir/search.h"

#include <fmt/format.h>

#include <charconv>

#include "base/log.h"
#include "base/text.h"
#include "fhir/outcome.h"

namespace authledger {
namespace {

FhirError bad_answer(const std::string& what, std::string_view why) {
  return {FhirErrorKind::bad_answer, 200, fmt::format("{}: {}", what, why)};
}

// "Type/id" in a history entry's request URL ("Encounter/1", or absolute, or with a version).
std::string deleted_reference(std::string_view url) {
  url = url.substr(0, url.find_first_of("?#"));
  url = url.substr(0, url.find("/_history"));
  const size_t id_start = url.rfind('/');
  if (id_start == std::string_view::npos || id_start == 0) return {};
  const size_t type_start = url.rfind('/', id_start - 1);
  return std::string(type_start == std::string_view::npos ? url : url.substr(type_start + 1));
}

void take_entries(JsonView bundle, SearchPage& page) {
  for (const JsonView entry : bundle["entry"]) {
    if (entry["request"]["method"].text() == "DELETE") {
      std::string reference = deleted_reference(entry["request"]["url"].text());
      if (reference.empty()) reference = deleted_reference(entry["fullUrl"].text());
      if (!reference.empty()) page.deleted.push_back(std::move(reference));
      continue;
    }
    const JsonView resource = entry["resource"];
    if (!resource.is_object()) continue;
    const std::string_view mode = entry["search"]["mode"].text();
    if (mode == "outcome" || resource["resourceType"].text() == "OperationOutcome") {
      page.outcomes.push_back(resource);
    } else if (mode.empty() || mode == "match") {
      page.resources.push_back(resource);
    }
  }
}

std::optional<Url> resolve_next(std::string_view link, const Url& base, const Url& request) {
  const bool is_path =
      !link.empty() && link.find("://") == std::string_view::npos && link.front() != '?' && link.front() != '/';
  if (!is_path) return resolve_url(request, link);
  Url folder = base;
  folder.path += "/";
  return resolve_url(folder, link);
}

HashInput link_fingerprint(const std::string& url) {
  HashInput input;
  input.add("link").add(url);
  return input;
}

// What the page holds, not how it was written: servers stamp each answer with a time and an id of its own. One resource
// may be deleted twice in a history: its versions differ.
HashInput content_fingerprint(const SearchPage& page) {
  HashInput input;
  input.add("content");
  for (const JsonView resource : page.resources) {
    const JsonView meta = resource["meta"];
    input.add(resource["resourceType"].text()).add(resource["id"].text());
    input.add(meta["versionId"].text()).add(meta["lastUpdated"].text());
  }
  if (page.deleted.empty()) return input;
  for (const JsonView entry : page.document.root()["entry"]) {
    if (entry["request"]["method"].text() != "DELETE") continue;
    const JsonView response = entry["response"];
    input.add(entry["request"]["url"].text()).add(entry["fullUrl"].text());
    input.add(response["etag"].text()).add(response["lastModified"].text());
  }
  return input;
}

}  // namespace

bool is_json_content_type(const std::string& content_type) {
  const std::string type = lower_case(trim(std::string_view(content_type).substr(0, content_type.find(';'))));
  return type.empty() || type == "application/json" || type == "text/json" || type.ends_with("+json") ||
         type == "application/json+fhir";
}

Result<SearchPage, FhirError> read_search_page(HttpResponse response, const Url& base, const Url& request,
                                               size_t bytes_max, const std::string& what) {
  if (!is_json_content_type(response.header("content-type"))) {
    return bad_answer(what, "the answer is not JSON by its content type (a login page?)");
  }
  SearchPage page;
  JsonLimits limits;
  limits.bytes_max = bytes_max;
  const auto parsed = page.document.parse(response.body, limits);
  if (!parsed) return bad_answer(what, parsed.error().message);
  const JsonView bundle = *parsed;
  if (bundle["resourceType"].text() != "Bundle") {
    const std::string codes = outcome_codes(bundle);
    return bad_answer(what,
                      codes.empty() ? "the answer is no Bundle" : "OperationOutcome in place of a Bundle: " + codes);
  }
  page.body_hash = to_hex(sha256(response.body));
  take_entries(bundle, page);
  page.server_time = parse_http_date(response.header("date"));
  const std::string_view total = bundle["total"].text();
  int64_t count = 0;
  const auto [end, error] = std::from_chars(total.data(), total.data() + total.size(), count);
  if (!total.empty() && error == std::errc() && end == total.data() + total.size() && count >= 0) page.total = count;

  for (const JsonView link : bundle["link"]) {
    if (link["relation"].text() != "next" || link["url"].text().empty()) continue;
    const auto next = resolve_next(link["url"].text(), base, request);
    if (!next || !same_origin(*next, base)) {
      log_warning("security_foreign_link",
                  {{"request", what}, {"kind", "next"}, {"origin", next ? next->origin() : std::string("unreadable")}});
      return FhirError{
          FhirErrorKind::foreign_link, 200,
          fmt::format("{}: the next link leaves the endpoint's origin {}; not followed", what, base.origin())};
    }
    page.next = next->text();
    break;
  }
  return page;
}

std::optional<FhirError> PageGuard::accept(const std::string& url, const SearchPage& page) {
  const auto endless = [this](std::string_view why) {
    return FhirError{FhirErrorKind::endless_paging, 200, fmt::format("page {}: {}", pages_, why)};
  };
  ++pages_;
  // A page's own link is known before the page is read, and its successor's when it is: both must be new.
  seen_.insert(link_fingerprint(url).sha256());
  if (!page.next.empty() && seen_.contains(link_fingerprint(page.next).sha256())) {
    return endless("its next link was read before");
  }
  if (!(page.resources.empty() && page.deleted.empty()) && !seen_.insert(content_fingerprint(page).sha256()).second) {
    return endless("it repeats the content of an earlier page");
  }
  if (!page.next.empty() && pages_ >= pages_max_) {
    return endless(fmt::format("more pages follow than pages_per_pull_max ({})", pages_max_));
  }
  return std::nullopt;
}

std::optional<FhirError> walk_pages(FhirClient& client, std::string url, int pages_max,
                                    const std::function<std::optional<FhirError>(const SearchPage&)>& visit) {
  PageGuard guard(pages_max);
  while (!url.empty()) {
    auto page = client.search_page(url);
    if (!page) return page.error();
    if (auto problem = guard.accept(url, *page)) return problem;
    if (auto end = visit(*page)) return end;
    url = page->next;
  }
  return std::nullopt;
}

}  // namespace authledger
