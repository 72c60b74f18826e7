#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/day.h"
#include "base/issue.h"
#include "base/quantity.h"
#include "base/result.h"
#include "config/notice_rules.h"

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

// Where an entry was read, for messages: rules that say the same are equal wherever they stand.
struct WrittenAt {
  std::string text;  // "file:line:column"
  bool operator==(const WrittenAt&) const { return true; }
};

// Which services a rule is about, by all that is stated; what is left out holds for every one.
struct RuleScope {
  std::string payer, plan, program;        // A program is a level of care: "iop".
  std::vector<std::string> codes;          // Codes and ranges: "97151-97158".
  std::optional<Day> first_day, last_day;  // Days of service on which the rule is in force, inclusive.
  bool operator==(const RuleScope&) const = default;
};

// What a diagnosis that the authorization does not list does: the service is not covered (`true`), is covered with a
// remark (`warn`), or is covered (`false`).
enum class DiagnosisMatch { refuse, warn, ignore };
std::string_view word_of(DiagnosisMatch match);
std::optional<DiagnosisMatch> diagnosis_match_from(std::string_view word);

// What a payer asks, one setting at a time: of the rules that state a setting for a service, the closest decides (see
// ledger/payer_rules.h). An entry of `payers:` has a payer (or none: every payer) and no name; one of `payer_rules:`
// has a name and any scope.
struct PayerRule : RuleScope {
  std::string name;
  std::optional<bool> no_show_draws;
  std::optional<int> reservation_grace_days;
  std::optional<bool> match_provider, match_place;
  std::optional<bool> match_modifiers;  // Those of the line, telehealth apart, must stand on the service.
  std::optional<DiagnosisMatch> match_diagnosis;
  std::optional<bool> authorization_required;
  std::optional<bool> referral_suffices;   // An active order of the patient stands for an authorization.
  std::optional<bool> telehealth_covered;  // False: services at a telehealth place are not covered.
  std::optional<std::vector<std::string>> telehealth_states;  // Where a patient may be; others get a remark.
  std::optional<bool> enrollment_required;  // The provider must be enrolled with the payer on the day of service.
  std::optional<std::vector<std::string>> excluded_provider_types;  // "lpc", …: their services are not covered.
  std::optional<std::string> carved_out_to;                         // These services belong to another payer.
  // From when on an authorization is near its end or runs low, in place of the bands of WarningRule.
  std::optional<std::vector<int>> days_left, percent_left;
  std::optional<std::vector<Quantity>> units_left;
  std::optional<int> turnaround_business_days, preparation_business_days;  // Of a renewal; see ledger/forecast.h.
  std::optional<int> submission_lead_business_days;  // A first request goes out this long before the first visit.
  std::optional<int> retro_window_days;              // A request this long after the visit is still accepted.
  std::optional<CodeRule> unit;                      // What one unit of `codes` is for this payer; its code is empty.
  WrittenAt written_at = {};
  bool operator==(const PayerRule&) const = default;
};

// Whether `a` decides before `b` where both state a setting for a service: a payer's own rule before one for every
// payer, then one that names the code, the program, the plan, days; of these the one in force since later; then by
// name.
bool goes_before(const PayerRule& a, const PayerRule& b);

enum class BenefitPeriod { day, week, month, calendar_year, lifetime };
std::string_view word_of(BenefitPeriod period);

// What the plan pays for in a period, whatever is authorized: the first limit that is reached wins.
struct BenefitRule : RuleScope {
  std::string name;
  Quantity quantity;
  std::string measure;  // A word of the ledger's Measure. A service in another measure is one of `visit`.
  BenefitPeriod per = BenefitPeriod::calendar_year;
  bool operator==(const BenefitRule&) const = default;
};

struct Enrollment {
  std::string payer;
  std::optional<Day> first_day, last_day;
  bool operator==(const Enrollment&) const = default;
};

// What the site knows about a provider and no endpoint tells.
struct ProviderRule {
  std::string type;                     // "lcsw", "lpc", …: the site's own words.
  std::vector<Enrollment> enrollments;  // By payer.
  bool operator==(const ProviderRule&) const = default;
};

struct Rules {
  std::map<std::string, CodeRule> codes;  // By code.
  std::vector<CodeFamily> families;
  std::vector<ProgramRule> programs;
  std::vector<PayerRule> payers;  // Ordered by (name, payer).
  std::vector<BenefitRule> benefits;
  std::map<std::string, ProviderRule> providers;  // By reference: "Practitioner/p1".
  // CMS places of service and HL7's class of a virtual visit; CPT and HCPCS modifiers.
  std::vector<std::string> telehealth_places = {"02", "10", "VR"};
  std::vector<std::string> telehealth_modifiers = {"95", "93", "GT", "GQ", "FQ"};
  bool us_federal_holidays = true;                   // Business days are those of the week but these,
  std::vector<Day> holidays;                         // and these.
  std::map<std::string, std::string> payer_aliases;  // Spelling (lower case, trimmed) → canonical payer.
  WarningRule warnings;
  NoticeRules notices;
  int reservation_grace_days = 3;
  std::string time_zone = "UTC";  // The tenant's; part of the policy since it decides days.
  bool operator==(const Rules&) const = default;
};

// Reads rules from YAML or JSON text over `rules`. `file` names the text in error messages. An entry of codes, families
// (same payer and name), programs, payers or aliases replaces the former one as a whole; warnings, roles and notices
// key by key. Errors: every problem found; element_path is "file:line:column", the message says what was expected and
// the nearest known key. `rules` then holds what could be read.
Issues read_rules(std::string_view text, const std::string& file, Rules& rules);

// Canonical JSON (sorted, compact): equal rules have equal text; read_rules reads it back to equal rules.
std::string rules_json(const Rules& rules);

// Rules that contradict each other for the same services with equal right, and rules that never decide anything:
// element_path says where each stands. `rules` are complete: every file has been read.
Issues rule_conflicts(const Rules& rules);

// The payer rules in plain English, a line each, for people who check them.
std::vector<std::string> describe_rules(const Rules& rules);

// The rules that authledger ships with.
Rules shipped_rules();

}  // namespace authledger
