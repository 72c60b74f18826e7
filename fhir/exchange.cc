#include "fhir/exchange.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/log.h"

namespace authledger {
namespace {

FhirError error_of(const HttpError& error, Repeat repeat, const std::string& what) {
  FhirError found;
  found.message = fmt::format("{}: {}", what, error.message);
  switch (error.kind) {
    case HttpErrorKind::stopped:
      found.kind = FhirErrorKind::stopped;
      break;
    case HttpErrorKind::too_large:
      found.kind = FhirErrorKind::bad_answer;
      break;
    case HttpErrorKind::refused:
      found.kind = FhirErrorKind::refused;
      break;
    case HttpErrorKind::cannot_connect:
    case HttpErrorKind::timeout:
    case HttpErrorKind::interrupted:
    case HttpErrorKind::tls:
      found.kind = FhirErrorKind::unreachable;
      break;
  }
  if (repeat == Repeat::only_unprocessed && error.may_have_been_processed) found.kind = FhirErrorKind::outcome_unknown;
  return found;
}

bool is_worth_repeating(const HttpError& error, Repeat repeat) {
  if (repeat == Repeat::only_unprocessed && error.may_have_been_processed) return false;
  return error.kind == HttpErrorKind::cannot_connect || error.kind == HttpErrorKind::timeout ||
         error.kind == HttpErrorKind::interrupted;
}

// 429 says that nothing was done. A 503 may come from a proxy that lost the answer of a write.
bool is_worth_repeating(int status, Repeat repeat) {
  return status == 429 || (repeat == Repeat::safe && (status == 502 || status == 503 || status == 504));
}

}  // namespace

Exchange::Exchange(const EndpointConfig& endpoint, std::unique_ptr<HttpClient> http, const Clock& clock,
                   std::stop_token stop, uint64_t seed)
    : retries_max_(endpoint.retries_max),
      retry_after_max_(endpoint.retry_after_max),
      http_(std::move(http)),
      clock_(clock),
      stop_(std::move(stop)),
      random_(seed),
      pace_(endpoint.requests_per_second_max) {}

bool Exchange::wait_before_retry(int attempt) {
  return wait_unless_stopped(back_off(attempt, random_), stop_);
}

Result<HttpResponse, FhirError> Exchange::send(const HttpRequest& request, Repeat repeat, const std::string& what) {
  const FhirError stopped{FhirErrorKind::stopped, 0, fmt::format("{}: stopped", what)};
  for (int attempt = 0;; ++attempt) {
    if (!wait_unless_stopped(pace_.next_wait(std::chrono::steady_clock::now()), stop_)) return stopped;
    ++requests_;
    auto answer = http_->send(request);
    const bool last = attempt >= retries_max_;
    if (!answer) {
      if (last || !is_worth_repeating(answer.error(), repeat)) return error_of(answer.error(), repeat, what);
      log_debug("request_repeated", {{"request", what}, {"attempt", attempt + 1}, {"cause", answer.error().message}});
      if (!wait_before_retry(attempt)) return stopped;
      continue;
    }
    if (!is_worth_repeating(answer->status, repeat)) return std::move(*answer);
    const auto stated = stated_wait(*answer, clock_.now());
    if (stated && *stated > retry_after_max_) {
      return FhirError{
          FhirErrorKind::throttled, answer->status,
          fmt::format("{}: answered {} and asks to wait {} s, more than retry_after_max ({} s)", what, answer->status,
                      std::chrono::ceil<std::chrono::seconds>(*stated).count(), retry_after_max_.count())};
    }
    if (last) return std::move(*answer);
    log_debug("request_repeated", {{"request", what}, {"attempt", attempt + 1}, {"status", answer->status}});
    const auto wait = stated ? std::max(*stated + jitter_on_top(*stated, random_), std::chrono::milliseconds(50))
                             : back_off(attempt, random_);
    if (!wait_unless_stopped(wait, stop_)) return stopped;
  }
}

}  // namespace authledger
