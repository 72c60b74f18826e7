#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <fstream>
#include <memory>
#include <sstream>

#include "adapters/channel_tests.h"
#include "base/clock.h"
#include "base/crypto.h"
#include "base/text.h"
#include "cmd/probe_report.h"
#include "cmd/session.h"
#include "config/read_endpoint.h"
#include "fhir/client_certificate.h"

namespace authledger {
namespace {

struct ProbeCommand {
  std::string endpoint, patient, report, statement, preset;
  bool allow_writes = false;
};

int fail(const std::string& message, int exit_code = kExitBadUsage) {
  fmt::print(stderr, "authledger probe: {}\n", message);
  return exit_code;
}

std::optional<std::string> text_of_file(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return in ? std::optional(text.str()) : std::nullopt;
}

std::string id_of(std::string_view reference) {
  const size_t slash = reference.rfind('/');
  return std::string(slash == std::string_view::npos ? reference : reference.substr(slash + 1));
}

// How many patients there are, and one of them to search for.
struct RosterSample {
  std::optional<int64_t> patients;
  std::string first;
};

RosterSample sample_of_group(const EndpointConfig& endpoint, FhirClient& client) {
  RosterSample sample;
  const auto group = client.read("Group", endpoint.roster.group);
  JsonDocument document;
  const auto root = group ? document.parse(group->body) : Result<JsonView>(Failure{""});
  if (!root) return sample;
  sample.patients = static_cast<int64_t>((*root)["member"].size());
  sample.first = id_of((*root)["member"].at(0)["entity"]["reference"].text());
  return sample;
}

RosterSample sample_roster(const EndpointConfig& endpoint, FhirClient& client) {
  RosterSample sample;
  switch (endpoint.roster.kind) {
    case RosterKind::group:
      return sample_of_group(endpoint, client);
    case RosterKind::list_file:
      for (const std::string& line : split(text_of_file(endpoint.roster.file).value_or(""), '\n')) {
        const std::string_view id = trim(line);
        if (id.empty() || id.starts_with("#")) continue;
        if (sample.first.empty()) sample.first = id_of(id);
        sample.patients = sample.patients.value_or(0) + 1;
      }
      return sample;
    case RosterKind::patient_search:
      if (auto page = client.search_page("Patient?_count=1")) {
        sample.patients = page->total;
        if (!page->resources.empty()) sample.first = page->resources[0]["id"].string();
      }
      return sample;
  }
  return sample;
}

std::string token_text(const AuthConfig& auth) {
  switch (auth.kind) {
    case AuthKind::none:
      return "No authorization is configured";
    case AuthKind::bearer:
      return "Let in by the bearer token of the config";
    case AuthKind::basic:
      return "Let in by user and password";
    case AuthKind::client_secret:
      return fmt::format("Let in by a token for client_id {} (client secret)", auth.client_id);
    case AuthKind::smart_backend:
      return fmt::format("Let in by a token for client_id {} (SMART Backend Services, signed assertion)",
                         auth.client_id);
  }
  return "";
}

const char* writes_text(bool allow_writes, const ProbeFindings& findings) {
  if (!allow_writes) return "reads only";
  const bool has_written =
      std::any_of(findings.begin(), findings.end(), [](const auto& finding) { return !finding.second.left.empty(); });
  return has_written ? "with writes on a test patient" : "reads only: no test notice was written";
}

bool lacks_patient(FhirClient& client, const Capability& capability, const std::string& id) {
  if (!capability.can("Patient", "read")) return false;
  const auto patient = client.read("Patient", id);
  return !patient && patient.error().kind == FhirErrorKind::not_found;
}

void add_certificate_remark(const EndpointConfig& endpoint, Instant now, EndpointPlan& plan) {
  if (endpoint.client_certificate_file.empty()) return;
  const auto end = certificate_end(text_of_file(endpoint.client_certificate_file).value_or(""));
  if (!end) return;
  const std::string warning = certificate_warning(*end, now);
  plan.remarks.push_back(
      !warning.empty() ? warning
                       : fmt::format("the client certificate is valid until {}", format_instant(*end).substr(0, 10)));
}

struct ProbeRun {
  const ProbeCommand& command;
  const Config& config;
  const Clock& clock;
  std::stop_token stop;
  TenantSession* session = nullptr;  // Of what rounds found; null: none has been yet, or it cannot be known.
};

PlanInput plan_input(const ProbeRun& run, const EndpointConfig& endpoint, const Capability& capability) {
  PlanInput input{endpoint, capability};
  input.sync_interval = run.config.server.sync_interval;
  input.delivery = run.config.delivery;
  input.notices = run.config.rules.notices;
  const std::string& receiver = run.config.delivery.endpoint;
  if (!receiver.empty() && receiver != endpoint.name) input.notices_go_elsewhere = receiver;
  return input;
}

Result<ProbedEndpoint> probe_file(const ProbeRun& run, const EndpointConfig& endpoint) {
  const auto text = text_of_file(run.command.statement);
  if (!text) return Failure{"cannot read " + run.command.statement};
  JsonDocument document;
  const auto root = document.parse(*text);
  constexpr const char* kWhatItHolds = "what GET [base]/metadata answers to Accept: application/fhir+json";
  if (!root) {
    return Failure{
        fmt::format("{}: {} The file must hold {}", run.command.statement, root.error().message, kWhatItHolds)};
  }
  if ((*root)["resourceType"].text() != "CapabilityStatement") {
    return Failure{fmt::format("{} holds no CapabilityStatement ({})", run.command.statement, kWhatItHolds)};
  }
  const Capability capability = read_capability(*root);
  const bool assumes_key = !run.command.preset.empty() && endpoint.auth.kind == AuthKind::smart_backend;
  return ProbedEndpoint{
      plan_endpoint(plan_input(run, endpoint, capability)),
      {},
      "Planned from the file " + run.command.statement + "; the server was not asked",
      assumes_key
          ? "Assumed: SMART Backend Services, with the rights that authledger asks for by itself (no auth.scope)"
          : ""};
}

Result<ProbedEndpoint, FhirError> probe_live(const ProbeRun& run, const EndpointConfig& endpoint) {
  auto client = open_fhir_client(endpoint, run.config.folder, run.clock, run.stop);
  if (!client) return FhirError{FhirErrorKind::refused, 0, client.error().message};
  const auto statement = (*client)->capability_statement();
  if (!statement) return statement.error();
  JsonDocument document;
  const auto root = document.parse(*statement);
  const Capability capability = root ? read_capability(*root) : Capability{};
  const RosterSample roster = sample_roster(endpoint, **client);
  ProbeOptions options;
  const std::string patient = id_of(run.command.patient);
  options.sample_patient = patient.empty() ? roster.first : patient;
  options.channels = channel_tests(plan_input(run, endpoint, capability), run.command.allow_writes ? patient : "",
                                   random_hex(12), run.clock.now());
  const bool will_write = std::any_of(options.channels.begin(), options.channels.end(),
                                      [](const ChannelTest& test) { return !test.body.empty(); });
  if (will_write && lacks_patient(**client, capability, patient)) {
    return FhirError{FhirErrorKind::refused, 0,
                     endpoint.name + ": it has no patient with the id of --patient; nothing was written"};
  }
  options.visibility_window = run.config.delivery.visibility_window;
  options.stop = run.stop;
  auto findings = probe_endpoint(**client, endpoint, capability, options);
  if (!findings) return findings.error();
  StoredFindings stored;
  if (run.session != nullptr) {
    stored = compare_with_stored(*run.session, endpoint, capability, run.clock.now(), *findings);
  }
  PlanInput input = plan_input(run, endpoint, capability);
  input.findings = *findings;
  input.patients = roster.patients;
  const std::string tested = fmt::format("Tested live with {} requests, {}", (*client)->requests(),
                                         writes_text(run.command.allow_writes, *findings));
  ProbedEndpoint probed{plan_endpoint(input), std::move(*findings), tested, token_text(endpoint.auth),
                        std::move(stored)};
  add_certificate_remark(endpoint, run.clock.now(), probed.plan);
  return probed;
}

std::optional<Config> config_of(const GlobalOptions& global, const ProbeCommand& command) {
  if (command.preset.empty()) return load_config_or_explain(global);
  Config config;
  EndpointConfig endpoint;
  endpoint.name = command.preset;
  endpoint.preset = command.preset;
  if (!apply_preset(command.preset, endpoint)) {
    fail(fmt::format("there is no preset \"{}\"{}", command.preset,
                     suggestion(command.preset, shipped_names("presets"))));
    return std::nullopt;
  }
  // Which rights the token would be asked for decides where notices stand.
  endpoint.auth.kind = endpoint.vendor_auth;
  config.delivery.endpoint = endpoint.name;
  config.endpoints.push_back(std::move(endpoint));
  return config;
}

int64_t http_endpoints(const Config& config) {
  return std::count_if(config.endpoints.begin(), config.endpoints.end(),
                       [](const EndpointConfig& endpoint) { return endpoint.folder.empty(); });
}

int write_report(const ProbeCommand& command, const std::vector<ProbedEndpoint>& probed, Instant now) {
  std::ofstream out(command.report);
  out << probe_markdown(probed, format_instant(now).substr(0, 10));
  out.close();
  return out ? kExitDone : fail("cannot write " + command.report);
}

int run_probe(const GlobalOptions& global, const ProbeCommand& command) {
  if (command.allow_writes && command.patient.empty()) {
    return fail("--allow-writes needs --patient ID: a test patient, on whose chart test notices come and go");
  }
  if (command.allow_writes && !command.statement.empty())
    return fail("--allow-writes asks the server, --statement does not: take one of them");
  if (!command.preset.empty() && command.statement.empty())
    return fail("--preset is for --statement FILE, without a config");
  if (global.format == Format::csv || global.format == Format::ndjson) return fail("it prints --format table or json");
  const std::stop_token stop = stop_on_signals();
  const auto config = config_of(global, command);
  if (!config) return kExitBadUsage;
  if (!command.endpoint.empty() && config->endpoint(command.endpoint) == nullptr) {
    return fail(fmt::format("no endpoint \"{}\" in {}", command.endpoint, global.config_file));
  }
  if (!command.statement.empty() && command.endpoint.empty() && http_endpoints(*config) > 1)
    return fail("a statement is of one endpoint, and the config has several: say which with --endpoint");
  const SystemClock clock;
  std::unique_ptr<TenantSession> session;
  if (command.statement.empty()) {
    auto opened = open_stored_findings(*config);
    if (opened) {
      session = std::move(*opened);
    } else {
      fmt::print(stderr, "authledger probe: what rounds found is not known: {}\n", opened.error().message);
    }
  }
  const ProbeRun run{command, *config, clock, stop, session.get()};
  std::vector<ProbedEndpoint> probed;
  int exit_code = kExitDone;
  for (const EndpointConfig& endpoint : config->endpoints) {
    if (!endpoint.folder.empty() || (!command.endpoint.empty() && endpoint.name != command.endpoint)) continue;
    if (!command.statement.empty()) {
      auto from_file = probe_file(run, endpoint);
      if (!from_file) return fail(from_file.error().message);
      probed.push_back(std::move(*from_file));
      break;  // One statement is of one endpoint.
    }
    auto live = probe_live(run, endpoint);
    if (live) {
      probed.push_back(std::move(*live));
    } else {
      exit_code =
          live.error().kind == FhirErrorKind::refused && live.error().status == 0 ? kExitBadUsage : kExitUnreachable;
      fail(live.error().message);
    }
  }
  if (probed.empty() && exit_code == kExitDone) return fail("there is no HTTP endpoint to probe");
  if (global.format == Format::table) {
    for (const ProbedEndpoint& each : probed) fmt::print("{}\n", probe_text(each));
  } else {
    fmt::print("{}\n", probe_json(probed));
  }
  if (!command.report.empty() && !probed.empty()) {
    if (const int failed = write_report(command, probed, clock.now()); failed != kExitDone) return failed;
  }
  if (exit_code != kExitDone) return exit_code;
  for (const ProbedEndpoint& each : probed) {
    if (!is_complete(each.plan)) exit_code = kExitWithQuarantine;
  }
  return exit_code;
}

}  // namespace

void add_probe_command(CommandLine line) {
  auto command = std::make_shared<ProbeCommand>();  // Shared by the parser and the run that follows it.
  CLI::App* sub = line.app.add_subcommand(
      "probe", "Test what an endpoint offers; show how it will be read and where notices will stand");
  sub->add_option("--endpoint", command->endpoint, "Only this endpoint of the config");
  sub->add_flag("--allow-writes", command->allow_writes,
                "Also create, find and retire a test notice of each type that notices would take …");
  sub->add_option("--patient", command->patient,
                  "… on this test patient (id); without --allow-writes: whose records are searched");
  sub->add_option("--report", command->report, "Write a Markdown page as well");
  sub->add_option("--statement", command->statement, "Plan from this CapabilityStatement file; nothing is asked");
  sub->add_option("--preset", command->preset, "With --statement: use this preset and no config");
  sub->footer(
      "Exit codes: 0 every feed can be read and every notice has a channel; 1 something has no road, or fails its test "
      "(the plan says what);\n2 bad usage or config; 4 the endpoint could not be reached or let this client not in.");
  sub->callback([line, command] { line.run = [line, command] { return run_probe(line.options, *command); }; });
}

}  // namespace authledger
