#include "ledger/rule_effects.h"

#include <fmt/format.h>

#include <map>

#include "ledger/authority_gaps.h"
#include "ledger/status.h"

namespace authledger {
namespace {

std::string text_of(const char* name, const std::optional<Quantity>& quantity) {
  return quantity ? fmt::format(", {} {}", name, format_quantity(*quantity)) : "";
}

std::string text_of(const AuthorizationRow& row) {
  return fmt::format("{}: used {}, reserved {}{}{}{}, {}", word_of(row.decision), format_quantity(row.used),
                     format_quantity(row.reserved), text_of("available", row.available), text_of("lapsed", row.lapsed),
                     text_of("approved", row.approved), word_of(row.supply));
}

std::string text_of(const ServiceRow& row) {
  std::string text;
  for (const CoveredBy& covered : row.covered_by) {
    text += fmt::format("{}{} from {}/{}", text.empty() ? "" : ", ", format_quantity(covered.quantity),
                        covered.authorization_number, covered.line);
  }
  if (row.uncovered.is_positive()) {
    text += fmt::format("{}{} uncovered ({})", text.empty() ? "" : ", ", format_quantity(row.uncovered),
                        word_of(row.reason));
  }
  return text.empty() ? "draws nothing" : text;
}

struct Side {
  RuleStanding standing;
  std::map<std::string, std::string> lines, services;  // By key.
};

Side side_of(std::span<const Fact> history, const Policy& policy, Day today) {
  const auto [subject, allocation] = reckon(history, policy, today);
  Side side;
  side.standing.notices = desired_notices(subject, allocation, policy, today);
  side.standing.gap_days = gap_days(subject, allocation, policy, today);
  for (const UncoveredService& uncovered : allocation.uncovered) {
    if (!uncovered.is_rendered) continue;
    ++side.standing.uncovered_services;
    side.standing.uncovered_units += uncovered.quantity;
  }
  for (const AuthorizationRow& row : authorization_rows(subject, allocation, policy, today)) {
    const std::string& name =
        row.authorization_number.empty() && !row.sources.empty() ? row.sources.front() : row.authorization_number;
    std::string key = name + "/" + row.line;
    if (side.lines.contains(key)) key += " of " + row.payer;
    side.lines[std::move(key)] = text_of(row);
  }
  for (const ServiceRow& row : service_rows(subject, allocation)) side.services[row.key] = text_of(row);
  return side;
}

std::vector<RuleEffect> effects_of(const std::map<std::string, std::string>& before,
                                   const std::map<std::string, std::string>& after) {
  std::map<std::string, RuleEffect> all;
  for (const auto& [key, text] : before) all[key] = {key, text, ""};
  for (const auto& [key, text] : after) {
    RuleEffect& effect = all[key];
    effect.key = key;
    effect.after = text;
  }
  std::vector<RuleEffect> effects;
  for (auto& [key, effect] : all) {
    if (effect.before != effect.after) effects.push_back(std::move(effect));
  }
  return effects;
}

}  // namespace

RuleEffects compare_rules(std::span<const Fact> history, const Policy& before, const Policy& after, Day today) {
  Side old_side = side_of(history, before, today), new_side = side_of(history, after, today);
  RuleEffects effects;
  effects.notices = compare_notices(old_side.standing.notices, new_side.standing.notices);
  effects.lines = effects_of(old_side.lines, new_side.lines);
  effects.services = effects_of(old_side.services, new_side.services);
  effects.before = std::move(old_side.standing);
  effects.after = std::move(new_side.standing);
  return effects;
}

}  // namespace authledger
