#include "cmd/reckoning.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <map>
#include <span>

#include "base/clock.h"
#include "ledger/reckon.h"
#include "ledger/store/journal_store.h"
#include "ledger/store/known_until.h"
#include "ledger/store/tenant_store.h"

namespace authledger {
namespace {

constexpr size_t kSubjectsPerRead = 200;

struct AskedTime {
  std::optional<Day> on_day;
  std::optional<Instant> as_known_at;
};

std::optional<AskedTime> asked_time(const AnswerOptions& options) {
  AskedTime asked;
  if (!options.on_day.empty()) {
    asked.on_day = parse_day(options.on_day);
    if (!asked.on_day) {
      fmt::print(stderr, "authledger: --on {} is no day; write YYYY-MM-DD\n", options.on_day);
      return std::nullopt;
    }
  }
  if (!options.as_known_at.empty()) {
    asked.as_known_at = parse_instant(options.as_known_at);
    if (!asked.as_known_at) {
      fmt::print(stderr, "authledger: --as-known-at {} is no instant; write 2026-03-01T12:00:00Z or with an offset\n",
                 options.as_known_at);
      return std::nullopt;
    }
  }
  return asked;
}

// What each subject is reckoned from.
struct Basis {
  int64_t facts_seq = INT64_MAX;
  std::optional<Day> day;
  std::optional<int64_t> policy_version;
  bool is_known = true;
};

std::vector<Basis> read_bases(Transaction& transaction, std::span<const int64_t> ids, const AskedTime& asked) {
  std::vector<Basis> bases(ids.size());
  if (!asked.as_known_at) return bases;
  for (size_t i = 0; i < ids.size(); ++i) {
    std::vector<JournalEntry> entries = read_entries(transaction, ids[i], asked.as_known_at);
    bases[i].is_known = !entries.empty();
    if (entries.empty()) continue;
    bases[i].facts_seq = entries.back().facts_seq;
    bases[i].day = entries.back().as_of_day;
    bases[i].policy_version = entries.back().policy_version;
  }
  return bases;
}

}  // namespace

void add_answer_options(CLI::App& command, AnswerOptions& options) {
  command.add_option("--patient", options.patient, "Only this patient: an id or a reference (Patient/p1)");
  command.add_option("--on", options.on_day, "Recompute as if today were this day (YYYY-MM-DD)");
  command.add_option("--as-known-at", options.as_known_at, "What the journal held at this instant");
}

int for_each_subject(TenantSession& session, const AnswerOptions& options,
                     const std::function<void(const SubjectAnswer&)>& visit) {
  auto asked = asked_time(options);
  if (!asked) return kExitBadUsage;
  SystemClock clock;
  Day today = asked->on_day.value_or(session.policy().zone.day_of(clock.now()));

  std::vector<SubjectName> names;
  std::optional<Instant> horizon;
  transact(session.connection(), session.tenant_id(), [&](Transaction& transaction) {
    names = read_subjects(transaction, options.patient);
    if (!asked->as_known_at) return;
    horizon = oldest_open_transaction(transaction);
    if (*asked->as_known_at <= *horizon) settle_until(transaction, *asked->as_known_at);
  });
  if (horizon && *asked->as_known_at > *horizon) {
    fmt::print(stderr, "authledger: --as-known-at {} is not settled yet: a transaction has been open since {}\n",
               options.as_known_at, format_instant(*horizon));
    return kExitBadUsage;
  }

  const RulesInForce& rules = session.rules();
  if (rules.waiting && rules.waiting->canary_percent == 0 && !asked->as_known_at) {
    fmt::print(stderr,
               "authledger: rule version {} waits as a dry run: answers follow version {} (authledger rules list)\n",
               rules.waiting->rule_version, rules.rule_version);
  }

  std::map<int64_t, Policy> policies;
  for (size_t from = 0; from < names.size(); from += kSubjectsPerRead) {
    size_t count = std::min(kSubjectsPerRead, names.size() - from);
    std::vector<int64_t> ids, limits;
    for (size_t i = 0; i < count; ++i) ids.push_back(names[from + i].subject_id);
    std::vector<Basis> bases;
    std::vector<std::vector<Fact>> facts;
    transact(session.connection(), session.tenant_id(), [&](Transaction& transaction) {
      bases = read_bases(transaction, ids, *asked);
      limits.clear();
      for (const Basis& basis : bases) limits.push_back(basis.facts_seq);
      facts = read_facts(transaction, ids, limits);
    });
    for (size_t i = 0; i < count; ++i) {
      if (!bases[i].is_known) continue;
      const Policy* policy = &policy_for(session.rules(), ids[i]);
      if (bases[i].policy_version && *bases[i].policy_version != policy->version) {
        auto found = policies.find(*bases[i].policy_version);
        if (found == policies.end()) {
          found = policies
                      .emplace(*bases[i].policy_version,
                               read_policy(session.connection(), session.tenant_id(), *bases[i].policy_version))
                      .first;
        }
        policy = &found->second;
      }
      Day day = asked->on_day ? today : bases[i].day.value_or(today);
      auto [consolidated, allocation] = reckon(facts[i], *policy, day);
      visit({ids[i], names[from + i].patient, *policy, day, std::move(consolidated), std::move(allocation)});
    }
  }
  return kExitDone;
}

}  // namespace authledger
