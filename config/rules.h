#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/issue.h"
#include "base/quantity.h"
#include "base/result.h"

// Payer and code rules as data: what a unit of each code is, what may stand for what, when to warn. Read from
// config/rules/*.yaml (shipped), then the site's own files and the `rules:` block, later ones over earlier ones.
// One canonical JSON text of it is the body of a policy version in the database, so that replay uses the same rules.

namespace authledger {

// How minutes become units. Source: CPT time rule (a unit is earned past its midpoint); CMS 8-minute rule.
enum class Rounding { none, cpt_midpoint, medicare_8_minute, floor };

struct CodeRule {
  std::string code;
  std::string measure;  // A word of the ledger's Measure.
  Rounding rounding = Rounding::none;
  int unit_minutes = 0;  // Length of one unit for timed codes: 15, 30, 60.
  int minutes_min = 0;   // Usual length (90832: 16 to 37); a timed code draws nothing below it. 0: not stated.
  int minutes_max = 0;
  bool once_per_day = false;  // Per diem: lines of one day draw one.
  bool add_on = false;        // Draws nothing unless an authorization line lists the code.
  bool operator==(const CodeRule&) const = default;
};

// A payer accepts `codes` on an authorization for `authorized_code`. An empty payer means every payer.
struct CodeFamily {
  std::string payer;
  std::string name;
  std::string authorized_code;
  std::vector<std::string> codes;
  bool operator==(const CodeFamily&) const = default;
};

struct ProgramRule {
  std::string program;             // "php", "iop", …
  std::vector<std::string> codes;  // Service or revenue codes of the program.
  std::string measure;
  bool operator==(const ProgramRule&) const = default;
};

// Behaviour of one payer; an empty payer is the default for all.
struct PayerRule {
  std::string payer;
  std::optional<bool> no_show_draws;
  std::optional<int> reservation_grace_days;
  std::optional<bool> match_provider, match_place, match_diagnosis;
  std::optional<bool> authorization_required;
  bool operator==(const PayerRule&) const = default;
};

struct WarningRule {
  int days_left = 14;                           // Expiring: this many days or fewer before the last day.
  Quantity units_left = Quantity::of_units(3);  // Units low: this many or fewer.
  int decision_days_standard = 7;               // CMS-0057-F: 7 calendar days, 72 hours expedited.
  int decision_hours_expedited = 72;
  bool operator==(const WarningRule&) const = default;
};

struct Rules {
  std::map<std::string, CodeRule> codes;  // By code.
  std::vector<CodeFamily> families;
  std::vector<ProgramRule> programs;
  std::vector<PayerRule> payers;
  std::map<std::string, std::string> payer_aliases;  // Spelling (lower case, trimmed) → canonical payer.
  WarningRule warnings;
  int reservation_grace_days = 3;
  std::string time_zone = "UTC";  // The tenant's; part of the policy since it decides days.
  bool operator==(const Rules&) const = default;
};

// Reads rules from YAML or JSON text over `rules`. `file` names the text in error messages. An entry of codes, families
// (same payer and name), programs, payers or aliases replaces the former one as a whole; warnings key by key.
// Errors: every problem found; element_path is "file:line:column", the message says what was expected and the nearest
// known key. `rules` then holds what could be read.
Issues read_rules(std::string_view text, const std::string& file, Rules& rules);

// Canonical JSON (sorted, compact): equal rules have equal text; read_rules reads it back to equal rules.
std::string rules_json(const Rules& rules);

// The rules that authledger ships with.
Rules shipped_rules();

}  // namespace authledger
