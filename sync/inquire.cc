#include "sync/inquire.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/crypto.h"
#include "base/log.h"
#include "ledger/payers.h"
#include "ledger/reckon.h"
#include "ledger/store/quarantine_store.h"
#include "ledger/store/subject_store.h"
#include "ledger/store/sweep_store.h"
#include "sync/feed_pages.h"
#include "sync/inquiry_builder.h"
#include "sync/remap.h"

namespace authledger {
namespace {

// An open request is asked for once in that time (FHIR_FACTS a.2: $inquire is not for polling).
constexpr std::chrono::hours kInquireEvery{24};
// Under which name the inquiries of an endpoint are remembered among its sweeps.
constexpr const char* kInquiries = "$inquire";
constexpr const char* kOfAnother =
    "what nothing shows to be of the patient or request asked about: quarantined, not counted";

// So many in a row that failed: what is left waits for the next round.
constexpr int kFailuresInRowMax = 3;

// Under which key a request is remembered: it names neither patient nor number.
std::string key_of(const OpenRequest& open) {
  return to_hex(sha256(open.line.book));
}

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

// It may pass, and may be of this inquiry alone.
bool may_pass(const FhirError& error) {
  return error.kind == FhirErrorKind::unreachable || error.kind == FhirErrorKind::server_error ||
         error.kind == FhirErrorKind::bad_answer;
}

// The inquiries of one round.
class InquiryRun {
 public:
  explicit InquiryRun(const FeedRun& run)
      : run_(run),
        session_(run.context.session),
        asked_(read_sweep_visits(session_.connection(), session_.tenant_id(), run.endpoint.name, kInquiries)),
        builder_(run.context) {}

  // What keeps the feed from counting as read, or nothing.
  std::optional<FhirError> read() {
    std::optional<FhirError> end;
    for (const OpenRequest& each : open_requests()) {
      if ((end = take(each))) break;
    }
    run_.certificate.pages += result_.asked;
    for (std::string& gap : result_.gaps) note_gap(run_.certificate, std::move(gap));
    if (refused_ > 0) {
      note_gap(run_.certificate,
               fmt::format("{} inquiries were refused{}: asked again when the request changes, or a day later",
                           refused_, refusal_.empty() ? "" : " (" + refusal_ + ")"));
    }
    return end ? end : failure_;
  }

 private:
  std::vector<OpenRequest> open_requests() {
    const Rules& rules = session_.policy().rules;
    int64_t of_nobody = 0;
    std::vector<OpenRequest> open =
        find_requests(run_.context, [](const AuthorizationLine& line) { return line.decision == Decision::pended; });
    std::erase_if(open, [&](const OpenRequest& each) {
      const std::vector<EndpointConfig>& endpoints = session_.config().endpoints;
      of_nobody += std::none_of(endpoints.begin(), endpoints.end(),
                                [&](const EndpointConfig& any) { return is_for(any, each.line, rules); });
      return !is_for(run_.endpoint, each.line, rules);
    });
    if (of_nobody > 0) {
      note_gap(run_.certificate,
               fmt::format("{} open requests of payers that no endpoint inquires for (feeds, payers)", of_nobody));
    }
    return open;
  }

  // Asked lately. A time that is yet to come is of a clock that went wrong: FAULTS 39.
  bool was_asked(const std::string& key) const {
    const auto found = asked_.find(key);
    const Instant now = run_.context.clock.now();
    return found != asked_.end() && found->second <= now && now - found->second < kInquireEvery;
  }

  void remember(const std::string& key) {
    transact(session_.connection(), session_.tenant_id(), [&](Transaction& transaction) {
      save_sweep_visits(transaction, run_.endpoint.name, kInquiries, std::array{key}, run_.context.clock.now());
    });
  }

  std::optional<FhirError> take(const OpenRequest& open) {
    if (was_asked(key_of(open))) return std::nullopt;
    Inquiry inquiry = builder_.draft(open);
    // Of what was refused its wording is remembered: a request that changed has another.
    const std::string wording =
        to_hex(HashInput().add(open.line.book).add(inquiry.claim).add(inquiry_bundle(inquiry)).sha256());
    if (was_asked(wording)) {
      ++refused_;
      return std::nullopt;
    }
    if (run_.context.stop.stop_requested()) return stopped("stopped; the next round goes on with the open requests");
    if (auto end = budget_end(run_)) return end;
    builder_.complete(inquiry);
    const auto problem = ask(run_.context, run_.endpoint, run_.client, run_.intake, inquiry, result_);
    if (!problem) {
      run_.intake.finish();
      remember(key_of(open));
      failures_in_row_ = 0;
      return std::nullopt;
    }
    if (is_refused_for_good(*problem)) {
      remember(wording);
      ++refused_;
      refusal_ = problem->message;
    } else if (may_pass(*problem)) {
      failure_ = problem;
    } else {
      return problem;
    }
    return ++failures_in_row_ < kFailuresInRowMax ? std::nullopt : problem;
  }

  const FeedRun& run_;
  TenantSession& session_;
  const std::map<std::string, Instant> asked_;
  InquiryBuilder builder_;
  InquiryResult result_;
  int64_t refused_ = 0;
  std::string refusal_;  // The last one's words, of this round.
  int failures_in_row_ = 0;
  std::optional<FhirError> failure_;
};

// Answers that were mapped another way are mapped again: nobody is asked for them once more.
void remap_answers(const FeedRun& run, FeedState& state) {
  const std::string& version = run.intake.mapping_version(run.feed.resource_type);
  if (state.mapping_version == version) return;
  remap_stored(run.context, run.endpoint, run.feed.resource_type, run.intake);
  run.intake.finish();
  if (run.context.stop.stop_requested()) return;
  state.mapping_version = version;
  TenantSession& session = run.context.session;
  transact(session.connection(), session.tenant_id(), [&](Transaction& transaction) { save_feed(transaction, state); });
}

}  // namespace

const FeedConfig* inquire_feed_of(const EndpointConfig& endpoint) {
  const auto found = std::find_if(endpoint.feeds.begin(), endpoint.feeds.end(), [](const FeedConfig& feed) {
    return feed.strategy == FeedConfig::Strategy::inquire;
  });
  return found == endpoint.feeds.end() ? nullptr : &*found;
}

std::optional<FhirError> pull_by_inquiry(const FeedRun& run) {
  TenantSession& session = run.context.session;
  FeedState state = read_feed(session.connection(), session.tenant_id(), run.endpoint.name, run.feed.resource_type);
  remap_answers(run, state);
  if (auto end = InquiryRun(run).read()) return end;
  state.last_success_at = run.context.clock.now();
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
    Inquiry inquiry = builder.draft(each);
    inquiry.authorization_number = number;
    builder.complete(inquiry);
    if (auto end = ask(context, endpoint, client, intake, inquiry, result)) return *end;
  }
  intake.finish();
  return result;
}

}  // namespace authledger
