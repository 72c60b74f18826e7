#include <fmt/format.h>

#include "base/text.h"
#include "config/notice_rules.h"
#include "config/yaml_reader.h"

namespace authledger {
namespace {

std::string list_text(const std::vector<std::string>& words, const char* last) {
  if (words.size() < 2) return words.empty() ? std::string() : words.front();
  return join({words.begin(), words.end() - 1}, ", ") + last + words.back();
}

std::string thresholds_text(const WarningRule& warnings) {
  std::vector<std::string> days, units;
  for (const int each : warnings.days_left) days.push_back(std::to_string(each));
  for (const Quantity each : warnings.units_left) units.push_back(format_quantity(each) + " units");
  for (const int each : warnings.percent_left) units.push_back(fmt::format("{} % of them", each));
  std::vector<std::string> says;
  if (!days.empty()) says.push_back(list_text(days, " and ") + " days before the end");
  if (!units.empty()) says.push_back("when " + list_text(units, " or ") + " are left");
  if (says.empty()) return "Nobody is warned that an authorization ends or runs low.";
  std::string text = "Warn " + list_text(says, " and ");
  if (!warnings.units_margin.is_zero()) {
    text += fmt::format("; such a warning goes once more than {} above that are left",
                        format_quantity(warnings.units_margin));
  }
  return text + ".";
}

std::string words_of(const std::vector<Role>& roles) {
  std::vector<std::string> words;
  for (const Role role : roles) words.emplace_back(word_of(role));
  return list_text(words, ", and to ");
}

std::string role_text(Role role, const RoleRule& rule) {
  std::vector<std::string> says;
  if (role == Role::clinician) {
    says.push_back(rule.owner.empty() ? std::string("who treats the patient is the owner")
                                      : "who treats the patient is the owner, else " + rule.owner);
  } else if (role == Role::patient) {
    says.emplace_back(rule.has_consent ? "told, since the site has consent" : "not told: no consent is stated");
  } else {
    says.push_back(rule.owner.empty() ? std::string("no owner of its own (delivery.owner)")
                                      : rule.owner + " is the owner");
  }
  if (rule.digest_at) says.push_back("told once a day at " + format_minute(*rule.digest_at));
  if (rule.quiet) {
    says.push_back(
        fmt::format("nothing new from {} to {}", format_minute(rule.quiet->from), format_minute(rule.quiet->until)));
  }
  if (rule.escalate_after.count() > 0) {
    says.push_back(fmt::format("what nobody owns after {} goes to {}", format_duration(rule.escalate_after),
                               word_of(rule.escalate_to)));
  }
  return fmt::format("Role {}: {}.", word_of(role), join(says, "; "));
}

}  // namespace

std::vector<std::string> describe_notices(const WarningRule& warnings, const NoticeRules& notices) {
  std::vector<std::string> lines{thresholds_text(warnings)};
  for (const auto& [kind, roles] : notices.recipients) {
    lines.push_back(roles.empty() ? fmt::format("Notice {}: nobody is told.", kind)
                                  : fmt::format("Notice {}: goes to {}.", kind, words_of(roles)));
  }
  for (const auto& [role, rule] : notices.roles) lines.push_back(role_text(role, rule));
  return lines;
}

}  // namespace authledger
