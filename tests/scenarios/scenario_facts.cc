#include "tests/scenarios/scenario_facts.h"

#include <algorithm>
#include <sstream>
#include <stdexcept>

#include "base/text.h"

namespace authledger {
namespace {

[[noreturn]] void fail(const std::string& message) {
  throw std::runtime_error(message);
}

// A day stands for its noon; "2025-02-20T23:50" is local time.
Instant read_local_time(const std::string& word, const TimeZone& zone) {
  const Day day = read_day(word.substr(0, 10));
  if (word.size() == 10) return zone.start_of(day) + std::chrono::hours(12);
  if (word.size() != 16) fail("expected YYYY-MM-DDTHH:MM, found " + word);
  const int minutes = std::stoi(word.substr(11, 2)) * 60 + std::stoi(word.substr(14, 2));
  return zone.start_of(day) + std::chrono::minutes(minutes);
}

std::string reference(const std::string& type, const std::string& id) {
  return id.find('/') != std::string::npos ? id : type + "/" + id;
}

std::string request_url(const std::string& id) {
  return "https://payer.example/fhir/Claim/" + id;
}

template <typename Value>
Value known(std::optional<Value> value, const std::string& word) {
  if (!value) fail("unknown word: " + word);
  return *value;
}

Quantity read_number(Words& words) {
  const std::string word = words.next();
  return known(parse_quantity(word), word);
}

}  // namespace

Period read_period(const std::string& word) {
  if (word == "always") return {};
  const size_t dots = word.find("..");
  if (dots == std::string::npos) fail("expected DAY..DAY, found " + word);
  Period period;
  if (dots > 0) period.first_day = read_day(word.substr(0, dots));
  if (dots + 2 < word.size()) period.last_day = read_day(word.substr(dots + 2));
  return period;
}

bool is_period(const std::string& word) {
  return word == "always" || word.find("..") != std::string::npos;
}

Words::Words(const std::string& line) {
  std::istringstream stream(line.substr(0, line.find('#')));
  for (std::string word; stream >> word;) words_.push_back(word);
}
const std::string& Words::peek() const {
  static const std::string kNone;
  return done() ? kNone : words_[at_];
}
std::string Words::next() {
  if (done()) fail("the line ends too early");
  return words_[at_++];
}
bool Words::take(const std::string& word) {
  if (done() || words_[at_] != word) return false;
  ++at_;
  return true;
}
std::string Words::rest() {
  std::string text;
  while (!done()) text += (text.empty() ? "" : " ") + next();
  return text;
}

Day read_day(const std::string& word) {
  const std::optional<Day> day = parse_day(word);
  if (!day) fail("expected a day, found " + word);
  return *day;
}

std::vector<std::string> read_codes(const std::string& word) {
  return word == "-" ? std::vector<std::string>() : split(word, ',');
}

// "4 units" counts by the code's own rule.
std::optional<Quantity> read_amount(Words& words, Measure& measure) {
  const std::optional<Quantity> quantity = parse_quantity(words.peek());
  if (!quantity) return std::nullopt;
  words.next();
  const std::string unit = words.next();
  if (unit == "units" || unit == "unit") return quantity;
  if (unit.starts_with("visit")) {
    measure = Measure::visit;
  } else if (unit.starts_with("day")) {
    measure = Measure::day;
  } else if (unit.starts_with("hour")) {
    measure = Measure::hour;
  } else if (unit.starts_with("quarter")) {
    measure = Measure::unit_15_minutes;
  } else {
    fail("expected units, visits, days, hours or quarters, found " + unit);
  }
  return quantity;
}

void ScenarioFacts::add(const std::string& resource, const std::string& line, FactBody body, int version) {
  Fact fact;
  fact.source = "ehr";
  fact.resource = resource;
  fact.body = std::move(body);
  fact.fact_key = make_fact_key(fact.source, resource, kind_of(fact.body), line);
  fact.mapping = "scenario";
  std::optional<int64_t> first, last;
  for (const Fact& known_fact : versions_) {
    if (known_fact.fact_key != fact.fact_key) continue;
    first = std::min(first.value_or(*known_fact.source_version), *known_fact.source_version);
    last = std::max(last.value_or(*known_fact.source_version), *known_fact.source_version);
  }
  if (version == 0 && last) fail(resource + " is already there; say `later` for a new version of it");
  if (version != 0 && !last) fail(resource + " has no version yet");
  constexpr int64_t kFirstVersion = 1000;
  fact.source_version = version == 0 ? kFirstVersion : version > 0 ? *last + 1 : *first - 1;
  fact.fact_seq = static_cast<int64_t>(versions_.size()) + 1;
  versions_.push_back(std::move(fact));
}

bool ScenarioFacts::record(const std::string& kind, Words& words, int version, const TimeZone& zone) {
  if (kind == "service") {
    add_service(words, version, zone);
  } else if (kind == "authorization") {
    add_authorization(words, version, zone);
  } else if (kind == "request") {
    add_request(words, version, zone);
  } else if (kind == "order") {
    add_order(words, version, zone);
  } else if (kind == "coverage") {
    add_coverage(words, version);
  } else if (kind == "pin") {
    add_pin(words, version);
  } else if (kind == "close") {
    close_period(words, version);
  } else if (kind == "payer_count") {
    add_payer_count(words, version);
  } else if (kind == "patient") {
    add_patient(words, version);
  } else if (kind == "stated_benefit") {
    add_stated_benefit(words, version);
  } else if (kind == "letter") {
    add_letter(words, version, zone);
  } else {
    return false;
  }
  if (!words.done()) fail("unexpected: " + words.rest());
  return true;
}

void ScenarioFacts::add_service(Words& words, int version, const TimeZone& zone) {
  ServiceFact fact;
  fact.patient = "Patient/p1";
  const std::string id = words.next();
  fact.service_codes = read_codes(words.next());
  const std::string when = words.next();
  fact.day = read_day(when.substr(0, 10));
  if (when.size() > 10) fact.start_at = read_local_time(when, zone);
  const std::string state = words.next();
  fact.state = known(service_state_from(state), state);
  fact.quantity = read_amount(words, fact.measure);
  std::string type = "Encounter", line = "1";
  while (!words.done()) {
    const std::string word = words.next();
    if (word == "minutes") {
      if (!fact.start_at) fact.start_at = read_local_time(when, zone);
      fact.end_at = *fact.start_at + std::chrono::minutes(std::stoi(words.next()));
    } else if (word == "as") {
      type = words.next();
    } else if (word == "line") {
      line = words.next();
    } else if (word == "provider") {
      fact.provider = reference("Practitioner", words.next());
    } else if (word == "place") {
      fact.place = words.next();
    } else if (word == "program") {
      fact.program = words.next();
    } else if (word == "coverage") {
      fact.coverage = reference("Coverage", words.next());
    } else if (word == "order") {
      fact.order = reference("ServiceRequest", words.next());
    } else if (word == "appointment") {
      fact.appointment = reference("Appointment", words.next());
    } else if (word == "encounter") {
      fact.encounter = reference("Encounter", words.next());
    } else if (word == "number") {
      fact.authorization_number = words.next();
    } else if (word == "diagnosis") {
      fact.diagnosis_codes = read_codes(words.next());
    } else if (word == "modifiers") {
      fact.modifiers = read_codes(words.next());
    } else if (word == "amount") {
      fact.amount = read_number(words);
      fact.currency = "USD";
    } else if (word == "replaces") {
      fact.replaces.push_back(reference(type, words.next()));
    } else {
      fail("a service knows no word " + word);
    }
  }
  add(type + "/" + id, line, fact, version);
}

void ScenarioFacts::add_authorization(Words& words, int version, const TimeZone& zone) {
  AuthorizationLineFact fact;
  fact.patient = "Patient/p1";
  fact.payer = "P1";
  fact.member_id = "M1";
  fact.line = "1";
  const std::string id = words.next();
  fact.authorization_number = id;
  fact.service_codes = read_codes(words.next());
  const Period period = read_period(words.next());
  fact.first_day = period.first_day;
  fact.last_day = period.last_day;
  const std::string decision = words.next();
  fact.decision = known(decision_from(decision), decision);
  fact.quantity = read_amount(words, fact.measure);
  std::string type = "ClaimResponse", resource_id = id, coverage;
  while (!words.done()) {
    const std::string word = words.next();
    if (word == "as_requested") {
      fact.quantity_as_requested = true;
    } else if (word == "from") {
      type = words.next();
      if (type == "EOB") type = "ExplanationOfBenefit";
    } else if (word == "id") {
      resource_id = words.next();
    } else if (word == "line") {
      fact.line = words.next();
    } else if (word == "payer") {
      fact.payer = words.next();
      if (fact.payer == "-") fact.payer.clear();
    } else if (word == "member") {
      fact.member_id = words.next();
      if (fact.member_id == "-") fact.member_id.clear();
    } else if (word == "number") {
      fact.authorization_number = words.next();
      if (fact.authorization_number == "-") fact.authorization_number.clear();
    } else if (word == "previous") {
      fact.other_numbers.push_back({NumberRole::previous, words.next()});
    } else if (word == "reference") {
      fact.other_numbers.push_back({NumberRole::administration_reference, words.next()});
    } else if (word == "supersedes") {
      fact.supersedes = words.next();
    } else if (word == "request") {
      fact.request = request_url(words.next());
    } else if (word == "issued") {
      fact.issued_at = read_local_time(words.next(), zone);
    } else if (word == "rate") {
      fact.rate_quantity = read_number(words);
      if (!words.take("per")) fail("expected rate N per PERIOD");
      fact.rate_period = words.next();
    } else if (word == "provider") {
      fact.provider = reference("Practitioner", words.next());
    } else if (word == "place") {
      fact.place = words.next();
    } else if (word == "program") {
      fact.program = words.next();
    } else if (word == "diagnosis") {
      fact.diagnosis_codes = read_codes(words.next());
    } else if (word == "coverage") {
      coverage = reference("Coverage", words.next());
    } else if (word == "modifiers") {
      fact.modifiers = read_codes(words.next());
    } else if (word == "amount") {
      fact.amount = read_number(words);
      fact.currency = "USD";
    } else if (word == "payer_used") {
      fact.payer_used_quantity = read_number(words);
    } else {
      fail("an authorization knows no word " + word);
    }
  }
  if (type == "ServiceRequest") {
    OrderFact order;
    order.patient = fact.patient;
    order.status = "active";
    order.service_codes = fact.service_codes;
    order.quantity = fact.quantity;
    order.measure = fact.measure;
    order.first_day = fact.first_day;
    order.last_day = fact.last_day;
    order.coverage = coverage;
    order.requested_at = fact.issued_at;
    order.authorization_number = fact.authorization_number;
    add(type + "/" + resource_id, "1", order, version);
    return;
  }
  add(type + "/" + resource_id, fact.line, fact, version);
}

void ScenarioFacts::add_request(Words& words, int version, const TimeZone& zone) {
  RequestLineFact fact;
  fact.patient = "Patient/p1";
  fact.line = "1";
  const std::string id = words.next();
  fact.request = request_url(id);
  fact.service_codes = read_codes(words.next());
  fact.quantity = read_amount(words, fact.measure);
  while (!words.done()) {
    if (is_period(words.peek())) {
      const Period period = read_period(words.next());
      fact.first_day = period.first_day;
      fact.last_day = period.last_day;
      continue;
    }
    const std::string word = words.next();
    if (const std::optional<LineChange> change = line_change_from(word)) {
      fact.change = change;
    } else if (word == "expedited") {
      fact.expedited = true;
    } else if (word == "line") {
      fact.line = words.next();
    } else if (word == "prior") {
      fact.prior_request = request_url(words.next());
    } else if (word == "at") {
      fact.requested_at = read_local_time(words.next(), zone);
    } else if (word == "coverage") {
      fact.coverage = reference("Coverage", words.next());
    } else {
      fail("a request knows no word " + word);
    }
  }
  add("Claim/" + id, fact.line, fact, version);
}

void ScenarioFacts::add_order(Words& words, int version, const TimeZone& zone) {
  OrderFact fact;
  fact.patient = "Patient/p1";
  fact.status = "active";
  const std::string id = words.next();
  fact.service_codes = read_codes(words.next());
  fact.quantity = read_amount(words, fact.measure);
  while (!words.done()) {
    const std::string word = words.next();
    if (word == "coverage") {
      fact.coverage = reference("Coverage", words.next());
    } else if (word == "number") {
      fact.authorization_number = words.next();
    } else if (word == "at") {
      fact.requested_at = read_local_time(words.next(), zone);
    } else if (is_period(word)) {
      const Period period = read_period(word);
      fact.first_day = period.first_day;
      fact.last_day = period.last_day;
    } else {
      fail("an order knows no word " + word);
    }
  }
  add("ServiceRequest/" + id, "1", fact, version);
}

void ScenarioFacts::add_coverage(Words& words, int version) {
  CoverageFact fact;
  fact.patient = "Patient/p1";
  fact.payer = "P1";
  fact.status = "active";
  const std::string id = words.next();
  while (!words.done()) {
    if (is_period(words.peek())) {
      const Period period = read_period(words.next());
      fact.first_day = period.first_day;
      fact.last_day = period.last_day;
      continue;
    }
    const std::string word = words.next();
    if (word == "payer") {
      fact.payer = words.next();
    } else if (word == "member") {
      fact.member_id = words.next();
    } else if (word == "status") {
      fact.status = words.next();
    } else if (word == "plan") {
      fact.plan_class = words.next();
    } else {
      fail("a coverage knows no word " + word);
    }
  }
  add("Coverage/" + id, "1", fact, version);
}

// "close through DAY".
void ScenarioFacts::close_period(Words& words, int version) {
  PinFact fact;
  fact.patient = "Patient/p1";
  fact.pin = PinKind::closed_period;
  if (!words.take("through")) fail("expected close through DAY");
  fact.closed_through = read_day(words.next());
  add("Pin/close", "1", fact, version);
}

// "pin V1 to A1 [line L]".
void ScenarioFacts::add_pin(Words& words, int version) {
  PinFact fact;
  fact.patient = "Patient/p1";
  fact.service = reference("Encounter", words.next());
  if (!words.take("to")) fail("expected pin SERVICE to AUTHORIZATION");
  fact.authorization_number = words.next();
  if (words.take("line")) fact.line = words.next();
  add("Pin/" + fact.service.substr(fact.service.find('/') + 1), "1", fact, version);
}

void ScenarioFacts::add_payer_count(Words& words, int version) {
  PayerCountFact fact;
  fact.patient = "Patient/p1";
  fact.authorization_number = words.next();
  fact.used = read_number(words);
  add("PayerCount/" + fact.authorization_number, "1", fact, version);
}

// "patient lives in NY".
void ScenarioFacts::add_patient(Words& words, int version) {
  PatientFact fact;
  if (!words.take("lives") || !words.take("in")) fail("expected patient lives in STATE");
  fact.home_state = words.next();
  add("Patient/p1", "1", fact, version);
}

// "stated_benefit visit 28 of 30 [category MH] [currency USD]": what the payer says was used, of how many.
void ScenarioFacts::add_stated_benefit(Words& words, int version) {
  BenefitFact fact;
  fact.patient = "Patient/p1";
  fact.payer = "P1";
  fact.name = words.next();
  if (words.peek() != "of") fact.used = read_number(words);
  if (!words.take("of")) fail("expected stated_benefit NAME [USED] of ALLOWED");
  fact.allowed = read_number(words);
  while (!words.done()) {
    const std::string word = words.next();
    if (word != "category" && word != "currency") fail("a stated benefit knows no word " + word);
    (word == "category" ? fact.category : fact.currency) = words.next();
  }
  add("CoverageEligibilityResponse/" + fact.name + fact.category, "1", fact, version);
}

void ScenarioFacts::retract(const std::string& id) {
  std::map<std::string, Fact> newest;
  for (const Fact& fact : versions_) {
    if (!fact.resource.ends_with("/" + id)) continue;
    const auto found = newest.find(fact.fact_key);
    if (found == newest.end() || is_newer(fact, found->second)) newest[fact.fact_key] = fact;
  }
  if (newest.empty()) fail("nothing to retract: " + id);
  for (auto& [key, fact] : newest) {
    fact.retracted = true;
    fact.source_version = *fact.source_version + 1;
    fact.fact_seq = static_cast<int64_t>(versions_.size()) + 1;
    versions_.push_back(fact);
  }
}

void ScenarioFacts::repeat() {
  const std::vector<Fact> delivered = versions_;
  for (Fact fact : delivered) {
    fact.fact_seq = static_cast<int64_t>(versions_.size()) + 1;
    versions_.push_back(std::move(fact));
  }
}

}  // namespace authledger
