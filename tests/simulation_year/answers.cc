#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "base/text.h"
#include "ledger/reckon.h"
#include "ledger/status.h"
#include "ledger/store/journal_store.h"
#include "ledger/store/known_until.h"
#include "ledger/store/subject_store.h"
#include "ledger/store/tenant_store.h"
#include "tests/simulation_year/invariants.h"

namespace authledger {
namespace {

std::string words_of(std::optional<Quantity> quantity) {
  return quantity ? format_quantity(*quantity) : "-";
}

std::string words_of(std::optional<Day> day) {
  return day ? format_day(*day) : "open";
}

void add_rows(const Reckoning& reckoning, const Policy& policy, Day day, std::vector<std::string>& rows) {
  for (const AuthorizationRow& row : authorization_rows(reckoning.subject, reckoning.allocation, policy, day)) {
    rows.push_back(fmt::format("{} {} {} {} {} {}..{} approved {} available {} reserved {} used {} lapsed {} of {}",
                               row.book, word_of(row.decision), word_of(row.window), word_of(row.supply),
                               word_of(row.measure), words_of(row.first_day), words_of(row.last_day),
                               words_of(row.approved), words_of(row.available), format_quantity(row.reserved),
                               format_quantity(row.used), words_of(row.lapsed), fmt::join(row.sources, ",")));
  }
  for (const ServiceRow& row : service_rows(reckoning.subject, reckoning.allocation)) {
    std::string covered;
    for (const CoveredBy& by : row.covered_by) {
      covered +=
          fmt::format(" {} of {} {} by {}", format_quantity(by.quantity), by.authorization_number, by.line, by.rule);
    }
    rows.push_back(fmt::format("{} {} {} {} {}{} uncovered {} {}", row.key, format_day(row.day), word_of(row.state),
                               fmt::join(row.service_codes, ","), format_quantity(row.quantity), covered,
                               format_quantity(row.uncovered), word_of(row.reason)));
  }
}

std::string joined(std::vector<std::string> rows) {
  std::sort(rows.begin(), rows.end());
  return fmt::format("{}\n", fmt::join(rows, "\n"));
}

}  // namespace

std::string difference(const std::string& before, const std::string& after) {
  std::vector<std::string> a = split(before, '\n'), b = split(after, '\n'), gone, come;
  std::sort(a.begin(), a.end());
  std::sort(b.begin(), b.end());
  std::set_difference(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(gone));
  std::set_difference(b.begin(), b.end(), a.begin(), a.end(), std::back_inserter(come));
  if (gone.empty() && come.empty()) return "";
  return fmt::format("- {}\n+ {}\n", fmt::join(gone, "\n- "), fmt::join(come, "\n+ "));
}

std::string answers_known_at(TenantSession& session, Instant at) {
  std::vector<std::string> rows;
  std::vector<int64_t> ids, limits;
  std::vector<JournalEntry> last_entries;
  std::vector<std::vector<Fact>> facts;
  transact(session.connection(), session.tenant_id(), [&](Transaction& transaction) {
    settle_until(transaction, at);
    ids.clear();
    limits.clear();
    last_entries.clear();
    for (const SubjectName& name : read_subjects(transaction, "")) {
      std::vector<JournalEntry> entries = read_entries(transaction, name.subject_id, at);
      if (entries.empty()) continue;
      ids.push_back(name.subject_id);
      limits.push_back(entries.back().facts_seq);
      last_entries.push_back(std::move(entries.back()));
    }
    facts = read_facts(transaction, ids, limits);
  });
  for (size_t i = 0; i < ids.size(); ++i) {
    const Policy policy = read_policy(session.connection(), session.tenant_id(), last_entries[i].policy_version);
    add_rows(reckon(facts[i], policy, last_entries[i].as_of_day), policy, last_entries[i].as_of_day, rows);
  }
  return joined(std::move(rows));
}

std::string answers_on(TenantSession& session, Day day) {
  std::vector<std::string> rows;
  std::vector<int64_t> ids;
  std::vector<std::vector<Fact>> facts;
  transact(session.connection(), session.tenant_id(), [&](Transaction& transaction) {
    ids.clear();
    for (const SubjectName& name : read_subjects(transaction, "")) ids.push_back(name.subject_id);
    facts = read_facts(transaction, ids);
  });
  for (const std::vector<Fact>& known : facts) {
    add_rows(reckon(known, session.policy(), day), session.policy(), day, rows);
  }
  return joined(std::move(rows));
}

}  // namespace authledger
