#include <algorithm>
#include <map>
#include <numeric>
#include <set>
#include <tuple>

#include "base/text.h"
#include "ledger/line_values.h"
#include "ledger/match.h"

namespace authledger {
namespace {

// All that is said of one line of one request chain, or one statement that names no request.
struct Cell {
  std::vector<SourceStatement*> statements;
  std::string chain, line, payer, member;
  std::vector<std::string> numbers;
  std::vector<std::string> superseded;

  const SourceStatement& lead() const { return *statements.front(); }
};

std::vector<Cell> make_cells(std::vector<SourceStatement>& statements) {
  std::map<std::tuple<std::string_view, std::string_view, std::string_view>, std::vector<SourceStatement*>> groups;
  for (SourceStatement& statement : statements) {
    // A chainless statement stands alone under its own key.
    const std::string_view own_key = statement.chain.empty() ? std::string_view(statement.fact->fact_key) : "";
    groups[{statement.chain, statement.says.line, own_key}].push_back(&statement);
  }
  std::vector<Cell> cells;
  for (auto& [key, group] : groups) {
    int depth_max = 0;
    for (const SourceStatement* statement : group) depth_max = std::max(depth_max, statement->depth);
    for (SourceStatement* statement : group) statement->lag = depth_max - statement->depth;
    std::sort(group.begin(), group.end(),
              [](const SourceStatement* a, const SourceStatement* b) { return leads(*a, *b); });
    Cell cell;
    cell.chain = std::get<0>(key);
    cell.line = std::get<1>(key);
    for (SourceStatement* statement : group) {
      cell.statements.push_back(statement);
      if (cell.payer.empty()) cell.payer = statement->says.payer;
      if (cell.member.empty()) cell.member = statement->says.member_id;
      cell.numbers.insert(cell.numbers.end(), statement->numbers.begin(), statement->numbers.end());
      if (!statement->says.supersedes.empty()) cell.superseded.push_back(statement->says.supersedes);
    }
    std::sort(cell.numbers.begin(), cell.numbers.end());
    cell.numbers.erase(std::unique(cell.numbers.begin(), cell.numbers.end()), cell.numbers.end());
    cells.push_back(std::move(cell));
  }
  return cells;
}

using CellsByNumber = std::map<std::string_view, std::vector<size_t>>;

CellsByNumber index_by_number(const std::vector<Cell>& cells) {
  CellsByNumber by_number;
  for (size_t i = 0; i < cells.size(); ++i) {
    for (const std::string& number : cells[i].numbers) by_number[number].push_back(i);
  }
  return by_number;
}

// A cell that states no payer (or member) takes that of the cells it shares a number with, when they all agree.
void fill_empty(std::vector<Cell>& cells, const CellsByNumber& by_number, std::string Cell::*member) {
  std::vector<std::pair<size_t, std::string>> found;
  for (size_t i = 0; i < cells.size(); ++i) {
    if (!(cells[i].*member).empty()) continue;
    std::set<std::string_view> stated;
    for (const std::string& number : cells[i].numbers) {
      for (size_t other : by_number.at(number)) {
        const bool is_same_payer = member == &Cell::payer || cells[other].payer == cells[i].payer;
        if (is_same_payer && !(cells[other].*member).empty()) stated.insert(cells[other].*member);
      }
    }
    if (stated.size() == 1) found.emplace_back(i, *stated.begin());
  }
  for (auto& [i, value] : found) cells[i].*member = std::move(value);
}

void complete_identities(std::vector<Cell>& cells) {
  const CellsByNumber by_number = index_by_number(cells);
  fill_empty(cells, by_number, &Cell::payer);
  fill_empty(cells, by_number, &Cell::member);
  for (Cell& cell : cells) {
    for (SourceStatement* statement : cell.statements) {
      if (statement->says.payer.empty()) statement->says.payer = cell.payer;
      if (statement->says.member_id.empty()) statement->says.member_id = cell.member;
    }
  }
}

// Cells of one authorization, by their index: equal payer and member, and any number in common.
std::vector<std::vector<size_t>> group_authorizations(const std::vector<Cell>& cells) {
  std::vector<size_t> parent(cells.size());
  std::iota(parent.begin(), parent.end(), size_t{0});
  const auto root_of = [&parent](size_t i) {
    while (parent[i] != i) i = parent[i] = parent[parent[i]];
    return i;
  };
  std::map<std::tuple<std::string_view, std::string_view, std::string_view>, size_t> first_of;
  for (size_t i = 0; i < cells.size(); ++i) {
    for (const std::string& number : cells[i].numbers) {
      const auto [found, is_new] = first_of.try_emplace({number, cells[i].payer, cells[i].member}, i);
      if (!is_new) parent[std::max(root_of(i), root_of(found->second))] = std::min(root_of(i), root_of(found->second));
    }
  }
  std::map<size_t, std::vector<size_t>> groups;
  for (size_t i = 0; i < cells.size(); ++i) groups[root_of(i)].push_back(i);
  std::vector<std::vector<size_t>> authorizations;
  for (auto& [root, members] : groups) authorizations.push_back(std::move(members));
  return authorizations;
}

struct LineGroup {
  std::vector<const Cell*> cells;
};

bool supersedes(const Cell& later, const Cell& former) {
  return std::any_of(later.superseded.begin(), later.superseded.end(), [&former](const std::string& number) {
    return std::binary_search(former.numbers.begin(), former.numbers.end(), number);
  });
}

bool are_disjoint(const AuthorizationLineFact& a, const AuthorizationLineFact& b) {
  return (a.last_day && b.first_day && *a.last_day < *b.first_day) ||
         (b.last_day && a.first_day && *b.last_day < *a.first_day);
}

// How well a cell fits into a line: 0 not at all; 3 same line number and codes, 2 same codes, 1 codes in common (an
// order lists its own choice of what was authorized).
int fit_of(const Cell& cell, const LineGroup& group) {
  int best = 0;
  for (const Cell* member : group.cells) {
    const AuthorizationLineFact& ours = cell.lead().says;
    const AuthorizationLineFact& theirs = member->lead().says;
    if (!cell.chain.empty() && !member->chain.empty()) {
      if (!supersedes(cell, *member) && !supersedes(*member, cell)) return 0;
    }
    const bool is_same_resource = cell.lead().fact->resource == member->lead().fact->resource &&
                                  cell.lead().fact->source == member->lead().fact->source;
    if (is_same_resource) return 0;
    // A later period under the same number is a renewal, not another word about the former period.
    const bool is_renewal = cell.lead().rank == member->lead().rank && are_disjoint(ours, theirs);
    if (is_renewal && !supersedes(cell, *member) && !supersedes(*member, cell)) return 0;
    const bool is_either_empty = ours.service_codes.empty() || theirs.service_codes.empty();
    const bool are_equal = ours.service_codes == theirs.service_codes;
    int fit = 0;
    if (cell.line == member->line && (are_equal || is_either_empty)) {
      fit = 3;
    } else if (are_equal) {
      fit = 2;
    } else if (cell.lead().rank == SourceRank::order && have_common_code(ours.service_codes, theirs.service_codes)) {
      fit = 1;
    }
    best = std::max(best, fit);
  }
  return best;
}

// Brings the cells of one authorization together, line by line. What names its request comes first, then the better
// ranked, so that the result does not depend on the order of arrival.
std::vector<LineGroup> group_lines(const std::vector<Cell>& cells, const std::vector<size_t>& members,
                                   std::vector<std::pair<const Cell*, const Cell*>>& unmatched_orders) {
  std::vector<const Cell*> ordered;
  for (size_t i : members) ordered.push_back(&cells[i]);
  std::sort(ordered.begin(), ordered.end(), [](const Cell* a, const Cell* b) {
    if (a->chain.empty() != b->chain.empty()) return !a->chain.empty();
    return leads(a->lead(), b->lead());
  });
  std::vector<LineGroup> groups;
  for (const Cell* cell : ordered) {
    std::tuple<int, bool> best{0, false};
    LineGroup* home = nullptr;
    for (LineGroup& group : groups) {
      const AuthorizationLineFact& theirs = group.cells.front()->lead().says;
      const AuthorizationLineFact& ours = cell->lead().says;
      const std::tuple<int, bool> fit{fit_of(*cell, group),
                                      theirs.first_day == ours.first_day && theirs.last_day == ours.last_day};
      if (std::get<0>(fit) > 0 && fit > best) {
        best = fit;
        home = &group;
      }
    }
    if (home != nullptr) {
      home->cells.push_back(cell);
      continue;
    }
    // The payer's own answer says what it authorized; an order under its number adds no units of other codes.
    const bool is_extra_order = cell->lead().rank == SourceRank::order && !groups.empty() &&
                                groups.front().cells.front()->lead().rank != SourceRank::order;
    if (is_extra_order) {
      unmatched_orders.emplace_back(cell, groups.front().cells.front());
    } else {
      groups.push_back({{cell}});
    }
  }
  return groups;
}

// What another cell says it replaces comes after it, whenever either was issued.
std::vector<const SourceStatement*> statements_of(const LineGroup& group) {
  std::vector<const SourceStatement*> statements;
  for (const Cell* cell : group.cells) {
    const bool is_superseded = std::any_of(group.cells.begin(), group.cells.end(), [cell](const Cell* other) {
      return other != cell && supersedes(*other, *cell) && !supersedes(*cell, *other);
    });
    for (SourceStatement* statement : cell->statements) {
      if (is_superseded) ++statement->lag;
      statements.push_back(statement);
    }
  }
  std::sort(statements.begin(), statements.end(),
            [](const SourceStatement* a, const SourceStatement* b) { return leads(*a, *b); });
  return statements;
}

// The same number on unrelated requests, or for several codes, gives lines of one name: the later ones in text order
// carry what tells them apart.
void make_books_unique(std::vector<AuthorizationLine>& lines) {
  std::sort(lines.begin(), lines.end(), [](const AuthorizationLine& a, const AuthorizationLine& b) {
    const auto key = [](const AuthorizationLine& line) {
      return std::tie(line.book, line.request, line.service_codes, line.first_day, line.last_day,
                      line.sources.front().source, line.sources.front().resource);
    };
    return key(a) < key(b);
  });
  std::set<std::string> taken;
  for (AuthorizationLine& line : lines) {
    const std::string plain = line.book;
    for (const std::string& mark : {line.request, join(line.service_codes, "+"), line.sources.front().resource}) {
      if (taken.contains(line.book) && !mark.empty()) line.book = plain + "/" + mark;
    }
    for (int copy = 2; !taken.insert(line.book).second; ++copy) line.book = plain + "/" + std::to_string(copy);
  }
  std::sort(lines.begin(), lines.end(),
            [](const AuthorizationLine& a, const AuthorizationLine& b) { return a.book < b.book; });
}

void apply_payer_counts(std::vector<AuthorizationLine>& lines, std::span<const Fact> facts) {
  for (AuthorizationLine& line : lines) {
    const PayerCountFact* newest = nullptr;
    for (const Fact& fact : facts) {
      const auto* count = std::get_if<PayerCountFact>(&fact.body);
      if (count == nullptr || (!count->line.empty() && count->line != line.line)) continue;
      if (!std::binary_search(line.numbers.begin(), line.numbers.end(), count->authorization_number)) continue;
      if (newest == nullptr || std::tie(newest->counted_on, newest->used) < std::tie(count->counted_on, count->used)) {
        newest = count;
      }
    }
    if (newest != nullptr) line.payer_used_quantity = newest->used;
  }
}

}  // namespace

std::vector<AuthorizationLine> consolidate_lines(const ConsolidationInput& input, std::vector<Conflict>& conflicts) {
  const RequestChains chains(input.facts);
  std::vector<SourceStatement> statements = collect_statements(input, chains);
  std::vector<Cell> cells = make_cells(statements);
  complete_identities(cells);
  std::vector<AuthorizationLine> lines;
  for (const std::vector<size_t>& members : group_authorizations(cells)) {
    std::vector<std::pair<const Cell*, const Cell*>> unmatched_orders;
    for (const LineGroup& group : group_lines(cells, members, unmatched_orders)) {
      lines.push_back(resolve_line(statements_of(group), chains, input, conflicts));
      for (const auto& [order, home] : unmatched_orders) {
        if (home != group.cells.front()) continue;
        lines.back().sources.push_back(provenance_of(*order->lead().fact));
        conflicts.push_back({lines.back().book, order->lead().fact->resource +
                                                    " names this authorization for codes that the payer's answer "
                                                    "does not list"});
      }
    }
  }
  make_books_unique(lines);
  apply_payer_counts(lines, input.facts);
  return lines;
}

}  // namespace authledger
