#include "sync/inquire.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "adapters/inquiry.h"
#include "base/crypto.h"
#include "base/log.h"
#include "base/text.h"
#include "ledger/payers.h"
#include "ledger/reckon.h"
#include "ledger/store/quarantine_store.h"
#include "ledger/store/resource_body.h"
#include "ledger/store/subject_store.h"
#include "ledger/store/sweep_store.h"
#include "sync/feed_pages.h"

namespace authledger {
namespace {

// An open request is asked for once in that time (FHIR_FACTS a.2: $inquire is not for polling).
constexpr std::chrono::hours kInquireEvery{24};
// Under which name the inquiries of an endpoint are remembered among its sweeps.
constexpr const char* kInquiries = "$inquire";
constexpr const char* kOfAnother =
    "what nothing shows to be of the patient or request asked about: quarantined, not counted";

// One authorization to ask about.
struct OpenRequest {
  AuthorizationLine line;
  int64_t subject_id = 0;
  std::string key() const { return to_hex(sha256(line.book)); }  // Names neither patient nor number.
};

// Whether the endpoint answers for the line's payer. What is sent tells who is in treatment: no other may get it.
bool is_for(const EndpointConfig& endpoint, const AuthorizationLine& line, const Rules& rules) {
  const FeedConfig* feed = inquire_feed_of(endpoint);
  return feed != nullptr && std::any_of(feed->payers.begin(), feed->payers.end(), [&](const std::string& payer) {
           return names_payer(payer, line.payer, line.payer_display, rules);
         });
}

// Lines that `wanted` accepts, one of each authorization: its lines are answered together.
template <typename Wanted>
std::vector<OpenRequest> find_requests(RoundContext& context, const Wanted& wanted) {
  TenantSession& session = context.session;
  std::vector<OpenRequest> found;
  std::vector<SubjectName> subjects;
  transact(session.connection(), session.tenant_id(),
           [&](Transaction& transaction) { subjects = read_subjects(transaction, ""); });
  for (const SubjectName& subject : subjects) {
    std::vector<Fact> facts;
    transact(session.connection(), session.tenant_id(), [&](Transaction& transaction) {
      facts = std::move(read_facts(transaction, std::array{subject.subject_id})[0]);
    });
    const bool may_be = std::any_of(facts.begin(), facts.end(), [](const Fact& fact) {
      return !fact.retracted && kind_of(fact.body) == FactKind::authorization_line;
    });
    if (!may_be) continue;
    const Reckoning reckoning = reckon(facts, session.policy(), context.today());
    std::set<std::string> taken;
    for (const AuthorizationLine& line : reckoning.subject.lines) {
      const std::string authorization = line.authorization_number + "|" + line.request;
      if (wanted(line) && taken.insert(authorization).second) found.push_back({line, subject.subject_id});
    }
  }
  return found;
}

// Reads what an inquiry names from where it lives: the ledger's own store, else the endpoint.
class InquiryBuilder {
 public:
  explicit InquiryBuilder(RoundContext& context) : context_(context), session_(context.session) {}

  Inquiry build(const OpenRequest& open) {
    Inquiry inquiry;
    inquiry.authorization_number = open.line.authorization_number;
    inquiry.request = open.line.request;
    inquiry.member_id = open.line.member_id;
    inquiry.asked_at = context_.clock.now();
    take_claim(open, inquiry);
    take_responses(open, inquiry);
    if (inquiry.insurer.url.empty()) {
      inquiry.insurer.display = open.line.payer_display.empty() ? open.line.payer : open.line.payer_display;
    }
    for (InquiryParty* party : {&inquiry.patient, &inquiry.insurer, &inquiry.provider, &inquiry.coverage}) {
      party->json = read_url(party->url);
    }
    return inquiry;
  }

 private:
  const EndpointConfig* endpoint_of(const std::string& url) const {
    for (const EndpointConfig& endpoint : session_.config().endpoints) {
      if (!endpoint.base_url.empty() && url.starts_with(endpoint.base_url + "/")) return &endpoint;
    }
    return nullptr;
  }

  // Absolute: another endpoint reads it.
  static std::string absolute(const EndpointConfig& endpoint, JsonView reference) {
    return absolute_reference(reference["reference"].text(), endpoint.base_url);
  }

  void take_claim(const OpenRequest& open, Inquiry& inquiry) {
    const EndpointConfig* endpoint = endpoint_of(open.line.request);
    if (endpoint == nullptr) return;
    const std::string reference = open.line.request.substr(endpoint->base_url.size() + 1);
    if (!reference.starts_with("Claim/")) return;
    inquiry.claim =
        read_stored_body(session_.connection(), session_.tenant_id(), endpoint->name, "Claim", reference.substr(6));
    const auto claim = document_.parse(inquiry.claim);
    if (!claim) return;
    inquiry.patient.url = absolute(*endpoint, (*claim)["patient"]);
    inquiry.insurer.url = absolute(*endpoint, (*claim)["insurer"]);
    inquiry.provider.url = absolute(*endpoint, (*claim)["provider"]);
    inquiry.coverage.url = absolute(*endpoint, (*claim)["insurance"].at(0)["coverage"]);
  }

  // What the Claim does not say, a response does.
  void take_responses(const OpenRequest& open, Inquiry& inquiry) {
    for (const Provenance& source : open.line.sources) {
      const EndpointConfig* endpoint = session_.config().endpoint(source.source);
      const size_t slash = source.resource.find('/');
      if (endpoint == nullptr || slash == std::string::npos) continue;
      const std::string body = read_stored_body(session_.connection(), session_.tenant_id(), source.source,
                                                source.resource.substr(0, slash), source.resource.substr(slash + 1));
      const auto response = document_.parse(body);
      if (!response) continue;
      take_if_empty(inquiry.patient.url, absolute(*endpoint, (*response)["patient"]));
      take_if_empty(inquiry.insurer.url, absolute(*endpoint, (*response)["insurer"]));
      take_if_empty(inquiry.provider.url, absolute(*endpoint, (*response)["requestor"]));
      take_administration_reference(*response, inquiry);
    }
  }

  static void take_if_empty(std::string& url, std::string other) {
    if (url.empty()) url = std::move(other);
  }

  // Of the response or of any of its items (FHIR_FACTS a.1: the key to inquire on later).
  static void take_administration_reference(JsonView element, Inquiry& inquiry) {
    if (!inquiry.administration_reference.empty()) return;
    for (const JsonView extension : element["extension"]) {
      if (extension["url"].text().ends_with("/extension-administrationReferenceNumber")) {
        inquiry.administration_reference = extension["valueString"].string();
      }
    }
    for (const JsonView item : element["item"]) take_administration_reference(item, inquiry);
  }

  // "" when it cannot be read: the inquiry goes without.
  std::string read_url(const std::string& url) {
    const EndpointConfig* endpoint = endpoint_of(url);
    if (endpoint == nullptr) return "";
    const std::string reference = url.substr(endpoint->base_url.size() + 1);
    const size_t slash = reference.find('/');
    if (slash == std::string::npos) return "";
    std::unique_ptr<FhirClient>& client = clients_[endpoint->name];
    if (!client) {
      auto opened =
          open_fhir_client(*endpoint, session_.config().folder, context_.clock, context_.stop, &session_.rate_limits());
      if (!opened) return "";
      client = std::move(*opened);
    }
    const auto read = client->read(reference.substr(0, slash), reference.substr(slash + 1));
    return read ? read->body : "";
  }

  RoundContext& context_;
  TenantSession& session_;
  JsonDocument document_;
  std::map<std::string, std::unique_ptr<FhirClient>> clients_;
};

// Sends one inquiry and records what comes back. `result` counts.
std::optional<FhirError> ask(RoundContext& context, const EndpointConfig& endpoint, FhirClient& client, Intake& intake,
                             const Inquiry& inquiry, InquiryResult& result) {
  if (inquiry.patient.url.empty()) {
    result.gaps.emplace_back(
        "an inquiry without its patient cannot be asked: neither the request nor a response is kept");
    return std::nullopt;
  }
  OperationRequest request;
  request.name = "Claim/$inquire";
  request.method = "POST";
  request.url = "Claim/$inquire";
  request.headers = {{"Accept", "application/fhir+json"}, {"Content-Type", "application/fhir+json"}};
  request.body = inquiry_bundle(inquiry);
  const auto answer = client.operate(request);
  if (!answer) return answer.error();
  ++result.asked;
  JsonDocument document;
  const auto root = document.parse(answer->body);
  if (!root) return FhirError{FhirErrorKind::bad_answer, answer->status, "Claim/$inquire: " + root.error().message};
  InquiryAnswer found = read_inquiry_answer(*root, inquiry);
  for (const std::string& codes : found.remarks) result.gaps.push_back("the payer sent a remark (" + codes + ")");
  if (found.of_others > 0) {
    // FAULTS 79.
    result.gaps.emplace_back(fmt::format("an inquiry of {} was answered with {}", endpoint.name, kOfAnother));
    record_unreadable(context.session.connection(), context.session.tenant_id(), endpoint.name,
                      {{Severity::error, "$inquire", fmt::format("the answer holds {}", kOfAnother)}},
                      context.clock.now());
  }
  std::vector<ReceivedResource> received;
  for (std::string& text : found.claim_responses) {
    const auto response = document.parse(text);
    if (!response) continue;
    received.push_back({"ClaimResponse", (*response)["id"].string(), std::move(text), client.base_url()});
  }
  result.answered += static_cast<int64_t>(received.size());
  if (!received.empty()) intake.record(std::move(received), nullptr);
  return std::nullopt;
}

// Requests that wait for their decision; those that nobody may be asked about are counted.
std::vector<OpenRequest> find_open_requests(const FeedRun& run) {
  const Config& config = run.context.session.config();
  const Rules& rules = run.context.session.policy().rules;
  int64_t of_nobody = 0;
  std::vector<OpenRequest> open =
      find_requests(run.context, [](const AuthorizationLine& line) { return line.decision == Decision::pended; });
  std::erase_if(open, [&](const OpenRequest& each) {
    const std::vector<EndpointConfig>& endpoints = config.endpoints;
    of_nobody += std::none_of(endpoints.begin(), endpoints.end(),
                              [&](const EndpointConfig& any) { return is_for(any, each.line, rules); });
    return !is_for(run.endpoint, each.line, rules);
  });
  if (of_nobody > 0) {
    note_gap(run.certificate,
             fmt::format("{} open requests of payers that no endpoint inquires for (feeds, payers)", of_nobody));
  }
  return open;
}

}  // namespace

const FeedConfig* inquire_feed_of(const EndpointConfig& endpoint) {
  const auto found = std::find_if(endpoint.feeds.begin(), endpoint.feeds.end(), [](const FeedConfig& feed) {
    return feed.strategy == FeedConfig::Strategy::inquire;
  });
  return found == endpoint.feeds.end() ? nullptr : &*found;
}

std::optional<FhirError> pull_by_inquiry(const FeedRun& run) {
  RoundContext& context = run.context;
  TenantSession& session = context.session;
  const std::map<std::string, Instant> asked =
      read_sweep_visits(session.connection(), session.tenant_id(), run.endpoint.name, kInquiries);
  const std::vector<OpenRequest> open = find_open_requests(run);
  InquiryBuilder builder(context);
  InquiryResult result;
  std::optional<FhirError> end;
  for (const OpenRequest& each : open) {
    const auto last = asked.find(each.key());
    if (last != asked.end() && context.clock.now() - last->second < kInquireEvery) continue;
    if (context.stop.stop_requested()) end = stopped("stopped; the next round goes on with the open requests");
    if (!end) end = budget_end(run);
    if (!end) end = ask(context, run.endpoint, run.client, run.intake, builder.build(each), result);
    if (end) break;
    run.intake.finish();
    transact(session.connection(), session.tenant_id(), [&](Transaction& transaction) {
      save_sweep_visits(transaction, run.endpoint.name, kInquiries, std::array{each.key()}, context.clock.now());
    });
  }
  run.certificate.pages += result.asked;
  for (std::string& gap : result.gaps) note_gap(run.certificate, std::move(gap));
  if (end) return end;
  FeedState state = read_feed(session.connection(), session.tenant_id(), run.endpoint.name, run.feed.resource_type);
  state.last_success_at = context.clock.now();
  transact(session.connection(), session.tenant_id(), [&](Transaction& transaction) { save_feed(transaction, state); });
  run.certificate.is_complete = true;
  return std::nullopt;
}

Result<InquiryResult, FhirError> inquire_number(RoundContext& context, const EndpointConfig& endpoint,
                                                const std::string& number, Intake& intake, FhirClient& client) {
  std::vector<OpenRequest> found = find_requests(context, [&](const AuthorizationLine& line) {
    return std::find(line.numbers.begin(), line.numbers.end(), number) != line.numbers.end();
  });
  if (found.empty()) {
    return FhirError{FhirErrorKind::not_found, 0,
                     "no authorization of this number is in the ledger: nothing tells whose it is; import it first"};
  }
  std::erase_if(found,
                [&](const OpenRequest& each) { return !is_for(endpoint, each.line, context.session.policy().rules); });
  if (found.empty()) {
    return FhirError{FhirErrorKind::not_found, 0,
                     fmt::format("the authorization of this number is of a payer that {} does not answer for; name its "
                                 "endpoint with --endpoint, or add the payer to `payers` of the inquire feed",
                                 endpoint.name)};
  }
  InquiryResult result;
  InquiryBuilder builder(context);
  for (const OpenRequest& each : found) {
    Inquiry inquiry = builder.build(each);
    inquiry.authorization_number = number;
    if (auto end = ask(context, endpoint, client, intake, inquiry, result)) return *end;
  }
  intake.finish();
  return result;
}

}  // namespace authledger
