#include "tests/ledger/oracle_allocate.h"

#include <algorithm>
#include <set>

#include "tests/ledger/oracle_benefits.h"
#include "tests/ledger/oracle_match.h"

namespace authledger {
namespace {

// Rule 1. Output days are the authorization's own; these decide.
struct OracleWindow {
  std::optional<Day> first, own_last, coverage_last, last;
};

bool is_over(const CoverageSpan& span, Day today) {
  if (!span.last_day) return false;
  return span.status == "cancelled" || *span.last_day < today;
}

OracleWindow window_of_line(const AuthorizationLine& line, const Consolidated& subject, Day today) {
  OracleWindow window{line.first_day, line.last_day, std::nullopt, std::nullopt};
  bool is_covered = false;
  for (const CoverageSpan& span : subject.coverages) {
    if (span.status == "entered-in-error" || span.status == "draft") continue;
    if (line.payer.empty() || span.payer != line.payer) continue;
    if (!line.member_id.empty() && !span.member_id.empty() && span.member_id != line.member_id) continue;
    if (span.status == "cancelled" && !span.last_day) continue;  // Over, but nobody says since when.
    if (is_over(span, today)) {
      if (!window.coverage_last || *window.coverage_last < *span.last_day) window.coverage_last = span.last_day;
    } else {
      is_covered = true;
    }
  }
  if (is_covered) window.coverage_last = std::nullopt;
  for (const std::optional<Day>& end : {line.last_day, line.usable_through, window.coverage_last}) {
    if (end && (!window.last || *end < *window.last)) window.last = end;
  }
  return window;
}

// What a service does today. Source: rule 2.
enum class Role { nothing, uses, reserves };

Role role_of(const Service& service, const std::string& rule_payer, const Rules& rules, Day today) {
  const int grace =
      oracle_setting(rules, service, rule_payer, &PayerRule::reservation_grace_days, rules.reservation_grace_days);
  const bool is_in_grace = today <= service.day + grace;
  // Fulfilled or begun without a visit: appointments lead no service that has another record.
  const bool is_appointment = service.sources.front().resource.starts_with("Appointment/");
  switch (service.state) {
    case ServiceState::voided:
      return Role::nothing;
    case ServiceState::no_show:
      return Role::uses;  // Of lines whose payer counts it; see `judge`.
    case ServiceState::in_progress:
      return is_appointment && !is_in_grace ? Role::nothing : Role::reserves;
    case ServiceState::planned:
      return is_in_grace ? Role::reserves : Role::nothing;
    case ServiceState::rendered:
      return !is_appointment ? Role::uses : is_in_grace ? Role::reserves : Role::nothing;
  }
  return Role::nothing;
}

// The tests of rule 5, in its order; diagnosis, where a payer's rule asks for it, stands beside the place.
enum class Stage {
  payer,
  code,
  modifier,
  provider,
  place,
  diagnosis,
  measure,
  decision,
  days,
  units,
  amount,
  rate,
  passed
};

struct Verdict {
  Stage failed = Stage::passed;
  UncoveredReason reason = UncoveredReason::none;
  int days_apart = 0;
  OracleCodeMatch code;
  bool needs_none = false;  // A not_required line that agrees in everything.
};

class OracleRun {
 public:
  OracleRun(const Consolidated& subject, const Rules& rules, Day today)
      : subject_(subject), rules_(rules), today_(today) {}

  OracleAllocation run() {
    std::vector<const Service*> rendered, booked;
    for (const Service& service : subject_.services) {
      const Role role = role_of(service, rule_payer_of_service(service), rules_, today_);
      if (role == Role::uses) rendered.push_back(&service);
      if (role == Role::reserves) booked.push_back(&service);
    }
    for (std::vector<const Service*>* group : {&rendered, &booked}) {
      std::sort(group->begin(), group->end(), [this](const Service* a, const Service* b) { return is_before(*a, *b); });
      for (const Service* service : *group) serve(*service, group == &booked);
    }
    for (const AuthorizationLine& line : subject_.lines) balance(line);
    answer_.benefits = benefits_.taken();
    return std::move(answer_);
  }

 private:
  // The payer whose rules apply to a service that does not name one: the only payer that the patient has lines with.
  std::string rule_payer_of_service(const Service& service) const {
    if (!service.payer.empty()) return service.payer;
    std::set<std::string> payers;
    for (const AuthorizationLine& line : subject_.lines) {
      if (!line.payer.empty()) payers.insert(line.payer);
    }
    return payers.size() == 1 ? *payers.begin() : std::string();
  }

  static bool is_pinned_to(const Service& service, const AuthorizationLine& line) {
    return line.is_usable && !service.pinned_number.empty() && bears(line, service.pinned_number) &&
           (service.pinned_line.empty() || service.pinned_line == line.line);
  }
  static bool is_linked_to(const Service& service, const AuthorizationLine& line) {
    return !service.authorization_number.empty() && bears(line, service.authorization_number);
  }
  static bool bears(const AuthorizationLine& line, const std::string& number) {
    return line.authorization_number == number ||
           std::find(line.numbers.begin(), line.numbers.end(), number) != line.numbers.end();
  }

  // Rule 2: pinned, then explicitly linked, then by start, then by key. A closed period pins what lies in it, after the
  // pins that name a line.
  bool is_before(const Service& a, const Service& b) const {
    auto rank = [this](const Service& service) {
      const bool is_settled = subject_.closed_through && service.day <= *subject_.closed_through;
      const int after_pins = is_settled ? 0 : 2;
      return std::pair(service.pinned_number.empty(), after_pins + (service.authorization_number.empty() ? 1 : 0));
    };
    if (rank(a) != rank(b)) return rank(a) < rank(b);
    if (a.day != b.day) return a.day < b.day;
    if (a.start_at != b.start_at) return a.start_at < b.start_at;  // One that knows its day only comes first.
    return a.key < b.key;
  }

  // Every test but units and rate.
  Verdict judge(const Service& service, const AuthorizationLine& line) const {
    auto fail = [](Stage stage, UncoveredReason reason, int days = 0) {
      return Verdict{stage, reason, days, {}, false};
    };
    if (is_pinned_to(service, line)) return {};
    if (!service.payer.empty() && !line.payer.empty() && service.payer != line.payer) {
      return fail(Stage::payer, UncoveredReason::payer_mismatch);
    }
    // The payer of the line has given such services to another one.
    if (oracle_setting(rules_, service, line.payer, &PayerRule::carved_out_to, line.payer) != line.payer) {
      return fail(Stage::payer, UncoveredReason::payer_mismatch);
    }
    if (!oracle_same_member(service.member, line.member_id))
      return fail(Stage::payer, UncoveredReason::member_mismatch);
    std::optional<OracleCodeMatch> code = oracle_code_match(line, service, rules_);
    // Where one of the two names no code at all, the number that the service names says enough.
    const bool is_silent = line.service_codes.empty() || service.service_codes.empty();
    if (!code && is_silent && is_linked_to(service, line)) code = OracleCodeMatch{};
    if (code && code->rank > 0 && oracle_is_add_on(service, rules_)) code = std::nullopt;
    if (!code) return fail(Stage::code, UncoveredReason::code_mismatch);
    auto asks = [&](std::optional<bool> PayerRule::*setting, bool fallback) {
      return oracle_setting(rules_, service, line.payer, setting, fallback);
    };
    if (asks(&PayerRule::match_modifiers, false) && !oracle_has_modifiers(service, line, rules_)) {
      return fail(Stage::modifier, UncoveredReason::modifier_mismatch);
    }
    if (asks(&PayerRule::match_provider, true) && !oracle_same_party(service.provider, line.provider)) {
      return fail(Stage::provider, UncoveredReason::provider_mismatch);
    }
    const UncoveredReason of_place = oracle_place_reason(service, line, rules_);
    if (asks(&PayerRule::match_place, true) && of_place != UncoveredReason::none) return fail(Stage::place, of_place);
    const DiagnosisMatch diagnosis =
        oracle_setting(rules_, service, line.payer, &PayerRule::match_diagnosis, DiagnosisMatch::refuse);
    if (diagnosis == DiagnosisMatch::refuse && !oracle_same_diagnosis(service, line)) {
      return fail(Stage::diagnosis, UncoveredReason::diagnosis_mismatch);
    }
    if (!code->is_program_day && !oracle_convert(Quantity::of_units(1), service.measure, line.measure)) {
      return fail(Stage::measure, UncoveredReason::measure_mismatch);
    }
    if (line.decision != Decision::not_required && !is_usable_on(line, service.day)) {
      return fail(Stage::decision, line.decision == Decision::denied      ? UncoveredReason::denied
                                   : line.decision == Decision::cancelled ? UncoveredReason::cancelled
                                                                          : UncoveredReason::pended);
    }
    const OracleWindow window = window_of_line(line, subject_, today_);
    if (window.first && service.day < *window.first) {
      return fail(Stage::days, UncoveredReason::not_started, *window.first - service.day);
    }
    if (window.last && service.day > *window.last) {
      const bool is_past_own = window.own_last && service.day > *window.own_last;
      return fail(Stage::days, is_past_own ? UncoveredReason::expired : UncoveredReason::coverage_ended,
                  service.day - *window.last);
    }
    Verdict verdict;
    verdict.code = *code;
    verdict.needs_none = line.decision == Decision::not_required;
    return verdict;
  }

  static bool is_usable_on(const AuthorizationLine& line, Day day) {
    switch (line.decision) {
      case Decision::approved:
      case Decision::approved_in_part:
      case Decision::approved_modified:
        return true;
      case Decision::cancelled:
        return line.usable_through && day <= *line.usable_through;
      default:
        return false;
    }
  }

  Quantity taken_from(const AuthorizationLine& line) const {
    Quantity sum;
    for (const auto& [names, draw] : answer_.draws) {
      if (names.first == line.book) sum += draw.quantity;
    }
    return sum;
  }
  std::optional<Quantity> left_of(const AuthorizationLine& line) const {
    if (!line.approved) return std::nullopt;
    return *line.approved - taken_from(line);
  }
  // What the rate leaves in the period that the day lies in.
  std::optional<Quantity> rate_left(const AuthorizationLine& line, Day day) const {
    if (!line.rate_quantity || line.rate_period.empty()) return std::nullopt;
    Quantity left = *line.rate_quantity;
    for (const Service& service : subject_.services) {
      auto found = answer_.draws.find({line.book, service.key});
      if (found != answer_.draws.end() && oracle_same_period(service.day, day, line.rate_period)) {
        left -= found->second.quantity;
      }
    }
    return left;
  }

  // What is left of the line's money, and how many whole units of the service it pays for.
  std::optional<Quantity> payable_from(const AuthorizationLine& line, const Service& service) const {
    if (!line.amount || !service.amount || line.currency != service.currency) return std::nullopt;
    int64_t money = line.amount->milli();
    for (const Service& other : subject_.services) {
      auto found = answer_.draws.find({line.book, other.key});
      if (found == answer_.draws.end() || !other.amount || other.currency != line.currency) continue;
      money -= other.amount->milli() * found->second.quantity.milli() / units_of(other, line);
    }
    const int64_t price = service.amount->milli(), units = units_of(service, line);
    if (price <= 0 || price <= money) return Quantity::of_milli(units);
    if (money <= 0) return Quantity();
    return Quantity::of_units(units * money / price / 1000);
  }
  static int64_t units_of(const Service& service, const AuthorizationLine& line) {
    return oracle_convert(service.quantity, service.measure, line.measure).value_or(Quantity::of_units(1)).milli();
  }

  // Rule 4, after pins and links.
  std::vector<const AuthorizationLine*> lines_to_draw(const Service& service) const {
    std::vector<const AuthorizationLine*> lines;
    for (const AuthorizationLine& line : subject_.lines) {
      const Verdict verdict = judge(service, line);
      const bool is_counted = service.state != ServiceState::no_show ||
                              oracle_setting(rules_, service, line.payer, &PayerRule::no_show_draws, false);
      if (is_counted && verdict.failed == Stage::passed && !verdict.needs_none) lines.push_back(&line);
    }
    auto is_better = [&](const AuthorizationLine* a, const AuthorizationLine* b) {
      auto preference = [&](const AuthorizationLine& line) {
        return std::pair(!is_pinned_to(service, line), !is_linked_to(service, line));
      };
      if (preference(*a) != preference(*b)) return preference(*a) < preference(*b);
      const int rank_a = judge(service, *a).code.rank, rank_b = judge(service, *b).code.rank;
      if (rank_a != rank_b) return rank_a < rank_b;
      const auto end_a = window_of_line(*a, subject_, today_).last, end_b = window_of_line(*b, subject_, today_).last;
      if (end_a != end_b) return end_a && (!end_b || *end_a < *end_b);
      const auto left_a = left_of(*a), left_b = left_of(*b);
      if (left_a != left_b) return left_a && (!left_b || *left_a < *left_b);
      if (a->authorization_number != b->authorization_number) return a->authorization_number < b->authorization_number;
      return a->book < b->book;
    };
    std::sort(lines.begin(), lines.end(), is_better);
    return lines;
  }

  bool needs_none(const Service& service) const {
    if (!oracle_setting(rules_, service, rule_payer_of_service(service), &PayerRule::authorization_required, true))
      return true;
    return std::any_of(subject_.lines.begin(), subject_.lines.end(),
                       [&](const AuthorizationLine& line) { return judge(service, line).needs_none; });
  }

  // One day of a per diem: of a program, or of a code outside of one.
  struct CountedDay {
    Day day;
    std::string group, payer, service_key;
    bool is_reserved = false, is_drawn = false;
  };
  bool is_same_day(const CountedDay& counted, const Service& service, const std::string& group) const {
    const bool is_of_payer = counted.payer.empty() || service.payer.empty() || counted.payer == service.payer;
    return counted.day == service.day && counted.group == group && is_of_payer;
  }
  // Once it has drawn, or was rendered and is uncovered while this one is only booked.
  bool is_day_counted(const Service& service, const std::string& group, bool is_reserved) const {
    return std::any_of(counted_days_.begin(), counted_days_.end(), [&](const CountedDay& counted) {
      return is_same_day(counted, service, group) && (counted.is_drawn || (is_reserved && !counted.is_reserved));
    });
  }
  // Whether a line that counts days has given the day to another service.
  bool is_day_taken(const Service& service, const AuthorizationLine& line) const {
    if (line.measure != Measure::day) return false;
    return std::any_of(subject_.services.begin(), subject_.services.end(), [&](const Service& other) {
      return other.day == service.day && other.key != service.key && per_diem_draws_.contains({line.book, other.key});
    });
  }

  void serve(const Service& service, bool is_reserved) {
    std::optional<std::string> group;
    if (oracle_counts_once_a_day(service, rule_payer_of_service(service), rules_))
      group = oracle_day_program(service.service_codes, rules_);
    if (!service.quantity.is_positive()) return;
    if (group && is_day_counted(service, *group, is_reserved)) return;

    const std::string payer = rule_payer_of_service(service);
    const std::string day_group = group.value_or("");
    bool has_drawn = false;
    const UncoveredReason refusal = refusal_of_service(service);
    const bool is_refused = refusal != UncoveredReason::none;
    const Quantity payable = is_refused ? service.quantity : benefits_.payable(service, payer, day_group);
    Quantity open = payable;
    const std::vector<const AuthorizationLine*> lines =
        is_refused ? std::vector<const AuthorizationLine*>() : lines_to_draw(service);
    for (const AuthorizationLine* line : lines) {
      if (!open.is_positive()) break;
      const OracleCodeMatch code = judge(service, *line).code;
      if (code.is_program_day) {
        group = code.program;
        if (is_day_counted(service, *group, is_reserved)) return;
      }
      if (group && is_day_taken(service, *line)) return;
      // Whatever a component service counts, the line gives one day for it.
      const Quantity wanted = code.is_program_day ? Quantity::of_units(1)
                                                  : oracle_convert(open, service.measure, line->measure).value_or(open);
      Quantity take = wanted;
      if (auto left = left_of(*line)) take = std::min(take, *left);
      if (auto left = payable_from(*line, service)) take = std::min(take, *left);
      if (auto left = rate_left(*line, service.day)) take = std::min(take, *left);
      if (!take.is_positive()) continue;
      has_drawn = true;
      answer_.draws[{line->book, service.key}] = {take, is_reserved};
      if (group) per_diem_draws_.insert({line->book, service.key});
      if (take == wanted) {
        open = Quantity();
        break;
      }
      open -= code.is_program_day ? Quantity::of_milli(open.milli() * take.milli() / wanted.milli())
                                  : oracle_convert(take, line->measure, service.measure).value_or(take);
    }
    if (group && has_drawn) take_back_uncovered(service, *group);
    const bool is_free = !is_refused && service.state != ServiceState::no_show && needs_none(service);
    const Quantity paid = is_free ? payable : payable - open;
    benefits_.take(service, payer, day_group, paid);
    const Quantity left = service.quantity - paid;
    const bool is_cut = payable < service.quantity && (is_free || !lines.empty());
    if (service.state != ServiceState::no_show && left.is_positive() && (is_cut || is_wanted(service))) {
      const bool is_whole = left == service.quantity;
      const bool is_known =
          group && is_whole && std::any_of(counted_days_.begin(), counted_days_.end(), [&](const CountedDay& counted) {
            return is_same_day(counted, service, *group);
          });
      if (is_known) return;
      answer_.uncovered[service.key] = {left, is_refused ? refusal
                                              : is_cut   ? UncoveredReason::benefit_exhausted
                                                         : reason_of(service)};
      if (group && (is_whole || has_drawn)) {
        counted_days_.push_back({service.day, *group, service.payer, service.key, is_reserved, has_drawn});
      }
    } else if (group && has_drawn) {
      counted_days_.push_back({service.day, *group, service.payer, service.key, is_reserved, true});
    }
  }

  // What the payer does not cover at all draws nothing, unless a person or a bill has settled it, or it did not happen.
  UncoveredReason refusal_of_service(const Service& service) const {
    const bool is_settled = std::any_of(subject_.lines.begin(), subject_.lines.end(),
                                        [&](const AuthorizationLine& line) { return is_pinned_to(service, line); });
    if (is_settled || service.state == ServiceState::no_show) return UncoveredReason::none;
    return oracle_refusal(service, rule_payer_of_service(service), rules_);
  }

  // The day is covered after all.
  void take_back_uncovered(const Service& service, const std::string& group) {
    for (const CountedDay& counted : counted_days_) {
      if (is_same_day(counted, service, group) && !counted.is_drawn) answer_.uncovered.erase(counted.service_key);
    }
    std::erase_if(counted_days_,
                  [&](const CountedDay& counted) { return is_same_day(counted, service, group) && !counted.is_drawn; });
  }

  // Nobody authorizes an add-on on its own, unless some line of the payer lists it.
  bool is_wanted(const Service& service) const {
    if (!oracle_is_add_on(service, rules_)) return true;
    return std::any_of(subject_.lines.begin(), subject_.lines.end(),
                       [&](const AuthorizationLine& line) { return judge(service, line).failed > Stage::code; });
  }

  // Which limit of the line stopped a service that it covers only in part, or not at all.
  Verdict least_limit(const Service& service, const AuthorizationLine& line) const {
    OracleRun before(*this);
    before.answer_.draws.erase({line.book, service.key});
    std::optional<Quantity> least;
    Verdict verdict;
    const auto consider = [&](std::optional<Quantity> allows, Stage stage, UncoveredReason reason) {
      if (!allows || (least && *least <= std::max(*allows, Quantity()))) return;
      least = std::max(*allows, Quantity());
      verdict.failed = stage;
      verdict.reason = reason;
    };
    consider(before.left_of(line), Stage::units, UncoveredReason::exhausted);
    consider(before.payable_from(line, service), Stage::amount, UncoveredReason::amount_exhausted);
    consider(before.rate_left(line, service.day), Stage::rate, UncoveredReason::rate_exceeded);
    return verdict;
  }

  // Rule 5.
  UncoveredReason reason_of(const Service& service) const {
    std::optional<Verdict> nearest;
    for (const AuthorizationLine& line : subject_.lines) {
      Verdict verdict = judge(service, line);
      if (verdict.failed == Stage::passed) {
        const Verdict limit = least_limit(service, line);
        verdict.failed = limit.failed;
        verdict.reason = limit.reason;
      }
      auto key = [](const Verdict& one) {
        return std::tuple(-static_cast<int>(one.failed), one.days_apart, one.reason);
      };
      if (!nearest || key(verdict) < key(*nearest)) nearest = verdict;
    }
    return nearest ? nearest->reason : UncoveredReason::no_authorization;
  }

  // Rule 6.
  void balance(const AuthorizationLine& line) {
    OracleBalance& balance = answer_.balances[line.book];
    for (const auto& [names, draw] : answer_.draws) {
      if (names.first == line.book) (draw.is_reserved ? balance.reserved : balance.used) += draw.quantity;
    }
    if (!line.approved) return;
    const Quantity unused = *line.approved - balance.reserved - balance.used;
    const auto last = window_of_line(line, subject_, today_).last;
    const bool is_over = last && today_ > *last;
    balance.approved = line.approved;
    balance.lapsed = is_over ? unused : Quantity();
    balance.available = is_over ? Quantity() : unused;
  }

  const Consolidated& subject_;
  const Rules& rules_;
  Day today_;
  OracleAllocation answer_;
  OracleBenefits benefits_{rules_};
  std::vector<CountedDay> counted_days_;
  std::set<std::pair<std::string, std::string>> per_diem_draws_;  // (Book, service key).
};

}  // namespace

OracleAllocation oracle_allocate(const Consolidated& subject, const Rules& rules, Day today) {
  return OracleRun(subject, rules, today).run();
}

}  // namespace authledger
