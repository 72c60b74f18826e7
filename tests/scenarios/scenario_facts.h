#pragma once

#include <map>
#include <string>
#include <vector>

#include "ledger/facts.h"

// The statements of a scenario that say what sources state. See README.md beside this file for the language.

namespace authledger {

// The words of one line of a scenario, read from left to right.
class Words {
 public:
  explicit Words(const std::string& line);
  bool done() const { return at_ == words_.size(); }
  const std::string& peek() const;
  // Throws std::runtime_error at the end of the line.
  std::string next();
  // Takes the next word when it is `word`.
  bool take(const std::string& word);
  std::string rest();

 private:
  std::vector<std::string> words_;
  size_t at_ = 0;
};

// Facts as sources would send them, recorded in the order of the scenario.
class ScenarioFacts {
 public:
  // Records a service, authorization, request, order, coverage, pin, close or payer_count. `version` +1 is a later
  // version of a resource, -1 an older one that arrives late, 0 a new resource. False for another first word.
  // Throws std::runtime_error with what is wrong.
  bool record(const std::string& kind, Words& words, int version, const TimeZone& zone);
  void retract(const std::string& id);
  // Every fact again, as a repeated delivery does.
  void repeat();

  const std::vector<Fact>& versions() const { return versions_; }

 private:
  void add(const std::string& resource, const std::string& line, FactBody body, int version);
  void add_service(Words& words, int version, const TimeZone& zone);
  void add_authorization(Words& words, int version, const TimeZone& zone);
  void add_request(Words& words, int version, const TimeZone& zone);
  void add_order(Words& words, int version, const TimeZone& zone);
  void add_coverage(Words& words, int version);
  void add_pin(Words& words, int version);
  void close_period(Words& words, int version);
  void add_payer_count(Words& words, int version);
  void add_patient(Words& words, int version);
  void add_stated_benefit(Words& words, int version);
  void add_letter(Words& words, int version, const TimeZone& zone);

  std::vector<Fact> versions_;
};

std::optional<Quantity> read_amount(Words& words, Measure& measure);
struct Period {
  std::optional<Day> first_day, last_day;
};
// "2025-02-01..2025-04-30", "2025-02-01..", "..2025-04-30" or "always".
Period read_period(const std::string& word);
bool is_period(const std::string& word);

std::vector<std::string> read_codes(const std::string& word);
Day read_day(const std::string& word);

}  // namespace authledger
