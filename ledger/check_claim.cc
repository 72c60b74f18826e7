#include "ledger/check_claim.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "ledger/candidates.h"
#include "ledger/match.h"
#include "ledger/payer_rules.h"
#include "ledger/reckon.h"
#include "ledger/units.h"

namespace authledger {
namespace {

std::string span_of_days(const AuthorizationLine& line) {
  const auto text = [](const std::optional<Day>& day) { return day ? format_day(*day) : std::string("open"); };
  return text(line.first_day) + " to " + text(line.last_day);
}

bool is_billing(const Provenance& source) {
  return source.resource.starts_with("Claim/") || source.resource.starts_with("ExplanationOfBenefit/");
}

bool has_source(const Service& service, const Provenance& wanted) {
  return std::any_of(service.sources.begin(), service.sources.end(), [&wanted](const Provenance& source) {
    return source.source == wanted.source && source.resource == wanted.resource;
  });
}

// What to do about a reason; `line` is the one that comes nearest, and may be null.
std::string fix_of(UncoveredReason reason, const Service& service, const AuthorizationLine* line) {
  const std::string number = line == nullptr || line->authorization_number.empty() ? std::string("the authorization")
                                                                                   : line->authorization_number;
  switch (reason) {
    case UncoveredReason::none:
    case UncoveredReason::no_authorization:
      return "ask the payer for an authorization, retroactively where its window is still open; hold the item until "
             "then";
    case UncoveredReason::payer_mismatch:
      return fmt::format("bill the payer that {} is from, or find this payer's authorization", number);
    case UncoveredReason::member_mismatch:
      return fmt::format("{} is for another member of the plan: cite the authorization of this one", number);
    case UncoveredReason::code_mismatch:
      return fmt::format(
          "{} authorizes {}: correct the code if another was delivered; else ask the payer to add it, or appeal as a "
          "lower code of the same family; the codes are not exchanged here",
          number, line == nullptr ? "another code" : join(line->service_codes, ", "));
    case UncoveredReason::modifier_mismatch:
      return fmt::format("add the modifiers of {}: {}", number, line == nullptr ? "" : join(line->modifiers, ", "));
    case UncoveredReason::provider_mismatch:
      return fmt::format("bill under the provider of {}, or ask the payer to add the one who served", number);
    case UncoveredReason::place_mismatch:
      return fmt::format("correct the place of service: {} is for place {}", number,
                         line == nullptr || line->place.empty() ? "of telehealth" : line->place);
    case UncoveredReason::telehealth_not_covered:
      return "telehealth is not covered here: correct place and modifier if the visit was in person, else appeal";
    case UncoveredReason::diagnosis_mismatch:
      return fmt::format("bill a diagnosis of {} ({}), or ask the payer to add this one", number,
                         line == nullptr ? "" : join(line->diagnosis_codes, ", "));
    case UncoveredReason::measure_mismatch:
      return fmt::format("bill in the unit of {}: {}", number,
                         line == nullptr ? std::string_view("unknown") : word_of(line->measure));
    case UncoveredReason::pended:
      return "hold the item until the payer decides";
    case UncoveredReason::denied:
      return "appeal the denial first, or bill the patient as the contract allows";
    case UncoveredReason::cancelled:
      return fmt::format("{} was cancelled: ask the payer which authorization stands in its place", number);
    case UncoveredReason::not_started:
    case UncoveredReason::expired:
      return fmt::format(
          "{} runs from {}: correct the day, cite the authorization of that day, or ask for an extension", number,
          line == nullptr ? "other days" : span_of_days(*line));
    case UncoveredReason::coverage_ended:
      return "the coverage had ended: find the one that was in force on that day";
    case UncoveredReason::exhausted:
      return fmt::format("the units of {} are used: ask for more, retroactively, or bill the units that are left",
                         number);
    case UncoveredReason::rate_exceeded:
      return fmt::format("more than {} allows in the period: bill what it allows, or ask the payer for an exception",
                         number);
    case UncoveredReason::benefit_exhausted:
      return "the plan's own limit is reached: ask for an exception, or bill the patient as the contract allows";
    case UncoveredReason::amount_exhausted:
      return fmt::format("the amount of {} is used: ask the payer to raise it", number);
    case UncoveredReason::credentialing:
      return fmt::format("{} is not enrolled with the payer on that day: clear the enrollment, then bill",
                         service.provider);
    case UncoveredReason::provider_type_excluded:
      return "the payer does not pay this type of provider: bill under a supervising provider if its rules allow";
  }
  return {};
}

class ClaimCheck {
 public:
  ClaimCheck(std::span<const Fact> history, std::span<const Fact> claim, const Policy& policy, Day today)
      : policy_(policy), today_(today) {
    std::vector<Fact> known;
    for (const Fact& fact : history) {
      const bool is_this_claim = !claim.empty() && fact.resource == claim.front().resource;
      if (!is_this_claim) known.push_back(fact);
    }
    before_ = reckon(known, policy, today);
    int64_t seq = 0;
    for (const Fact& fact : known) seq = std::max(seq, fact.fact_seq);
    for (const Fact& fact : claim) {
      known.push_back(fact);
      known.back().fact_seq = ++seq;
      seqs_.push_back(seq);
    }
    with_ = reckon(known, policy, today);
  }

  ClaimItemAnswer check(const Fact& fact, size_t index) const {
    const ServiceFact& says = std::get<ServiceFact>(fact.body);
    ClaimItemAnswer answer;
    answer.item = fact.resource + "#" + fact.fact_key.substr(fact.fact_key.rfind('/') + 1);
    if (!says.service_codes.empty()) answer.code = says.service_codes.front();
    answer.day = says.day;
    const Service* service = service_of(fact, seqs_[index]);
    if (service == nullptr || service->state == ServiceState::voided) return answer;  // Asks for nothing.
    answer.measure = service->measure;
    answer.billed = service->quantity;
    check_delivery(*service, says, answer);
    const AuthorizationLine* line = check_number(*service, answer);
    check_line(*service, line, answer);
    return answer;
  }

 private:
  const Service* service_of(const Fact& fact, int64_t seq) const {
    const Service* found = nullptr;
    for (const Service& service : with_.subject.services) {
      for (const Provenance& source : service.sources) {
        if (source.source != fact.source || source.resource != fact.resource) continue;
        if (source.fact_seq == seq) return &service;
        found = found == nullptr ? &service : found;
      }
    }
    return found;
  }

  static void add(ClaimItemAnswer& answer, std::string_view code, std::string fix) {
    for (const ClaimMismatch& known : answer.mismatches) {
      if (known.code == code) return;
    }
    answer.mismatches.push_back({std::string(code), std::move(fix)});
  }

  // The visit as it stands without the claim.
  void check_delivery(const Service& service, const ServiceFact& says, ClaimItemAnswer& answer) const {
    const Service* visit = nullptr;
    for (const Provenance& source : service.sources) {
      for (const Service& other : before_.subject.services) {
        if (visit == nullptr && has_source(other, source)) visit = &other;
      }
    }
    if (visit != nullptr) {
      for (const Provenance& source : visit->sources) {
        answer.delivered_by.push_back(source.source + ":" + source.resource);
      }
    }
    const bool is_rendered = visit != nullptr && visit->state == ServiceState::rendered;
    if (visit == nullptr || !is_rendered) {
      const bool is_billed_already = visit == nullptr && is_billed_on(service);
      if (is_billed_already) {
        add(answer, "billed_twice", "another claim bills this visit already: withdraw one of them");
      } else {
        add(answer, "not_delivered",
            visit == nullptr ? "no visit with this code is on record for that day: complete its record, or take the "
                               "item off the claim"
                             : fmt::format("the visit is {}, not rendered: complete its record, or take the item off",
                                           word_of(visit->state)));
      }
      return;
    }
    if (is_billing(visit->sources.front())) {
      add(answer, "billed_twice",
          fmt::format("{} bills this visit already: withdraw one of them", visit->sources.front().resource));
    }
    if (visit->day != says.day) {
      add(answer, "day_mismatch", fmt::format("the visit was on {}: correct the day", format_day(visit->day)));
    }
    const std::optional<Quantity> delivered = convert_units(visit->quantity, visit->measure, service.measure);
    answer.delivered = delivered.value_or(visit->quantity);
    if (delivered && *delivered < service.quantity) {
      add(answer, "billed_gt_delivered",
          fmt::format("bill {}, or correct the visit's record", format_quantity(*delivered)));
    }
  }

  bool is_billed_on(const Service& service) const {
    return std::any_of(before_.subject.services.begin(), before_.subject.services.end(), [&](const Service& other) {
      return other.day == service.day && other.state == ServiceState::rendered && !other.sources.empty() &&
             is_billing(other.sources.front()) && have_common_code(other.service_codes, service.service_codes);
    });
  }

  const AuthorizationLine* line_of(const std::string& book) const {
    for (const AuthorizationLine& line : with_.subject.lines) {
      if (line.book == book) return &line;
    }
    return nullptr;
  }

  std::vector<UncoveredReason> failures(const Service& service, const AuthorizationLine& line) const {
    return failed_tests(service, line, effective_window(line, with_.subject, today_), policy_.rules);
  }

  // The line that the item is held against: the best one of the number cited, else the one that covers it, else the one
  // that came nearest; null where there is none.
  const AuthorizationLine* check_number(const Service& service, ClaimItemAnswer& answer) const {
    const AuthorizationLine *covering = nullptr, *cited = nullptr, *nearest = nullptr;
    for (const Draw& draw : with_.allocation.draws) {
      if (draw.service_key != service.key) continue;
      const AuthorizationLine* line = line_of(draw.book);
      if (covering == nullptr) covering = line;
      if (line != nullptr)
        answer.authorized += convert_units(draw.quantity, draw.measure, service.measure).value_or(draw.quantity);
    }
    for (const UncoveredService& uncovered : with_.allocation.uncovered) {
      if (uncovered.service_key == service.key) nearest = line_of(uncovered.nearest_book);
    }
    size_t fewest = SIZE_MAX;
    for (const AuthorizationLine& line : with_.subject.lines) {
      if (!has_number(line, service.authorization_number)) continue;
      const size_t count = failures(service, line).size();
      if (count < fewest) cited = &line;
      fewest = std::min(fewest, count);
    }
    const AuthorizationLine* right = covering != nullptr ? covering : cited != nullptr ? cited : nearest;
    if (right != nullptr) answer.authorization_number = right->authorization_number;
    const std::string cite = covering == nullptr
                                 ? std::string("cite the payer's number in Claim.insurance.preAuthRef")
                                 : "cite " + covering->authorization_number + " in Claim.insurance.preAuthRef";
    if (service.authorization_number.empty()) {
      if (covering != nullptr && is_number_needed(service)) add(answer, "number_missing", cite);
    } else if (cited == nullptr) {
      add(answer, "number_unknown", cite);
    } else if (cited->authorization_number != service.authorization_number) {
      add(answer, "number_superseded",
          fmt::format("{} took its place: cite that in Claim.insurance.preAuthRef", cited->authorization_number));
    }
    return cited != nullptr ? cited : right;
  }

  bool is_number_needed(const Service& service) const {
    const std::string payer = rule_payer_of(service, with_.subject);
    return payer_setting(policy_.rules, occasion_of(service, payer), &PayerRule::authorization_required, true);
  }

  // What no test of a single line finds.
  static bool is_limit_or_refusal(UncoveredReason reason) {
    return reason == UncoveredReason::exhausted || reason == UncoveredReason::rate_exceeded ||
           reason == UncoveredReason::benefit_exhausted || reason == UncoveredReason::amount_exhausted ||
           reason == UncoveredReason::credentialing || reason == UncoveredReason::provider_type_excluded ||
           reason == UncoveredReason::telehealth_not_covered;
  }

  void check_line(const Service& service, const AuthorizationLine* line, ClaimItemAnswer& answer) const {
    bool has_failed = false;
    if (line != nullptr) {
      const bool is_covered_in_full = answer.authorized >= service.quantity;
      const bool is_cited = has_number(*line, service.authorization_number);
      for (const UncoveredReason reason : failures(service, *line)) {
        // What another line covers is no matter of the nearest one, unless the claim cites that.
        if (!is_cited && is_covered_in_full) continue;
        add(answer, word_of(reason), fix_of(reason, service, line));
        has_failed = true;
      }
    }
    for (const UncoveredService& uncovered : with_.allocation.uncovered) {
      if (uncovered.service_key != service.key || (has_failed && !is_limit_or_refusal(uncovered.reason))) continue;
      const AuthorizationLine* nearest = line_of(uncovered.nearest_book);
      add(answer, word_of(uncovered.reason), fix_of(uncovered.reason, service, nearest != nullptr ? nearest : line));
    }
  }

  const Policy& policy_;
  Day today_;
  Reckoning before_, with_;
  std::vector<int64_t> seqs_;
};

}  // namespace

std::vector<ClaimItemAnswer> check_claim(std::span<const Fact> history, std::span<const Fact> claim,
                                         const Policy& policy, Day today) {
  const ClaimCheck check(history, claim, policy, today);
  std::vector<ClaimItemAnswer> answers;
  for (size_t i = 0; i < claim.size(); ++i) {
    if (std::holds_alternative<ServiceFact>(claim[i].body)) answers.push_back(check.check(claim[i], i));
  }
  return answers;
}

}  // namespace authledger
