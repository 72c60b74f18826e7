#include "cmd/check_claim.h"

#include <fmt/format.h>

#include <array>
#include <fstream>
#include <iostream>
#include <iterator>

#include "adapters/mapping.h"
#include "base/clock.h"
#include "cmd/ledger_rows.h"
#include "ledger/check_claim.h"
#include "ledger/store/fact_store.h"
#include "ledger/store/subject_store.h"

namespace authledger {
namespace {

int refuse(const std::string& message) {
  fmt::print(stderr, "authledger: {}\n", message);
  return kExitBadUsage;
}

// The endpoint whose mappings read the claim; null with a message.
const EndpointConfig* endpoint_of(const Config& config, const std::string& name) {
  if (!name.empty()) {
    const EndpointConfig* found = config.endpoint(name);
    if (found == nullptr) refuse(fmt::format("no endpoint of the config is named {}", name));
    return found;
  }
  if (config.endpoints.size() == 1) return &config.endpoints.front();
  refuse("the config names several endpoints; say with --endpoint whose claim it is");
  return nullptr;
}

// Facts of the claim, or nothing after the problems were printed.
std::optional<MappedFacts> read_claim(const TenantSession& session, const EndpointConfig& endpoint,
                                      const std::string& file_name) {
  std::ifstream file(file_name, std::ios::binary);
  if (!file) {
    refuse(fmt::format("{}: cannot be read", file_name));
    return std::nullopt;
  }
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  JsonDocument document;
  const auto parsed = document.parse(text);
  if (!parsed) {
    refuse(fmt::format("{}: {}", file_name, parsed.error().message));
    return std::nullopt;
  }
  if ((*parsed)["resourceType"].text() != "Claim" || (*parsed)["use"].text() != "claim") {
    refuse(fmt::format("{}: expected one FHIR Claim with use: claim", file_name));
    return std::nullopt;
  }
  auto mapper = ResourceMapper::compile(endpoint, session.config().folder, session.policy().zone);
  if (!mapper) {
    for (const Issue& issue : mapper.error()) fmt::print(stderr, "{}: {}\n", issue.element_path, issue.message);
    return std::nullopt;
  }
  MappedFacts mapped = mapper->map(*parsed, {endpoint.name, endpoint.base_url});
  for (const Issue& issue : mapped.issues) fmt::print(stderr, "{}: {}\n", issue.element_path, issue.message);
  std::erase_if(mapped.facts, [](const Fact& fact) { return !std::holds_alternative<ServiceFact>(fact.body); });
  if (!mapped.facts.empty()) return mapped;
  refuse(fmt::format("{}: no item that an authorization could cover", file_name));
  return std::nullopt;
}

OutputCell cell_of_mismatches(const std::vector<ClaimMismatch>& mismatches) {
  JsonWriter writer;
  std::string shown;
  writer.begin_array();
  for (const ClaimMismatch& mismatch : mismatches) {
    writer.begin_object().member("code", mismatch.code).member("fix", mismatch.fix).end_object();
    shown += (shown.empty() ? "" : "; ") + mismatch.code + ": " + mismatch.fix;
  }
  writer.end_array();
  return OutputCell::of_json(writer.take(), shown);
}

}  // namespace

int run_check_claim(const GlobalOptions& global, const std::string& file, const std::string& endpoint_name) {
  auto [session, exit_code] = open_session(global);
  if (!session) return exit_code;
  const EndpointConfig* endpoint = endpoint_of(session->config(), endpoint_name);
  if (endpoint == nullptr) return kExitBadUsage;
  const std::optional<MappedFacts> claim = read_claim(*session, *endpoint, file);
  if (!claim) return kExitBadUsage;
  std::vector<Fact> history;
  transact(session->connection(), session->tenant_id(), [&](Transaction& transaction) {
    history.clear();
    for (const SubjectName& name : read_subjects(transaction, claim->patient)) {
      std::vector<Fact> facts = std::move(read_facts(transaction, std::array{name.subject_id})[0]);
      if (facts.size() > history.size()) history = std::move(facts);  // A record that was joined holds nothing.
    }
  });
  if (history.empty()) fmt::print(stderr, "authledger: nothing is known of this patient\n");
  const Day today = session->policy().zone.day_of(SystemClock().now());
  bool is_clean = true;
  RowWriter rows(std::cout, global.format,
                 {"item", "service_code", "day", "measure", "authorized", "delivered", "billed", "authorization_number",
                  "delivered_by", "passes", "mismatches"});
  for (const ClaimItemAnswer& answer : check_claim(history, claim->facts, session->policy(), today)) {
    is_clean = is_clean && answer.mismatches.empty();
    rows.add({OutputCell::of_text(answer.item), OutputCell::of_text(answer.code),
              OutputCell::of_text(format_day(answer.day)), OutputCell::of_text(word_of(answer.measure)),
              cell_of(std::optional(answer.authorized)), cell_of(std::optional(answer.delivered)),
              cell_of(std::optional(answer.billed)), OutputCell::of_text(answer.authorization_number),
              OutputCell::of_list(answer.delivered_by), OutputCell::of_boolean(answer.mismatches.empty()),
              cell_of_mismatches(answer.mismatches)});
  }
  rows.finish();
  return is_clean ? kExitDone : kExitNegative;
}

}  // namespace authledger
