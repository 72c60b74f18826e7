#include "ledger/passed_over.h"

#include <fmt/format.h>

#include <algorithm>

#include "ledger/candidates.h"

namespace authledger {
namespace {

const AuthorizationLine* find_line(const Consolidated& subject, const std::string& book) {
  auto found = std::find_if(subject.lines.begin(), subject.lines.end(),
                            [&](const AuthorizationLine& line) { return line.book == book; });
  return found == subject.lines.end() ? nullptr : &*found;
}

struct Contender {
  const AuthorizationLine* line;
  EffectiveWindow window;
  MatchResult match;
};

// Rule 4 in the order of its tests.
std::string why_not(const Contender& loser, const Contender& winner, const Service& service) {
  if (has_number(*winner.line, service.pinned_number)) return "the visit is pinned to another";
  if (has_number(*winner.line, service.authorization_number)) return "the visit names another";
  if (loser.match.code.rank > winner.match.code.rank)
    return "it covers the visit by " + loser.match.code.rule + " only";
  const std::optional<Day> ours = winner.window.last_day, theirs = loser.window.last_day;
  if (ours && !theirs) return "it has no end";
  if (ours && theirs && *theirs > *ours) return "it ends later, " + format_day(*theirs);
  if (ours != theirs || loser.match.code.rank < winner.match.code.rank) return "it had no units left for the visit";
  return "it ends on the same day, and had more units left or comes later by number";
}

}  // namespace

std::vector<PassedOver> passed_over(const std::string& book, const std::string& service_key,
                                    const Consolidated& subject, const Allocation& allocation, const Policy& policy,
                                    Day today) {
  std::vector<PassedOver> others;
  const AuthorizationLine* drawn = find_line(subject, book);
  auto service = std::find_if(subject.services.begin(), subject.services.end(),
                              [&](const Service& each) { return each.key == service_key; });
  if (!drawn || service == subject.services.end()) return others;
  const auto contender = [&](const AuthorizationLine& line) {
    Contender made{&line, effective_window(line, subject, today), {}};
    const bool is_linked = has_number(line, service->authorization_number);
    made.match =
        test_line(*service, line, made.window, has_number(line, service->pinned_number), is_linked, policy.rules);
    return made;
  };
  const Contender winner = contender(*drawn);
  for (const AuthorizationLine& line : subject.lines) {
    const bool is_drawn = std::any_of(allocation.draws.begin(), allocation.draws.end(), [&](const Draw& draw) {
      return draw.book == line.book && draw.service_key == service_key;
    });
    if (is_drawn || &line == drawn || !line.is_usable) continue;
    const Contender other = contender(line);
    if (other.match.failed != MatchTest::none) continue;
    others.push_back({line.authorization_number, line.line, why_not(other, winner, *service)});
  }
  return others;
}

}  // namespace authledger
