#include "ledger/evidence_answer.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/text.h"

namespace authledger {
namespace {

std::string quantity_text(const std::optional<Quantity>& quantity) {
  return quantity ? format_quantity(*quantity) : "no limit";
}

std::string days_text(const std::optional<Day>& first, const std::optional<Day>& last) {
  return fmt::format("{} to {}", first ? format_day(*first) : "(open)", last ? format_day(*last) : "(open)");
}

std::string line_text(const AuthorizationRow& row) {
  return fmt::format("{} line {}, payer {}, {}: {} {}, {}; approved {}, used {}, reserved {}, available {}",
                     row.authorization_number.empty() ? "(no number yet)" : row.authorization_number, row.line,
                     row.payer_display.empty() ? row.payer : row.payer_display, word_of(row.decision),
                     join(row.service_codes, " "), word_of(row.measure), days_text(row.first_day, row.last_day),
                     quantity_text(row.approved), format_quantity(row.used), format_quantity(row.reserved),
                     row.approved ? quantity_text(row.available) : "no limit");
}

std::string authorization_text(const AuthorizationRow& row) {
  return row.letters.empty() ? line_text(row) : line_text(row) + "; on file " + join(row.letters, ", ");
}

std::string service_text(const ServiceRow& row) {
  std::vector<std::string> parts;
  for (const CoveredBy& by : row.covered_by) {
    parts.push_back(fmt::format("{} from {} line {} ({})", format_quantity(by.quantity),
                                by.authorization_number.empty() ? "(no number yet)" : by.authorization_number, by.line,
                                by.rule));
  }
  if (row.uncovered.is_positive()) {
    parts.push_back(fmt::format("{} uncovered ({})", format_quantity(row.uncovered), word_of(row.reason)));
  }
  return fmt::format("{} on {}, {}, {} {} {}: {}", row.key, format_day(row.day), word_of(row.state),
                     join(row.service_codes, " "), format_quantity(row.quantity), word_of(row.measure),
                     parts.empty() ? "draws nothing" : join(parts, "; "));
}

std::string step_text(const ExplainRow& row) {
  return fmt::format("{} entry {}: {} {} {}, {} to {}{}{}; {}{}", format_instant(row.posted_at), row.entry_seq,
                     format_quantity(row.quantity), word_of(row.measure),
                     row.line.empty() ? std::string("without a line") : "line " + row.line, word_of(row.from),
                     word_of(row.to), row.service_key.empty() ? "" : ", " + row.service_key,
                     row.day ? " on " + format_day(*row.day) : "", row.reason,
                     row.sources.empty() ? "" : "; from " + join(row.sources, ", "));
}

}  // namespace

Result<Policy> policy_of(const Evidence& evidence) {
  Rules rules;
  const Issues issues = read_rules(evidence.rules, "policy", rules);
  if (has_error(issues)) return Failure{"the policy cannot be read: " + issues.front().message};
  return make_policy(evidence.policy_version, std::move(rules));
}

std::vector<Fact> facts_of(const Evidence& evidence) {
  std::vector<Fact> facts;
  for (const EvidenceFact& own : evidence.facts) facts.push_back(own.fact);
  return facts;
}

Result<EvidenceAnswer> answer_of(const Evidence& evidence) {
  const auto policy = policy_of(evidence);
  if (!policy) return policy.error();
  const std::vector<Fact> facts = facts_of(evidence);
  const auto [subject, allocation] = reckon(facts, *policy, evidence.on);

  const std::vector<std::string> named = keys_of_service(evidence.asked, subject);
  std::set<std::string> keys(named.begin(), named.end()), books;
  const bool is_service =
      std::ranges::any_of(subject.services, [&](const Service& service) { return keys.contains(service.key); });
  EvidenceAnswer answer;
  answer.patient = subject.patient;
  if (is_service) {
    answer.steps = explain_service(evidence.asked, subject, allocation, evidence.entries, facts);
    for (const Draw& draw : allocation.draws) {
      if (keys.contains(draw.service_key)) books.insert(draw.book);
    }
    for (const UncoveredService& uncovered : allocation.uncovered) {
      if (keys.contains(uncovered.service_key)) books.insert(uncovered.nearest_book);
    }
  } else {
    const auto own = books_of_authorization(evidence.asked, subject, evidence.entries);
    books.insert(own.begin(), own.end());
    keys.clear();
    answer.steps = explain_authorization(evidence.asked, subject, allocation, evidence.entries, facts);
    for (const Draw& draw : allocation.draws) {
      if (books.contains(draw.book)) keys.insert(draw.service_key);
    }
    for (const UncoveredService& uncovered : allocation.uncovered) {
      if (books.contains(uncovered.nearest_book)) keys.insert(uncovered.service_key);
    }
  }
  for (AuthorizationRow& row : authorization_rows(subject, allocation, *policy, evidence.on)) {
    if (books.contains(row.book)) answer.authorizations.push_back(std::move(row));
  }
  for (ServiceRow& row : service_rows(subject, allocation)) {
    if (keys.contains(row.key)) answer.services.push_back(std::move(row));
  }
  std::ranges::stable_sort(answer.services, {}, [](const ServiceRow& row) { return row.day; });
  if (answer.authorizations.empty() && answer.services.empty() && answer.steps.empty()) {
    return Failure{fmt::format("nothing was known of {} at {}", evidence.asked, format_instant(evidence.as_known_at))};
  }
  answer.rules = describe_rules(policy->rules);
  return answer;
}

std::vector<std::string> evidence_page(const Evidence& evidence, const EvidenceAnswer& answer) {
  std::vector<std::string> page;
  const JournalEntry& last = evidence.entries.back();
  page.push_back(fmt::format("What was known of {} on {}", evidence.asked, format_day(evidence.on)));
  page.push_back(fmt::format("Tenant {}, {} (subject {}), as known at {}.", evidence.tenant,
                             answer.patient.empty() ? "patient not named" : answer.patient, evidence.subject_id,
                             format_instant(evidence.as_known_at)));
  page.push_back(fmt::format("By journal entry {} of {}, for {}, under policy version {}; entry hash {}.",
                             last.entry_seq, format_instant(last.posted_at), format_day(last.as_of_day),
                             last.policy_version, to_hex(last.entry_hash)));
  if (evidence.seal) {
    const Seal& seal = evidence.seal->seal;
    page.push_back(fmt::format("Sealed by seal {} of {}; seal hash {}.", seal.seal_seq, format_instant(seal.sealed_at),
                               to_hex(seal.seal_hash)));
  } else {
    page.push_back("Not sealed yet.");
  }
  const auto section = [&page](std::string title, const auto& rows, auto text) {
    page.emplace_back();
    page.push_back(std::move(title));
    for (const auto& row : rows) page.push_back("- " + text(row));
    if (rows.empty()) page.push_back("- none");
  };
  section("Authorizations", answer.authorizations, authorization_text);
  std::vector<ServiceRow> of_day, of_other_days;
  for (const ServiceRow& row : answer.services) (row.day == evidence.on ? of_day : of_other_days).push_back(row);
  section("Services of " + format_day(evidence.on), of_day, service_text);
  section("Services of other days", of_other_days, service_text);
  section("How each unit moved", answer.steps, step_text);
  section(fmt::format("Payer rules of policy version {}", evidence.policy_version), answer.rules,
          [](const std::string& rule) { return rule; });
  return page;
}

}  // namespace authledger
