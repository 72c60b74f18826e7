#include "config/notice_rules.h"

#include <fmt/format.h>

#include <array>
#include <utility>

namespace authledger {
namespace {

constexpr std::array<std::pair<Role, std::string_view>, 4> kRoles{{{Role::clinician, "clinician"},
                                                                   {Role::biller, "biller"},
                                                                   {Role::operations, "operations"},
                                                                   {Role::patient, "patient"}}};

constexpr bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

}  // namespace

std::string_view word_of(Role role) {
  for (const auto& [known, word] : kRoles) {
    if (known == role) return word;
  }
  return "";
}

std::optional<Role> role_from(std::string_view word) {
  for (const auto& [role, known] : kRoles) {
    if (known == word) return role;
  }
  return std::nullopt;
}

std::map<std::string, std::vector<Role>> NoticeRules::default_recipients() {
  const std::vector<Role> operations{Role::operations}, biller{Role::biller}, clinician{Role::clinician};
  return {{"expiring", operations},
          {"units_low", operations},
          {"exhausted", operations},
          {"booked_beyond", operations},
          {"uncovered_service", biller},
          {"decision_overdue", operations},
          {"count_differs", biller},
          {"conflict", biller},
          {"letter_changed", biller},
          {"benefit_low", clinician},
          {"submit", operations},
          {"update_due", {}},
          {"benefit_for_patient", {Role::patient}}};
}

std::map<Role, RoleRule> NoticeRules::default_roles() {
  RoleRule clinician;
  clinician.escalate_after = std::chrono::hours(24);
  clinician.escalate_to = Role::operations;
  return {{Role::clinician, clinician}, {Role::biller, {}}, {Role::operations, {}}, {Role::patient, {}}};
}

std::optional<int> parse_minute(std::string_view text) {
  if (text.size() != 5 || text[2] != ':') return std::nullopt;
  for (const size_t at : {size_t{0}, size_t{1}, size_t{3}, size_t{4}}) {
    if (!is_digit(text[at])) return std::nullopt;
  }
  const int hour = (text[0] - '0') * 10 + (text[1] - '0'), minute = (text[3] - '0') * 10 + (text[4] - '0');
  if (hour > 23 || minute > 59) return std::nullopt;
  return hour * 60 + minute;
}

std::string format_minute(int minute) {
  return fmt::format("{:02}:{:02}", minute / 60, minute % 60);
}

}  // namespace authledger
