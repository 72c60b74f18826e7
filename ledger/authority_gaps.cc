#include "ledger/authority_gaps.h"

#include <algorithm>
#include <map>

#include "ledger/candidates.h"
#include "ledger/warnings.h"

namespace authledger {
namespace {

struct DaySpan {
  Day first, last;
};

// The days from `first` to `last` on which a visit like this one would find a usable line.
std::vector<DaySpan> authorized_spans(const Service& service, Day first, Day last, const Consolidated& subject,
                                      const Policy& policy, Day today) {
  std::vector<DaySpan> spans;
  for (const AuthorizationLine& line : subject.lines) {
    if (!line.is_usable) continue;
    const EffectiveWindow window = effective_window(line, subject, today);
    const Day from = std::max(first, window.first_day.value_or(first));
    const Day through = std::min(last, window.last_day.value_or(last));
    if (from > through) continue;
    Service asked = service;
    asked.day = from;
    if (test_line(asked, line, window, false, false, policy.rules).failed == MatchTest::none) {
      spans.push_back({from, through});
    }
  }
  std::sort(spans.begin(), spans.end(), [](const DaySpan& a, const DaySpan& b) { return a.first < b.first; });
  return spans;
}

int64_t days_outside(const std::vector<DaySpan>& spans, Day first, Day last) {
  int64_t days = 0;
  Day open = first;
  for (const DaySpan& span : spans) {
    if (span.first > open) days += span.first - open;
    open = std::max(open, span.last + 1);
  }
  return open > last ? days : days + (last - open) + 1;
}

}  // namespace

int64_t gap_days(const Consolidated& subject, const Allocation& allocation, const Policy& policy, Day today) {
  const Warnings warnings(subject, allocation, policy, today);
  std::map<std::string, std::vector<const Service*>> episodes;
  for (const Service& service : subject.services) {
    const bool takes_place = service.state != ServiceState::no_show && service.state != ServiceState::voided;
    if (!takes_place || service.service_codes.empty() || !warnings.is_authorization_required(service)) continue;
    episodes[service.service_codes.front()].push_back(&service);
  }
  int64_t days = 0;
  for (auto& [code, visits] : episodes) {
    std::sort(visits.begin(), visits.end(), [](const Service* a, const Service* b) { return a->day < b->day; });
    for (size_t i = 0; i < visits.size(); ++i) {
      const bool is_last = i + 1 == visits.size();
      const Day last = is_last ? visits[i]->day : visits[i + 1]->day - 1;
      if (last < visits[i]->day) continue;  // Two visits of one day.
      days += days_outside(authorized_spans(*visits[i], visits[i]->day, last, subject, policy, today), visits[i]->day,
                           last);
    }
  }
  return days;
}

}  // namespace authledger
