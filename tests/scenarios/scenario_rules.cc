#include "tests/scenarios/scenario_rules.h"

#include <algorithm>
#include <stdexcept>

namespace authledger {
namespace {

PayerRule& payer_rule(Rules& rules, Words& words) {
  const std::string payer = words.take("payer") ? words.next() : std::string();
  for (PayerRule& rule : rules.payers) {
    if (rule.name.empty() && rule.payer == payer) return rule;
  }
  rules.payers.push_back({});
  rules.payers.back().payer = payer;
  return rules.payers.back();
}

}  // namespace

bool read_switch(Words& words) {
  if (words.take("on")) return true;
  if (words.take("off")) return false;
  throw std::runtime_error("expected on or off, found " + words.peek());
}

DiagnosisMatch read_diagnosis_match(Words& words) {
  if (words.take("warn")) return DiagnosisMatch::warn;
  return read_switch(words) ? DiagnosisMatch::refuse : DiagnosisMatch::ignore;
}

void apply_code(CodeRule& rule, Words& words) {
  while (!words.done()) {
    const std::string word = words.next();
    if (word == "measure") {
      rule.measure = words.next();
    } else if (word == "rounding") {
      const std::string rounding = words.next();
      rule.rounding = rounding == "cpt_midpoint"        ? Rounding::cpt_midpoint
                      : rounding == "medicare_8_minute" ? Rounding::medicare_8_minute
                      : rounding == "floor"             ? Rounding::floor
                                                        : Rounding::none;
    } else if (word == "unit_minutes") {
      rule.unit_minutes = std::stoi(words.next());
    } else if (word == "minutes") {
      rule.minutes_min = std::stoi(words.next());
      rule.minutes_max = std::stoi(words.next());
    } else if (word == "once_per_day") {
      rule.once_per_day = read_switch(words);
    } else if (word == "add_on") {
      rule.add_on = read_switch(words);
    } else {
      throw std::runtime_error("a code rule knows no word " + word);
    }
  }
}

void apply_rule(Rules& rules, Words& words) {
  const std::string name = words.next();
  if (name == "code") {
    const std::string code = words.next();
    rules.codes[code].code = code;
    apply_code(rules.codes[code], words);
  } else if (name == "family") {
    CodeFamily family;
    family.authorized_code = family.name = words.next();
    if (!words.take("accepts")) throw std::runtime_error("expected family CODE accepts CODES");
    family.codes = read_codes(words.next());
    if (words.take("payer")) family.payer = words.next();
    rules.families.push_back(family);
  } else if (name == "no_families") {
    rules.families.clear();
  } else if (name == "no_payer_rules") {
    std::erase_if(rules.payers, [](const PayerRule& rule) { return !rule.name.empty(); });
  } else if (name == "no_benefits") {
    rules.benefits.clear();
  } else if (name == "no_programs") {
    rules.programs.clear();
  } else if (name == "program") {
    ProgramRule program;
    program.program = words.next();
    program.codes = read_codes(words.next());
    program.measure = words.next();
    rules.programs.push_back(program);
  } else if (name == "grace") {
    const int days = std::stoi(words.next());
    if (words.done()) {
      rules.reservation_grace_days = days;
    } else {
      payer_rule(rules, words).reservation_grace_days = days;
    }
  } else if (name == "alias") {
    const std::string spelling = words.next();
    rules.payer_aliases[spelling] = words.next();
  } else if (name == "payer_rule") {
    apply_payer_rule(rules, words);
  } else if (name == "benefit") {
    apply_benefit(rules, words);
  } else if (name == "provider") {
    apply_provider(rules, words);
  } else if (name == "holiday") {
    rules.holidays.push_back(read_day(words.next()));
  } else if (name == "zone") {
    rules.time_zone = words.next();
  } else if (name == "match_diagnosis") {
    const DiagnosisMatch match = read_diagnosis_match(words);
    payer_rule(rules, words).match_diagnosis = match;
    if (!words.done()) throw std::runtime_error("unexpected: " + words.rest());
    return;
  } else if (!apply_notice_rule(name, rules, words)) {
    const bool value = read_switch(words);
    PayerRule& rule = payer_rule(rules, words);
    if (name == "no_show_draws") {
      rule.no_show_draws = value;
    } else if (name == "match_provider") {
      rule.match_provider = value;
    } else if (name == "match_place") {
      rule.match_place = value;
    } else if (name == "match_modifiers") {
      rule.match_modifiers = value;
    } else if (name == "authorization_required") {
      rule.authorization_required = value;
    } else {
      throw std::runtime_error("no rule has the name " + name);
    }
  }
  if (!words.done()) throw std::runtime_error("unexpected: " + words.rest());
}

void ignore_rule(const std::string& name, Consolidated& subject) {
  std::vector<Service>& services = subject.services;
  if (name == "coverage") {
    subject.coverages.clear();
  } else if (name == "cancellation") {
    for (AuthorizationLine& line : subject.lines) {
      if (line.decision == Decision::cancelled) line.decision = Decision::approved;
      line.usable_through = std::nullopt;
    }
  } else if (name == "former_approval") {
    for (AuthorizationLine& line : subject.lines) line.usable_through = std::nullopt;
  } else if (name == "decision") {
    for (AuthorizationLine& line : subject.lines) {
      line.decision = Decision::approved;
      line.is_usable = true;
    }
  } else if (name == "conflicts") {
    subject.conflicts.clear();
  } else if (name == "bookings") {
    std::erase_if(services, [](const Service& service) { return service.state == ServiceState::planned; });
  } else if (name == "states") {
    for (Service& service : services) service.state = ServiceState::rendered;
  } else if (name == "links") {
    for (Service& service : services) service.authorization_number.clear();
  } else if (name == "pins") {
    for (Service& service : services) service.pinned_number.clear();
  } else if (name == "amounts") {
    for (AuthorizationLine& line : subject.lines) line.amount = std::nullopt;
    for (Service& service : services) service.amount = std::nullopt;
  } else if (name == "members") {
    for (Service& service : services) service.member.clear();
  } else if (name == "stated_benefits") {
    subject.benefits.clear();
  } else if (name == "letters") {
    for (AuthorizationLine& line : subject.lines) line.letters.clear();
  } else if (name == "letter_changes") {
    for (AuthorizationLine& line : subject.lines) {
      for (Letter& letter : line.letters) letter.change = std::nullopt;
    }
  } else if (name == "payer_counts") {
    for (AuthorizationLine& line : subject.lines) line.payer_used_quantity = std::nullopt;
  } else if (name == "rates") {
    for (AuthorizationLine& line : subject.lines) line.rate_quantity = std::nullopt;
  } else if (name == "days") {
    for (AuthorizationLine& line : subject.lines) line.first_day = line.last_day = std::nullopt;
  } else if (name == "last_day") {  // An end that is not inclusive.
    for (AuthorizationLine& line : subject.lines) {
      if (line.last_day) line.last_day = *line.last_day - 1;
    }
  } else if (name == "units") {
    for (AuthorizationLine& line : subject.lines) line.approved = std::nullopt;
  } else if (name == "requested_units") {
    for (AuthorizationLine& line : subject.lines) line.requested = std::nullopt;
  } else if (name == "providers") {
    for (Service& service : services) service.provider.clear();
  } else if (name == "payers") {
    for (Service& service : services) service.payer.clear();
  } else if (name == "quantities") {
    for (Service& service : services) service.quantity = Quantity::of_units(1);
  } else if (name == "sources") {
    for (AuthorizationLine& line : subject.lines) line.sources.resize(1);
  } else if (name == "merging") {  // As if each record were a service.
    const std::vector<Service> merged = services;
    for (const Service& service : merged) {
      for (size_t i = 1; i < service.sources.size(); ++i) {
        services.push_back(service);
        services.back().key = service.sources[i].resource;
      }
    }
    std::sort(services.begin(), services.end(), [](const Service& a, const Service& b) { return a.key < b.key; });
  } else {
    throw std::runtime_error("nothing to ignore has the name " + name);
  }
}

}  // namespace authledger
