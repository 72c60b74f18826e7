#include "ledger/allocate.h"

#include <algorithm>
#include <tuple>

#include "ledger/benefits.h"
#include "ledger/candidates.h"
#include "ledger/line_amounts.h"
#include "ledger/payer_rules.h"
#include "ledger/per_diem_days.h"
#include "ledger/units.h"

namespace authledger {
namespace {

struct LineState {
  const AuthorizationLine* line = nullptr;
  EffectiveWindow window;
  Quantity used, reserved, amount_used;
  std::vector<std::pair<int32_t, Quantity>> drawn_by_period;  // First day of the rate period → quantity.
  std::vector<Day> per_diem_days;

  std::optional<Quantity> remaining() const {
    if (!line->approved) return std::nullopt;
    return *line->approved - used - reserved;
  }
};

BenefitPeriod period_of(const std::string& rate_period) {
  if (rate_period == "week") return BenefitPeriod::week;
  return rate_period == "month" ? BenefitPeriod::month : BenefitPeriod::day;
}

struct Candidate {
  LineState* state = nullptr;
  MatchResult match;
  bool is_pinned = false, is_linked = false;

  bool gives_program_day() const { return !match.code.day_program.empty() && state->line->measure == Measure::day; }
};

// Rule 4. Null ends and unlimited lines sort last.
bool is_chosen_first(const Candidate& a, const Candidate& b) {
  const auto key = [](const Candidate& candidate) {
    const LineState& state = *candidate.state;
    const std::optional<Quantity> remaining = state.remaining();
    return std::tuple(!candidate.is_pinned, !candidate.is_linked, candidate.match.code.rank,
                      !state.window.last_day.has_value(), state.window.last_day.value_or(Day{}), !remaining.has_value(),
                      remaining.value_or(Quantity()), std::string_view(state.line->authorization_number),
                      std::string_view(state.line->book));
  };
  return key(a) < key(b);
}

// The line that came nearest, for rule 5.
struct Nearest {
  const AuthorizationLine* line = nullptr;
  MatchResult result;

  void consider(const AuthorizationLine& other, const MatchResult& found) {
    const auto is_nearer = [&] {
      if (line == nullptr) return true;
      if (found.failed != result.failed) return found.failed > result.failed;
      // Of equals the nearer days, then the earlier reason: a pended line tells more than a denied one.
      return std::tie(found.days_apart, found.reason, other.book) <
             std::tie(result.days_apart, result.reason, line->book);
    };
    if (!is_nearer()) return;
    line = &other;
    result = found;
  }
};

class Allocator {
 public:
  Allocator(const Consolidated& subject, const Policy& policy, Day today)
      : subject_(subject), policy_(policy), today_(today), benefits_(policy.rules) {
    for (const AuthorizationLine& line : subject.lines) {
      lines_.push_back({&line, effective_window(line, subject, today), {}, {}, {}, {}, {}});
    }
  }

  void draw_all();
  // `is_reserved` services draw after all others in the order of the calls.
  void draw_for(const Service& service, bool is_reserved);
  LineBalance balance_of(const LineState& state) const;
  Allocation finish();
  const Allocation& so_far() const { return allocation_; }
  void forget_uncovered_days() { per_diem_days_.forget_uncovered(); }

 private:
  bool draws(const Service& service) const;
  bool is_drawn_by_no_show(const Service& service, const AuthorizationLine& line) const {
    return payer_setting(policy_.rules, occasion_of(service, line.payer), &PayerRule::no_show_draws, false);
  }
  // Set where the payer's rules cover such a service under no authorization.
  UncoveredReason refused_because(const Service& service) const;
  std::vector<Candidate> find_candidates(const Service& service, bool& is_not_required);
  // Why no line covers a service that has no candidates: rule 5.
  Nearest find_nearest(const Service& service) const;
  Quantity draw_from(Candidate& candidate, const Service& service, Quantity needed, bool is_reserved, Nearest& nearest,
                     bool is_choice, bool is_per_diem);
  // Draws until nothing of `wanted` is needed; returns what is left. `group` is that of the service's per diem, or is
  // set to that of a program whose day a component service stands for. Null where the day counts already.
  std::optional<Quantity> draw_from_all(std::vector<Candidate>& candidates, const Service& service, Quantity wanted,
                                        bool is_reserved, Nearest& nearest, std::optional<std::string_view>& group,
                                        Quantity& drawn_by_link);
  void note_links(const Service& service, Quantity left);
  void note_link(const Service& service, Quantity needed, bool is_known, const Nearest& linked);
  void leave_uncovered(const Service& service, Quantity left, bool is_reserved, const Nearest& nearest);

  const Consolidated& subject_;
  const Policy& policy_;
  Day today_;
  std::vector<LineState> lines_;
  Allocation allocation_;
  PerDiemDays per_diem_days_;
  BenefitAccounts benefits_;
};

bool Allocator::draws(const Service& service) const {
  switch (service.state) {
    case ServiceState::rendered:
      return true;
    case ServiceState::planned:
    case ServiceState::in_progress: {
      const std::optional<Day> through = reserved_through(service, subject_, policy_.rules);
      return !through || today_ <= *through;
    }
    case ServiceState::no_show:
      return std::any_of(lines_.begin(), lines_.end(),
                         [&](const LineState& state) { return is_drawn_by_no_show(service, *state.line); });
    case ServiceState::voided:
      return false;
  }
  return false;
}

bool is_pinned_to(const Service& service, const AuthorizationLine& line) {
  return has_number(line, service.pinned_number) && (service.pinned_line.empty() || service.pinned_line == line.line);
}

UncoveredReason Allocator::refused_because(const Service& service) const {
  if (service.state == ServiceState::no_show) return UncoveredReason::none;
  const UncoveredReason reason = refusal_of(service, rule_payer_of(service, subject_), policy_.rules);
  if (reason == UncoveredReason::none) return reason;
  const bool is_settled = std::any_of(lines_.begin(), lines_.end(), [&service](const LineState& state) {
    return state.line->is_usable && is_pinned_to(service, *state.line);
  });
  return is_settled ? UncoveredReason::none : reason;
}

void Allocator::draw_all() {
  struct Turn {
    const Service* service;
    bool is_reserved;
  };
  std::vector<Turn> turns;
  for (const Service& service : subject_.services) {
    const bool is_reserved = service.state == ServiceState::planned || service.state == ServiceState::in_progress;
    if (draws(service)) turns.push_back({&service, is_reserved});
  }
  std::sort(turns.begin(), turns.end(), [this](const Turn& a, const Turn& b) {
    const auto key = [this](const Turn& turn) {
      const Service& service = *turn.service;
      const bool is_settled = subject_.closed_through && service.day <= *subject_.closed_through;
      return std::tuple(turn.is_reserved, service.pinned_number.empty(), !is_settled,
                        service.authorization_number.empty(), service.day, service.start_at,
                        std::string_view(service.key));
    };
    return key(a) < key(b);
  });
  for (const Turn& turn : turns) draw_for(*turn.service, turn.is_reserved);
}

std::vector<Candidate> Allocator::find_candidates(const Service& service, bool& is_not_required) {
  std::vector<Candidate> candidates;
  const bool needs_exact_code = is_add_on(service.service_codes, policy_.rules);
  for (LineState& state : lines_) {
    const AuthorizationLine& line = *state.line;
    if (service.state == ServiceState::no_show && !is_drawn_by_no_show(service, line)) continue;
    const bool is_pinned = is_pinned_to(service, line);
    // Most lines of a long history are not of the day; why they fail is asked only for what stays uncovered.
    if (!is_pinned && !is_in(state.window, service.day)) continue;
    const bool is_linked = has_number(line, service.authorization_number);
    const MatchResult match = test_line(service, line, state.window, is_pinned, is_linked, policy_.rules);
    if (needs_exact_code && match.code.rank > 0) continue;
    if (match.failed != MatchTest::none) continue;
    if (line.is_usable) {
      candidates.push_back({&state, match, is_pinned, is_linked});
    } else {
      is_not_required = true;  // The only decision that passes without being usable.
    }
  }
  std::sort(candidates.begin(), candidates.end(), is_chosen_first);
  return candidates;
}

Nearest Allocator::find_nearest(const Service& service) const {
  Nearest nearest;
  const bool needs_exact_code = is_add_on(service.service_codes, policy_.rules);
  for (const LineState& state : lines_) {
    const bool is_linked = has_number(*state.line, service.authorization_number);
    const MatchResult match = test_line(service, *state.line, state.window, false, is_linked, policy_.rules);
    if (match.failed == MatchTest::none || (needs_exact_code && match.code.rank > 0)) continue;
    nearest.consider(*state.line, match);
  }
  return nearest;
}

// Returns how much of `needed` (in the service's measure) the line covers.
Quantity Allocator::draw_from(Candidate& candidate, const Service& service, Quantity needed, bool is_reserved,
                              Nearest& nearest, bool is_choice, bool is_per_diem) {
  LineState& state = *candidate.state;
  const AuthorizationLine& line = *state.line;
  const bool is_program_day = candidate.gives_program_day();
  const Quantity wanted =
      is_program_day ? Quantity::of_units(1) : convert_units(needed, service.measure, line.measure).value_or(needed);
  Quantity take = wanted;
  const auto limit = [&](Quantity available, MatchTest test, UncoveredReason reason) {
    if (take <= available) return;
    take = std::max(available, Quantity());
    nearest.consider(line, {test, reason, candidate.match.code, 0});
  };
  if (const std::optional<Quantity> remaining = state.remaining()) {
    limit(*remaining, MatchTest::units, UncoveredReason::exhausted);
  }
  if (line.amount && service.amount && take.is_positive() && line.currency == service.currency) {
    const Quantity most = most_payable(*line.amount - state.amount_used, service, line);
    limit(most, MatchTest::amount, UncoveredReason::amount_exhausted);
  }
  std::pair<int32_t, Quantity>* period = nullptr;
  if (line.rate_quantity && take.is_positive()) {
    const int32_t start = period_start(service.day, period_of(line.rate_period))->number;
    const auto found = std::find_if(state.drawn_by_period.begin(), state.drawn_by_period.end(),
                                    [start](const auto& drawn) { return drawn.first == start; });
    period = found != state.drawn_by_period.end() ? &*found : &state.drawn_by_period.emplace_back(start, Quantity());
    limit(*line.rate_quantity - period->second, MatchTest::rate, UncoveredReason::rate_exceeded);
  }
  if (!take.is_positive()) return {};
  if (line.amount) state.amount_used += cost_of(take, service, line);
  if (period != nullptr) period->second += take;
  (is_reserved ? state.reserved : state.used) += take;
  if (is_per_diem) state.per_diem_days.push_back(service.day);
  std::string why = candidate.is_pinned ? "pinned" : candidate.is_linked ? "explicit link" : candidate.match.code.rule;
  if (is_choice && !candidate.is_pinned && !candidate.is_linked) why += ", ends first";
  const Measure measure = line.measure == Measure::unknown ? service.measure : line.measure;
  allocation_.draws.push_back({line.book, service.key, take, measure, is_reserved, std::move(why)});
  if (take == wanted) return needed;
  // A part of a day covers that part of a component service, whatever it counts.
  if (is_program_day) return Quantity::of_milli(needed.milli() * take.milli() / wanted.milli());
  return convert_units(take, line.measure, service.measure).value_or(take);
}

void Allocator::note_link(const Service& service, Quantity needed, bool is_known, const Nearest& linked) {
  if (!needed.is_positive()) return;
  if (!is_known) {
    allocation_.conflicts.push_back({service.key, "names an authorization that no source knows"});
  } else if (linked.line != nullptr) {
    allocation_.conflicts.push_back(
        {service.key, "names authorization line " + linked.line->line +
                          ", which does not cover it: " + std::string(word_of(linked.result.reason))});
  }
}

void Allocator::leave_uncovered(const Service& service, Quantity left, bool is_reserved, const Nearest& nearest) {
  const std::string code = service.service_codes.empty() ? std::string() : service.service_codes.front();
  UncoveredService uncovered;
  uncovered.service_key = service.key;
  uncovered.code = code;
  uncovered.quantity = left;
  uncovered.measure = service.measure;
  uncovered.is_rendered = !is_reserved;
  if (nearest.result.reason != UncoveredReason::none) uncovered.reason = nearest.result.reason;
  if (nearest.line != nullptr) uncovered.nearest_book = nearest.line->book;
  if (service.amount) {
    uncovered.amount = part_of(*service.amount, left, service.quantity);
    uncovered.currency = service.currency;
  }
  allocation_.uncovered.push_back(std::move(uncovered));
}

std::optional<Quantity> Allocator::draw_from_all(std::vector<Candidate>& candidates, const Service& service,
                                                 Quantity wanted, bool is_reserved, Nearest& nearest,
                                                 std::optional<std::string_view>& group, Quantity& drawn_by_link) {
  Quantity needed = wanted;
  for (Candidate& candidate : candidates) {
    if (!needed.is_positive()) break;
    if (candidate.gives_program_day()) {
      group = candidate.match.code.day_program;
      if (per_diem_days_.is_counted(service, *group, is_reserved)) return std::nullopt;
    }
    const std::vector<Day>& days = candidate.state->per_diem_days;
    const bool counts_days = candidate.state->line->measure == Measure::day;
    if (group && counts_days && std::find(days.begin(), days.end(), service.day) != days.end()) return std::nullopt;
    const Quantity covered =
        draw_from(candidate, service, needed, is_reserved, nearest, candidates.size() > 1, group.has_value());
    needed -= covered;
    if (candidate.is_linked) drawn_by_link += covered;
  }
  if (group && needed < wanted) {
    for (std::string_view key : per_diem_days_.take_back_uncovered(service, *group)) {
      std::erase_if(allocation_.uncovered, [key](const UncoveredService& other) { return other.service_key == key; });
    }
    per_diem_days_.add_drawn(service, *group, is_reserved);
  }
  return needed;
}

// What an explicit link did not cover, and why.
void Allocator::note_links(const Service& service, Quantity left) {
  if (service.authorization_number.empty() || service.state == ServiceState::no_show) return;
  if (!service.pinned_number.empty()) return;
  bool is_known = false;
  Nearest linked;
  for (const LineState& state : lines_) {
    if (!has_number(*state.line, service.authorization_number)) continue;
    is_known = true;
    MatchResult match = test_line(service, *state.line, state.window, false, true, policy_.rules);
    if (match.failed == MatchTest::none) match.reason = UncoveredReason::exhausted;
    linked.consider(*state.line, match);
  }
  note_link(service, left, is_known, linked);
}

void Allocator::draw_for(const Service& service, bool is_reserved) {
  if (!service.quantity.is_positive()) return;
  Nearest nearest;
  bool is_not_required = false;
  const UncoveredReason refusal = refused_because(service);
  std::vector<Candidate> candidates;
  if (refusal == UncoveredReason::none) candidates = find_candidates(service, is_not_required);
  const std::string rule_payer = rule_payer_of(service, subject_);
  const Occasion occasion = occasion_of(service, rule_payer);
  const CodeRule* rule = leading_code_rule(service.service_codes, policy_.rules, occasion);
  std::optional<std::string_view> group;
  if (rule != nullptr && rule->once_per_day) group = per_diem_group(service.service_codes, policy_.rules);
  if (group && per_diem_days_.is_counted(service, *group, is_reserved)) return;

  const std::string_view per_diem = group.value_or(std::string_view());
  const bool is_asked = refusal == UncoveredReason::none;
  const Quantity allowed = is_asked ? benefits_.allowed(service, rule_payer, per_diem) : service.quantity;
  Quantity drawn_by_link;
  const std::optional<Quantity> needed =
      draw_from_all(candidates, service, allowed, is_reserved, nearest, group, drawn_by_link);
  note_links(service, service.quantity - drawn_by_link);
  if (!needed) return;
  const bool needs_none = is_asked && (is_not_required || !payer_setting(policy_.rules, occasion,
                                                                         &PayerRule::authorization_required, true));
  const bool is_free = needs_none && service.state != ServiceState::no_show;
  const Quantity covered = is_free ? allowed : allowed - *needed;
  benefits_.take(service, rule_payer, per_diem, covered, is_reserved);

  const Quantity left = service.quantity - covered;
  if (!left.is_positive() || service.state == ServiceState::no_show) return;
  if (allowed < service.quantity && (is_free || !candidates.empty())) {
    nearest.result.reason = UncoveredReason::benefit_exhausted;
    if (!candidates.empty()) nearest.line = candidates.front().state->line;
  } else {
    if (nearest.line == nullptr) nearest = find_nearest(service);  // No line ran out: none was a candidate.
    if (is_add_on(service.service_codes, policy_.rules) &&
        (nearest.line == nullptr || nearest.result.failed <= MatchTest::code)) {
      return;  // Nobody authorizes an add-on on its own.
    }
    if (!is_asked) nearest.result.reason = refusal;
  }
  if (group && left == service.quantity) {
    if (per_diem_days_.is_uncovered(service, *group)) return;
    per_diem_days_.add_uncovered(service, *group, is_reserved);
  }
  leave_uncovered(service, left, is_reserved, nearest);
}

LineBalance Allocator::balance_of(const LineState& state) const {
  LineBalance balance;
  balance.reserved = state.reserved;
  balance.used = state.used;
  if (state.line->amount) balance.amount_used = state.amount_used;
  const std::optional<Quantity> remaining = state.remaining();
  if (!remaining) return balance;
  const bool is_over = state.window.last_day && today_ > *state.window.last_day;
  balance.approved = state.line->approved;
  balance.available = is_over ? Quantity() : *remaining;
  balance.lapsed = is_over ? *remaining : Quantity();
  return balance;
}

Allocation Allocator::finish() {
  allocation_.benefits = benefits_.balances();
  for (const LineState& state : lines_) allocation_.balances.emplace(state.line->book, balance_of(state));
  std::sort(allocation_.draws.begin(), allocation_.draws.end(), [](const Draw& a, const Draw& b) {
    return std::tie(a.book, a.service_key) < std::tie(b.book, b.service_key);
  });
  std::sort(allocation_.uncovered.begin(), allocation_.uncovered.end(),
            [](const UncoveredService& a, const UncoveredService& b) { return a.service_key < b.service_key; });
  std::sort(allocation_.conflicts.begin(), allocation_.conflicts.end(), [](const Conflict& a, const Conflict& b) {
    return std::tie(a.book, a.message) < std::tie(b.book, b.message);
  });
  allocation_.changes_on = next_change(subject_, policy_, today_);
  return std::move(allocation_);
}

}  // namespace

Allocation allocate(const Consolidated& subject, const Policy& policy, Day today) {
  Allocator allocator(subject, policy, today);
  allocator.draw_all();
  return allocator.finish();
}

CoverageAnswer check_coverage(const Consolidated& subject, const Policy& policy, Day today,
                              const CoverageQuestion& question) {
  Service asked;
  asked.key = "check";
  asked.day = question.day;
  asked.service_codes = {normalize_code(question.code)};
  asked.provider = question.provider;
  asked.place = question.place;
  asked.modifiers = question.modifiers;
  asked.diagnosis_codes = question.diagnosis_codes;
  const std::string rule_payer = rule_payer_of(asked, subject);
  const Occasion occasion = occasion_of(asked, rule_payer);
  const UnitCount count =
      count_units(asked.service_codes, question.units, Measure::unknown, std::nullopt, policy.rules, occasion);
  asked.quantity = count.quantity;
  asked.measure = count.measure;

  Allocator allocator(subject, policy, today);
  allocator.draw_all();
  const size_t draws_before = allocator.so_far().draws.size();
  allocator.forget_uncovered_days();  // That a day is uncovered already is no yes.
  allocator.draw_for(asked, true);
  CoverageAnswer answer;
  const Allocation& result = allocator.so_far();
  answer.draws.assign(result.draws.begin() + static_cast<std::ptrdiff_t>(draws_before), result.draws.end());
  answer.is_covered = result.uncovered.empty() || result.uncovered.back().service_key != asked.key;
  if (!answer.is_covered) {
    answer.reason = result.uncovered.back().reason;
    answer.uncovered = result.uncovered.back().quantity;
    answer.nearest_book = result.uncovered.back().nearest_book;
  }
  return answer;
}

}  // namespace authledger
