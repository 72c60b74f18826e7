#include "ledger/explain.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <unordered_map>

namespace authledger {
namespace {

// "<payer>/<number>/<line>", where payer and number may hold slashes of their own.
bool is_book_of_number(std::string_view book, std::string_view number) {
  const size_t line_start = book.rfind('/');
  if (line_start == std::string_view::npos || number.empty()) return false;
  const std::string_view authorization = book.substr(0, line_start);
  return authorization == number || authorization.ends_with("/" + std::string(number));
}

bool is_named(const AuthorizationLine& line, std::string_view name) {
  return line.authorization_number == name || line.request == name || line.book == name ||
         std::find(line.numbers.begin(), line.numbers.end(), name) != line.numbers.end();
}

std::string source_text(const Fact& fact) {
  std::string text = fmt::format("{}:{}", fact.source, fact.resource);
  if (fact.source_version) text += fmt::format(" version {}", *fact.source_version);
  return fact.retracted ? text + " (retracted)" : text;
}

// The newest version of each fact among those recorded up to some point, which moves on from entry to entry.
class KnownFacts {
 public:
  explicit KnownFacts(std::span<const Fact> history) {
    std::map<std::string_view, Slot*> by_key;
    for (const Fact& fact : history) {
      by_seq_.push_back({&fact, nullptr});
      by_key.try_emplace(fact.fact_key, nullptr);
    }
    slots_.resize(by_key.size());
    size_t count = 0;
    for (auto& [key, slot] : by_key) slot = &slots_[count++];
    for (auto& [fact, slot] : by_seq_) slot = by_key[fact->fact_key];
    std::ranges::stable_sort(by_seq_, {}, [](const auto& version) { return version.first->fact_seq; });
    for (const auto& [fact, slot] : by_seq_) {
      std::vector<Slot*>& slots = by_resource_[fact->resource];
      if (std::ranges::find(slots, slot) == slots.end()) slots.push_back(slot);
    }
    for (auto& [resource, slots] : by_resource_) std::ranges::sort(slots);
  }

  void know_until(int64_t facts_seq) {
    if (facts_seq < facts_seq_) {
      std::ranges::fill(slots_, nullptr);
      next_ = 0;
    }
    facts_seq_ = facts_seq;
    named_.clear();
    for (; next_ < by_seq_.size() && by_seq_[next_].first->fact_seq <= facts_seq; ++next_) {
      const auto& [fact, slot] = by_seq_[next_];
      if (*slot == nullptr || is_newer(*fact, **slot)) *slot = fact;
    }
  }

  // A resource as an explanation names it: `fact` is one of its facts, whose version and mapping the others share.
  struct Named {
    const Fact* fact = nullptr;
    std::string source;
  };
  // Ordered by fact key, each text once. `source` "" is any. An answer of thousands of items is looked through once for
  // all of its items.
  const std::vector<Named>& of_resource(std::string_view source, std::string_view resource, FactKind kind) {
    const auto [place, is_new] = named_.try_emplace({std::string(source), std::string(resource), kind});
    std::vector<Named>& named = place->second;
    const auto found = by_resource_.find(resource);
    if (!is_new || found == by_resource_.end()) return named;
    for (const Slot* slot : found->second) {
      const Fact* fact = *slot;
      if (fact == nullptr || (!source.empty() && fact->source != source) || kind_of(fact->body) != kind) continue;
      std::string text = source_text(*fact);
      const auto other = std::ranges::find_if(
          named, [&](const Named& one) { return one.source == text && one.fact->mapping == fact->mapping; });
      other == named.end() ? named.push_back({fact, std::move(text)}) : void(other->fact = fact);
    }
    return named;
  }

 private:
  using Slot = const Fact*;  // The newest version known of one fact key.
  std::vector<Slot> slots_;  // Ordered by fact key.
  std::vector<std::pair<const Fact*, Slot*>> by_seq_;
  std::unordered_map<std::string_view, std::vector<Slot*>> by_resource_;
  std::map<std::tuple<std::string, std::string, FactKind>, std::vector<Named>> named_;
  size_t next_ = 0;
  int64_t facts_seq_ = 0;
};

class Explanation {
 public:
  Explanation(const Consolidated& subject, const Allocation& allocation) {
    for (const AuthorizationLine& line : subject.lines) lines_[line.book] = &line;
    for (const Service& service : subject.services) services_[service.key] = &service;
    for (const Draw& draw : allocation.draws) rules_[{draw.book, draw.service_key}] = draw.rule;
  }

  ExplainRow row_of(const JournalEntry& entry, const Transfer& transfer, KnownFacts& known) const {
    ExplainRow row;
    row.posted_at = entry.posted_at;
    row.entry_seq = entry.entry_seq;
    row.book = transfer.book;
    row.service_key = transfer.service_key;
    row.from = transfer.from;
    row.to = transfer.to;
    row.quantity = transfer.quantity;
    row.measure = transfer.measure;
    row.is_reversal = transfer.is_reversal;
    row.reason = transfer.reason;
    auto line = lines_.find(transfer.book);
    if (line != lines_.end()) {
      row.line = line->second->line;
    } else if (transfer.to != Account::uncovered && transfer.from != Account::uncovered) {
      row.line = transfer.book.substr(transfer.book.rfind('/') + 1);
    }
    if (transfer.service_key.empty()) {
      if (line != lines_.end()) add_sources(row, line->second->sources, FactKind::authorization_line, known);
    } else {
      add_service(row, known);
    }
    return row;
  }

  // A reversal takes back all that stood at its place; grants and lapses of one book are two places.
  void mark_standing(std::vector<ExplainRow>& rows) const {
    using Place = std::tuple<std::string, std::string, Measure, bool>;
    std::map<Place, std::vector<ExplainRow*>> standing;
    for (ExplainRow& row : rows) {
      const bool is_lapse = row.to == Account::lapsed || row.from == Account::lapsed;
      std::vector<ExplainRow*>& at = standing[{row.book, row.service_key, row.measure, is_lapse}];
      if (row.is_reversal) {
        for (ExplainRow* reversed : at) reversed->is_standing = false;
        at.clear();
        continue;
      }
      row.is_standing = true;
      at.push_back(&row);
    }
    for (ExplainRow& row : rows) {
      auto rule = rules_.find({row.book, row.service_key});
      if (row.is_standing && rule != rules_.end()) row.rule_now = rule->second;
    }
  }

 private:
  void add_service(ExplainRow& row, KnownFacts& known) const {
    // The leading resource as it was known then; the journal outlives what consolidation makes of it today.
    for (const KnownFacts::Named& named : known.of_resource("", row.service_key, FactKind::service)) {
      row.day = std::get<ServiceFact>(named.fact->body).day;
      add_source(row, named);
    }
    auto service = services_.find(row.service_key);
    if (service == services_.end()) return;
    if (!row.day) row.day = service->second->day;
    add_sources(row, service->second->sources, FactKind::service, known);
  }

  static void add_sources(ExplainRow& row, const std::vector<Provenance>& sources, FactKind kind, KnownFacts& known) {
    for (const Provenance& source : sources) {
      for (const KnownFacts::Named& named : known.of_resource(source.source, source.resource, kind)) {
        add_source(row, named);
      }
    }
  }

  static void add_source(ExplainRow& row, const KnownFacts::Named& named) {
    const std::string& mapping = named.fact->mapping;
    if (std::ranges::find(row.sources, named.source) == row.sources.end()) row.sources.push_back(named.source);
    if (std::ranges::find(row.mappings, mapping) == row.mappings.end()) row.mappings.push_back(mapping);
  }

  std::map<std::string, const AuthorizationLine*> lines_;
  std::map<std::string, const Service*> services_;
  std::map<std::pair<std::string, std::string>, std::string> rules_;
};

// Rows of the transfers that concern the question, in the order in which they were posted.
template <typename Concerns>
std::vector<ExplainRow> rows_of(const Consolidated& subject, const Allocation& allocation,
                                std::span<const JournalEntry> entries, std::span<const Fact> history,
                                Concerns concerns) {
  const Explanation explanation(subject, allocation);
  KnownFacts known(history);
  std::vector<ExplainRow> rows;
  for (const JournalEntry& entry : entries) {
    if (std::none_of(entry.transfers.begin(), entry.transfers.end(), concerns)) continue;
    known.know_until(entry.facts_seq);
    for (const Transfer& transfer : entry.transfers) {
      if (concerns(transfer)) rows.push_back(explanation.row_of(entry, transfer, known));
    }
  }
  explanation.mark_standing(rows);
  return rows;
}

}  // namespace

std::vector<std::string> books_of_authorization(std::string_view authorization, const Consolidated& subject,
                                                std::span<const JournalEntry> entries) {
  std::set<std::string> books;
  for (const AuthorizationLine& line : subject.lines) {
    if (is_named(line, authorization)) books.insert(line.book);
  }
  for (const JournalEntry& entry : entries) {
    for (const Transfer& transfer : entry.transfers) {
      if (transfer.book == authorization || is_book_of_number(transfer.book, authorization))
        books.insert(transfer.book);
    }
  }
  return {books.begin(), books.end()};
}

std::vector<ExplainRow> explain_authorization(std::string_view authorization, const Consolidated& subject,
                                              const Allocation& allocation, std::span<const JournalEntry> entries,
                                              std::span<const Fact> history) {
  const std::vector<std::string> named = books_of_authorization(authorization, subject, entries);
  const std::set<std::string> books(named.begin(), named.end());
  std::set<std::string> drawn;
  for (const JournalEntry& entry : entries) {
    for (const Transfer& transfer : entry.transfers) {
      if (books.contains(transfer.book) && !transfer.service_key.empty()) drawn.insert(transfer.service_key);
    }
  }
  return rows_of(subject, allocation, entries, history, [&](const Transfer& transfer) {
    const bool is_uncovered = transfer.from == Account::uncovered || transfer.to == Account::uncovered;
    return books.contains(transfer.book) || (is_uncovered && drawn.contains(transfer.service_key));
  });
}

std::vector<ExplainRow> explain_service(std::string_view service, const Consolidated& subject,
                                        const Allocation& allocation, std::span<const JournalEntry> entries,
                                        std::span<const Fact> history) {
  const std::vector<std::string> named = keys_of_service(service, subject);
  const std::set<std::string> keys(named.begin(), named.end());
  return rows_of(subject, allocation, entries, history,
                 [&](const Transfer& transfer) { return keys.contains(transfer.service_key); });
}

std::vector<std::string> keys_of_service(std::string_view service, const Consolidated& subject) {
  std::vector<std::string> keys;
  if (service.empty()) return keys;
  keys.emplace_back(service);
  for (const Service& known : subject.services) {
    const auto reports = [&](const Provenance& source) { return source.resource == service; };
    if (known.key != service && std::ranges::any_of(known.sources, reports)) keys.push_back(known.key);
  }
  return keys;
}

}  // namespace authledger
