#pragma once

#include <string>
#include <vector>

#include "ledger/journal.h"
#include "ledger/notices.h"
#include "tests/scenarios/scenario_history.h"
#include "tests/scenarios/scenario_notices.h"

namespace authledger {

// "L1:4f2c+L2:77aa,90b1": the letters of a line with their hashes, or none.
std::string letters_text(const AuthorizationLine& line);

// Runs one scenario: facts pile up, and each block of expectations reconciles once, with the journal and the notices of
// the blocks before it. Every reconcile also checks that no unit is lost, that a second one would post nothing, and
// that facts in another order give the same answer.
class ScenarioRunner {
 public:
  // `mutation` is what follows "broken by": "rule …" over all rules of the scenario, or "ignoring NAME". "" for none.
  ScenarioRunner(std::string text, std::string mutation);

  // "line 12: expected …", one for each expectation that does not hold. A line that cannot be read is one too.
  std::vector<std::string> run();

 private:
  void run_statement(const std::string& line);
  size_t reconcile();  // Returns how many notices changed.
  void derive(const std::vector<Fact>& versions, Consolidated& subject, Allocation& allocation) const;
  void check_invariants();
  void run_through(Day last);
  void close_notice(Words& words);
  Instant now() const;

  void expect(Words& words);
  std::string passed_over_text(const Service& service) const;
  void expect_authorization(const std::string& name, Words& words);
  void expect_service(const std::string& name, Words& words);
  void expect_uncovered(Words& words);
  void expect_benefit(Words& words);
  void expect_continuity(Words& words);
  void expect_submit(Words& words);
  std::optional<std::string> forecast_field_of(const AuthorizationLine& line, const std::string& field) const;
  void expect_journal(Words& words);
  // False where the word begins no expectation about notices.
  bool expect_of_notices(const std::string& first, Words& words);
  void expect_notice(Words& words, bool is_wanted);
  void expect_of_one_notice(const std::string& field, Words& words);
  void expect_check(Words& words);
  void expect_claim(const std::string& what, Words& words);
  void expect_allowed(Words& words);
  void expect_trace(Words& words);
  void expect_after_entry(Words& words);
  void expect_cut_rate(Words& words);
  void expect_unknown_codes(Words& words);
  void expect_stated(Words& words);
  std::optional<std::string> remark_field_of(const Service& service, const std::string& field) const;
  void expect_equal(const std::string& what, const std::string& actual, const std::string& wanted);
  std::string field_of(const AuthorizationLine& line, const std::string& field) const;
  std::string field_of(const Service& service, const std::string& field) const;
  const AuthorizationLine* find_line(const std::string& name) const;
  const Service* find_service(const std::string& name) const;
  void note(const std::string& message);

  std::string text_, mutation_;
  int line_number_ = 0;
  std::vector<std::string> failures_;

  ScenarioHistory history_;
  bool is_reconciled_ = false;

  Policy policy_;
  Consolidated subject_;
  Allocation allocation_;
  std::vector<Transfer> transfers_;    // All of the journal.
  std::vector<Transfer> last_posted_;  // Of the last reconcile.
  std::vector<JournalEntry> entries_;  // The same, by reconcile.
  ScenarioNotices notices_;
};

// What follows "broken by" in the scenario, one for each such line.
std::vector<std::string> mutations_of(const std::string& text);

}  // namespace authledger
