#include "sandbox/rest_listener.h"

#include <condition_variable>
#include <mutex>

#define _TURN_OFF_PLATFORM_STRING  // cpprestsdk's macro U breaks fmt.
#include <cpprest/http_listener.h>
#include <fmt/format.h>

#include "base/text.h"
#include "sandbox/loopback_socket.h"

namespace authledger {

using web::http::experimental::listener::http_listener;

struct RestListener::State {
  Handler handler;
  int port = 0;
  std::unique_ptr<http_listener> listener;
  std::mutex mutex;
  std::condition_variable idle;
  int running = 0;  // Requests that are being answered; guarded by `mutex`.

  void answer(web::http::http_request request) {
    {
      const std::lock_guard lock(mutex);
      ++running;
    }
    // extract_string(true) takes any content type; continuations run on cpprestsdk's pool.
    request.extract_string(true).then([this, request](const pplx::task<std::string>& body) {
      reply(request, body);
      const std::lock_guard lock(mutex);
      --running;
      idle.notify_all();
    });
  }

  void reply(const web::http::http_request& request, const pplx::task<std::string>& body) const {
    try {
      SandboxRequest asked;
      asked.method = request.method();
      asked.path = request.request_uri().path();
      asked.query = request.request_uri().query();
      for (const auto& [name, value] : request.headers()) asked.headers[lower_case(name)] = value;
      asked.body = body.get();
      const SandboxAnswer answer = handler(asked);
      web::http::http_response response(static_cast<web::http::status_code>(answer.status));
      for (const auto& [name, value] : answer.headers) response.headers().add(name, value);
      if (!answer.body.empty()) response.set_body(answer.body, answer.content_type);
      request.reply(response).wait();
    } catch (const std::exception&) {
      // The connection is gone, or the request could not be read: nobody is left to be answered.
    }
  }
};

RestListener::RestListener(std::unique_ptr<State> state) : state_(std::move(state)) {}

Result<std::unique_ptr<RestListener>> RestListener::start(Handler handler) {
  constexpr int kAttemptsMax = 20;  // Another process may take the port between looking and listening.
  std::string reason;
  for (int attempt = 0; attempt < kAttemptsMax; ++attempt) {
    auto state = std::make_unique<State>();
    state->handler = handler;
    state->port = free_loopback_port();
    const web::uri address(fmt::format("http://127.0.0.1:{}/", state->port));
    state->listener = std::make_unique<http_listener>(address);
    state->listener->support([raw = state.get()](const web::http::http_request& request) { raw->answer(request); });
    try {
      state->listener->open().wait();
      return std::unique_ptr<RestListener>(new RestListener(std::move(state)));
    } catch (const std::exception& error) {
      reason = error.what();
    }
  }
  return Failure{"no loopback port to listen on: " + reason};
}

RestListener::~RestListener() {
  try {
    state_->listener->close().wait();
  } catch (const std::exception&) {
    // Closed already.
  }
  std::unique_lock lock(state_->mutex);
  state_->idle.wait(lock, [this] { return state_->running == 0; });
}

int RestListener::port() const {
  return state_->port;
}

}  // namespace authledger
