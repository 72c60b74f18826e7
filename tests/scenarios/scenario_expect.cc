#include <algorithm>
#include <stdexcept>

#include "base/text.h"
#include "ledger/forecast.h"
#include "ledger/passed_over.h"
#include "ledger/status.h"
#include "tests/scenarios/scenario_runner.h"

// The `expect` statements of a scenario.

namespace authledger {
namespace {

std::string text_of(const std::optional<Quantity>& quantity) {
  return quantity ? format_quantity(*quantity) : "none";
}
std::string text_of(const std::optional<Day>& day) {
  return day ? format_day(*day) : "none";
}

}  // namespace

void ScenarioRunner::expect_equal(const std::string& what, const std::string& actual, const std::string& wanted) {
  if (actual != wanted) note("expected " + what + " = " + wanted + ", found " + actual);
}

void ScenarioRunner::expect(Words& words) {
  const std::string first = words.next();
  if (first == "journal") return expect_journal(words);
  if (expect_of_notices(first, words)) return;
  if (first == "benefit") return expect_benefit(words);
  if (first == "continuity") return expect_continuity(words);
  if (first == "submit") return expect_submit(words);
  if (first == "uncovered") return expect_uncovered(words);
  if (first == "check") return expect_check(words);
  if (first == "claim" || first == "three_way" || first == "fix") return expect_claim(first, words);
  if (first == "allowed") return expect_allowed(words);
  if (first == "trace") return expect_trace(words);
  if (first == "after_entry") return expect_after_entry(words);
  if (first == "cut_rate") return expect_cut_rate(words);
  if (first == "unknown_codes") return expect_unknown_codes(words);
  if (first == "stated") return expect_stated(words);
  const auto expect_count = [&](size_t actual) {
    words.take("=");
    expect_equal(first, std::to_string(actual), words.next());
  };
  if (first == "authorizations") return expect_count(subject_.lines.size());
  if (first == "services") return expect_count(subject_.services.size());
  if (first == "conflicts") return expect_count(subject_.conflicts.size() + allocation_.conflicts.size());
  if (first == "changes_on") {
    words.take("=");
    return expect_equal(first, text_of(allocation_.changes_on), words.next());
  }
  if (find_line(first) != nullptr) return expect_authorization(first, words);
  expect_service(first, words);
}

std::string ScenarioRunner::field_of(const AuthorizationLine& line, const std::string& field) const {
  const LineBalance& balance = allocation_.balances.at(line.book);
  if (field == "approved") return text_of(balance.approved);
  if (field == "available") return text_of(balance.available);
  if (field == "reserved") return format_quantity(balance.reserved);
  if (field == "used") return format_quantity(balance.used);
  if (field == "lapsed") return text_of(balance.lapsed);
  if (field == "amount") return text_of(line.amount);
  if (field == "amount_used") return text_of(balance.amount_used);
  if (field == "requested") return text_of(line.requested);
  if (field == "decision") return std::string(word_of(line.decision));
  if (field == "measure") return std::string(word_of(line.measure));
  if (field == "window") return std::string(word_of(window_of(line, history_.today)));
  if (field == "supply") return std::string(word_of(supply_of(line, balance, policy_)));
  if (field == "first_day") return text_of(line.first_day);
  if (field == "last_day") return text_of(line.last_day);
  if (field == "number") return line.authorization_number.empty() ? "none" : line.authorization_number;
  if (field == "numbers") return join(line.numbers, ",");
  if (field == "codes") return join(line.service_codes, ",");
  if (field == "sources") return std::to_string(line.sources.size());
  if (field == "payer") return line.payer;
  if (field == "letters") return letters_text(line);
  if (const std::optional<std::string> text = forecast_field_of(line, field)) return *text;
  throw std::runtime_error("an authorization has no field " + field);
}

// Nothing where the field is none of the forecast; "none" where there is no forecast.
std::optional<std::string> ScenarioRunner::forecast_field_of(const AuthorizationLine& line,
                                                             const std::string& field) const {
  LineForecast made;
  for (LineForecast& each : forecast(subject_, allocation_, policy_, history_.today, kForecastSeed)) {
    if (each.book == line.book) made = std::move(each);
  }
  if (field == "exhausted_on") return text_of(made.exhausted_p50);
  if (field == "exhausted_p10") return text_of(made.exhausted_p10);
  if (field == "exhausted_p90") return text_of(made.exhausted_p90);
  if (field == "renew_by") return text_of(made.renew_by);
  if (field == "unused") return text_of(made.unused_p50);
  if (field == "unused_p10") return text_of(made.unused_p10);
  if (field == "unused_p90") return text_of(made.unused_p90);
  return std::nullopt;
}

void ScenarioRunner::expect_authorization(const std::string& name, Words& words) {
  const AuthorizationLine& line = *find_line(name);
  while (!words.done()) {
    const std::string field = words.next();
    if (!words.take("=")) throw std::runtime_error("expected FIELD = VALUE");
    std::string wanted = words.next();
    if (wanted.ends_with(',')) wanted.pop_back();
    expect_equal(name + " " + field, field_of(line, field), wanted);
  }
}

std::string ScenarioRunner::field_of(const Service& service, const std::string& field) const {
  for (const ServiceRow& row : service_rows(subject_, allocation_)) {
    if (row.key != service.key) continue;
    if (field == "reason") return std::string(word_of(row.reason));
    if (field == "uncovered") return format_quantity(row.uncovered);
    if (field == "state") return std::string(word_of(row.state));
    if (field == "quantity") return format_quantity(row.quantity);
    if (field == "measure") return std::string(word_of(row.measure));
    if (field == "sources") return std::to_string(row.sources.size());
    if (field == "day") return format_day(row.day);
    if (field == "key") return row.key;
    if (const std::optional<std::string> text = remark_field_of(service, field)) return *text;
    if (field == "exposure") return row.exposure ? format_quantity(*row.exposure) + "_" + row.currency : "none";
    if (field == "rule") return row.covered_by.empty() ? "none" : replace_all(row.covered_by.front().rule, " ", "_");
    if (field == "covered_by") {
      std::vector<std::string> covered;
      for (const CoveredBy& by : row.covered_by) {
        covered.push_back(by.authorization_number + ":" + format_quantity(by.quantity));
      }
      return covered.empty() ? "none" : join(covered, "+");
    }
    if (field == "passed_over") return passed_over_text(service);
  }
  throw std::runtime_error("a service has no field " + field);
}

// "A2:it_ends_later,_2026-12-31+A3:…", for what the service drew from first.
std::string ScenarioRunner::passed_over_text(const Service& service) const {
  std::vector<std::string> others;
  for (const Draw& draw : allocation_.draws) {
    if (draw.service_key != service.key || !others.empty()) continue;
    for (const PassedOver& other :
         passed_over(draw.book, service.key, subject_, allocation_, policy_, history_.today)) {
      others.push_back(other.authorization_number + ":" + replace_all(other.why, " ", "_"));
    }
  }
  return others.empty() ? "none" : join(others, "+");
}

void ScenarioRunner::expect_service(const std::string& name, Words& words) {
  const Service* service = find_service(name);
  if (service == nullptr) return note("expected an authorization or a service " + name + ", found none");
  while (!words.done()) {
    const std::string field = words.next();
    if (!words.take("=")) throw std::runtime_error("expected FIELD = VALUE");
    std::string wanted = words.next();
    if (wanted.ends_with(',')) wanted.pop_back();
    expect_equal(name + " " + field, field_of(*service, field), wanted);
  }
}

// "benefit NAME PERIOD used = 2, left = 1": PERIOD is its first day, or `ever`.
void ScenarioRunner::expect_benefit(Words& words) {
  const std::string name = words.next(), period = words.next();
  BenefitBalance found;
  for (const BenefitBalance& benefit : allocation_.benefits) {
    const std::string first_day = benefit.first_day ? format_day(*benefit.first_day) : "ever";
    if (benefit.name == name && first_day == period) found = benefit;
  }
  while (!words.done()) {
    const std::string field = words.next();
    if (!words.take("=")) throw std::runtime_error("expected FIELD = VALUE");
    std::string wanted = words.next();
    if (wanted.ends_with(',')) wanted.pop_back();
    const Quantity left = found.limit - found.used - found.reserved;
    const Quantity value = field == "left" ? left : field == "reserved" ? found.reserved : found.used;
    expect_equal("benefit " + name + " " + field, format_quantity(value), wanted);
  }
}

// Rendered units of the code that no authorization covers.
void ScenarioRunner::expect_uncovered(Words& words) {
  const std::string code = words.next();
  words.take("=");
  Quantity sum;
  for (const UncoveredService& uncovered : allocation_.uncovered) {
    if (uncovered.is_rendered && uncovered.code == code) sum += uncovered.quantity;
  }
  expect_equal("uncovered " + code, format_quantity(sum), words.next());
}

// "posts nothing", "posts N transfers", "reverses V1 from ACCOUNT", "moves V1 from ACCOUNT to ACCOUNT", "moves units
// from ACCOUNT to ACCOUNT".
void ScenarioRunner::expect_journal(Words& words) {
  const std::string verb = words.next();
  if (verb == "posts") {
    const std::string count = words.next();
    return expect_equal("transfers", std::to_string(last_posted_.size()), count == "nothing" ? "0" : count);
  }
  const std::string name = words.next();
  if (!words.take("from")) throw std::runtime_error("expected from ACCOUNT");
  const std::string from = words.next();
  const std::string to = words.take("to") ? words.next() : std::string();
  const bool is_found = std::any_of(last_posted_.begin(), last_posted_.end(), [&](const Transfer& transfer) {
    const bool is_service = name == "units" ? transfer.service_key.empty() : transfer.service_key.ends_with("/" + name);
    return is_service && word_of(transfer.from) == from && (to.empty() || word_of(transfer.to) == to) &&
           transfer.is_reversal == (verb == "reverses");
  });
  if (is_found) return;
  std::string posted;
  for (const Transfer& transfer : last_posted_) {
    posted += "\n  " + transfer.book + " " + transfer.service_key + ": " + std::string(word_of(transfer.from)) +
              " to " + std::string(word_of(transfer.to)) + " " + format_quantity(transfer.quantity) +
              (transfer.is_reversal ? " (reversal)" : "");
  }
  note("expected the journal to " + verb + " " + name + " from " + from + (to.empty() ? "" : " to " + to) +
       "; it posts" + (posted.empty() ? " nothing" : posted));
}

// "check CODE DAY N = covered" or a reason.
void ScenarioRunner::expect_check(Words& words) {
  const std::string code = words.next();
  const Day day = read_day(words.next());
  const std::optional<Quantity> units = parse_quantity(words.next());
  CoverageQuestion question{code, day, units.value_or(Quantity())};
  while (!words.done() && words.peek() != "=") {
    const std::string word = words.next();
    if (word == "provider") {
      question.provider = "Practitioner/" + words.next();
    } else if (word == "place") {
      question.place = words.next();
    } else if (word == "modifiers") {
      question.modifiers = read_codes(words.next());
    } else if (word == "diagnosis") {
      question.diagnosis_codes = read_codes(words.next());
    } else {
      throw std::runtime_error("a check knows no word " + word);
    }
  }
  if (!units || !words.take("=")) throw std::runtime_error("expected check CODE DAY UNITS = ANSWER");
  const CoverageAnswer answer = check_coverage(subject_, policy_, history_.today, question);
  expect_equal("check " + code, answer.is_covered ? "covered" : std::string(word_of(answer.reason)), words.next());
}

}  // namespace authledger
