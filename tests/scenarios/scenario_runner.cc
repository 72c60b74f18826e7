#include "tests/scenarios/scenario_runner.h"

#include <algorithm>
#include <map>
#include <sstream>
#include <stdexcept>

#include "base/text.h"
#include "ledger/reckon.h"
#include "ledger/status.h"

namespace authledger {
namespace {

Policy policy_of(const Rules& rules) {
  Result<Policy> policy = make_policy(1, rules);
  if (!policy) throw std::runtime_error(policy.error().message);
  return std::move(policy).value();
}

std::string answer_text(const Consolidated& subject, const Allocation& allocation) {
  std::string text;
  for (const Draw& draw : allocation.draws) {
    text += draw.book + " " + draw.service_key + " " + format_quantity(draw.quantity) + (draw.is_reserved ? "r" : "u") +
            "\n";
  }
  for (const UncoveredService& uncovered : allocation.uncovered) {
    text += uncovered.service_key + " " + format_quantity(uncovered.quantity) + " " +
            std::string(word_of(uncovered.reason)) + "\n";
  }
  for (const AuthorizationLine& line : subject.lines) {
    text += line.book + " " + std::string(word_of(line.decision)) + " " + letters_text(line);
    for (const Letter& letter : line.letters) text += letter.change ? " changed " + letter.change->mark : "";
    text += "\n";
  }
  return text;
}

}  // namespace

std::vector<std::string> mutations_of(const std::string& text) {
  std::vector<std::string> mutations;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    Words words(line);
    if (words.take("broken") && words.take("by")) mutations.push_back(words.rest());
  }
  return mutations;
}

ScenarioRunner::ScenarioRunner(std::string text, std::string mutation)
    : text_(std::move(text)),
      mutation_(std::move(mutation)),
      history_{shipped_rules(), {}, {}, 0, {}},
      policy_(policy_of(history_.rules)) {}

void ScenarioRunner::note(const std::string& message) {
  failures_.push_back("line " + std::to_string(line_number_) + ": " + message);
}

std::vector<std::string> ScenarioRunner::run() {
  std::istringstream lines(text_);
  for (std::string line; std::getline(lines, line);) {
    ++line_number_;
    try {
      run_statement(line);
    } catch (const std::runtime_error& error) {
      note(error.what());
    }
  }
  return failures_;
}

void ScenarioRunner::run_statement(const std::string& line) {
  Words words(line);
  if (words.done()) return;
  if (words.take("row") || words.take("title") || words.take("broken")) return;
  if (words.take("expect")) {
    if (!is_reconciled_) reconcile();
    expect(words);
    return;
  }
  if (words.take("through")) return run_through(read_day(words.next()));
  if (words.take("person")) return close_notice(words);
  is_reconciled_ = false;
  apply_statement(words, history_);
}

// Day by day, as the program would: whatever changes a notice has to be a fact of that day, or the day has to be the
// one for which the patient was to be looked at again.
void ScenarioRunner::run_through(Day last) {
  if (!is_reconciled_) reconcile();
  while (history_.today < last) {
    const std::optional<Day> due = due_again_on({subject_, allocation_}, policy_, history_.today);
    history_.today = history_.today + 1;
    history_.minute = 0;
    const auto [first, end] = history_.coming.equal_range(history_.today);
    for (auto statement = first; statement != end; ++statement) {
      Words words(statement->second);
      apply_statement(words, history_);
    }
    const size_t changed = reconcile();
    if (changed > 0 && first == end && (!due || history_.today < *due)) {
      note("expected no other notice on " + format_day(history_.today) + ": nothing wakes the patient on that day");
    }
  }
}

// "person completes|rejects|cancels KIND [for NAME]"
void ScenarioRunner::close_notice(Words& words) {
  if (!is_reconciled_) reconcile();
  const std::string verb = words.next(), word = words.next();
  const std::string status = verb == "completes" ? "completed" : verb == "rejects" ? "rejected" : "cancelled";
  const std::optional<NoticeKind> kind = notice_kind_from(word);
  const std::string name = words.take("for") ? words.next() : std::string();
  if (!kind || !notices_.close(*kind, name, status)) note("expected a notice " + word + " to close, found none");
}

Instant ScenarioRunner::now() const {
  return policy_.zone.start_of(history_.today) + std::chrono::minutes(history_.minute);
}

void ScenarioRunner::derive(const std::vector<Fact>& versions, Consolidated& subject, Allocation& allocation) const {
  subject = consolidate(current_facts(versions), versions, policy_);
  const std::string ignoring = "ignoring ";
  if (mutation_.starts_with(ignoring)) ignore_rule(mutation_.substr(ignoring.size()), subject);
  allocation = allocate(subject, policy_, history_.today);
}

size_t ScenarioRunner::reconcile() {
  Rules rules = history_.rules;
  const std::string rule = "rule ";
  if (mutation_.starts_with(rule)) {
    Words words(mutation_.substr(rule.size()));
    apply_rule(rules, words);
  }
  policy_ = policy_of(rules);
  derive(history_.facts.versions(), subject_, allocation_);
  last_posted_ = plan_entry(subject_, allocation_, fold_positions(transfers_)).transfers;
  transfers_.insert(transfers_.end(), last_posted_.begin(), last_posted_.end());
  if (!last_posted_.empty()) {
    entries_.emplace_back();
    entries_.back().entry_seq = static_cast<int64_t>(entries_.size());
    entries_.back().transfers = last_posted_;
  }
  const size_t changed = notices_.plan(subject_, allocation_, policy_, history_.today, now());
  is_reconciled_ = true;
  if (mutation_.empty()) check_invariants();
  return changed;
}

void ScenarioRunner::check_invariants() {
  for (const auto& [book, balance] : allocation_.balances) {
    if (!balance.approved) continue;
    if (*balance.approved != *balance.available + balance.reserved + balance.used + *balance.lapsed) {
      note(book + ": approved is not available + reserved + used + lapsed");
    }
    if (*balance.available < Quantity()) note(book + ": available is negative");
  }
  if (!plan_entry(subject_, allocation_, fold_positions(transfers_)).transfers.empty()) {
    note("a second reconcile would post again");
  }
  if (notices_.plan(subject_, allocation_, policy_, history_.today, now()) > 0) {
    note("a second reconcile would change notices again");
  }
  std::vector<Fact> permuted(history_.facts.versions().rbegin(), history_.facts.versions().rend());
  Consolidated subject;
  Allocation allocation;
  derive(permuted, subject, allocation);
  if (answer_text(subject, allocation) != answer_text(subject_, allocation_)) {
    note("the answer depends on the order of facts:\n" + answer_text(subject, allocation) + "against\n" +
         answer_text(subject_, allocation_));
  }
  if (allocation_.changes_on && *allocation_.changes_on <= history_.today) note("changes_on is not after today");
}

const AuthorizationLine* ScenarioRunner::find_line(const std::string& name) const {
  const size_t slash = name.find('/');
  const std::string number = name.substr(0, slash);
  const std::string line_name = slash == std::string::npos ? std::string() : name.substr(slash + 1);
  const AuthorizationLine* found = nullptr;
  for (const AuthorizationLine& line : subject_.lines) {
    const bool has_source = std::any_of(line.sources.begin(), line.sources.end(), [&number](const Provenance& source) {
      return source.resource.ends_with("/" + number);
    });
    const bool is_named = line.authorization_number == number || has_source ||
                          std::find(line.numbers.begin(), line.numbers.end(), number) != line.numbers.end();
    if (!is_named || (!line_name.empty() && line.line != line_name)) continue;
    // The number that a line has now says more than one that it had, or the name of its resource.
    if (found == nullptr || (found->authorization_number != number && line.authorization_number == number))
      found = &line;
  }
  return found;
}

const Service* ScenarioRunner::find_service(const std::string& name) const {
  for (const Service& service : subject_.services) {
    if (service.key == name || service.key.ends_with("/" + name)) return &service;
  }
  for (const Service& service : subject_.services) {
    for (const Provenance& source : service.sources) {
      if (source.resource.ends_with("/" + name)) return &service;
    }
  }
  return nullptr;
}

}  // namespace authledger
