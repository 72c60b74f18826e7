#include "adapters/prior_auth_normalize.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "adapters/prior_auth_numbers.h"

namespace authledger {
namespace {

bool is_approving(Decision decision) {
  return decision == Decision::approved || decision == Decision::approved_in_part ||
         decision == Decision::approved_modified;
}

// What is not decided stands in the ledger as unknown, for everybody to see: a note says why. A warning is for what
// does not stand there at all.
void note(Issues& issues, std::string element_path, std::string message) {
  issues.push_back({Severity::information, std::move(element_path), std::move(message)});
}

// The decision of one element. Codes nobody knows, and codes that contradict each other, are unknown: never a guess.
struct Verdict {
  Decision decision = Decision::unknown;
  std::string code;
};

Verdict verdict_of(const std::vector<ReviewAction>& actions, const std::string& element_path, Issues& issues) {
  Verdict verdict;
  for (const ReviewAction& action : actions) {
    if (!action.decision) continue;
    if (!verdict.code.empty() && verdict.decision != *action.decision) {
      note(issues, element_path + ".adjudication",
           fmt::format("review actions {} and {} contradict each other; the decision is unknown", verdict.code,
                       action.code));
      return {Decision::unknown, verdict.code};
    }
    if (verdict.code.empty()) verdict = {*action.decision, action.code};
  }
  if (verdict.code.empty() && !actions.empty()) {
    verdict.code = actions.front().code;
    note(issues, element_path + ".adjudication",
         "the review action code is not of X12 306; the decision is unknown until the mapping's value map names it");
  }
  return verdict;
}

// What `other` says, wherever `item` says nothing.
void fill_gaps(AnsweredItem& item, const AnsweredItem& other) {
  if (item.service_codes.empty()) item.service_codes = other.service_codes;
  if (!item.quantity && other.quantity) {
    item.quantity = other.quantity;
    item.measure = other.measure;
  }
  if (!item.first_day && !item.last_day) {
    item.first_day = other.first_day;
    item.last_day = other.last_day;
  }
  if (!item.admission_day) item.admission_day = other.admission_day;
  if (!item.discharge_day) item.discharge_day = other.discharge_day;
  if (!item.issued_on) item.issued_on = other.issued_on;
  if (!item.issued_at) item.issued_at = other.issued_at;
  if (item.diagnosis_codes.empty()) item.diagnosis_codes = other.diagnosis_codes;
  if (item.modifiers.empty()) item.modifiers = other.modifiers;
  if (!item.amount) {
    item.amount = other.amount;
    item.currency = other.currency;
  }
  if (item.provider.empty()) item.provider = other.provider;
  if (item.program.empty()) item.program = other.program;
  if (item.place.empty()) item.place = other.place;
  if (!item.payer_used_quantity) item.payer_used_quantity = other.payer_used_quantity;
  const auto append = [](std::vector<std::string>& to, const std::vector<std::string>& from) {
    to.insert(to.end(), from.begin(), from.end());
  };
  append(item.numbers, other.numbers);
  append(item.previous_numbers, other.previous_numbers);
  append(item.administration_numbers, other.administration_numbers);
}

class Normalizer {
 public:
  Normalizer(PayerAnswer answer, Issues& issues) : answer_(std::move(answer)), issues_(issues) {}

  NormalizedAnswer run() {
    if (answer_.outcome == "error") {
      issues_.push_back({Severity::error, answer_.element_path + ".outcome",
                         "the payer could not process the request: no decision and no denial; correct what "
                         "ClaimResponse.error names and send it again"});
      return {};
    }
    if (answer_.status == "draft") {
      note(issues_, answer_.element_path + ".status", "a draft: no decision yet");
      return {};
    }
    root_ = verdict_of(answer_.actions, answer_.element_path, issues_);
    leave_out_what_is_not_understood(answer_.items);
    leave_out_what_is_not_understood(answer_.add_items);
    if (answer_.is_explanation) join_code_ranges();

    const bool had_items = !answer_.items.empty() || !answer_.add_items.empty() || was_left_out_;
    taken_.assign(answer_.add_items.size(), false);
    for (const AnsweredItem& item : answer_.items) {
      for (const std::string& sequence : item.sequences) known_sequences_.insert(sequence);
    }
    for (AnsweredItem& item : answer_.items) add_item_line(item);
    for (size_t i = 0; i < answer_.add_items.size(); ++i) {
      if (!taken_[i]) add_extra_line(answer_.add_items[i]);
    }
    if (!had_items) add_root_line();
    add_totals();
    if (result_.lines.empty() && was_left_out_) {
      issues_.push_back({Severity::error, answer_.element_path, "no item of the answer could be understood"});
    }
    return std::move(result_);
  }

 private:
  // FHIR R4, extensibility: an element with a modifier extension that is not understood must not be processed.
  void leave_out_what_is_not_understood(std::vector<AnsweredItem>& items) {
    std::erase_if(items, [&](const AnsweredItem& item) {
      if (item.modifier_extensions.empty()) return false;
      issues_.push_back({Severity::warning, item.element_path + ".modifierExtension",
                         fmt::format("{} is not understood, so the item is not counted; ask the payer what it changes",
                                     item.modifier_extensions.front())});
      was_left_out_ = true;
      return true;
    });
  }

  // PDex: two items with one trace number are the first and the last code of a range.
  void join_code_ranges() {
    std::vector<AnsweredItem>& items = answer_.items;
    for (size_t i = 0; i < items.size(); ++i) {
      if (items[i].trace.empty() || items[i].service_codes.empty()) continue;
      for (size_t j = i + 1; j < items.size(); ++j) {
        if (items[j].trace != items[i].trace || items[j].service_codes.empty()) continue;
        const std::string start = items[i].service_codes.front(), end = items[j].service_codes.front();
        if (start != end) {
          items[i].service_codes.push_back(end);
          items[i].service_codes.push_back(fmt::format("{}-{}", start, end));
        }
        items.erase(items.begin() + static_cast<ptrdiff_t>(j));
        break;
      }
    }
  }

  void add_item_line(AnsweredItem& item) {
    Verdict verdict = item.actions.empty() ? root_ : verdict_of(item.actions, item.element_path, issues_);
    if (verdict.code.empty())
      note(issues_, item.element_path + ".adjudication", "no review action; the decision is unknown");

    bool is_folded = false;
    const AnsweredItem* added = take_added(item, verdict.decision, is_folded);
    if (is_folded) return;
    if (!added) return add_line(item, verdict);

    const Verdict theirs = verdict_of(added->actions, added->element_path, issues_);
    const bool added_stands = added->actions.empty() || is_approving(theirs.decision);
    switch (verdict.decision) {
      case Decision::approved:
      case Decision::cancelled:
      case Decision::not_required:
        fill_gaps(item, *added);
        return add_line(item, verdict);
      case Decision::approved_in_part:
      case Decision::approved_modified:
        break;
      case Decision::denied:
      case Decision::pended:
      case Decision::unknown:
        // Older payers deny the item and add what they authorize instead: one modified approval.
        if (!added_stands || added->actions.empty()) return add_line(item, verdict);
        verdict = {Decision::approved_modified, verdict.code.empty() ? theirs.code : verdict.code};
        item.quantity.reset();
        break;
    }
    AnsweredItem authorized = *added;
    authorized.sequences = item.sequences;
    authorized.element_path = item.element_path;
    fill_gaps(authorized, item);
    add_line(authorized, verdict);
  }

  // The first addItem of the same sequence. One that answers several items stands with the first of them; the others
  // are folded into it unless they were approved as they are.
  const AnsweredItem* take_added(const AnsweredItem& item, Decision decision, bool& is_folded) {
    const AnsweredItem* taken_before = nullptr;
    for (size_t i = 0; i < answer_.add_items.size(); ++i) {
      const AnsweredItem& added = answer_.add_items[i];
      const bool matches = std::any_of(item.sequences.begin(), item.sequences.end(), [&](const std::string& sequence) {
        return std::find(added.sequences.begin(), added.sequences.end(), sequence) != added.sequences.end();
      });
      if (!matches) continue;
      if (!taken_[i]) {
        taken_[i] = true;
        return &added;
      }
      taken_before = &added;
    }
    is_folded = taken_before && taken_before->sequences.size() > 1 &&
                (decision == Decision::approved_modified || decision == Decision::approved_in_part ||
                 decision == Decision::denied);
    return nullptr;
  }

  void add_extra_line(const AnsweredItem& added) {
    Verdict verdict = added.actions.empty() ? root_ : verdict_of(added.actions, added.element_path, issues_);
    const bool answers_an_item =
        std::any_of(added.sequences.begin(), added.sequences.end(),
                    [&](const std::string& sequence) { return known_sequences_.contains(sequence); });
    if (verdict.code.empty() && answers_an_item) verdict.decision = Decision::approved_modified;
    if (verdict.code.empty() && !answers_an_item) {
      note(issues_, added.element_path + ".adjudication", "no review action; the decision is unknown");
    }
    add_line(added, verdict);
  }

  // Older shapes: the review action on the root, no item at all. A number without any review action is an answer too,
  // but not one that decides: it stays visible as unknown.
  void add_root_line() {
    if (root_.code.empty()) {
      if (answer_.header_numbers.empty() && answer_.header_extension_numbers.empty()) {
        issues_.push_back({Severity::error, answer_.element_path,
                           "neither items, nor a review action, nor a number: the answer says nothing that counts"});
        return;
      }
      note(issues_, answer_.element_path, "no review action; the decision is unknown");
    }
    AnsweredItem whole;
    whole.element_path = answer_.element_path;
    add_line(whole, root_);
  }

  std::string line_name(const AnsweredItem& item) {
    std::string name = item.sequences.empty() ? std::string() : item.sequences.front();
    if (name.empty()) {
      for (int number = 1;; ++number) {
        name = std::to_string(number);
        if (!known_sequences_.contains(name) && !used_lines_.contains(name)) break;
      }
    }
    std::string unique = name;
    for (int part = 2; used_lines_.contains(unique); ++part) unique = fmt::format("{}.{}", name, part);
    used_lines_.insert(unique);
    return unique;
  }

  void add_line(const AnsweredItem& item, const Verdict& verdict) {
    AuthorizationLineFact line;
    line.patient = answer_.patient;
    line.payer = answer_.payer;
    line.payer_display = answer_.payer_display;
    line.member_id = answer_.member_id;
    line.request = answer_.request;
    line.line = line_name(item);
    line.decision = answer_.status == "cancelled" ? Decision::cancelled : verdict.decision;
    line.decision_code = verdict.code;
    assign_numbers(answer_, item, line);
    line.service_codes = item.service_codes;
    assign_days(item, line);
    if (is_approving(line.decision)) assign_quantity(item, line);
    line.diagnosis_codes = item.diagnosis_codes;
    line.provider = item.provider.empty() ? answer_.provider : item.provider;
    line.program = item.program.empty() ? answer_.program : item.program;
    line.place = item.place;
    line.modifiers = item.modifiers;
    line.amount = item.amount;
    line.currency = item.currency;
    line.issued_on = item.issued_on ? item.issued_on : answer_.issued_on;
    line.issued_at = item.issued_at ? item.issued_at : answer_.issued_at;
    line.payer_used_quantity = item.payer_used_quantity;
    if (item.payer_used_quantity) add_count(line, *item.payer_used_quantity, line.line);
    result_.lines.push_back(std::move(line));
  }

  // The item's own period, else the header's, else the stay.
  void assign_days(const AnsweredItem& item, AuthorizationLineFact& line) const {
    if (item.first_day || item.last_day) {
      line.first_day = item.first_day;
      line.last_day = item.last_day;
      return;
    }
    if (!answer_.periods.empty()) {
      const auto& numbers = answer_.header_numbers;
      const auto own =
          static_cast<size_t>(std::find(numbers.begin(), numbers.end(), line.authorization_number) - numbers.begin());
      const HeaderPeriod& period = own < answer_.periods.size() ? answer_.periods[own] : answer_.periods.front();
      line.first_day = period.first_day;
      line.last_day = period.last_day;
      if (line.first_day || line.last_day) return;
    }
    line.first_day = item.admission_day;
    line.last_day = item.discharge_day;
  }

  void assign_quantity(const AnsweredItem& item, AuthorizationLineFact& line) {
    line.measure = item.measure;
    line.quantity = item.quantity;
    if (!line.quantity && item.admission_day && item.discharge_day && *item.discharge_day >= *item.admission_day) {
      // An inpatient stay without a quantity: its nights, at least one day.
      line.quantity = Quantity::of_units(std::max(1, *item.discharge_day - *item.admission_day));
      line.measure = Measure::day;
    }
    if (line.quantity) return;
    if (answer_.eligible_quantity && answer_.items.size() + answer_.add_items.size() == 1) {
      line.quantity = answer_.eligible_quantity;
    } else if (line.decision == Decision::approved && item.requested_quantity) {
      line.quantity = item.requested_quantity;
    } else if (line.decision == Decision::approved) {
      line.quantity_as_requested = true;
    } else {
      note(issues_, item.element_path,
           "approved with changes, but the answer does not say how many units: unknown until the payer says");
    }
  }

  void add_count(const AuthorizationLineFact& line, Quantity used, std::string line_name) {
    PayerCountFact count;
    count.patient = answer_.patient;
    count.authorization_number = line.authorization_number;
    count.line = std::move(line_name);
    count.used = used;
    count.measure = line.measure;
    count.counted_on = answer_.issued_on;
    result_.counts.push_back(std::move(count));
  }

  // PDex states a use of the whole answer: it belongs to the line when there is only one.
  void add_totals() {
    if (!answer_.utilized_quantity || result_.lines.empty() || !result_.counts.empty()) return;
    const bool single = result_.lines.size() == 1;
    if (single) result_.lines.front().payer_used_quantity = answer_.utilized_quantity;
    add_count(result_.lines.front(), *answer_.utilized_quantity, single ? result_.lines.front().line : std::string());
  }

  PayerAnswer answer_;
  Issues& issues_;
  Verdict root_;
  bool was_left_out_ = false;
  std::vector<bool> taken_;                // By addItem: stands with an item.
  std::set<std::string> known_sequences_;  // Of the items.
  std::set<std::string> used_lines_;
  NormalizedAnswer result_;
};

}  // namespace

NormalizedAnswer normalize_prior_auth(PayerAnswer answer, Issues& issues) {
  return Normalizer(std::move(answer), issues).run();
}

}  // namespace authledger
