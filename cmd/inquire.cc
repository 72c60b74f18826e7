#include "sync/inquire.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "base/clock.h"
#include "base/json.h"
#include "base/text.h"
#include "cmd/session.h"
#include "sync/endpoint_identity.h"
#include "sync/reconcile.h"

namespace authledger {
namespace {

struct InquireOptions {
  std::string number, endpoint;
};

int fail(const std::string& message, int exit_code) {
  fmt::print(stderr, "authledger inquire: {}\n", message);
  return exit_code;
}

// The one that is named, else the only one with an inquire feed.
const EndpointConfig* payer_of(const Config& config, const std::string& name) {
  const EndpointConfig* found = nullptr;
  for (const EndpointConfig& endpoint : config.endpoints) {
    if (inquire_feed_of(endpoint) == nullptr || (!name.empty() && endpoint.name != name)) continue;
    if (found != nullptr) return nullptr;
    found = &endpoint;
  }
  return found;
}

void print_result(const InquiryResult& result, Format format) {
  if (format == Format::table) {
    fmt::print("{} asked, {} responses recorded\n", result.asked, result.answered);
    for (const std::string& gap : result.gaps) fmt::print("gap       {}\n", gap);
    return;
  }
  JsonWriter json;
  json.begin_object().key("asked").number(result.asked).key("answered").number(result.answered);
  json.key("gaps").begin_array();
  for (const std::string& gap : result.gaps) json.string(gap);
  fmt::print("{}\n", json.end_array().end_object().take());
}

int run_inquire(const GlobalOptions& global, const InquireOptions& options) {
  const std::stop_token stop = stop_on_signals();
  auto [session, exit_code] = open_session(global);
  if (!session) return exit_code;
  const EndpointConfig* endpoint = payer_of(session->config(), options.endpoint);
  if (endpoint == nullptr || endpoint->base_url.empty()) {
    return fail("name the payer's endpoint with --endpoint (one whose ClaimResponse has strategy: inquire)",
                kExitBadUsage);
  }
  auto mapper = ResourceMapper::compile(*endpoint, session->config().folder, session->policy().zone);
  if (!mapper) return fail("the mappings of the endpoint do not compile; see authledger config check", kExitBadUsage);
  const SystemClock clock;
  if (const std::string refusal = check_endpoints(*session, clock.now()); !refusal.empty()) {
    return fail(refusal, kExitBadUsage);
  }
  const RoundOptions round;
  RoundContext context{*session, clock, round, stop, [](const std::string&) {}};
  auto client = open_fhir_client(*endpoint, session->config().folder, clock, stop, &session->shared_access());
  if (!client) return fail(client.error().message, kExitBadUsage);
  RoundSummary summary;
  Intake intake(context, *endpoint, *mapper, summary);
  const auto result = inquire_number(context, *endpoint, options.number, intake, **client);
  if (!result) {
    const bool is_unknown = result.error().kind == FhirErrorKind::not_found && result.error().status == 0;
    return fail(result.error().message, is_unknown ? kExitNegative : kExitUnreachable);
  }
  join_patients(context);
  session->refresh_rules();
  reconcile_due(context, summary);
  print_result(*result, global.format);
  return result->answered > 0 ? kExitDone : kExitNegative;
}

}  // namespace

void add_inquire_command(CommandLine line) {
  auto options = std::make_shared<InquireOptions>();  // Shared by the parser and the run that follows it.
  CLI::App* command = line.app.add_subcommand(
      "inquire", "Ask the payer about one authorization number (Da Vinci PAS, Claim/$inquire), and record the answer");
  command->add_option("number", options->number, "The authorization number, or a reference number of a pended request")
      ->required();
  command->add_option("--endpoint", options->endpoint, "The payer's endpoint; left out: the one with an inquire feed");
  command->footer(
      "Exit codes: 0 an answer was recorded; 3 the payer has none, nobody is known to have the number, or the "
      "endpoint does not answer for its payer.");
  command->callback([line, options] { line.run = [line, options] { return run_inquire(line.options, *options); }; });
}

}  // namespace authledger
