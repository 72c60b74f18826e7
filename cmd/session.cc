#include "cmd/session.h"

#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <thread>

namespace authledger {
namespace {

constexpr std::chrono::milliseconds kTerminalPeriod{100};
constexpr std::chrono::milliseconds kPlainPeriod{5000};

}  // namespace

std::optional<Config> load_config_or_explain(const GlobalOptions& options) {
  auto config = load_config(options.config_file);
  if (!config) {
    for (const Issue& issue : config.error()) fmt::print(stderr, "{}: {}\n", issue.element_path, issue.message);
    fmt::print(stderr, "authledger: the config cannot be used; docs/configuration.md lists every key\n");
    return std::nullopt;
  }
  if (!options.tenant.empty() && options.tenant != config->tenant.name) {
    fmt::print(stderr, "authledger: --tenant {} is not the tenant of {} ({})\n", options.tenant, options.config_file,
               config->tenant.name);
    return std::nullopt;
  }
  return std::move(*config);
}

OpenedSession open_session(const GlobalOptions& options) {
  auto config = load_config_or_explain(options);
  if (!config) return {nullptr, kExitBadUsage};
  auto session = TenantSession::open(*config);
  if (!session) {
    fmt::print(stderr, "authledger: {}\n", session.error().message);
    return {nullptr, kExitUnreachable};
  }
  return {std::move(*session), kExitDone};
}

std::stop_token stop_on_signals() {
  // The signals are blocked in every thread and taken by one that waits for them: no work is done in a handler.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::stop_source source;
  std::stop_token token = source.get_token();
  // It lives as long as the process and touches only what it owns.
  std::thread([signals, source]() mutable {
    int number = 0;
    sigwait(&signals, &number);
    source.request_stop();
    sigwait(&signals, &number);
    _exit(128 + number);
  }).detach();
  return token;
}

struct TerminalProgress::State {
  bool is_terminal = isatty(STDERR_FILENO) == 1;
  bool is_line_open = false;
  std::chrono::steady_clock::time_point last{};
};

TerminalProgress::TerminalProgress() : state_(std::make_unique<State>()) {}
TerminalProgress::~TerminalProgress() {
  clear();
}

void TerminalProgress::operator()(const std::string& line) {
  auto now = std::chrono::steady_clock::now();
  if (state_->last.time_since_epoch().count() == 0 && !state_->is_terminal) state_->last = now;
  if (now - state_->last < (state_->is_terminal ? kTerminalPeriod : kPlainPeriod)) return;
  state_->last = now;
  if (state_->is_terminal) {
    fmt::print(stderr, "\r\033[K{}", line);
    std::fflush(stderr);
    state_->is_line_open = true;
  } else {
    fmt::print(stderr, "{}\n", line);
  }
}

void TerminalProgress::clear() {
  if (state_->is_line_open) fmt::print(stderr, "\r\033[K");
  state_->is_line_open = false;
}

}  // namespace authledger
