#include "sync/answers.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "ledger/store/journal_store.h"
#include "ledger/store/known_until.h"
#include "ledger/store/rule_store.h"
#include "ledger/store/subject_store.h"
#include "ledger/store/tenant_store.h"

namespace authledger {
namespace {

constexpr size_t kSubjectsPerRead = 200;

}  // namespace

const Policy& KnownPolicies::version(int64_t version) {
  if (version == session_.policy().version) return session_.policy();
  auto found = policies_.find(version);
  if (found == policies_.end()) {
    found = policies_.emplace(version, read_policy(session_.connection(), session_.tenant_id(), version)).first;
  }
  return found->second;
}

std::optional<Failure> settle(Transaction& transaction, Instant as_known_at) {
  const Instant horizon = oldest_open_transaction(transaction);
  if (as_known_at <= horizon) {
    settle_until(transaction, as_known_at);
    return std::nullopt;
  }
  return Failure{fmt::format("--as-known-at {} is not settled yet: a transaction has been open since {}",
                             format_instant(as_known_at), format_instant(horizon))};
}

Outcome for_each_answer(TenantSession& session, const Question& question, const Clock& clock,
                        const std::function<void(const SubjectAnswer&)>& visit) {
  const Day today = question.on_day.value_or(session.policy().zone.day_of(clock.now()));
  std::vector<SubjectName> names;
  std::optional<Failure> failure;
  transact(session.connection(), session.tenant_id(), [&](Transaction& transaction) {
    names = read_subjects(transaction, question.patient);
    if (question.as_known_at) failure = settle(transaction, *question.as_known_at);
  });
  if (failure) return *failure;

  KnownPolicies policies(session);
  for (size_t from = 0; from < names.size(); from += kSubjectsPerRead) {
    const size_t count = std::min(kSubjectsPerRead, names.size() - from);
    std::vector<int64_t> ids;
    for (size_t i = 0; i < count; ++i) ids.push_back(names[from + i].subject_id);
    std::vector<std::optional<JournalEntry>> bases(count);
    std::vector<std::vector<Fact>> facts;
    transact(session.connection(), session.tenant_id(), [&](Transaction& transaction) {
      std::vector<int64_t> limits;
      if (question.as_known_at) {
        bases = read_last_entries(transaction, ids, *question.as_known_at);
        for (const std::optional<JournalEntry>& basis : bases) limits.push_back(basis ? basis->facts_seq : 0);
      }
      facts = read_facts(transaction, ids, limits);
    });
    for (size_t i = 0; i < count; ++i) {
      if (question.as_known_at && !bases[i]) continue;
      const Policy& policy =
          bases[i] ? policies.version(bases[i]->policy_version) : policy_for(session.rules(), ids[i]);
      const Day day = bases[i] && !question.on_day ? bases[i]->as_of_day : today;
      auto [consolidated, allocation] = reckon(facts[i], policy, day);
      visit({ids[i], names[from + i].patient, policy, day, std::move(consolidated), std::move(allocation)});
    }
  }
  return Done{};
}

std::optional<KnownHistory> read_history(TenantSession& session, KnownPolicies& policies, int64_t subject_id,
                                         const Question& question, const Clock& clock) {
  KnownHistory history;
  transact(session.connection(), session.tenant_id(), [&](Transaction& transaction) {
    history.entries = read_entries(transaction, subject_id, question.as_known_at);
    std::vector<int64_t> limits;
    if (question.as_known_at) limits.push_back(history.entries.empty() ? 0 : history.entries.back().facts_seq);
    history.facts = std::move(read_facts(transaction, std::array{subject_id}, limits)[0]);
  });
  if (question.as_known_at && history.entries.empty()) return std::nullopt;
  const bool is_then = question.as_known_at.has_value();
  history.policy =
      is_then ? &policies.version(history.entries.back().policy_version) : &policy_for(session.rules(), subject_id);
  history.today = question.on_day ? *question.on_day
                  : is_then       ? history.entries.back().as_of_day
                                  : history.policy->zone.day_of(clock.now());
  return history;
}

}  // namespace authledger
