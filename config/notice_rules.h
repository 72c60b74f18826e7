#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/quantity.h"

// Who is told what, from which threshold on, when and how often. Part of Rules.

namespace authledger {

enum class Role : int16_t { none = 0, clinician = 1, biller = 2, operations = 3, patient = 4 };
std::string_view word_of(Role role);
std::optional<Role> role_from(std::string_view word);

// From when on something is near. Each list falls, and each of its values is a band: a notice says which it has
// reached.
struct WarningRule {
  std::vector<int> days_left = {14};                           // Before the last day.
  std::vector<Quantity> units_left = {Quantity::of_units(3)};  // Neither used nor booked.
  std::vector<int> percent_left = {};                          // … of what was approved; beside units_left.
  // A count that hovers round a band does not flap: a notice that stands goes only above the widest band and this.
  Quantity units_margin;
  int benefit_percent_left = 5;    // Of a benefit of a calendar year or a lifetime.
  int decision_days_standard = 7;  // CMS-0057-F: 7 calendar days, 72 hours expedited.
  int decision_hours_expedited = 72;
  bool operator==(const WarningRule&) const = default;
};

// Minutes of the tenant's day; until <= from: over midnight.
struct QuietHours {
  int from = 0, until = 0;
  bool operator==(const QuietHours&) const = default;
};

struct RoleRule {
  std::string owner;  // Task.owner, a reference. A clinician's is the one who treats; this one where nobody is known.
  std::chrono::seconds escalate_after{0};  // What has no owner for so long goes to another role; 0: never.
  Role escalate_to = Role::none;
  std::optional<int> digest_at;     // Minute of the day at which all that is new is delivered; null: at once.
  std::optional<QuietHours> quiet;  // What is new then waits until they end.
  bool has_consent = false;         // Patient: the site has the consent of its patients to be written to.
  bool operator==(const RoleRule&) const = default;
};

struct NoticeRules {
  // By the word of the kind: who acts first, then who is told of the same event too. Nobody: no notice.
  std::map<std::string, std::vector<Role>> recipients = default_recipients();
  std::map<Role, RoleRule> roles = default_roles();
  bool operator==(const NoticeRules&) const = default;

  static std::map<std::string, std::vector<Role>> default_recipients();
  static std::map<Role, RoleRule> default_roles();
};

// Thresholds, recipients and roles in plain English, a line each.
std::vector<std::string> describe_notices(const WarningRule& warnings, const NoticeRules& notices);

// Minutes of a day as "17:05", and back.
std::optional<int> parse_minute(std::string_view text);
std::string format_minute(int minute);

}  // namespace authledger
