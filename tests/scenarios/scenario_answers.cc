#include <algorithm>
#include <stdexcept>

#include "base/text.h"
#include "ledger/check_claim.h"
#include "ledger/cut_rates.h"
#include "ledger/service_remarks.h"
#include "ledger/status.h"
#include "ledger/trace.h"
#include "ledger/unknown_codes.h"
#include "tests/scenarios/scenario_runner.h"

// The `expect` statements about answers that no balance shows: claims, remarks, codes on offer, traces, cut rates.

namespace authledger {
namespace {

std::string joined(const std::vector<std::string>& words) {
  return words.empty() ? "none" : join(words, ",");
}

// Without the source's name: a scenario has one.
std::vector<std::string> without_source(std::vector<std::string> references) {
  for (std::string& reference : references) reference = reference.substr(reference.find(':') + 1);
  return references;
}

}  // namespace

std::optional<std::string> ScenarioRunner::remark_field_of(const Service& service, const std::string& field) const {
  std::vector<std::string> kinds, rules, last_days, days_left;
  for (const ServiceRemark& remark : service_remarks(subject_, allocation_, policy_, history_.today)) {
    if (remark.service_key != service.key) continue;
    kinds.emplace_back(word_of(remark.kind));
    if (!remark.rule.empty()) rules.push_back(remark.rule);
    if (remark.last_day) last_days.push_back(format_day(*remark.last_day));
    if (remark.days_left) days_left.push_back(std::to_string(*remark.days_left));
  }
  if (field == "remark") return joined(kinds);
  if (field == "remark_rule") return joined(rules);
  if (field == "remark_last_day") return joined(last_days);
  if (field == "remark_days_left") return joined(days_left);
  return std::nullopt;
}

// "claim CODE DAY UNITS units [OPTIONS] = pass", or the mismatches; "three_way …" gives authorized/delivered/billed;
// "fix WORD of …" a word of the fix for the only mismatch.
void ScenarioRunner::expect_claim(const std::string& what, Words& words) {
  const std::string wanted_word = what == "fix" ? words.next() : std::string();
  if (what == "fix" && !words.take("of")) throw std::runtime_error("expected fix WORD of CODE DAY …");
  const std::string code = words.next(), day = words.next();
  std::string statement = "checked " + code + " " + day + " rendered";
  while (!words.done() && words.peek() != "=") statement += " " + words.next();
  statement += " as Claim";
  Words claim_words(statement);
  ScenarioFacts claim;
  claim.record("service", claim_words, 0, policy_.zone);
  const std::vector<ClaimItemAnswer> answers =
      check_claim(history_.facts.versions(), claim.versions(), policy_, history_.today);
  std::vector<std::string> codes, fixes;
  for (const ClaimMismatch& mismatch : answers.front().mismatches) {
    codes.push_back(mismatch.code);
    fixes.push_back(mismatch.fix);
  }
  if (what == "fix") {
    const std::string fix = join(fixes, "; ");
    if (fix.find(wanted_word) == std::string::npos) note("expected a fix with " + wanted_word + ", found " + fix);
    return;
  }
  if (!words.take("=")) throw std::runtime_error("expected claim CODE DAY UNITS units = ANSWER");
  if (what == "three_way") {
    const ClaimItemAnswer& answer = answers.front();
    return expect_equal(what,
                        format_quantity(answer.authorized) + "/" + format_quantity(answer.delivered) + "/" +
                            format_quantity(answer.billed),
                        words.next());
  }
  expect_equal("claim", codes.empty() ? "pass" : join(codes, ","), words.next());
}

// "allowed DAY [provider D] = 90834,90837": the codes on offer that day.
void ScenarioRunner::expect_allowed(Words& words) {
  CoverageQuestion question;
  question.day = read_day(words.next());
  if (words.take("provider")) question.provider = "Practitioner/" + words.next();
  std::vector<std::string> codes;
  for (const AllowedCode& allowed : allowed_codes(subject_, policy_, history_.today, question)) {
    if (allowed.answer.is_covered) codes.push_back(allowed.code);
  }
  words.take("=");
  expect_equal("allowed", joined(codes), words.next());
}

// "trace Encounter/V1 = VISITS;CLAIM_ITEMS;POSTINGS": the postings that stand, as from>to.
void ScenarioRunner::expect_trace(Words& words) {
  // A hash would begin a comment: Claim/c1:2 stands for Claim/c1#2.
  const std::string asked = replace_all(words.next(), ":", "#");
  std::vector<std::string> found;
  for (const ServiceTrace& traced : trace(asked, subject_, entries_, history_.facts.versions())) {
    std::vector<std::string> postings;
    for (const TracedPosting& posting : traced.postings) {
      if (!posting.is_standing) continue;
      postings.push_back(std::string(word_of(posting.transfer.from)) + ">" + std::string(word_of(posting.transfer.to)));
    }
    found.push_back(joined(without_source(traced.visits)) + ";" + joined(without_source(traced.claim_items)) + ";" +
                    joined(postings));
  }
  words.take("=");
  expect_equal("trace " + asked, replace_all(joined(found), "#", ":"), words.next());
}

// "after_entry 1 uncovered = 3, used = 0": what the journal's accounts held when that entry had been posted.
void ScenarioRunner::expect_after_entry(Words& words) {
  const std::string number = words.next();
  std::vector<Transfer> posted;
  for (const JournalEntry& entry : entries_) {
    if (entry.entry_seq <= std::stoi(number)) {
      posted.insert(posted.end(), entry.transfers.begin(), entry.transfers.end());
    }
  }
  while (!words.done()) {
    const std::string account = words.next();
    if (!words.take("=")) throw std::runtime_error("expected ACCOUNT = VALUE");
    std::string wanted = words.next();
    if (wanted.ends_with(',')) wanted.pop_back();
    Quantity sum;
    for (const Balance& balance : fold_balances(posted)) {
      if (word_of(balance.account) == account) sum += balance.quantity;
    }
    expect_equal("after entry " + number + " " + account, format_quantity(sum), wanted);
  }
}

// "cut_rate P1 = 33".
void ScenarioRunner::expect_cut_rate(Words& words) {
  const std::string payer = words.next();
  CutRates rates;
  rates.add(subject_.lines);
  std::string found = "none";
  for (const PayerCutRate& rate : rates.by_payer()) {
    if (rate.payer == payer) found = std::to_string(rate.cut_percent);
  }
  words.take("=");
  expect_equal("cut_rate " + payer, found, words.next());
}

// "unknown_codes = CODE:N,CODE:N", or none.
void ScenarioRunner::expect_unknown_codes(Words& words) {
  UnknownCodes codes;
  codes.add(subject_, policy_.rules);
  std::vector<std::string> found;
  for (const UnknownCode& code : codes.by_frequency()) {
    found.push_back((code.code.empty() ? "-" : code.code) + ":" + std::to_string(code.services));
  }
  words.take("=");
  expect_equal("unknown_codes", found.empty() ? "none" : join(found, ","), words.next());
}

// "stated NAME used = 28, allowed = 30, left = 2, currency = USD".
void ScenarioRunner::expect_stated(Words& words) {
  const std::string name = words.next();
  const auto text = [](const std::optional<Quantity>& quantity) {
    return quantity ? format_quantity(*quantity) : std::string("none");
  };
  const BenefitFact* says = nullptr;
  for (const StatedBenefit& benefit : subject_.benefits) {
    if (benefit.says.name == name) says = &benefit.says;
  }
  if (says == nullptr) return note("expected a stated benefit " + name + ", found none");
  while (!words.done()) {
    const std::string field = words.next();
    if (!words.take("=")) throw std::runtime_error("expected FIELD = VALUE");
    std::string wanted = words.next();
    if (wanted.ends_with(',')) wanted.pop_back();
    std::string found = field == "used" ? text(says->used) : field == "allowed" ? text(says->allowed) : says->currency;
    if (field == "left") found = says->allowed && says->used ? text(*says->allowed - *says->used) : "none";
    expect_equal("stated " + name + " " + field, found, wanted);
  }
}

}  // namespace authledger
