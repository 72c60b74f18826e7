#include <algorithm>
#include <stdexcept>

#include "base/text.h"
#include "tests/scenarios/scenario_rules.h"

// The rules about notices: thresholds, recipients, roles.

namespace authledger {
namespace {

template <typename Value, typename Read>
std::vector<Value> read_bands(Words& words, Read read) {
  std::vector<Value> bands;
  for (const std::string& word : split(words.next(), ',')) {
    if (word != "none") bands.push_back(read(word));
  }
  std::sort(bands.begin(), bands.end(), std::greater<>());
  return bands;
}

Quantity read_quantity(const std::string& word) {
  const std::optional<Quantity> quantity = parse_quantity(word);
  if (!quantity) throw std::runtime_error("expected a number of units, found " + word);
  return *quantity;
}

Role read_role(const std::string& word) {
  const std::optional<Role> role = role_from(word);
  if (!role) throw std::runtime_error("no role has the name " + word);
  return *role;
}

int read_minute(const std::string& word) {
  const std::optional<int> minute = parse_minute(word);
  if (!minute) throw std::runtime_error("expected a time such as 17:00, found " + word);
  return *minute;
}

// "KIND to ROLE,ROLE", or "to nobody".
void apply_recipients(NoticeRules& notices, Words& words) {
  std::vector<Role>& roles = notices.recipients.at(words.next());
  if (!words.take("to")) throw std::runtime_error("expected KIND to ROLES");
  roles.clear();
  for (const std::string& word : split(words.next(), ',')) {
    if (word != "nobody") roles.push_back(read_role(word));
  }
}

// "ROLE [owner X] [digest HH:MM] [quiet HH:MM-HH:MM] [escalate HOURS to ROLE] [consent on|off] [at_once]"
void apply_role(NoticeRules& notices, Words& words) {
  RoleRule& rule = notices.roles[read_role(words.next())];
  while (!words.done()) {
    const std::string word = words.next();
    if (word == "owner") {
      rule.owner = words.next();
    } else if (word == "digest") {
      rule.digest_at = read_minute(words.next());
    } else if (word == "quiet") {
      const std::vector<std::string> times = split(words.next(), '-');
      rule.quiet = QuietHours{read_minute(times.at(0)), read_minute(times.at(1))};
    } else if (word == "escalate") {
      rule.escalate_after = std::chrono::hours(std::stoi(words.next()));
      if (words.take("to")) rule.escalate_to = read_role(words.next());
    } else if (word == "consent") {
      rule.has_consent = read_switch(words);
    } else if (word == "at_once") {
      rule.digest_at = std::nullopt;
      rule.quiet = std::nullopt;
    } else {
      throw std::runtime_error("a role knows no word " + word);
    }
  }
}

}  // namespace

std::vector<int> read_whole_bands(Words& words) {
  return read_bands<int>(words, [](const std::string& word) { return std::stoi(word); });
}

std::vector<Quantity> read_quantity_bands(Words& words) {
  return read_bands<Quantity>(words, read_quantity);
}

bool apply_notice_rule(const std::string& name, Rules& rules, Words& words) {
  WarningRule& warnings = rules.warnings;
  if (name == "days_left") {
    warnings.days_left = read_whole_bands(words);
  } else if (name == "units_left") {
    warnings.units_left = read_quantity_bands(words);
  } else if (name == "percent_left") {
    warnings.percent_left = read_whole_bands(words);
  } else if (name == "units_margin") {
    warnings.units_margin = read_quantity(words.next());
  } else if (name == "benefit_percent_left") {
    warnings.benefit_percent_left = std::stoi(words.next());
  } else if (name == "notice") {
    apply_recipients(rules.notices, words);
  } else if (name == "role") {
    apply_role(rules.notices, words);
  } else {
    return false;
  }
  return true;
}

}  // namespace authledger
