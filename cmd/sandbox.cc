#include "sandbox/sandbox.h"

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <fstream>
#include <iostream>
#include <memory>
#include <sstream>

#include "base/clock.h"
#include "cmd/commands.h"

namespace authledger {
namespace {

struct SandboxCommand {
  std::string listen = "127.0.0.1:8090";
  bool empty = false;
  std::string today;
  unsigned seed = 1;
  std::vector<std::string> files;
  bool no_conditional_create = false, bulk_export = false, inquiry = false;
  std::string port_file;
  std::string write_file;
  std::string client_id, register_file;
};

int fail(const std::string& message) {
  std::cerr << "authledger sandbox: " << message << "\n";
  return kExitBadUsage;
}

Outcome load_files(Sandbox& sandbox, const std::vector<std::string>& files) {
  for (const std::string& file : files) {
    std::ifstream in(file, std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    if (!in) return Failure{"cannot read " + file};
    const Outcome loaded = sandbox.load(text.str());
    if (!loaded) return Failure{fmt::format("{}: {}", file, loaded.error().message)};
  }
  return Done{};
}

int write_clinic(const SandboxCommand& command, const Day& today) {
  std::ofstream out(command.write_file, std::ios::binary);
  out << sample_clinic(format_day(today), command.seed);
  out.close();
  return out ? kExitDone : fail("cannot write " + command.write_file);
}

// Written under another name first, so that a script that waits for the file never reads half of it.
Outcome write_port_file(const std::string& file, const std::string& base_url) {
  const std::string unfinished = file + ".part";
  const size_t colon = base_url.rfind(':');
  std::ofstream out(unfinished);
  out << base_url.substr(colon + 1, base_url.find('/', colon) - colon - 1) << "\n";
  out.close();
  if (!out || std::rename(unfinished.c_str(), file.c_str()) != 0) return Failure{"cannot write " + file};
  return Done{};
}

int run_sandbox(const SandboxCommand& command) {
  SandboxOptions options;
  options.listen = command.listen;
  options.conditional_create = !command.no_conditional_create;
  options.bulk_export = command.bulk_export;
  options.inquiry = command.inquiry;
  if (command.client_id.empty() != command.register_file.empty()) {
    return fail("--client and --register go together: a client_id, and the file with its public JWKS");
  }
  if (!command.client_id.empty()) {
    std::ifstream in(command.register_file, std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    if (!in) return fail("cannot read " + command.register_file);
    options.authorization.client_id = command.client_id;
    options.authorization.jwks = text.str();
  }
  const auto zone = TimeZone::find(options.time_zone);
  if (!zone) return fail(zone.error().message);
  const Day today =
      command.today.empty() ? zone->day_of(SystemClock().now()) : parse_day(command.today).value_or(Day{});
  if (!command.today.empty() && !parse_day(command.today)) return fail("--today is written YYYY-MM-DD");
  if (!command.write_file.empty()) return write_clinic(command, today);

  // Blocked before any thread starts, so that all threads inherit it and only sigwait sees the signals.
  sigset_t ending;
  sigemptyset(&ending);
  sigaddset(&ending, SIGINT);
  sigaddset(&ending, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &ending, nullptr);

  auto sandbox = Sandbox::start(options);
  if (!sandbox) return fail(sandbox.error().message);
  if (!command.empty) {
    const Outcome loaded = (*sandbox)->load(sample_clinic(format_day(today), command.seed));
    if (!loaded) return fail(loaded.error().message);
  }
  if (const Outcome loaded = load_files(**sandbox, command.files); !loaded) return fail(loaded.error().message);
  const std::string base_url = (*sandbox)->base_url();
  if (!command.port_file.empty()) {
    if (const Outcome written = write_port_file(command.port_file, base_url); !written) {
      return fail(written.error().message);
    }
  }
  std::cout << fmt::format("The sandbox EHR answers at {}\nStop it with Ctrl-C or `kill {}`.\n", base_url, getpid())
            << std::flush;
  int signal = 0;
  sigwait(&ending, &signal);
  std::cout << "The sandbox EHR has stopped.\n";
  return kExitDone;
}

}  // namespace

void add_sandbox_command(CommandLine line) {
  auto* sub = line.app.add_subcommand("sandbox", "Run a simulated EHR (FHIR R4) with a fictional sample clinic");
  // Shared between the option parser, which fills it, and `run`, which outlives this function.
  auto command = std::make_shared<SandboxCommand>();
  sub->add_option("--listen", command->listen, "Loopback address and port; port 0 takes a free one");
  sub->add_flag("--empty", command->empty, "Start without the sample clinic");
  sub->add_option("--today", command->today, "The day that the clinic is built around, YYYY-MM-DD");
  sub->add_option("--seed", command->seed, "Another seed gives another clinic");
  sub->add_option("--write", command->write_file, "Write the sample clinic into this NDJSON file, and end");
  sub->add_option("--load", command->files, "NDJSON, JSON or Bundle files to load as well");
  sub->add_flag("--no-conditional-create", command->no_conditional_create, "Neither declare nor honour If-None-Exist");
  sub->add_flag("--bulk-export", command->bulk_export, "Declare and do Bulk Data exports of the system and of Groups");
  sub->add_flag("--inquiry", command->inquiry, "Answer Claim/$inquire as a payer");
  sub->add_option("--client", command->client_id, "Demand SMART Backend Services tokens, given to this client_id …");
  sub->add_option("--register", command->register_file, "… for the keys of this public JWKS file");
  sub->add_option("--port-file", command->port_file, "Write the chosen port into this file");
  sub->callback([command, &run = line.run] { run = [command] { return run_sandbox(*command); }; });
}

}  // namespace authledger
