#include "fhir/http_curl.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <filesystem>

#include "base/text.h"
#include "fhir/url.h"

namespace authledger {
namespace {

constexpr size_t kHeaderBytesMax = size_t{256} << 10;
constexpr const char* kUserAgent = "authledger/0.1";

struct CurlCloser {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
};
struct HeaderListCloser {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using HeaderList = std::unique_ptr<curl_slist, HeaderListCloser>;

using SteadyTime = std::chrono::steady_clock::time_point;

// What one transfer collects, and why it was cut short.
struct Transfer {
  const HttpOptions& options;
  const HttpRequest& request;
  const std::stop_token& stop;
  HttpResponse response;
  size_t header_bytes = 0;
  bool too_large = false;
  bool too_slow = false;
  bool is_ended = false;  // By who takes the body.
  SteadyTime started_at{};
  curl_off_t window_bytes = 0;
  SteadyTime window_start{};
};

size_t take_body(char* bytes, size_t, size_t count, void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  const int status = transfer.response.status;
  if (transfer.request.take_body && (status == 200 || status == 206)) {
    transfer.is_ended = !transfer.request.take_body(transfer.response, std::string_view(bytes, count));
    return transfer.is_ended ? 0 : count;
  }
  if (transfer.response.body.size() + count > transfer.options.body_bytes_max) {
    transfer.too_large = true;
    return 0;
  }
  transfer.response.body.append(bytes, count);
  return count;
}

size_t take_header(char* bytes, size_t, size_t count, void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  transfer.header_bytes += count;
  if (transfer.header_bytes > kHeaderBytesMax) {
    transfer.too_large = true;
    return 0;
  }
  const std::string_view line = trim(std::string_view(bytes, count));
  if (line.starts_with("HTTP/")) {
    transfer.response.headers.clear();  // An interim answer (100, 103) or a proxy's CONNECT came before.
    const size_t space = line.find(' ');
    const std::string_view status = space == std::string_view::npos ? "" : line.substr(space + 1, 3);
    transfer.response.status = 0;
    for (const char digit : status) transfer.response.status = transfer.response.status * 10 + (digit - '0');
    return count;
  }
  const size_t colon = line.find(':');
  if (colon != std::string_view::npos) {
    transfer.response.headers[lower_case(line.substr(0, colon))] = std::string(trim(line.substr(colon + 1)));
  }
  return count;
}

// Called about once a second and whenever bytes arrive.
int watch(void* user, curl_off_t, curl_off_t received, curl_off_t, curl_off_t) {
  auto& transfer = *static_cast<Transfer*>(user);
  if (transfer.stop.stop_requested()) return 1;
  const SteadyTime now = std::chrono::steady_clock::now();
  if (received == 0) {
    // libcurl's own clock runs for the whole of an exchange, which a file has none for.
    transfer.too_slow = transfer.request.take_body && now - transfer.started_at > transfer.options.request_timeout;
    return transfer.too_slow ? 1 : 0;
  }
  if (transfer.window_start == SteadyTime{}) {
    transfer.window_start = now;
    transfer.window_bytes = received;
    return 0;
  }
  if (now - transfer.window_start < transfer.options.slow_window) return 0;
  const auto wanted =
      static_cast<curl_off_t>(transfer.options.body_bytes_per_second_min) * transfer.options.slow_window.count();
  transfer.too_slow = received - transfer.window_bytes < wanted;
  transfer.window_start = now;
  transfer.window_bytes = received;
  return transfer.too_slow ? 1 : 0;
}

bool is_tls_code(CURLcode code) {
  return code == CURLE_SSL_CONNECT_ERROR || code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CERTPROBLEM ||
         code == CURLE_SSL_CIPHER || code == CURLE_SSL_CACERT_BADFILE || code == CURLE_SSL_ISSUER_ERROR ||
         code == CURLE_SSL_INVALIDCERTSTATUS || code == CURLE_SSL_PINNEDPUBKEYNOTMATCH || code == CURLE_USE_SSL_FAILED;
}

HttpErrorKind kind_of(CURLcode code, const Transfer& transfer) {
  if (transfer.too_large) return HttpErrorKind::too_large;
  if (transfer.is_ended) return HttpErrorKind::refused;
  if (transfer.too_slow || code == CURLE_OPERATION_TIMEDOUT) return HttpErrorKind::timeout;
  if (code == CURLE_ABORTED_BY_CALLBACK) return HttpErrorKind::stopped;
  if (is_tls_code(code)) return HttpErrorKind::tls;
  switch (static_cast<int>(code)) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_CONNECT:
    case CURLE_PROXY:
      return HttpErrorKind::cannot_connect;
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_URL_MALFORMAT:
      return HttpErrorKind::refused;
    default:
      return HttpErrorKind::interrupted;
  }
}

const char* cause_of(HttpErrorKind kind, CURLcode code) {
  switch (kind) {
    case HttpErrorKind::too_large:
      return "the answer is larger than the limit page_bytes_max";
    case HttpErrorKind::stopped:
      return "stopped";
    case HttpErrorKind::cannot_connect:
    case HttpErrorKind::timeout:
    case HttpErrorKind::interrupted:
    case HttpErrorKind::tls:
    case HttpErrorKind::refused:
      break;
  }
  return kind == HttpErrorKind::timeout && code == CURLE_ABORTED_BY_CALLBACK ? "the answer comes too slowly"
                                                                             : curl_easy_strerror(code);
}

bool has_line_break(const std::string& text) {
  return text.find_first_of(std::string_view("\r\n\0", 3)) != text.npos;
}

HttpError refused(std::string message) {
  return {HttpErrorKind::refused, std::move(message), false};
}

class CurlClient final : public HttpClient {
 public:
  CurlClient(HttpOptions options, std::stop_token stop, CURL* handle)
      : options_(std::move(options)), stop_(std::move(stop)), handle_(handle) {}

  Result<HttpResponse, HttpError> send(const HttpRequest& request) override {
    const auto url = parse_url(request.url);
    if (!url) return refused("the URL is not an absolute http or https URL without user information");
    if (stop_.stop_requested()) return HttpError{HttpErrorKind::stopped, "stopped", false};
    for (const auto& [name, value] : request.headers) {
      if (has_line_break(name) || has_line_break(value)) return refused("a header holds a line break");
    }
    CURL* curl = handle_.get();
    curl_easy_reset(curl);  // Keeps connections, sessions and the DNS cache.
    Transfer transfer{options_, request, stop_, {}};
    transfer.started_at = std::chrono::steady_clock::now();
    set_limits(curl, transfer);
    const HeaderList headers = set_request(curl, request);
    if (request.take_body) curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, 0L);  // A file takes as long as it comes.
    if (request.is_identity) curl_easy_setopt(curl, CURLOPT_ACCEPT_ENCODING, "identity");
    const CURLcode code = curl_easy_perform(curl);
    if (code == CURLE_OK) {
      long status = 0;
      curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
      transfer.response.status = static_cast<int>(status);
      return std::move(transfer.response);
    }
    HttpError error;
    error.kind = kind_of(code, transfer);
    error.message = fmt::format("{}: {}", url->origin(), cause_of(error.kind, code));
    error.may_have_been_processed = was_sent(curl, error.kind);
    return error;
  }

 private:
  static bool was_sent(CURL* curl, HttpErrorKind kind) {
    if (kind == HttpErrorKind::cannot_connect || kind == HttpErrorKind::tls || kind == HttpErrorKind::refused)
      return false;
    curl_off_t before_transfer = 0;
    curl_easy_getinfo(curl, CURLINFO_PRETRANSFER_TIME_T, &before_transfer);
    return before_transfer > 0;
  }

  void set_limits(CURL* curl, Transfer& transfer) {
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_2TLS));
    curl_easy_setopt(curl, CURLOPT_ACCEPT_ENCODING, "gzip, deflate");
    curl_easy_setopt(curl, CURLOPT_USERAGENT, kUserAgent);
    curl_easy_setopt(curl, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(curl, CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
    curl_easy_setopt(curl, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 2L);
    if (!options_.ca_file.empty()) curl_easy_setopt(curl, CURLOPT_CAINFO, options_.ca_file.c_str());
    if (!options_.client_certificate_file.empty()) {
      curl_easy_setopt(curl, CURLOPT_SSLCERT, options_.client_certificate_file.c_str());
      curl_easy_setopt(curl, CURLOPT_SSLKEY, options_.client_key_file.c_str());
      // An empty passphrase, or OpenSSL asks the terminal for that of an encrypted key.
      curl_easy_setopt(curl, CURLOPT_KEYPASSWD, "");
    }
    // libcurl takes an empty proxy for "none, whatever the environment says".
    if (!options_.proxy.empty()) {
      curl_easy_setopt(curl, CURLOPT_PROXY, options_.proxy == "none" ? "" : options_.proxy.c_str());
    }
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options_.connect_timeout.count()));
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, static_cast<long>(options_.request_timeout.count()));
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, &watch);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, &transfer);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, &take_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &transfer);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, &take_header);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, &transfer);
  }

  // The list must live until the transfer is over.
  HeaderList set_request(CURL* curl, const HttpRequest& request) {
    curl_slist* list = curl_slist_append(nullptr, "Expect:");
    for (const auto& [name, value] : request.headers) {
      list = curl_slist_append(list, fmt::format("{}: {}", name, value).c_str());
    }
    HeaderList headers(list);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers.get());
    curl_easy_setopt(curl, CURLOPT_URL, request.url.c_str());
    if (request.method == "GET") {
      curl_easy_setopt(curl, CURLOPT_HTTPGET, 1L);
      return headers;
    }
    // libcurl itself repeats a request, POST too, when a kept connection turns out to be dead. Only a new one prevents
    // it.
    curl_easy_setopt(curl, CURLOPT_FRESH_CONNECT, 1L);
    curl_easy_setopt(curl, CURLOPT_POST, 1L);
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request.method.c_str());
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request.body.data());
    return headers;
  }

  HttpOptions options_;
  std::stop_token stop_;
  std::unique_ptr<CURL, CurlCloser> handle_;
};

}  // namespace

Result<std::unique_ptr<HttpClient>> open_http_client(const HttpOptions& options, std::stop_token stop) {
  // Thread-safe once, and never undone: other threads may still hold clients.
  static const CURLcode started = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (started != CURLE_OK) return Failure{"libcurl cannot start"};
  std::error_code error;
  for (const std::string& file : {options.ca_file, options.client_certificate_file, options.client_key_file}) {
    if (!file.empty() && !std::filesystem::is_regular_file(file, error)) {
      return Failure{fmt::format("cannot read {}: does the file exist, and may this user read it?", file)};
    }
  }
  CURL* handle = curl_easy_init();
  if (!handle) return Failure{"libcurl cannot start"};
  return std::unique_ptr<HttpClient>(std::make_unique<CurlClient>(options, std::move(stop), handle));
}

}  // namespace authledger
