#include "sync/sweep.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "base/log.h"
#include "fhir/search.h"
#include "ledger/store/sweep_store.h"
#include "sync/feed_pages.h"

namespace authledger {
namespace {

// Patients whose pages are recorded together: a commit for each would cost more than its search.
constexpr size_t kPatientsPerBatch = 50;

const char* patient_parameter(const FeedRun& run) {
  return run.feed.resource_type == "Patient" ? "_id" : "patient";
}

// One patient as the server's search tells.
struct Answer {
  std::string patient;
  std::set<std::string> ids;  // Of the feed's type.
  bool is_whole = true;       // Nothing says that something was held back.
};

// One round's part of a sweep.
class Sweep {
 public:
  Sweep(const FeedRun& run, FeedState state, const SweepRoster& roster)
      : run_(run), state_(std::move(state)), roster_(roster), session_(run.context.session) {}

  std::optional<FhirError> read() {
    if (!state_.run_started_at) {
      state_.run_started_at = run_.context.clock.now();
      if (auto end = pull_deletions(run_, state_)) return end;
    }
    state_.resume_link.clear();
    state_.mapping_version = run_.intake.mapping_version(run_.feed.resource_type);
    visits_ =
        read_sweep_visits(session_.connection(), session_.tenant_id(), run_.endpoint.name, run_.feed.resource_type);
    const std::vector<std::string> due =
        sweep_order(roster_, visits_, *state_.run_started_at, run_.context.clock.now());
    std::optional<FhirError> end;
    size_t read = 0;
    for (; read < due.size() && !end; ++read) {
      end = budget_end(run_);
      if (!end && run_.context.stop.stop_requested())
        end = stopped("stopped; the next round goes on with the next patient");
      if (!end) end = read_patient(due[read]);
      if (end) break;
      run_.context.progress(fmt::format("{}: {} of {} patients", name_of(run_), read + 1, due.size()));
      if (answers_.size() >= kPatientsPerBatch || received_.size() >= kResourcesPerPageMax) end = record_batch(false);
    }
    // What has been read is kept, whatever ended the reading.
    auto end_of_batch = record_batch(!end && read == due.size());
    if (!end) end = std::move(end_of_batch);
    certify(!end);
    return end;
  }

 private:
  std::optional<FhirError> read_patient(const std::string& patient) {
    Answer answer{patient, {}, true};
    int64_t pages = 0, matched = 0;
    std::optional<int64_t> total;
    const std::string asked = "Patient/" + patient;
    std::string url = search_query(run_) + "&" + patient_parameter(run_) + "=" + query_value(patient);
    auto end = walk_pages(run_.client, std::move(url), run_.endpoint.pages_per_pull_max,
                          [&](const SearchPage& page) -> std::optional<FhirError> {
                            note_page(run_, page);
                            const Instant now = run_.context.clock.now();
                            server_ahead_ = page.server_time.value_or(now) - now;
                            if (pages++ == 0) total = page.total;
                            answer.is_whole = answer.is_whole && page.outcomes.empty();
                            matched += static_cast<int64_t>(page.resources.size());
                            for (const JsonView resource : page.resources) {
                              if (resource["resourceType"].text() == run_.feed.resource_type)
                                answer.ids.insert(resource["id"].string());
                            }
                            std::vector<ReceivedResource> received = received_of(run_, page, asked);
                            std::move(received.begin(), received.end(), std::back_inserter(received_));
                            if (!page.next.empty() && received_.size() >= kResourcesPerPageMax) return record_part();
                            return std::nullopt;
                          });
    if (end) return end;
    if (total) run_.certificate.stated_total = run_.certificate.stated_total.value_or(0) + *total;
    if (total && *total > matched) answer.is_whole = false;
    if (total && *total != matched) {
      note_gap(run_.certificate,
               "Bundle.total differs from what came for some patients: nothing is taken for deleted there");
    }
    answers_.push_back(std::move(answer));
    return std::nullopt;
  }

  // Of a patient who is not read to the end yet.
  std::optional<FhirError> record_part() {
    if (!renew_lease(run_, state_.lease_token)) return taken_over();
    run_.intake.record(std::exchange(received_, {}), &state_);
    return std::nullopt;
  }

  std::optional<FhirError> record_batch(bool is_last) {
    FeedState next = state_;
    std::vector<ResourceHash> gone;
    auto end = look_for_missing(gone);
    if (end) is_last = false;
    // Who was not looked through is read once more.
    for (const Answer& answer : end ? std::vector<Answer>() : answers_) next.swept.push_back(answer.patient);
    next.swept_at = run_.context.clock.now();
    for (const std::string& patient : next.swept) visits_[patient] = next.swept_at;
    run_.certificate.patients_read = run_.certificate.patients_read.value_or(0) + static_cast<int64_t>(answers_.size());
    answers_.clear();
    if (is_last) {
      // By the server's clock: deletions are asked for since then.
      next.watermark = *state_.run_started_at + server_ahead_ - run_.endpoint.overlap;
      next.run_started_at.reset();
      next.last_success_at = run_.context.clock.now();
      run_.certificate.to_at = next.watermark;
    }
    if (!renew_lease(run_, state_.lease_token)) return taken_over();
    run_.intake.record(std::exchange(received_, {}), &next);
    if (!gone.empty()) run_.intake.record_deleted(gone);
    return end;
  }

  // What the ledger holds of a patient and the patient's own search does not give any more is read once: gone is what
  // the server says is gone, and nothing else.
  std::optional<FhirError> look_for_missing(std::vector<ResourceHash>& gone) {
    std::vector<std::string> patients;
    std::map<std::string, const Answer*> answers;
    for (const Answer& answer : answers_) {
      if (!answer.is_whole) continue;
      patients.push_back(answer.patient);
      answers.emplace(answer.patient, &answer);
    }
    if (patients.empty() || !run_.capability.can(run_.feed.resource_type, "read")) return std::nullopt;
    const std::vector<PatientHoldings> holdings = read_holdings(session_.connection(), session_.tenant_id(),
                                                                run_.endpoint.name, run_.feed.resource_type, patients);
    for (const PatientHoldings& held : holdings) {
      for (const std::string& id : held.ids) {
        if (answers.at(held.patient)->ids.contains(id) || is_among(id)) continue;
        if (auto end = read_by_id(run_, id, received_, gone)) return end;
      }
    }
    return std::nullopt;
  }

  // Another patient's search of the batch gave it: it moved.
  bool is_among(const std::string& id) const {
    return std::any_of(answers_.begin(), answers_.end(), [&](const Answer& answer) { return answer.ids.contains(id); });
  }

  void certify(bool is_complete) {
    FeedCertificate& certificate = run_.certificate;
    certificate.is_complete = is_complete;
    certificate.patients_known = static_cast<int64_t>(roster_.patients.size());
    std::optional<Instant> oldest;
    size_t never = 0;
    for (const std::string& patient : roster_.patients) {
      const auto visit = visits_.find(patient);
      if (visit == visits_.end()) {
        ++never;
      } else if (!oldest || visit->second < *oldest) {
        oldest = visit->second;
      }
    }
    if (never == 0) certificate.oldest_read_at = oldest;
    if (never > 0) note_gap(certificate, fmt::format("{} patients of the roster have not been read yet", never));
  }

  const FeedRun& run_;
  FeedState state_;
  const SweepRoster& roster_;
  TenantSession& session_;
  std::map<std::string, Instant> visits_;
  Instant::duration server_ahead_{0};       // Of our clock, by the last page.
  std::vector<Answer> answers_;             // Of the batch.
  std::vector<ReceivedResource> received_;  // Of the batch.
};

}  // namespace

std::vector<std::string> sweep_order(const SweepRoster& roster, const std::map<std::string, Instant>& visits,
                                     Instant started_at, Instant now) {
  struct Due {
    bool waits;  // False for those in need: they come first.
    Instant read_at;
    const std::string* patient;
  };
  std::vector<Due> due;
  for (const std::string& patient : roster.patients) {
    const auto visit = visits.find(patient);
    const Instant read_at = visit == visits.end() ? Instant::min() : visit->second;
    const bool is_needed = roster.in_need.contains(patient);
    const bool is_due = read_at < started_at || (is_needed && read_at < now - kNeededReadEvery);
    if (is_due) due.push_back({!is_needed, read_at, &patient});
  }
  std::sort(due.begin(), due.end(), [](const Due& left, const Due& right) {
    return std::tie(left.waits, left.read_at, *left.patient) < std::tie(right.waits, right.read_at, *right.patient);
  });
  std::vector<std::string> order;
  order.reserve(due.size());
  for (const Due& each : due) order.push_back(*each.patient);
  return order;
}

std::optional<FhirError> pull_by_patient(const FeedRun& run, FeedState state, const SweepRoster& roster) {
  return Sweep(run, std::move(state), roster).read();
}

}  // namespace authledger
