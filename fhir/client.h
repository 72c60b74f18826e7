#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/issue.h"
#include "base/json.h"
#include "base/result.h"
#include "config/config.h"
#include "fhir/http.h"

// A FHIR R4 endpoint as the rest of authledger sees it: reads, searches by page, writes. Adds authorization (the token
// goes to the endpoint's own origin only), retries with Retry-After, and reads OperationOutcome everywhere.
// Source: FHIR R4, http.html and search.html.

namespace authledger {

struct SharedAccess;

enum class FhirErrorKind {
  unreachable,      // No answer after retries; the feed stays where it is.
  unauthorized,     // 401 or 403
  not_found,        // 404, 410
  conflict,         // 409, 412: somebody else wrote, or duplicates exist.
  throttled,        // 429 beyond the retries.
  refused,          // Other 4xx: do not resend unchanged.
  server_error,     // 5xx after retries
  bad_answer,       // 200 that is no FHIR: HTML, truncated JSON, wrong content type.
  foreign_link,     // `next` or redirect that leaves the endpoint's origin: a security event.
  endless_paging,   // A page or link repeats.
  outcome_unknown,  // A write that may or may not have happened: search before trying again.
  stopped
};

struct FhirError {
  FhirErrorKind kind = FhirErrorKind::unreachable;
  int status = 0;
  std::string message;  // With OperationOutcome texts' codes, without patient data.
};

struct Versioned {
  std::string id;
  Instant asked_at{};   // Of a read, by our clock: it is at least as new as this.
  std::string etag;     // As sent by the server, e.g. W/"3"; may be empty.
  std::string body;     // Resource as returned; may be empty when the server returns none.
  bool created = true;  // False when a conditional create found an existing one.
};

// One page of a search: the matched resources (search.mode `match` or none given) as views into `document`.
struct SearchPage {
  JsonDocument document;
  std::string body_hash;             // Hex SHA-256 of the page as received.
  std::vector<JsonView> resources;   // Entries' resources, duplicates kept in order.
  std::vector<JsonView> outcomes;    // OperationOutcome entries: warnings of the server.
  std::vector<std::string> deleted;  // "Type/id" of history entries whose request.method is DELETE.
  std::string next;                  // Absolute URL on the endpoint's origin, or empty.
  std::optional<int64_t> total;
  std::optional<Instant> server_time;  // The Date header: the server's clock.
  Instant asked_at{};                  // By our clock: what the page holds is at least as new as this.
};

// A request that is neither read, search nor write of a resource.
struct OperationRequest {
  std::string name;  // For messages: "$export".
  std::string method = "GET";
  std::string url;                                                // As of search_page.
  std::vector<std::pair<std::string, std::string>> headers = {};  // Accept among them.
  std::string body = {};
  bool with_token = true;
  std::vector<std::string> other_origins = {};          // Allowed too, always without the token.
  std::function<void(HttpRequest&)> prepare = nullptr;  // What is different at each try.
};

// A header by which a server knows a create that it has done already; name "" = none.
struct IdempotencyKey {
  std::string header, value;
};

// Asked before each try of a write, which may have waited for the endpoint's pace or its Retry-After. False: it is not
// sent, and the error is `stopped`.
using MaySend = std::function<bool()>;

class FhirClient {
 public:
  virtual ~FhirClient() = default;

  virtual const std::string& base_url() const = 0;
  virtual uint64_t requests() const = 0;  // Sent so far, retries included.
  // The endpoint gave no service several times in a row, or asked for a pause beyond retry_after_max: until it is over,
  // every request fails as unreachable without being sent.
  virtual bool is_paused() const = 0;

  virtual Result<std::string, FhirError> capability_statement() = 0;
  virtual Result<Versioned, FhirError> read(const std::string& type, const std::string& id) = 0;
  // `url` is absolute (a stored resume link) or relative to the base ("Encounter?_count=200").
  // Errors: foreign_link when an absolute url leaves the origin.
  virtual Result<SearchPage, FhirError> search_page(const std::string& url) = 0;
  // `if_none_exist` is a query ("identifier=sys|value") or empty. Never repeated by the client. A 409 that holds the
  // original of an idempotency key is no error: that one is returned, as found.
  virtual Result<Versioned, FhirError> create(const std::string& type, const std::string& body,
                                              const std::string& if_none_exist, const IdempotencyKey& key = {},
                                              const MaySend& may_send = nullptr) = 0;
  // PUT with If-Match when `etag` is not empty.
  virtual Result<Versioned, FhirError> update(const std::string& type, const std::string& id, const std::string& body,
                                              const std::string& etag, const MaySend& may_send = nullptr) = 0;
  // Any 2xx answer as it is. Sent again like a read: only for what changes nothing, or may happen twice.
  virtual Result<HttpResponse, FhirError> operate(const OperationRequest& request) = 0;
};

// One client for one endpoint; not thread-safe. `stop` ends waiting between retries at once. `shared`: of all clients
// of the process, so that they share the endpoint's request limits and token; without it the client keeps them alone.
// Clock and `shared` outlive the client.
// Errors: a config that cannot be used on this machine; a client certificate that has expired.
Result<std::unique_ptr<FhirClient>> open_fhir_client(const EndpointConfig& endpoint, const std::string& config_folder,
                                                     const Clock& clock, std::stop_token stop,
                                                     SharedAccess* shared = nullptr);
// The same over another transport than libcurl, which knows the options: a simulation owns the network as the clock.
Result<std::unique_ptr<FhirClient>> open_fhir_client(const EndpointConfig& endpoint, const std::string& config_folder,
                                                     const Clock& clock, std::stop_token stop, SharedAccess* shared,
                                                     std::unique_ptr<HttpClient> http);

// Percent-encodes a query value (RFC 3986).
std::string query_value(std::string_view text);

}  // namespace authledger
