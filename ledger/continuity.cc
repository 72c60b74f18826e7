#include "ledger/continuity.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "ledger/warnings.h"

namespace authledger {
namespace {

constexpr int64_t kTenthsOfPercent = 1000;

// An end that is open comes last.
constexpr Day kNever{INT32_MAX / 2};
constexpr Day kAlways{INT32_MIN / 2};

struct Span {
  Day first = kAlways, last = kNever;
};

bool is_of_authority(UncoveredReason reason) {
  switch (reason) {
    case UncoveredReason::none:
    case UncoveredReason::benefit_exhausted:
    case UncoveredReason::telehealth_not_covered:
    case UncoveredReason::credentialing:
    case UncoveredReason::provider_type_excluded:
      return false;
    case UncoveredReason::no_authorization:
    case UncoveredReason::payer_mismatch:
    case UncoveredReason::code_mismatch:
    case UncoveredReason::provider_mismatch:
    case UncoveredReason::place_mismatch:
    case UncoveredReason::measure_mismatch:
    case UncoveredReason::pended:
    case UncoveredReason::denied:
    case UncoveredReason::cancelled:
    case UncoveredReason::not_started:
    case UncoveredReason::expired:
    case UncoveredReason::coverage_ended:
    case UncoveredReason::exhausted:
    case UncoveredReason::rate_exceeded:
    case UncoveredReason::diagnosis_mismatch:
    case UncoveredReason::modifier_mismatch:
    case UncoveredReason::amount_exhausted:
    case UncoveredReason::member_mismatch:
      return true;
  }
  return true;
}

std::map<std::string, std::vector<Span>> spans_by_payer(const Consolidated& subject) {
  std::map<std::string, std::vector<Span>> spans;
  for (const AuthorizationLine& line : subject.lines) {
    if (!line.is_usable || line.decision == Decision::not_required) continue;
    Span span{line.first_day.value_or(kAlways), line.last_day.value_or(kNever)};
    if (line.usable_through) span.last = std::min(span.last, *line.usable_through);
    if (span.first <= span.last) spans[line.payer].push_back(span);
  }
  for (auto& [payer, list] : spans) {
    std::sort(list.begin(), list.end(), [](const Span& a, const Span& b) { return a.first < b.first; });
    std::vector<Span> joined;
    for (const Span& span : list) {
      if (!joined.empty() && span.first <= joined.back().last + kEpisodeBreakDays + 1) {
        joined.back().last = std::max(joined.back().last, span.last);
      } else {
        joined.push_back(span);
      }
    }
    list = std::move(joined);
  }
  return spans;
}

}  // namespace

std::vector<CareEpisode> care_episodes(const Consolidated& subject, const Allocation& allocation, const Policy& policy,
                                       Day from, Day through) {
  const Warnings warnings(subject, allocation, policy, through);
  std::map<std::string, const UncoveredService*> uncovered;
  for (const UncoveredService& one : allocation.uncovered) uncovered.emplace(one.service_key, &one);
  std::map<std::string, std::string> drawn_from;  // Service → payer of a line that it draws from.
  for (const Draw& draw : allocation.draws) {
    if (const AuthorizationLine* line = warnings.line_of(draw.book)) drawn_from.emplace(draw.service_key, line->payer);
  }
  std::vector<CareEpisode> episodes;
  for (const auto& [payer, spans] : spans_by_payer(subject)) {
    for (const Span& span : spans) {
      CareEpisode episode;
      episode.payer = payer;
      if (span.first != kAlways) episode.first_day = span.first;
      if (span.last != kNever) episode.last_day = span.last;
      std::set<Day> days;
      for (const Service& service : subject.services) {
        if (service.state != ServiceState::rendered || service.day < from || service.day > through) continue;
        if (service.day < span.first || service.day > span.last + kEpisodeBreakDays) continue;
        const auto drawn = drawn_from.find(service.key);
        const auto open = uncovered.find(service.key);
        std::string of = drawn != drawn_from.end() ? drawn->second : service.payer;
        if (of.empty() && open != uncovered.end()) {
          if (const AuthorizationLine* nearest = warnings.line_of(open->second->nearest_book)) of = nearest->payer;
        }
        if (!of.empty() && of != payer) continue;
        const bool is_gap = open != uncovered.end() && is_of_authority(open->second->reason) &&
                            warnings.is_authorization_required(service);
        // Without authority and after the end, it is of this episode; so is what needs none, within its days.
        if (!is_gap && drawn == drawn_from.end() && service.day > span.last) continue;
        days.insert(service.day);
        if (is_gap) episode.gaps.push_back({service.day, service.key, open->second->reason});
      }
      if (days.empty()) continue;
      episode.visit_days = static_cast<int>(days.size());
      std::sort(episode.gaps.begin(), episode.gaps.end(), [](const CoverageGap& a, const CoverageGap& b) {
        return a.day != b.day ? a.day < b.day : a.service_key < b.service_key;
      });
      episodes.push_back(std::move(episode));
    }
  }
  return episodes;
}

bool reaches(int64_t part, int64_t whole, Quantity percent) {
  constexpr int64_t kPercent = 100;
  return part * kPercent * 1000 >= whole * percent.milli();
}

std::string percent_text(int64_t part, int64_t whole) {
  const int64_t tenths = whole == 0 ? kTenthsOfPercent : part * kTenthsOfPercent / whole;
  return fmt::format("{}.{}", tenths / 10, tenths % 10);
}

}  // namespace authledger
