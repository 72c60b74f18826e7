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
// A roster that names fewer than half of whom it named so lately is not believed at once.
constexpr std::chrono::days kRosterRemembered{7};
// So many patients, or missing resources, that fail in a row raise the question whether it is the server that fails. It
// is asked again for as many patients as this whose records came before.
constexpr size_t kFailedInARowMax = 5;
constexpr size_t kWitnessesMax = 3;

// The answer is about the one who was asked for, not about the server, the network or this round. A token that is not
// good (401) says nothing of anybody.
bool is_of_one(const FhirError& error) {
  return is_refused_for_good(error) || error.kind == FhirErrorKind::server_error ||
         error.kind == FhirErrorKind::bad_answer || error.kind == FhirErrorKind::foreign_link ||
         error.kind == FhirErrorKind::endless_paging;
}

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
    const Instant now = run_.context.clock.now();
    if (!state_.run_started_at || *state_.run_started_at > now) {
      state_.run_started_at = now;
      if (auto end = pull_deletions(run_, state_)) return end;
    }
    state_.resume_link.clear();
    state_.mapping_version = run_.intake.mapping_version(run_.feed.resource_type);
    load_visits();
    std::optional<FhirError> end = read_due();
    // A budget that ends with those who failed must not end with them again in each round.
    if (!end || goes_on_later(*end)) {
      if (auto failing = settle()) end = std::move(failing);
    }
    // What has been read is kept, whatever ended the reading.
    auto end_of_batch = record_batch(!end);
    if (!end) end = std::move(end_of_batch);
    certify(!end);
    return end;
  }

 private:
  void load_visits() {
    PgConnection& connection = session_.connection();
    const std::string& type = run_.feed.resource_type;
    // FAULTS 39: what our clock has not come to yet says nothing.
    const Instant now = run_.context.clock.now();
    visits_ = read_sweep_visits(connection, session_.tenant_id(), run_.endpoint.name, type);
    std::erase_if(visits_, [&](const auto& visit) { return visit.second > now; });
    for (SweepRefusal& each : read_sweep_refusals(connection, session_.tenant_id(), run_.endpoint.name, type)) {
      each.asked_at = std::min(each.asked_at, now);
      refusals_.emplace(each.patient, std::move(each));
    }
    roster_doubt_ = doubt_of_roster(now);
  }

  // Why the roster may not be all of it, or "". A change that is meant is believed once the old one is forgotten.
  std::string doubt_of_roster(Instant now) const {
    if (roster_.patients.empty()) return "the roster names nobody";
    int64_t lately = 0, still = 0;
    for (const auto& [patient, read_at] : visits_) {
      if (read_at < now - kRosterRemembered) continue;
      ++lately;
      if (std::binary_search(roster_.patients.begin(), roster_.patients.end(), patient)) ++still;
    }
    if (2 * still >= lately) return "";
    return fmt::format(
        "the roster names {} of the {} patients who were read in the last {} days: the others are not read", still,
        lately, kRosterRemembered.count());
  }

  // Who was asked for in vain waits like who was read.
  std::map<std::string, Instant> last_asked() const {
    std::map<std::string, Instant> asked = visits_;
    for (const auto& [patient, refusal] : refusals_) {
      Instant& last = asked.try_emplace(patient, refusal.asked_at).first->second;
      last = std::max(last, refusal.asked_at);
    }
    return asked;
  }

  std::optional<FhirError> read_due() {
    const std::vector<std::string> due =
        sweep_order(roster_, last_asked(), *state_.run_started_at, run_.context.clock.now());
    for (size_t read = 0; read < due.size(); ++read) {
      // One patient a round at least, however little the other feeds left.
      if (auto end = budget_end(run_); end && read > 0) return end;
      if (run_.context.stop.stop_requested()) {
        return stopped(fmt::format("stopped; {} with the next patient", kNextRoundGoesOn));
      }
      if (auto failed = read_patient(due[read])) {
        const bool is_silent = may_be_silence(*failed);
        if (!is_of_one(*failed) && !is_silent) return failed;
        failed_.push_back({due[read], run_.context.clock.now(), is_refused_for_good(*failed)});
        failure_ = std::move(failed);
        // No answer at all costs a timeout each, and seldom is about one patient: it is looked into at once.
        if (!is_silent && failed_.size() < kFailedInARowMax) continue;
        if (auto failing = settle()) return failing;
      } else {
        set_aside();  // The server answers: who failed before failed alone.
      }
      run_.context.progress(fmt::format("{}: {} of {} patients", name_of(run_), read + 1, due.size()));
      if (answers_.size() >= kPatientsPerBatch || received_.size() >= kResourcesPerPageMax) {
        if (auto end = record_batch(false)) return end;
      }
    }
    return std::nullopt;
  }

  // Asked, and no answer came.
  bool may_be_silence(const FhirError& error) const {
    return error.kind == FhirErrorKind::unreachable && !run_.client.is_paused();
  }

  // Those who failed in a row are set aside when the server gives others' records, or when nobody's ever came: then the
  // next round begins with others. Else they are asked for again, and why the server fails is the end.
  std::optional<FhirError> settle() {
    if (failed_.empty()) return std::nullopt;
    bool has_witness = false;
    auto failing = ask_witnesses(*failure_, has_witness);
    if (!failing || !has_witness) set_aside();
    failed_.clear();
    return failing;
  }

  void set_aside() {
    if (failed_.empty()) return;
    if (session_.is_news(name_of(run_) + failure_->message)) {
      log_warning("patient_set_aside", {{"feed", name_of(run_)}, {"cause", failure_->message}});
    }
    std::move(failed_.begin(), failed_.end(), std::back_inserter(refused_));
    failed_.clear();
  }

  // Nothing when the records of somebody come that came before.
  std::optional<FhirError> ask_witnesses(const FhirError& why, bool& has_witness) {
    for (const std::string& patient : witnesses()) {
      has_witness = true;
      const auto page = run_.client.search_page(search_of(patient));
      if (page) return std::nullopt;
      if (!is_of_one(page.error())) return page.error();
    }
    return why;
  }

  // The last who were read.
  std::vector<std::string> witnesses() const {
    std::vector<std::string> patients;
    for (auto answer = answers_.rbegin(); answer != answers_.rend() && patients.size() < kWitnessesMax; ++answer) {
      patients.push_back(answer->patient);
    }
    std::vector<std::pair<Instant, const std::string*>> before;
    for (const std::string& patient : roster_.patients) {
      const auto visit = visits_.find(patient);
      if (visit != visits_.end() && !refusals_.contains(patient)) before.emplace_back(visit->second, &patient);
    }
    std::sort(before.rbegin(), before.rend());
    for (size_t i = 0; i < before.size() && patients.size() < kWitnessesMax; ++i) patients.push_back(*before[i].second);
    return patients;
  }

  std::string search_of(const std::string& patient) const {
    return search_query(run_) + "&" + patient_parameter(run_) + "=" + query_value(patient);
  }

  std::optional<FhirError> read_patient(const std::string& patient) {
    Answer answer{patient, {}, true};
    int64_t pages = 0, matched = 0;
    std::optional<int64_t> total;
    const std::string asked = "Patient/" + patient;
    auto end = walk_pages(run_.client, search_of(patient), run_.endpoint.pages_per_pull_max,
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
                            if (auto failure = failure_among(page)) return failure;
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
    for (const std::string& patient : next.swept) {
      visits_[patient] = next.swept_at;
      refusals_.erase(patient);
    }
    run_.certificate.patients_read =
        run_.certificate.patients_read.value_or(0) + static_cast<int64_t>(next.swept.size());
    answers_.clear();
    for (const SweepRefusal& each : refused_) refusals_.insert_or_assign(each.patient, each);
    next.refused = std::exchange(refused_, {});
    if (is_last) {
      // By the server's clock: deletions are asked for since then. The watermark of changes stays where it was: what
      // changed of whom the roster does not name has not been read.
      const Instant swept_to = *state_.run_started_at + server_ahead_ - run_.endpoint.overlap;
      if (!next.deletions_watermark) next.deletions_watermark = swept_to;
      next.run_started_at.reset();
      if (was_anybody_read() && roster_doubt_.empty()) {
        next.last_success_at = run_.context.clock.now();
        run_.certificate.to_at = swept_to;
      }
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
        if (auto end = read_missing(id, gone)) return end;
      }
    }
    return std::nullopt;
  }

  // One that cannot be read stays as it is known, and keeps nobody from the rest.
  std::optional<FhirError> read_missing(const std::string& id, std::vector<ResourceHash>& gone) {
    auto failed = read_by_id(run_, id, received_, gone);
    if (!failed) missing_failed_ = 0;
    const bool is_silent = failed && may_be_silence(*failed);
    if (!failed || (!is_of_one(*failed) && !is_silent)) return failed;
    note_gap(run_.certificate,
             "some resources that searches give no more could not be read by their id: what is known of them is kept");
    if (++missing_failed_ < kFailedInARowMax && !is_silent) return std::nullopt;
    missing_failed_ = 0;
    bool has_witness = false;
    return ask_witnesses(*failed, has_witness);
  }

  // Another patient's search of the batch gave it: it moved.
  bool is_among(const std::string& id) const {
    return std::any_of(answers_.begin(), answers_.end(), [&](const Answer& answer) { return answer.ids.contains(id); });
  }

  // In this sweep.
  bool was_anybody_read() const {
    return std::any_of(roster_.patients.begin(), roster_.patients.end(), [&](const std::string& patient) {
      const auto visit = visits_.find(patient);
      return visit != visits_.end() && visit->second >= *state_.run_started_at;
    });
  }

  void certify(bool has_ended) {
    FeedCertificate& certificate = run_.certificate;
    certificate.patients_known = static_cast<int64_t>(roster_.patients.size());
    std::optional<Instant> oldest;
    int64_t never = 0, withheld = 0, failed = 0;
    for (const std::string& patient : roster_.patients) {
      const auto visit = visits_.find(patient);
      const auto refusal = refusals_.find(patient);
      if (refusal != refusals_.end()) ++(refusal->second.is_withheld ? withheld : failed);
      if (visit != visits_.end()) oldest = std::min(oldest.value_or(visit->second), visit->second);
      if (visit == visits_.end() && refusal == refusals_.end()) ++never;
    }
    certificate.patients_withheld = withheld;
    certificate.patients_failed = failed;
    if (never == 0) certificate.oldest_read_at = oldest;
    certificate.is_complete = has_ended && withheld + failed == 0 && roster_doubt_.empty();
    if (!roster_doubt_.empty()) note_gap(certificate, roster_doubt_);
    if (never > 0) note_gap(certificate, fmt::format("{} patients of the roster have not been read yet", never));
    if (withheld > 0) {
      note_gap(certificate, fmt::format("the server refuses the records of {} patients to this client; they are asked "
                                        "for again in the next sweep",
                                        withheld));
    }
    if (failed > 0) {
      note_gap(certificate, fmt::format("the server could not give the records of {} patients; they are asked for "
                                        "again in the next sweep",
                                        failed));
    }
  }

  const FeedRun& run_;
  FeedState state_;
  const SweepRoster& roster_;
  TenantSession& session_;
  std::map<std::string, Instant> visits_;
  std::map<std::string, SweepRefusal> refusals_;  // By patient, as they stand.
  std::string roster_doubt_;
  std::vector<SweepRefusal> failed_;  // In a row, the last of them now; why the last did.
  std::optional<FhirError> failure_;
  std::vector<SweepRefusal> refused_;       // Of the batch.
  size_t missing_failed_ = 0;               // In a row.
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
