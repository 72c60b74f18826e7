#include "sync/recovery.h"

#include <fmt/format.h>

#include <map>

#include "adapters/channel_plan.h"
#include "adapters/render.h"
#include "base/log.h"
#include "fhir/search.h"
#include "sync/artefact.h"
#include "sync/deliver.h"
#include "sync/endpoint_error.h"
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

  // Closes what no notice knows. What the endpoint refuses of one type or one resource is counted and passed over: else
  // one chart that cannot be written would keep every later round from its work. Errors: it serves nobody now, or does
  // not take our token.
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
      if (const auto error = read_artefacts(client_, endpoint_, type, system, artefacts)) {
        if (ends_all(*error)) return error;
        unsearched_.push_back(error->message);
      }
      if (const auto error = close_unknown(type, artefacts)) return error;
    }
    return std::nullopt;
  }

  std::string report() const {
    return fmt::format("; {} of ours stand there that the ledger knows, {} that it had lost were closed{}", known_,
                       closed_, left_ > 0 ? fmt::format(", {} could not be closed", left_) : "");
  }

  // What a person has to look at, since no later round comes back to it.
  std::vector<std::string> passed_over() const {
    const std::string& system = context_.session.config().delivery.identifier_system;
    std::vector<std::string> sentences;
    for (const std::string& cause : unsearched_) {
      sentences.push_back(
          fmt::format("{}: what the ledger had lost could not be searched for: {}; look in the EHR for "
                      "identifiers of {} that `authledger notices --all` does not list, and close them",
                      endpoint_.name, cause, system));
    }
    if (left_ > 0) {
      sentences.push_back(
          fmt::format("{}: {} that the ledger had lost still stand there, the last because of {}; "
                      "close in the EHR what carries an identifier of {} that `authledger notices "
                      "--all` does not list",
                      endpoint_.name, left_, last_cause_, system));
    }
    return sentences;
  }

 private:
  // A 403 may be about one type, or one chart.
  static bool ends_all(const FhirError& error) { return is_about_endpoint(error) && error.status != 403; }

  std::optional<FhirError> close_unknown(const std::string& type, const Artefacts& artefacts) {
    const std::string& system = context_.session.config().delivery.identifier_system;
    std::vector<std::string> keys, unknown;
    for (const auto& [key, found] : artefacts) keys.push_back(key);
    transact(context_.session.connection(), context_.session.tenant_id(),
             [&](Transaction& transaction) { unknown = find_unknown_notices(transaction, keys); });
    known_ += static_cast<int64_t>(keys.size() - unknown.size());
    for (const std::string& key : unknown) {
      const NoticeArtefacts of_notice(client_, endpoint_, system, {type}, key);
      for (const Artefact& artefact : artefacts.at(key)) {
        const auto error = close(of_notice, artefact);
        if (!error) continue;
        if (ends_all(*error)) return error;
        ++left_;
        last_cause_ = error->message;
      }
    }
    return std::nullopt;
  }

  // Once more where somebody else wrote since it was found, or where it was found without its version.
  std::optional<FhirError> close(const NoticeArtefacts& of_notice, const Artefact& found) {
    const std::string& system = context_.session.config().delivery.identifier_system;
    auto current = of_notice.open(found);
    for (int tries = 2;; --tries) {
      if (!current) return current.error();
      if (is_closed(current->root)) return std::nullopt;
      const std::string body = render_retired(current->root, kForgottenReason, context_.clock.now(), system);
      const auto written = of_notice.put(current->artefact, body, nullptr);
      if (written) break;
      if (written.error().kind != FhirErrorKind::conflict || tries == 1) return written.error();
      current = of_notice.read(found.id);
    }
    ++closed_;
    return std::nullopt;
  }

  RoundContext& context_;
  const EndpointConfig& endpoint_;
  FhirClient& client_;
  int64_t known_ = 0, closed_ = 0, left_ = 0;
  std::string last_cause_;
  std::vector<std::string> unsearched_;
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
  summary.divergence += recovery.report();
  for (std::string& sentence : recovery.passed_over()) summary.failures.push_back(std::move(sentence));
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
