#include "fhir/channel_probe.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/crypto.h"
#include "fhir/retry.h"

namespace authledger {
namespace {

constexpr std::chrono::milliseconds kFirstWait{250};  // Doubled from search to search.
constexpr int kRetireTriesMax = 3;

// Nobody knows whether such a create was done.
bool is_unanswered(const FhirError& error) {
  return error.kind == FhirErrorKind::outcome_unknown || error.kind == FhirErrorKind::server_error ||
         error.kind == FhirErrorKind::bad_answer || error.kind == FhirErrorKind::stopped;
}

// What would be answered tomorrow too.
bool is_refusal(const FhirError& error) {
  return !stops_everything(error) && (error.kind == FhirErrorKind::refused || error.kind == FhirErrorKind::not_found ||
                                      error.kind == FhirErrorKind::unauthorized);
}

std::string retired_text(JsonView current) {
  JsonWriter json;
  json.begin_object();
  for (const JsonView member : current) {
    json.key(member.name());
    member.name() == "status" ? json.string("entered-in-error") : json.value(member);
  }
  return json.end_object().take();
}

class ChannelProbe {
 public:
  ChannelProbe(FhirClient& client, const EndpointConfig& endpoint, const Capability& capability,
               const ProbeOptions& options, const ChannelTest& test, TypeFinding& finding)
      : client_(client),
        writes_(endpoint.writes),
        capability_(capability),
        options_(options),
        test_(test),
        finding_(finding),
        searches_(capability.can(test.type, "search-type") && capability.searches_by(test.type, "identifier")) {}

  std::optional<FhirError> run() {
    if (searches_) {
      if (auto stop = search_for_nobody()) return stop;
    }
    if (!test_.not_written.empty()) add_problem(finding_, test_.not_written);
    if (test_.body.empty()) return std::nullopt;
    if (finding_.heeds_identifier == false) {
      add_problem(finding_, "nothing was written");
      return std::nullopt;
    }
    auto stop = write();
    retire_all();
    return stop;
  }

 private:
  // The error when nothing else can succeed either; else it is noted.
  std::optional<FhirError> noted(const FhirError& error) {
    if (stops_everything(error)) return error;
    add_problem(finding_, error.message);
    return std::nullopt;
  }

  std::string query_of(const std::string& value) const {
    return "identifier=" + query_value(test_.identifier_system + "|" + value);
  }

  bool is_ours(JsonView resource) const {
    for (const JsonView each : resource["identifier"]) {
      if (each["system"].text() == test_.identifier_system && each["value"].text() == test_.identifier_value)
        return true;
    }
    return false;
  }

  // As deliveries search, so that whoever wants more than an identifier refuses here too.
  std::optional<FhirError> search_for_nobody() {
    const auto page = client_.search_page(test_.type + "?" + query_of("nobody-" + random_hex(12)));
    if (!page) {
      if (!is_refusal(page.error())) return noted(page.error());
      finding_.heeds_identifier = false;
      add_problem(finding_, fmt::format("a search by identifier is refused: {}", page.error().message));
      return std::nullopt;
    }
    const auto given = std::count_if(page->resources.begin(), page->resources.end(),
                                     [&](JsonView resource) { return resource["resourceType"].text() == test_.type; });
    if (given == 0) return look_whether_anything_is_there();
    finding_.heeds_identifier = false;
    add_problem(finding_,
                fmt::format("identifier is ignored: a search for one that nobody has gave {} resources; a conditional "
                            "create would take another's for ours, and an unanswered create could not be found",
                            given));
    return std::nullopt;
  }

  // Where nothing is, a server that ignores identifier gives nothing too.
  std::optional<FhirError> look_whether_anything_is_there() {
    if (finding_.finds_written == true) {
      finding_.heeds_identifier = true;
      return std::nullopt;
    }
    const std::string anything = test_.type + "?_count=1";
    auto page = client_.search_page(anything);
    const bool knows_patient = !options_.sample_patient.empty() && capability_.searches_by(test_.type, "patient");
    if (!page && is_refusal(page.error()) && knows_patient)  // Some answer only about a patient.
      page = client_.search_page(anything + "&patient=" + query_value(options_.sample_patient));
    if (!page) return stops_everything(page.error()) ? std::optional(page.error()) : std::nullopt;
    if (!page->resources.empty()) finding_.heeds_identifier = true;
    return std::nullopt;
  }

  std::optional<FhirError> write() {
    const bool is_conditional = capability_.types.at(test_.type).conditional_create;
    if (auto stop = create(is_conditional)) return stop;
    if (finding_.creates != true || made_.empty()) return std::nullopt;
    if (is_conditional || !writes_.idempotency_header.empty()) {
      if (auto stop = create_again(is_conditional)) return stop;
    }
    if (!searches_) return std::nullopt;
    const auto is_found = find_made();
    if (!is_found) return noted(is_found.error());
    finding_.finds_written = *is_found;
    if (!finding_.heeds_identifier) {
      if (auto stop = search_for_nobody()) return stop;
    }
    if (*is_found || finding_.heeds_identifier == false) return std::nullopt;
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(options_.visibility_window).count();
    add_problem(finding_, fmt::format("search lags by more than {} s", seconds));
    return std::nullopt;
  }

  Result<Versioned, FhirError> send_create(bool is_conditional) {
    auto made = client_.create(test_.type, test_.body, is_conditional ? query_of(test_.identifier_value) : "",
                               {writes_.idempotency_header, test_.idempotency_key});
    if (!made) is_create_unanswered_ |= is_unanswered(made.error());
    return made;
  }

  std::optional<FhirError> create(bool is_conditional) {
    const auto made = send_create(is_conditional);
    if (!made) {
      if (stops_everything(made.error())) return made.error();
      if (!is_unanswered(made.error())) finding_.creates = false;
      const bool found_others = is_conditional && made.error().kind == FhirErrorKind::conflict;
      add_problem(finding_, made.error().message +
                                (found_others ? " to a conditional create by an identifier that nobody has" : ""));
      return std::nullopt;
    }
    finding_.creates = true;
    if (made->created || is_ours_by_id(made->id)) {
      made_.push_back(made->id);
      return std::nullopt;
    }
    finding_.heeds_identifier = false;
    add_problem(finding_, "identifier is ignored: a create was answered with another's resource, which was left alone");
    return std::nullopt;
  }

  std::optional<FhirError> create_again(bool is_conditional) {
    const auto again = send_create(is_conditional);
    if (!again && stops_everything(again.error())) return again.error();
    finding_.conditional_create = again.ok() && again->id == made_.front();
    if (!again) return noted(again.error());
    if (again->id != made_.front() && (again->created || is_ours_by_id(again->id))) made_.push_back(again->id);
    return std::nullopt;
  }

  bool is_ours_by_id(const std::string& id) {
    const auto read = client_.read(test_.type, id);
    JsonDocument document;
    const auto root = read ? document.parse(read->body) : Result<JsonView>(Failure{""});
    return root && is_ours(*root);
  }

  // False when it is not found within the window: an EHR's search may lag behind its writes.
  Result<bool, FhirError> find_made() {
    std::chrono::milliseconds waited{0}, wait = kFirstWait;
    for (;;) {
      const auto page = client_.search_page(test_.type + "?" + query_of(test_.identifier_value));
      if (!page) return page.error();
      bool is_found = false;
      for (const JsonView resource : page->resources) {
        if (resource["resourceType"].text() != test_.type || !is_ours(resource)) continue;
        is_found = true;
        const std::string id = resource["id"].string();
        if (std::find(made_.begin(), made_.end(), id) == made_.end()) made_.push_back(id);
      }
      if (is_found) return true;
      wait = std::min(wait, options_.visibility_window - waited);
      if (wait.count() <= 0 || !wait_unless_stopped(wait, options_.stop)) return false;
      waited += wait;
      wait *= 2;
    }
  }

  // Whatever happened before: nothing of the test stays open where that can be helped.
  void retire_all() {
    if (is_create_unanswered_ && searches_) static_cast<void>(find_made());
    if (is_create_unanswered_ && made_.empty()) {
      finding_.left.push_back(
          fmt::format("perhaps a {} (a create was not answered): look for it on the test patient", test_.type));
    }
    for (const std::string& id : made_) {
      const std::string problem = capability_.can(test_.type, "update")
                                      ? retire(id)
                                      : "stays: update is not offered, so it cannot be taken back";
      finding_.left.push_back(
          fmt::format("{}/{} ({})", test_.type, id, problem.empty() ? "entered-in-error" : problem));
    }
  }

  // Why it could not be retired, or "".
  std::string retire(const std::string& id) {
    FhirError last;
    for (int attempt = 0; attempt < kRetireTriesMax; ++attempt) {
      const auto current = client_.read(test_.type, id);
      if (!current) return "not retired: " + current.error().message;
      JsonDocument document;
      const auto root = document.parse(current->body);
      if (!root) return "not retired: it cannot be read";
      if (!is_ours(*root)) note_lost_identifier();
      finding_.has_etag = !current->etag.empty();
      if (writes_.if_match == WriteRules::IfMatch::required && current->etag.empty())
        return "not retired: the endpoint wants If-Match, and gave no version";
      const bool sends_match = writes_.if_match != WriteRules::IfMatch::never;
      const std::string body = retired_text(*root);
      const auto retired = client_.update(test_.type, id, body, sends_match ? current->etag : "");
      if (retired) {
        if (sends_match && !current->etag.empty()) test_guard(id, body, current->etag);
        return "";
      }
      last = retired.error();
      if (last.kind != FhirErrorKind::conflict) break;
    }
    return "not retired: " + last.message;
  }

  // By its id it is the one that was made, but deliveries write to nothing without their identifier.
  void note_lost_identifier() {
    if (finding_.heeds_identifier == false) return;
    finding_.heeds_identifier = false;
    add_problem(finding_, "the server does not keep the identifier: a notice there could not be known again");
  }

  // The same once more, against the version before: a server that takes it lets people's changes be overwritten.
  void test_guard(const std::string& id, const std::string& body, const std::string& old_etag) {
    const auto stale = client_.update(test_.type, id, body, old_etag);
    const bool is_guarded = !stale && stale.error().kind == FhirErrorKind::conflict;
    if (stale || is_guarded) finding_.guards_update = is_guarded && finding_.guards_update.value_or(true);
  }

  FhirClient& client_;
  const WriteRules& writes_;
  const Capability& capability_;
  const ProbeOptions& options_;
  const ChannelTest& test_;
  TypeFinding& finding_;
  const bool searches_;
  bool is_create_unanswered_ = false;
  std::vector<std::string> made_;  // Ids of what carries the test's identifier, the first one first.
};

}  // namespace

bool stops_everything(const FhirError& error) {
  return error.kind == FhirErrorKind::unreachable || error.kind == FhirErrorKind::stopped ||
         error.kind == FhirErrorKind::throttled || error.kind == FhirErrorKind::foreign_link ||
         (error.kind == FhirErrorKind::unauthorized && error.status != 403);
}

void add_problem(TypeFinding& finding, const std::string& problem) {
  finding.problem += (finding.problem.empty() ? "" : "; ") + problem;
}

std::optional<FhirError> probe_channel(FhirClient& client, const EndpointConfig& endpoint, const Capability& capability,
                                       const ProbeOptions& options, const ChannelTest& test, TypeFinding& finding) {
  return ChannelProbe(client, endpoint, capability, options, test, finding).run();
}

}  // namespace authledger
