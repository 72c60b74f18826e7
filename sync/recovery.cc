#include "sync/recovery.h"

#include <fmt/format.h>

#include <map>

#include "adapters/channel_plan.h"
#include "adapters/render.h"
#include "base/log.h"
#include "fhir/search.h"
#include "sync/artefact.h"
#include "sync/deliver.h"
#include "sync/seal_anchor.h"

namespace authledger {
namespace {

constexpr const char* kForgottenReason = "the ledger was restored to an earlier state and counts anew";

// Resources in the EHR that carry an identifier of ours.
using Artefacts = std::map<std::string, std::vector<Artefact>>;  // By notice key.

std::optional<FhirError> read_artefacts(FhirClient& client, const EndpointConfig& endpoint, const std::string& type,
                                        const std::string& identifier_system, Artefacts& found) {
  const std::string system = identifier_system_of({type}, identifier_system);
  return walk_pages(client, fmt::format("{}?{}", type, identifier_query({type}, "", identifier_system)),
                    endpoint.pages_per_pull_max, [&](const SearchPage& page) -> std::optional<FhirError> {
                      for (JsonView resource : page.resources) {
                        if (resource["resourceType"].text() != type || is_closed(resource)) continue;
                        for (JsonView identifier : resource["identifier"]) {
                          if (identifier["system"].text() != system) continue;
                          found[identifier["value"].string()].push_back(artefact_of(resource));
                        }
                      }
                      return std::nullopt;
                    });
}

class Recovery {
 public:
  Recovery(RoundContext& context, const EndpointConfig& endpoint, FhirClient& client)
      : context_(context), endpoint_(endpoint), client_(client) {}

  // Closes what no notice knows; both counts for the report.
  std::optional<FhirError> run() {
    const std::string& system = context_.session.config().delivery.identifier_system;
    const auto statement = client_.capability_statement();
    if (!statement) return statement.error();
    JsonDocument document;
    const auto root = document.parse(*statement);
    const Capability capability = root ? read_capability(*root) : Capability{};
    for (const std::string& type : channel_words()) {
      // A message cannot be closed, and what cannot be searched for cannot be found.
      const ChannelOffer offer = offer_of(type, capability);
      if (!offer.update || !offer.search || is_out_of_scope(type, endpoint_)) continue;
      Artefacts artefacts;
      if (auto error = read_artefacts(client_, endpoint_, type, system, artefacts)) return error;
      if (auto error = close_unknown(type, artefacts)) return error;
    }
    return std::nullopt;
  }

  int64_t known() const { return known_; }
  int64_t closed() const { return closed_; }

 private:
  std::optional<FhirError> close_unknown(const std::string& type, const Artefacts& artefacts) {
    const std::string& system = context_.session.config().delivery.identifier_system;
    std::vector<std::string> keys, unknown;
    for (const auto& [key, found] : artefacts) keys.push_back(key);
    transact(context_.session.connection(), context_.session.tenant_id(),
             [&](Transaction& transaction) { unknown = find_unknown_notices(transaction, keys); });
    known_ += static_cast<int64_t>(keys.size() - unknown.size());
    for (const std::string& key : unknown) {
      for (const Artefact& artefact : artefacts.at(key)) {
        JsonDocument document;
        const auto root = document.parse(artefact.body);
        if (!root) continue;
        auto written = client_.update(
            type, artefact.id, render_retired(*root, kForgottenReason, context_.clock.now(), system), artefact.etag);
        if (!written) return written.error();
        ++closed_;
      }
    }
    return std::nullopt;
  }

  RoundContext& context_;
  const EndpointConfig& endpoint_;
  FhirClient& client_;
  int64_t known_ = 0, closed_ = 0;
};

}  // namespace

std::optional<LostCommits> find_lost_commits(RoundContext& context) {
  const std::optional<SealMark> remembered = read_anchor(context.session.config());
  if (!remembered) return std::nullopt;
  std::optional<LostCommits> lost;
  transact(context.session.connection(), context.session.tenant_id(), [&](Transaction& transaction) {
    lost.reset();
    if (!has_seal(transaction, *remembered)) lost = LostCommits{*remembered, last_seal(transaction)};
  });
  if (lost) {
    log_error("database_went_back",
              {{"remembered_seal", lost->remembered.seal_seq}, {"last_seal", lost->found.seal_seq}});
  }
  return lost;
}

bool recover_notices(RoundContext& context, const LostCommits& lost, RoundSummary& summary) {
  int64_t looked_for = 0;
  transact(context.session.connection(), context.session.tenant_id(),
           [&](Transaction& transaction) { looked_for = look_for_all_notices(transaction, context.clock.now()); });
  summary.divergence = fmt::format(
      "the database lacks the seal {} that the last round on this machine ended with; its last one is {}: it was "
      "restored, or another server took over before it had all. What the sources changed since then was read again, "
      "and {} notices look for what stands in the EHR before anything is written",
      lost.remembered.seal_seq, lost.found.seal_seq, looked_for);
  const EndpointConfig* endpoint = delivering_endpoint(context.session.config());
  if (endpoint == nullptr) return true;
  auto client = context.open_client(*endpoint);
  if (!client) {
    summary.failures.push_back(fmt::format("{}: {}", endpoint->name, client.error().message));
    return false;
  }
  Recovery recovery(context, *endpoint, **client);
  const auto error = recovery.run();
  summary.requests += static_cast<int64_t>((*client)->requests());
  summary.divergence += fmt::format("; {} of ours stand there that the ledger knows, {} that it had lost were closed",
                                    recovery.known(), recovery.closed());
  if (!error) return true;
  summary.failures.push_back(
      fmt::format("{}: what was written before the loss cannot be found: {}; the next round "
                  "looks again",
                  endpoint->name, error->message));
  return false;
}

void remember_last_seal(RoundContext& context) {
  SealMark mark;
  transact(context.session.connection(), context.session.tenant_id(),
           [&](Transaction& transaction) { mark = last_seal(transaction); });
  const std::optional<SealMark> before = read_anchor(context.session.config());
  if (before == mark) return;
  if (const Outcome written = write_anchor(context.session.config(), mark); !written) {
    log_warning("anchor_not_written", {{"cause", written.error().message}});
  }
}

}  // namespace authledger
