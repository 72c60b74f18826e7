#include "tests/ledger/random_facts.h"

#include <fmt/format.h>

#include <ostream>

#include "ledger/reckon.h"

namespace authledger {
namespace {

const Day kFirstDay = day_of(2026, 1, 1);
const std::vector<std::string> kPayers{"Organization/x", "Organization/y"};
// Few, so that services meet authorizations.
const std::vector<std::string> kCodes{"90837", "90837", "90837", "97110", "97110", "H0015"};
const std::vector<std::string> kNumbers{"A1", "A2", "A3"};

// Over the whole range in every case: RapidCheck would keep early cases near zero, where nothing matches anything.
int below(int end) {
  return *rc::gen::resize(rc::kNominalSize, rc::gen::inRange(0, end));
}
bool one_in(int count) {
  return below(count) == 0;
}
template <typename T>
T one_of(const std::vector<T>& values) {
  return values[static_cast<size_t>(below(static_cast<int>(values.size())))];
}
Day some_day() {
  return kFirstDay + below(240);
}
Instant noon(Day day) {
  return Instant(std::chrono::sys_days(std::chrono::days(day.number)) + std::chrono::hours(12));
}

Fact version_of(const std::string& resource, FactKind kind, const std::string& line, int64_t version, FactBody body) {
  Fact fact;
  fact.source = "ehr";
  fact.resource = resource;
  fact.fact_key = make_fact_key(fact.source, resource, kind, line);
  fact.source_version = version;
  fact.source_updated_at = noon(kFirstDay + static_cast<int>(version));
  fact.recorded_at = noon(kFirstDay + 300);
  fact.mapping = "random";
  fact.body = std::move(body);
  return fact;
}

AuthorizationLineFact some_line(const std::string& number, const std::string& payer, const std::string& line) {
  AuthorizationLineFact fact;
  fact.patient = "Patient/p1";
  fact.payer = payer;
  fact.member_id = "m1";
  fact.line = line;
  fact.decision = one_of(std::vector{Decision::approved, Decision::approved, Decision::approved,
                                     Decision::approved_in_part, Decision::approved_modified, Decision::pended,
                                     Decision::denied, Decision::cancelled, Decision::not_required});
  fact.request = "https://ehr.example/Claim/" + number;
  if (fact.decision != Decision::pended) fact.authorization_number = number;
  fact.service_codes = {one_of(kCodes)};
  if (!one_in(6)) fact.first_day = kFirstDay + below(90);
  if (!one_in(6)) fact.last_day = fact.first_day.value_or(some_day()) + 20 + below(200);
  if (!one_in(6)) fact.quantity = Quantity::of_units(below(9));
  fact.measure = fact.service_codes[0] == "97110"   ? Measure::unit_15_minutes
                 : fact.service_codes[0] == "H0015" ? Measure::day
                                                    : Measure::visit;
  if (one_in(12)) fact.measure = Measure::unknown;
  fact.issued_on = some_day();
  fact.issued_at = noon(*fact.issued_on);
  return fact;
}

void add_authorizations(std::vector<Fact>& facts) {
  const int count = one_in(8) ? 0 : 1 + below(3);
  for (int i = 0; i < count; ++i) {
    const std::string number = kNumbers[static_cast<size_t>(i)];
    const std::string payer = one_in(4) ? kPayers[1] : kPayers[0];
    const std::string resource = "ClaimResponse/cr" + number;
    const int versions = 1 + below(3);
    for (int64_t version = 1; version <= versions; ++version) {
      for (const char* line : {"1", "2"}) {
        if (std::string(line) == "2" && i != 0) continue;
        Fact fact = version_of(resource, FactKind::authorization_line, line, version, some_line(number, payer, line));
        fact.retracted = version > 1 && one_in(8);
        facts.push_back(std::move(fact));
      }
    }
    if (one_in(2)) {
      RequestLineFact request;
      request.patient = "Patient/p1";
      request.request = "https://ehr.example/Claim/" + number;
      request.line = "1";
      request.payer = payer;
      request.service_codes = {one_of(kCodes)};
      request.quantity = Quantity::of_units(1 + below(8));
      request.requested_at = noon(some_day());
      request.expedited = one_in(3);
      facts.push_back(version_of("Claim/" + number, FactKind::request_line, "1", 1, request));
    }
  }
}

ServiceFact some_service(const std::string& code, Day day) {
  ServiceFact fact;
  fact.patient = "Patient/p1";
  fact.state = one_of(std::vector{ServiceState::rendered, ServiceState::rendered, ServiceState::planned,
                                  ServiceState::in_progress, ServiceState::no_show, ServiceState::voided});
  fact.day = day;
  if (!one_in(3)) {
    fact.start_at = noon(day);
    fact.end_at = noon(day) + std::chrono::minutes(15 * (1 + below(6)));
  }
  fact.service_codes = {code};
  if (one_in(3)) fact.quantity = Quantity::of_units(1 + below(4));
  if (one_in(4)) fact.authorization_number = one_of(kNumbers);
  if (one_in(3)) fact.coverage = one_in(3) ? "Coverage/c2" : "Coverage/c1";
  return fact;
}

void add_services(std::vector<Fact>& facts) {
  const int count = below(11);
  for (int i = 0; i < count; ++i) {
    const bool is_appointment = one_in(3);
    const std::string resource =
        fmt::format("{}/{}{}", is_appointment ? "Appointment" : "Encounter", is_appointment ? "a" : "e", i);
    const std::string code = one_of(kCodes);
    Day day = some_day();
    const int versions = 1 + below(3);
    for (int64_t version = 1; version <= versions; ++version) {
      if (one_in(4)) day = some_day();
      ServiceFact service = some_service(code, day);
      if (!is_appointment && i > 0 && one_in(4)) service.appointment = fmt::format("Appointment/a{}", i - 1);
      Fact fact = version_of(resource, FactKind::service, "1", version, service);
      fact.retracted = version > 1 && one_in(6);
      facts.push_back(std::move(fact));
    }
  }
}

void add_coverages(std::vector<Fact>& facts) {
  for (size_t i = 0; i < kPayers.size(); ++i) {
    if (one_in(2)) continue;
    CoverageFact coverage;
    coverage.patient = "Patient/p1";
    coverage.payer = kPayers[i];
    coverage.member_id = "m1";
    coverage.status = one_in(5) ? "cancelled" : "active";
    if (one_in(2)) coverage.first_day = some_day();
    if (one_in(2)) coverage.last_day = coverage.first_day.value_or(kFirstDay) + below(200);
    facts.push_back(version_of(fmt::format("Coverage/c{}", i + 1), FactKind::coverage, "1", 1, coverage));
  }
}

}  // namespace

rc::Gen<RandomSubject> random_subject() {
  return rc::gen::noShrink(rc::gen::exec([] {
    RandomSubject subject;
    add_authorizations(subject.facts);
    add_services(subject.facts);
    add_coverages(subject.facts);
    subject.today = some_day();
    return subject;
  }));
}

Policy random_policy() {
  Rules rules;
  auto add = [&rules](const char* code, const char* measure, Rounding rounding, int minutes, bool once_per_day) {
    CodeRule rule;
    rule.code = code;
    rule.measure = measure;
    rule.rounding = rounding;
    rule.unit_minutes = minutes;
    rule.once_per_day = once_per_day;
    rules.codes[code] = rule;
  };
  add("90837", "visit", Rounding::none, 0, false);
  add("90834", "visit", Rounding::none, 0, false);
  add("97110", "unit_15_minutes", Rounding::cpt_midpoint, 15, false);
  add("H0015", "day", Rounding::none, 0, true);
  return {1, rules, *TimeZone::find("UTC")};
}

std::vector<Fact> recorded(std::vector<Fact> facts) {
  for (size_t i = 0; i < facts.size(); ++i) facts[i].fact_seq = static_cast<int64_t>(i) + 1;
  return facts;
}

std::vector<Fact> shuffled(std::vector<Fact> facts) {
  for (size_t left = facts.size(); left > 1; --left) {
    std::swap(facts[left - 1], facts[static_cast<size_t>(below(static_cast<int>(left)))]);
  }
  return facts;
}

Derived derive(const std::vector<Fact>& history, const Policy& policy, Day today) {
  auto [subject, allocation] = reckon(history, policy, today);
  std::vector<DesiredNotice> notices = desired_notices(subject, allocation, policy, today);
  return {std::move(subject), std::move(allocation), std::move(notices)};
}

void RandomLedger::record(const std::vector<Fact>& facts) {
  history_.insert(history_.end(), facts.begin(), facts.end());
  history_ = recorded(std::move(history_));
}

bool RandomLedger::reconcile(Day today) {
  Derived outcome = derive(history_, policy_, today);
  ChainHead head;
  if (!entries_.empty()) head = {entries_.back().entry_seq, entries_.back().entry_hash, entries_.back().outcome_hash};
  EntryInputs inputs{static_cast<int64_t>(history_.size()), today, policy_.version, noon(today)};
  auto entry =
      build_entry("1/1", head, inputs, plan_entry(outcome.subject, outcome.allocation, fold_positions(transfers_)));
  if (!entry) return false;
  transfers_.insert(transfers_.end(), entry->transfers.begin(), entry->transfers.end());
  entries_.push_back(std::move(*entry));
  return true;
}

std::ostream& operator<<(std::ostream& out, const RandomSubject& subject) {
  out << "today " << format_day(subject.today) << '\n';
  auto day_text = [](const std::optional<Day>& day) { return day ? format_day(*day) : std::string("-"); };
  for (const Fact& fact : subject.facts) {
    out << fact.fact_key << " v" << *fact.source_version << (fact.retracted ? " retracted" : "");
    if (const auto* line = std::get_if<AuthorizationLineFact>(&fact.body)) {
      out << fmt::format(" {} {} {} {} {}..{} {} {}", line->payer, line->authorization_number, word_of(line->decision),
                         line->service_codes[0], day_text(line->first_day), day_text(line->last_day),
                         line->quantity ? format_quantity(*line->quantity) : "-", word_of(line->measure));
    } else if (const auto* service = std::get_if<ServiceFact>(&fact.body)) {
      out << fmt::format(" {} {} {} {} {} number={} coverage={} appointment={}", word_of(service->state),
                         service->service_codes[0], format_day(service->day), service->start_at ? "timed" : "dated",
                         service->quantity ? format_quantity(*service->quantity) : "-", service->authorization_number,
                         service->coverage, service->appointment);
    } else if (const auto* coverage = std::get_if<CoverageFact>(&fact.body)) {
      out << fmt::format(" {} {} {}..{}", coverage->payer, coverage->status, day_text(coverage->first_day),
                         day_text(coverage->last_day));
    }
    out << '\n';
  }
  return out;
}

}  // namespace authledger
