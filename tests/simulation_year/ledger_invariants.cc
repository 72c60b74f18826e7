#include <fmt/format.h>

#include <map>
#include <set>

#include "ledger/seal.h"
#include "ledger/store/journal_store.h"
#include "ledger/store/subject_store.h"
#include "tests/simulation_year/invariants.h"

// Invariants that the database alone can break: 1, 2, 5, 8, 9, 10.

namespace authledger {
namespace {

constexpr Statement kUnbalancedBooks{"unbalanced_books", R"(
  select subject_id, book
    from balance
   where tenant_id = $1
   group by subject_id, book, measure
  having sum(quantity_milli) <> 0)"};

// Only granted (1) and rendered (6) are where quantities come from.
constexpr Statement kOverdrawnAccounts{"overdrawn_accounts", R"(
  select subject_id, book
    from balance
   where tenant_id = $1
     and quantity_milli < 0
     and account not in (1, 6))"};

constexpr Statement kUnfoldedBalances{"unfolded_balances", R"(
  with folded as (
    select subject_id, book, account, measure, sum(quantity_milli) as quantity_milli
      from (select subject_id, book, to_account as account, measure, quantity_milli
              from transfer
             where tenant_id = $1
         union all
            select subject_id, book, from_account, measure, -quantity_milli
              from transfer
             where tenant_id = $1) as side
     group by subject_id, book, account, measure),
  projected as (
    select subject_id, book, account, measure, quantity_milli
      from balance
     where tenant_id = $1)
  select subject_id, book
    from folded
    full join projected using (subject_id, book, account, measure)
   where coalesce(folded.quantity_milli, 0) <> coalesce(projected.quantity_milli, 0))"};

constexpr Statement kFactsOfNothing{"facts_of_nothing", R"(
  select subject_id, fact_key
    from fact
   where tenant_id = $1
     and not exists (
         select from raw_resource
          where raw_resource.tenant_id = $1
            and raw_resource.source = fact.source
            and raw_resource.resource_type || '/' || raw_resource.resource_id = fact.resource))"};

constexpr Statement kEntriesOfNothing{"entries_of_nothing", R"(
  select subject_id, entry_seq::text
    from journal_entry
   where tenant_id = $1
     and (facts_seq > (select facts_seq
                         from subject
                        where subject.tenant_id = $1
                          and subject.subject_id = journal_entry.subject_id)
          or not exists (select from policy
                          where policy.tenant_id = $1
                            and policy.policy_version = journal_entry.policy_version)))"};

constexpr Statement kTransfersOfNothing{"transfers_of_nothing", R"(
  select subject_id, book
    from transfer
   where tenant_id = $1
     and (not exists (select from journal_entry
                       where journal_entry.tenant_id = $1
                         and journal_entry.subject_id = transfer.subject_id
                         and journal_entry.entry_seq = transfer.entry_seq)
          or service_key is not null
             and not exists (select from fact
                              where fact.tenant_id = $1
                                and fact.subject_id = transfer.subject_id
                                and fact.resource = transfer.service_key)))"};

constexpr Statement kDeliveriesOfNothing{"deliveries_of_nothing", R"(
  select 0::bigint, notice_key
    from delivery
   where tenant_id = $1
     and not exists (select from notice
                      where notice.tenant_id = $1
                        and notice.notice_key = delivery.notice_key))"};

constexpr Statement kSeals{"seals", R"(
  select seal_seq, sealed_at, root_hash, previous_hash, seal_hash, subject_ids, entry_seqs
    from seal
   where tenant_id = $1
   order by seal_seq)"};

constexpr Statement kTenantTables{"tenant_tables", R"(
  select table_name::text
    from information_schema.columns
   where table_schema = 'public'
     and column_name = 'tenant_id'
   order by table_name)"};

// One complaint a row of (subject, what).
Complaints complain(Year& year, const Statement& statement, const std::string& about) {
  Complaints complaints;
  const int64_t tenant_id = year.session().tenant_id();
  Transaction transaction(year.ground().owner(), tenant_id);
  const Rows rows = transaction.execute(statement, Parameters().integer(tenant_id));
  for (size_t row = 0; row < rows.size(); ++row) {
    complaints.push_back(fmt::format("subject {}: {}: {}", rows.integer(row, 0), about, rows.text(row, 1)));
  }
  return complaints;
}

void add(Complaints& complaints, const Complaints& more) {
  complaints.insert(complaints.end(), more.begin(), more.end());
}

// The seals, computed once more from the entries that they name.
Complaints seal_faults(Transaction& transaction, const std::map<std::pair<int64_t, int64_t>, Hash>& entries) {
  Complaints complaints;
  const Rows rows = transaction.execute(kSeals, Parameters().integer(transaction.tenant_id()));
  Hash previous{};
  for (size_t row = 0; row < rows.size(); ++row) {
    std::vector<Hash> leaves;
    const std::vector<int64_t> subjects = rows.integer_array(row, 5), seqs = rows.integer_array(row, 6);
    for (size_t i = 0; i < subjects.size(); ++i) {
      const auto entry = entries.find({subjects[i], seqs[i]});
      leaves.push_back(entry == entries.end() ? Hash{} : entry->second);
    }
    const Hash root = merkle_root(leaves);
    const Hash seal = HashInput()
                          .add(transaction.tenant_id())
                          .add(rows.integer(row, 0))
                          .add(rows.instant(row, 1).time_since_epoch().count())
                          .add(bytes_of(root))
                          .add(bytes_of(previous))
                          .sha256();
    if (rows.integer(row, 0) != static_cast<int64_t>(row) + 1 || rows.hash(row, 2) != root ||
        rows.hash(row, 3) != previous || rows.hash(row, 4) != seal) {
      complaints.push_back(fmt::format("seal {} does not verify", rows.integer(row, 0)));
    }
    previous = rows.hash(row, 4);
  }
  return complaints;
}

}  // namespace

Complaints debits_equal_credits(Year& year) {
  Complaints complaints = complain(year, kUnbalancedBooks, "debits and credits of a book differ");
  add(complaints, complain(year, kOverdrawnAccounts, "an account holds less than nothing"));
  return complaints;
}

Complaints balances_are_the_fold_of_the_journal(Year& year) {
  return complain(year, kUnfoldedBalances, "the balance is not the fold of the transfers");
}

Complaints known_answers_stand(Year& year) {
  Complaints complaints;
  for (const KnownAnswer& known : year.known_answers()) {
    const std::string now = answers_known_at(year.session(), known.at);
    if (now == known.digest) continue;
    complaints.push_back(
        fmt::format("what was known at {} changed:\n{}", format_instant(known.at), difference(known.digest, now)));
  }
  return complaints;
}

Complaints every_row_has_provenance(Year& year) {
  Complaints complaints = complain(year, kFactsOfNothing, "a fact of no resource");
  add(complaints, complain(year, kEntriesOfNothing, "an entry without its facts or policy"));
  add(complaints, complain(year, kTransfersOfNothing, "a transfer of no entry or no service"));
  add(complaints, complain(year, kDeliveriesOfNothing, "a delivery of no notice"));
  return complaints;
}

Complaints chains_verify(Year& year) {
  Complaints complaints;
  transact(year.session().connection(), year.session().tenant_id(), [&](Transaction& transaction) {
    complaints.clear();
    std::map<std::pair<int64_t, int64_t>, Hash> hashes;
    std::vector<int64_t> ids;
    for (const SubjectName& name : read_subjects(transaction, "")) ids.push_back(name.subject_id);
    for (const SubjectHead& head : lock_subjects(transaction, ids)) {
      const std::vector<JournalEntry> entries = read_entries(transaction, head.subject_id);
      for (const JournalEntry& entry : entries) hashes[{head.subject_id, entry.entry_seq}] = entry.entry_hash;
      const auto fault = verify_chain(subject_key(transaction.tenant_id(), head.subject_id), entries);
      if (fault) {
        complaints.push_back(
            fmt::format("subject {}, entry {}: {}", head.subject_id, fault->entry_seq, fault->message));
      }
      const Hash last = entries.empty() ? Hash{} : entries.back().entry_hash;
      if (head.entry_seq != static_cast<int64_t>(entries.size()) || head.entry_hash != last) {
        complaints.push_back(fmt::format("subject {}: the head is not the last entry", head.subject_id));
      }
    }
    add(complaints, seal_faults(transaction, hashes));
  });
  return complaints;
}

Complaints bystander_is_untouched(Year& year) {
  if (tenant_digest(year.ground().owner(), year.ground().bystander()) == year.bystander_before()) return {};
  return {"rows of another tenant changed"};
}

std::string tenant_digest(PgConnection& owner, int64_t tenant_id) {
  static std::map<std::string, std::pair<std::string, std::string>> statements;  // By table: name and text.
  Transaction transaction(owner, tenant_id);
  const Rows tables = transaction.execute(kTenantTables);
  std::string digest;
  for (size_t row = 0; row < tables.size(); ++row) {
    const std::string table = tables.string(row, 0);
    auto& [name, sql] = statements[table];
    name = "digest_of_" + table;
    sql = fmt::format(
        "select md5(coalesce(string_agg(t::text, '|' order by t::text), '')) from {} t where tenant_id = $1", table);
    digest += fmt::format("{} {}\n", table,
                          transaction.execute({name.c_str(), sql.c_str()}, Parameters().integer(tenant_id)).text(0, 0));
  }
  return digest;
}

}  // namespace authledger
