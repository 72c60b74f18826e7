#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>

#include "base/crypto.h"
#include "base/result.h"
#include "fhir/client.h"
#include "fhir/http.h"
#include "fhir/url.h"

// Reads one page of search results, and watches that a walk over pages ends. Source: FHIR R4, search.html and
// bundle.html.

namespace authledger {

// `base` is the endpoint's base URL, `request` what was asked. A relative next link that is a path is taken against the
// base (FHIR R4, bundle.html), one that begins with "?" or "/" against the request (RFC 3986).
// Errors: bad_answer (not JSON, not a Bundle, wrong content type), foreign_link (next leaves the origin).
Result<SearchPage, FhirError> read_search_page(HttpResponse response, const Url& base, const Url& request,
                                               size_t bytes_max, const std::string& what);

// Whether a content type may hold FHIR JSON; a missing one may.
bool is_json_content_type(const std::string& content_type);

// One for each pull: detects pages that repeat, by link and by content, and an end that never comes.
class PageGuard {
 public:
  explicit PageGuard(int pages_max) : pages_max_(pages_max) {}

  // Call for every page with the URL that gave it. Errors: endless_paging.
  std::optional<FhirError> accept(const std::string& url, const SearchPage& page);

 private:
  int pages_max_;
  int pages_ = 0;
  std::set<Hash> seen_;
};

// Follows a search from page to page. Returns nothing after the last page (whose `next` is empty), else why it ended:
// an answer, a walk that would not end (see PageGuard), or what `visit` returned.
std::optional<FhirError> walk_pages(FhirClient& client, std::string url, int pages_max,
                                    const std::function<std::optional<FhirError>(const SearchPage&)>& visit);

}  // namespace authledger
