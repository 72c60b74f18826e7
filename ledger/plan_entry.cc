#include <map>
#include <tuple>

#include "ledger/journal.h"
#include "ledger/outcome_hash.h"

// Planning works on moves: what rests in one account of a book for one service, and the account that it came from.
// Wanted moves follow from the allocation, standing moves from the positions; what differs is reversed and reposted.

namespace authledger {
namespace {

// Where a move belongs. Grants and lapses have no service key and are told apart by their accounts.
struct Place {
  std::string book;
  std::string service_key;
  Measure measure = Measure::unknown;
  auto operator<=>(const Place&) const = default;
};

struct Move {
  Account from = Account::granted;
  Account to = Account::available;
  Quantity quantity;
  std::string reason;
};

// Grants come before what is drawn from them, lapses after; reversals run the other way round.
enum class Stage { grant = 0, service = 1, lapse = 2 };
using Moves = std::map<std::tuple<Stage, Place>, Move>;

void add_move(Moves& moves, Stage stage, const Place& place, Move move) {
  if (!move.quantity.is_positive()) return;
  auto [found, is_new] = moves.try_emplace({stage, place}, move);
  if (!is_new) found->second.quantity += move.quantity;
}

bool has_limit(const Allocation& allocation, const std::string& book) {
  auto found = allocation.balances.find(book);
  return found != allocation.balances.end() && found->second.approved.has_value();
}

Moves wanted_moves(const Consolidated& subject, const Allocation& allocation) {
  Moves moves;
  std::map<std::string, Measure> measures;
  for (const AuthorizationLine& line : subject.lines) {
    measures[line.book] = line.measure;
    auto found = allocation.balances.find(line.book);
    if (found == allocation.balances.end() || !found->second.approved) continue;
    const Place place{line.book, "", line.measure};
    add_move(moves, Stage::grant, place, {Account::granted, Account::available, *found->second.approved, "approved"});
    const bool is_cancelled = line.decision == Decision::cancelled;
    add_move(moves, Stage::lapse, place,
             {Account::available, Account::lapsed, found->second.lapsed.value_or(Quantity{}),
              is_cancelled ? "cancelled" : "window closed"});
  }
  for (const Draw& draw : allocation.draws) {
    const bool is_limited = has_limit(allocation, draw.book);
    // A limited book has one measure, or its grant and its draws would never meet.
    auto measure = measures.find(draw.book);
    const bool is_of_line = measure != measures.end() && (is_limited || measure->second != Measure::unknown);
    const Place place{draw.book, draw.service_key, is_of_line ? measure->second : draw.measure};
    add_move(moves, Stage::service, place,
             {is_limited ? Account::available : Account::granted, draw.is_reserved ? Account::reserved : Account::used,
              draw.quantity, draw.rule});
  }
  for (const UncoveredService& service : allocation.uncovered) {
    if (!service.is_rendered) continue;
    add_move(moves, Stage::service, {uncovered_book(service.code), service.service_key, service.measure},
             {Account::rendered, Account::uncovered, service.quantity, std::string(word_of(service.reason))});
  }
  return moves;
}

Moves standing_moves(std::span<const Position> positions) {
  std::map<Place, std::map<Account, Quantity>> places;
  for (const Position& position : positions) {
    places[{position.book, position.service_key, position.measure}][position.account] += position.quantity;
  }
  Moves moves;
  for (auto& [place, accounts] : places) {
    if (place.service_key.empty()) {
      add_move(moves, Stage::grant, place, {Account::granted, Account::available, -accounts[Account::granted], ""});
      add_move(moves, Stage::lapse, place, {Account::available, Account::lapsed, accounts[Account::lapsed], ""});
      continue;
    }
    // plan_entry moves a service's units at one place as one, so they have one origin and one account.
    for (Account origin : {Account::granted, Account::available, Account::rendered}) {
      if (!(accounts[origin] < Quantity{})) continue;
      for (Account rest : {Account::reserved, Account::used, Account::uncovered}) {
        add_move(moves, Stage::service, place, {origin, rest, accounts[rest], ""});
      }
    }
  }
  return moves;
}

bool is_same(const Move& a, const Move& b) {
  return a.from == b.from && a.to == b.to && a.quantity == b.quantity;
}

bool is_rendering_of(const Move& wanted, const Move& standing) {
  return standing.to == Account::reserved && wanted.to == Account::used && standing.from == wanted.from &&
         standing.quantity == wanted.quantity;
}

class ReversalReasons {
 public:
  explicit ReversalReasons(const Consolidated& subject) {
    for (const Service& service : subject.services) states_[service.key] = service.state;
    for (const AuthorizationLine& line : subject.lines) decisions_[line.book] = line.decision;
  }

  // Why a standing move is taken back. `wanted` is what takes its place there, if anything.
  std::string of(Stage stage, const Place& place, const Move& standing, const Move* wanted) const {
    switch (stage) {
      case Stage::grant:
        return wanted ? "quantity changed" : line_reason(place.book);
      case Stage::lapse:
        return wanted ? "lapsed quantity changed" : "units are available again";
      case Stage::service:
        return service_reason(place.service_key, standing, wanted);
    }
    return "";
  }

 private:
  std::string line_reason(const std::string& book) const {
    auto found = decisions_.find(book);
    return found == decisions_.end() ? "authorization line is gone"
                                     : std::string("decision: ").append(word_of(found->second));
  }

  std::string service_reason(const std::string& key, const Move& standing, const Move* wanted) const {
    if (wanted && wanted->quantity != standing.quantity) return "quantity changed";
    if (wanted) return "state changed";
    auto found = states_.find(key);
    if (found == states_.end()) return "service is gone or reported by another resource";
    switch (found->second) {
      case ServiceState::voided:
        return "service is void";
      case ServiceState::no_show:
        return "no show";
      case ServiceState::planned:
      case ServiceState::in_progress:
      case ServiceState::rendered:
        break;
    }
    return standing.to == Account::reserved ? "no longer reserved here" : "allocated otherwise";
  }

  std::map<std::string, ServiceState> states_;
  std::map<std::string, Decision> decisions_;
};

Transfer transfer_of(const Place& place, Account from, Account to, Quantity quantity, bool is_reversal,
                     std::string reason) {
  return {place.book, from, to, place.measure, quantity, place.service_key, is_reversal, std::move(reason)};
}

}  // namespace

EntryPlan plan_entry(const Consolidated& subject, const Allocation& allocation, std::span<const Position> positions) {
  const Moves wanted = wanted_moves(subject, allocation);
  const Moves standing = standing_moves(positions);
  const ReversalReasons reasons(subject);
  EntryPlan plan;
  for (auto move = standing.rbegin(); move != standing.rend(); ++move) {
    const auto& [stage, place] = move->first;
    const Move& old = move->second;
    auto found = wanted.find(move->first);
    const Move* next = found == wanted.end() ? nullptr : &found->second;
    if (next && (is_same(*next, old) || is_rendering_of(*next, old))) continue;
    plan.transfers.push_back(
        transfer_of(place, old.to, old.from, old.quantity, true, reasons.of(stage, place, old, next)));
  }
  for (const auto& [key, next] : wanted) {
    const Place& place = std::get<Place>(key);
    auto found = standing.find(key);
    if (found != standing.end() && is_same(next, found->second)) continue;
    const bool is_rendering = found != standing.end() && is_rendering_of(next, found->second);
    plan.transfers.push_back(
        transfer_of(place, is_rendering ? Account::reserved : next.from, next.to, next.quantity, false, next.reason));
  }
  plan.outcome_hash = outcome_hash(subject, allocation);
  return plan;
}

}  // namespace authledger
