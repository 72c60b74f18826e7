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

// Nobody was there to serve, whatever was asked.
bool is_no_service(const HttpError& error) {
  return error.kind == HttpErrorKind::cannot_connect || error.kind == HttpErrorKind::timeout ||
         error.kind == HttpErrorKind::interrupted || error.kind == HttpErrorKind::tls;
}

// 429 says that nothing was done. A 503 may come from a proxy that lost the answer of a write.
bool is_worth_repeating(int status, Repeat repeat) {
  return status == 429 || (repeat == Repeat::safe && is_no_service_status(status));
}

}  // namespace

Exchange::Exchange(const EndpointConfig& endpoint, std::unique_ptr<HttpClient> http, std::shared_ptr<RateLimit> limit,
                   const Clock& clock, std::stop_token stop, uint64_t seed)
    : endpoint_(endpoint.name),
      retries_max_(endpoint.retries_max),
      retry_after_max_(endpoint.retry_after_max),
      place_wait_max_(place_wait_max(endpoint)),
      pause_after_429_(endpoint.pause_after_429),
      http_(std::move(http)),
      limit_(std::move(limit)),
      clock_(clock),
      stop_(std::move(stop)),
      random_(seed) {}

bool Exchange::wait_before_retry(int attempt) {
  return wait_unless_stopped(back_off(attempt, random_), stop_);
}

Result<HttpResponse, FhirError> Exchange::send(const HttpRequest& request, Repeat repeat, const std::string& what) {
  return send_by([&] { return http_->send(request); }, repeat, what, nullptr);
}

Result<HttpResponse, FhirError> Exchange::send_fresh(const std::function<HttpRequest()>& make, Repeat repeat,
                                                     const std::string& what, const MaySend& may_send) {
  return send_by([&] { return http_->send(make()); }, repeat, what, may_send);
}

std::optional<FhirError> Exchange::wait_for_place(const std::string& what) {
  const auto wait = limit_->reserve(std::chrono::steady_clock::now(), place_wait_max_);
  if (!wait) {
    return FhirError{FhirErrorKind::throttled, 0,
                     fmt::format("{}: the endpoint's request limit in the config leaves no place within {} s; the next "
                                 "round goes on from here",
                                 what, place_wait_max_.count())};
  }
  if (wait_unless_stopped(std::chrono::ceil<std::chrono::milliseconds>(*wait), stop_)) return std::nullopt;
  return FhirError{FhirErrorKind::stopped, 0, fmt::format("{}: stopped", what)};
}

std::optional<FhirError> Exchange::refuse_while_open(const std::string& what) {
  const auto left = limit_->circuit().wait_left(clock_.now());
  if (!left) return std::nullopt;
  return FhirError{FhirErrorKind::unreachable, 0,
                   fmt::format("{}: not sent: the endpoint gave no service, or asked for a pause; asked again in {} s",
                               what, std::chrono::ceil<std::chrono::seconds>(*left).count())};
}

void Exchange::gave_up() {
  if (limit_->circuit().gave_up(clock_.now())) log_warning("circuit_opened", {{"endpoint", endpoint_}});
}

std::optional<std::chrono::milliseconds> Exchange::asked_wait(const HttpResponse& answer) const {
  auto stated = stated_wait(answer, clock_.now());
  // Some servers throttle without saying for how long.
  if (!stated && answer.status == 429 && pause_after_429_.count() > 0) stated = pause_after_429_;
  return stated;
}

Result<HttpResponse, FhirError> Exchange::send_by(const std::function<Result<HttpResponse, HttpError>()>& send_once,
                                                  Repeat repeat, const std::string& what, const MaySend& may_send) {
  const FhirError stopped{FhirErrorKind::stopped, 0, fmt::format("{}: stopped", what)};
  if (auto refused = refuse_while_open(what)) return *refused;
  for (int attempt = 0;; ++attempt) {
    if (auto no_place = wait_for_place(what)) return *no_place;
    if (may_send && !may_send()) {
      return FhirError{FhirErrorKind::stopped, 0, fmt::format("{}: not sent: the wait for it took too long", what)};
    }
    ++requests_;
    auto answer = send_once();
    const bool last = attempt >= retries_max_;
    if (!answer) {
      if (last || !is_worth_repeating(answer.error(), repeat)) {
        if (is_no_service(answer.error())) gave_up();
        return error_of(answer.error(), repeat, what);
      }
      log_debug("request_repeated", {{"request", what}, {"attempt", attempt + 1}, {"cause", answer.error().message}});
      if (!wait_before_retry(attempt)) return stopped;
      continue;
    }
    if (!is_no_service_status(answer->status) && limit_->circuit().answered()) {
      log_info("circuit_closed", {{"endpoint", endpoint_}});
    }
    if (!is_worth_repeating(answer->status, repeat)) {
      if (is_no_service_status(answer->status)) gave_up();
      return std::move(*answer);
    }
    const auto stated = asked_wait(*answer);
    if (stated && *stated > retry_after_max_) {
      limit_->circuit().asked_to_pause(clock_.now(), *stated);
      return FhirError{
          FhirErrorKind::throttled, answer->status,
          fmt::format("{}: answered {} and asks to wait {} s, more than retry_after_max ({} s)", what, answer->status,
                      std::chrono::ceil<std::chrono::seconds>(*stated).count(), retry_after_max_.count())};
    }
    // The pause is meant for everybody who asks this endpoint.
    if (stated) limit_->hold(std::chrono::steady_clock::now(), *stated);
    if (last) {
      gave_up();
      return std::move(*answer);
    }
    log_debug("request_repeated", {{"request", what}, {"attempt", attempt + 1}, {"status", answer->status}});
    const auto wait = stated ? std::max(*stated + jitter_on_top(*stated, random_), std::chrono::milliseconds(50))
                             : back_off(attempt, random_);
    if (!wait_unless_stopped(wait, stop_)) return stopped;
  }
}

}  // namespace authledger
