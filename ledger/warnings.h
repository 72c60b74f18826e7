#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "ledger/notices.h"

// The causes of notices, each a question about one subject's state. desired_notices and closing_of ask them.

namespace authledger {

// Looks at values that outlive it; cheap to make, kept for one call.
class Warnings {
 public:
  Warnings(const Consolidated& subject, const Allocation& allocation, const Policy& policy, Day today);

  // The Tasks, in no particular order.
  std::vector<DesiredNotice> tasks() const;

  // A usable line, neither cancelled nor ended: its units and its end still matter.
  bool is_running(const AuthorizationLine& line) const;
  bool is_exhausted(const AuthorizationLine& line) const;
  bool is_low(const AuthorizationLine& line) const;
  // Usable, and ended at most kFlagDaysAfterEnd days ago: what happened under it still matters.
  bool is_recent(const AuthorizationLine& line) const;
  // In a band of days, and nothing continues it.
  bool is_near_end(const AuthorizationLine& line) const;
  // Near its end, low or exhausted, and nothing continues it.
  bool needs_update(const AuthorizationLine& line) const;
  // The line that goes on where this one ends, or null.
  const AuthorizationLine* successor_of(const AuthorizationLine& line) const;
  // Another line that covers the same services today, with units left and at least as long: that this one runs out asks
  // nothing of anybody. Null: there is none.
  const AuthorizationLine* relieved_by(const AuthorizationLine& line) const;
  // The day on which the payer's decision is due, for pended lines whose request is dated.
  std::optional<Day> decision_due_on(const AuthorizationLine& line) const;
  // False where the payer's rule or a line for the service says that none is needed: then nobody needs to be told.
  bool is_authorization_required(const Service& service) const;

  const AuthorizationLine* line_of(const std::string& book) const;
  const Service* service_of(const std::string& key) const;
  const LineBalance& balance_of(const AuthorizationLine& line) const;

 private:
  bool is_to_tell(const UncoveredService& uncovered, const Service& service) const;
  void add_conflicts(std::vector<DesiredNotice>& tasks) const;
  void add_letters(std::vector<DesiredNotice>& tasks) const;
  void add_benefits(std::vector<DesiredNotice>& tasks) const;
  void add_updates(std::vector<DesiredNotice>& tasks) const;
  void add_units_low(const AuthorizationLine& line, std::vector<DesiredNotice>& tasks) const;
  void add_line_tasks(const AuthorizationLine& line, std::vector<DesiredNotice>& tasks) const;
  void add_booked_beyond(std::vector<DesiredNotice>& tasks) const;
  void add_uncovered_services(std::vector<DesiredNotice>& tasks) const;
  void add_unsubmitted(std::vector<DesiredNotice>& tasks) const;
  std::string name_of(const AuthorizationLine& line) const;
  DesiredNotice task_about(const AuthorizationLine& line, NoticeKind kind, int severity) const;
  void focus_on(std::span<const Provenance> sources, DesiredNotice& task) const;

  const Consolidated& subject_;
  const Allocation& allocation_;
  const Policy& policy_;
  Day today_;
  std::map<std::string, const AuthorizationLine*> lines_;
  std::map<std::string, const Service*> services_;
  std::map<std::string, int> line_counts_;  // By authorization.
};

// The parts of a request that facts could show and do not: "diagnosis codes", …; empty when all are there.
std::vector<std::string> missing_parts(const UnsubmittedOrder& order);
// Names a benefit and its period, for its notice.
std::string benefit_topic(const BenefitBalance& benefit);

// Names an authorization and the new content of its letter, for its notice; whether a topic is of this authorization.
std::string letter_topic(const AuthorizationLine& line, const LetterChange& change);
bool is_letter_topic_of(const AuthorizationLine& line, std::string_view topic);

// What a line's Flag and tasks share: its days and number.
DesiredNotice notice_about(const AuthorizationLine& line, NoticeKind kind, int severity);

}  // namespace authledger
