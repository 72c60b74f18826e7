#include "fhir/client.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <random>

#include "base/log.h"
#include "base/text.h"
#include "fhir/client_certificate.h"
#include "fhir/exchange.h"
#include "fhir/http_curl.h"
#include "fhir/outcome.h"
#include "fhir/search.h"
#include "fhir/shared_access.h"
#include "fhir/token.h"
#include "fhir/url.h"
#include "fhir/write.h"

namespace authledger {
namespace {

constexpr int kRedirectsMax = 3;
constexpr int kBadAnswerRetriesMax = 2;
constexpr const char* kFhirJson = "application/fhir+json";

FhirErrorKind kind_of_status(int status, Repeat repeat) {
  switch (status) {
    case 401:
    case 403:
      return FhirErrorKind::unauthorized;
    case 404:
    case 410:
      return FhirErrorKind::not_found;
    case 409:
    case 412:
      return FhirErrorKind::conflict;
    case 429:
      return FhirErrorKind::throttled;
    default:
      break;
  }
  if (status == 501 || status == 505) return FhirErrorKind::refused;
  if (status >= 500 || status == 408) {
    // Whoever answered may not know what became of a write behind it.
    return repeat == Repeat::safe ? FhirErrorKind::server_error : FhirErrorKind::outcome_unknown;
  }
  return FhirErrorKind::refused;
}

// The resource type in a URL of this endpoint, for messages: the rest of a URL may name a patient.
std::string type_in(const Url& url, const Url& base) {
  if (!url.path.starts_with(base.path + "/")) return "page";
  std::string_view rest = std::string_view(url.path).substr(base.path.size() + 1);
  rest = rest.substr(0, rest.find('/'));
  const bool is_type = !rest.empty() && rest.size() <= 40 && std::all_of(rest.begin(), rest.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  });
  return is_type ? std::string(rest) : "page";
}

// RFC 6750, 3.1: the token is good, but not for this.
bool lacks_scope(const HttpResponse& response) {
  return response.status == 403 && response.header("www-authenticate").find("insufficient_scope") != std::string::npos;
}

bool is_absolute(std::string_view url) {
  return url.find("://") != std::string_view::npos;
}

// An id as a path segment; "." and ".." would lead elsewhere.
bool is_segment(std::string_view id) {
  return !id.empty() && id != "." && id != "..";
}

class CurlFhirClient final : public FhirClient {
 public:
  CurlFhirClient(const EndpointConfig& endpoint, Url base, Exchange exchange, std::unique_ptr<TokenSource> token,
                 const Clock& clock)
      : name_(endpoint.name),
        headers_(endpoint.headers.begin(), endpoint.headers.end()),
        base_(std::move(base)),
        base_url_(base_.text()),
        page_bytes_max_(endpoint.page_bytes_max),
        exchange_(std::move(exchange)),
        token_(std::move(token)),
        clock_(clock) {}

  const std::string& base_url() const override { return base_url_; }
  uint64_t requests() const override { return exchange_.requests(); }
  bool is_paused() const override { return exchange_.is_paused(); }

  Result<std::string, FhirError> capability_statement() override {
    return fetch<std::string>(base_url_ + "/metadata", [](HttpResponse& response, const std::string& what) {
      JsonDocument document;
      const auto problem = resource_problem(document, response, "CapabilityStatement", "", what);
      return problem ? Result<std::string, FhirError>(*problem)
                     : Result<std::string, FhirError>(std::move(response.body));
    });
  }

  Result<Versioned, FhirError> read(const std::string& type, const std::string& id) override {
    if (!is_segment(id)) return refused_id("GET", type);
    const Instant asked_at = clock_.now();
    auto read = fetch<Versioned>(fmt::format("{}/{}/{}", base_url_, type, query_value(id)),
                                 [&](HttpResponse& response, const std::string& what) -> Result<Versioned, FhirError> {
                                   JsonDocument document;
                                   const auto problem = resource_problem(document, response, type, id, what);
                                   if (problem) return *problem;
                                   return versioned_of(response, document.root(), type);
                                 });
    if (read) read->asked_at = asked_at;
    return read;
  }

  Result<SearchPage, FhirError> search_page(const std::string& url) override {
    const std::string absolute = is_absolute(url) ? url : fmt::format("{}/{}", base_url_, url);
    const Instant asked_at = clock_.now();
    auto page = fetch<SearchPage>(absolute, [&](HttpResponse& response, const std::string& what) {
      return read_search_page(std::move(response), base_, *parse_url(absolute), page_bytes_max_, what);
    });
    if (page) page->asked_at = asked_at;
    return page;
  }

  Result<Versioned, FhirError> create(const std::string& type, const std::string& body,
                                      const std::string& if_none_exist, const IdempotencyKey& key,
                                      const MaySend& may_send) override {
    HttpRequest request{"POST", fmt::format("{}/{}", base_url_, type), {}, body, false, nullptr};
    if (!if_none_exist.empty()) request.headers.emplace_back("If-None-Exist", if_none_exist);
    if (!key.header.empty()) request.headers.emplace_back(key.header, key.value);
    return write(std::move(request), type, "", key.header.empty() ? 0 : 409, may_send);
  }

  Result<Versioned, FhirError> update(const std::string& type, const std::string& id, const std::string& body,
                                      const std::string& etag, const MaySend& may_send) override {
    if (!is_segment(id)) return refused_id("PUT", type);
    HttpRequest request{"PUT", fmt::format("{}/{}/{}", base_url_, type, query_value(id)), {}, body, false, nullptr};
    if (!etag.empty()) request.headers.emplace_back("If-Match", etag);
    return write(std::move(request), type, id, 0, may_send);
  }

  Result<HttpResponse, FhirError> operate(const OperationRequest& operation) override {
    const std::string url = is_absolute(operation.url) ? operation.url : fmt::format("{}/{}", base_url_, operation.url);
    const std::string what = fmt::format("{}: {} {}", name_, operation.method, operation.name);
    const auto parsed = parse_url(url);
    const bool is_own = parsed && same_origin(*parsed, base_);
    const bool is_allowed =
        parsed && !operation.with_token &&
        std::any_of(operation.other_origins.begin(), operation.other_origins.end(), [&](const std::string& origin) {
          const auto allowed = parse_url(origin);
          return allowed && same_origin(*allowed, *parsed);
        });
    if (!is_own && !is_allowed) return foreign(what, "link", parsed);
    HttpRequest request{operation.method, url, operation.headers, operation.body, false, nullptr};
    if (is_own && operation.with_token) return send(std::move(request), Repeat::safe, what, operation.prepare);
    auto answer = exchange_.send_fresh([&] { return prepared(request, operation.prepare); }, Repeat::safe, what);
    if (!answer || (answer->status >= 200 && answer->status < 300)) return answer;
    return error_of(*answer, Repeat::safe, what);
  }

 private:
  static HttpRequest prepared(HttpRequest request, const std::function<void(HttpRequest&)>& prepare) {
    if (prepare) prepare(request);
    return request;
  }

  FhirError refused_id(std::string_view method, const std::string& type) const {
    return {FhirErrorKind::refused, 0, fmt::format("{}: {} {}: the id cannot stand in a URL", name_, method, type)};
  }

  FhirError foreign(const std::string& what, const char* kind, const std::optional<Url>& target) const {
    log_warning("security_foreign_link",
                {{"request", what}, {"kind", kind}, {"origin", target ? target->origin() : std::string("unreadable")}});
    return {FhirErrorKind::foreign_link, 0,
            fmt::format("{}: the {} leaves the endpoint's origin {}; not followed", what, kind, base_.origin())};
  }

  // Reads with GET. An answer that is no FHIR is asked for again, since login pages and cut bodies pass.
  template <typename T, typename Take>
  Result<T, FhirError> fetch(const std::string& url, const Take& take) {
    for (int attempt = 0;; ++attempt) {
      const auto parsed = parse_url(url);
      if (!parsed || !same_origin(*parsed, base_)) return foreign(name_ + ": GET", "link", parsed);
      const std::string what = fmt::format("{}: GET {}", name_, type_in(*parsed, base_));
      auto response = send({"GET", url, {}, "", false, nullptr}, Repeat::safe, what);
      if (!response) return response.error();
      auto taken = take(*response, what);
      if (taken || taken.error().kind != FhirErrorKind::bad_answer || attempt == kBadAnswerRetriesMax) return taken;
      if (!exchange_.wait_before_retry(attempt)) return FhirError{FhirErrorKind::stopped, 0, what + ": stopped"};
    }
  }

  // `original_status`: an answer of this status that holds the resource is as good as 2xx; 0 = none is.
  Result<Versioned, FhirError> write(HttpRequest request, const std::string& type, const std::string& id,
                                     int original_status, const MaySend& may_send) {
    const std::string what = fmt::format("{}: {} {}", name_, request.method, type);
    request.headers.emplace_back("Content-Type", kFhirJson);
    request.headers.emplace_back("Prefer", "return=representation");
    const auto response = send(std::move(request), Repeat::only_unprocessed, what, nullptr, original_status, may_send);
    if (!response) return response.error();
    const auto written = read_written(*response, type, id, what);
    if (!written && response->status == original_status) return error_of(*response, Repeat::only_unprocessed, what);
    return written;
  }

  // What the token endpoint answered says nothing of a write: that was not sent.
  static FhirError not_sent(FhirError error) {
    const bool may_mislead = error.kind == FhirErrorKind::server_error || error.kind == FhirErrorKind::bad_answer ||
                             error.kind == FhirErrorKind::outcome_unknown;
    if (may_mislead) error.kind = FhirErrorKind::unreachable;
    return error;
  }

  // Sends with authorization; any status but 2xx and `original_status` becomes an error.
  Result<HttpResponse, FhirError> send(HttpRequest request, Repeat repeat, const std::string& what,
                                       const std::function<void(HttpRequest&)>& prepare = nullptr,
                                       int original_status = 0, const MaySend& may_send = nullptr) {
    const bool has_accept = std::any_of(request.headers.begin(), request.headers.end(),
                                        [](const auto& header) { return header.first == "Accept"; });
    if (!has_accept) request.headers.emplace_back("Accept", kFhirJson);
    request.headers.insert(request.headers.end(), headers_.begin(), headers_.end());
    // What is true now, not what a server or a cache on the way kept: HAPI answers a search again from results that are
    // up to a minute old. Source: RFC 9111, section 5.2.1.4.
    if (request.method == "GET") request.headers.emplace_back("Cache-Control", "no-cache");
    const size_t own_headers = request.headers.size();
    bool renewed = false;
    for (int redirects = 0;;) {
      const auto authorization = token_->authorization(exchange_);
      if (!authorization) {
        return repeat == Repeat::only_unprocessed ? not_sent(authorization.error()) : authorization.error();
      }
      request.headers.resize(own_headers);
      if (!authorization->empty()) request.headers.emplace_back("Authorization", *authorization);
      auto response = exchange_.send_fresh([&] { return prepared(request, prepare); }, repeat, what, may_send);
      if (!response) return response;
      const int status = response->status;
      const bool is_refused = status == 401 || lacks_scope(*response);
      if (!is_refused) token_->accepted();
      if ((status >= 200 && status < 300) || status == original_status) return response;
      if (is_refused) {
        const auto why = status == 401 ? TokenRefusal::not_accepted : TokenRefusal::lacks_scope;
        const bool may_renew = !renewed && token_->renew(why);
        if (!may_renew) return not_authorized(*response, renewed, what);
        renewed = true;
        continue;
      }
      if (status < 300 || status >= 400 || status == 304) return error_of(*response, repeat, what);
      const auto target = resolve_url(*parse_url(request.url), response->header("location"));
      if (!target || !same_origin(*target, base_)) return foreign(what, "redirect", target);
      if (request.method != "GET" || (status != 307 && status != 308) || ++redirects > kRedirectsMax) {
        return FhirError{FhirErrorKind::refused, status,
                         fmt::format("{}: answered {} (redirect); set base_url to where it leads", what, status)};
      }
      request.url = target->text();
    }
  }

  FhirError not_authorized(const HttpResponse& response, bool renewed, const std::string& what) const {
    FhirError error = error_of(response, Repeat::safe, what);
    if (renewed) error.message += ", with a new token too";
    const std::string hint = token_->scope_hint();
    if (!hint.empty()) {
      error.message += "; " + hint;
    } else if (lacks_scope(response)) {
      error.message += "; the token's scope does not reach that far: ask the endpoint's administrator to grant it";
    } else if (renewed) {
      error.message += "; ask the endpoint's administrator whether this client was disabled or its grants were changed";
    }
    return error;
  }

  static FhirError error_of(const HttpResponse& response, Repeat repeat, const std::string& what) {
    FhirError error{kind_of_status(response.status, repeat), response.status,
                    fmt::format("{}: answered {}", what, response.status)};
    const std::string codes = outcome_codes_of_body(response.body);
    if (!codes.empty()) error.message += fmt::format(" ({})", codes);
    return error;
  }

  std::string name_;
  const std::vector<std::pair<std::string, std::string>> headers_;  // Of the config.
  Url base_;
  std::string base_url_;
  size_t page_bytes_max_;
  Exchange exchange_;
  std::unique_ptr<TokenSource> token_;
  const Clock& clock_;
};

std::string below(const std::string& folder, const std::string& file) {
  return file.empty() ? file : (std::filesystem::path(folder) / file).string();
}

HttpOptions http_options(const EndpointConfig& endpoint, const std::string& folder) {
  HttpOptions options;
  options.connect_timeout = endpoint.connect_timeout;
  options.request_timeout = endpoint.request_timeout;
  options.body_bytes_max = endpoint.page_bytes_max;
  options.ca_file = below(folder, endpoint.ca_file);
  options.client_certificate_file = below(folder, endpoint.client_certificate_file);
  options.client_key_file = below(folder, endpoint.client_key_file);
  options.proxy = endpoint.proxy;
  return options;
}

}  // namespace

Result<std::unique_ptr<FhirClient>> open_fhir_client(const EndpointConfig& endpoint, const std::string& config_folder,
                                                     const Clock& clock, std::stop_token stop, SharedAccess* shared) {
  const HttpOptions options = http_options(endpoint, config_folder);
  if (auto problem = check_client_certificate(endpoint.name, options.client_certificate_file, clock.now())) {
    return *problem;
  }
  auto http = open_http_client(options, stop);
  if (!http) return Failure{fmt::format("{}: {}", endpoint.name, http.error().message)};
  return open_fhir_client(endpoint, config_folder, clock, std::move(stop), shared, std::move(*http));
}

Result<std::unique_ptr<FhirClient>> open_fhir_client(const EndpointConfig& endpoint, const std::string& config_folder,
                                                     const Clock& clock, std::stop_token stop, SharedAccess* shared,
                                                     std::unique_ptr<HttpClient> http) {
  auto base = parse_url(endpoint.base_url);
  if (!base || !base->query.empty()) {
    return Failure{
        fmt::format("{}: base_url must be an http or https URL without user information or query", endpoint.name)};
  }
  while (base->path.ends_with('/')) base->path.pop_back();
  auto token = open_token_source(endpoint, config_folder, clock, shared ? &shared->grants : nullptr);
  if (!token) return token.error();
  if (endpoint.auth.kind != AuthKind::none && base->scheme == "http" && !is_loopback(*base)) {
    log_warning("credentials_without_tls", {{"endpoint", endpoint.name}});
  }
  std::random_device device;
  const uint64_t seed = (uint64_t{device()} << 32) | device();
  // Shared with the other clients of the endpoint; alone, the client is its only holder.
  std::shared_ptr<RateLimit> limit = shared ? shared->limits.of(endpoint) : std::make_shared<RateLimit>(endpoint);
  Exchange exchange(endpoint, std::move(http), std::move(limit), clock, std::move(stop), seed);
  return std::unique_ptr<FhirClient>(
      std::make_unique<CurlFhirClient>(endpoint, std::move(*base), std::move(exchange), std::move(*token), clock));
}

std::string query_value(std::string_view text) {
  std::string encoded;
  encoded.reserve(text.size());
  for (const char c : text) {
    const bool unreserved = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                            c == '.' || c == '_' || c == '~';
    if (unreserved)
      encoded += c;
    else
      encoded += fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return encoded;
}

}  // namespace authledger
