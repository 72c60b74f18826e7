#include "bench/journal_growth.h"

#include <fmt/format.h>

#include <vector>

#include "bench/site.h"
#include "ledger/journal.h"

namespace authledger {
namespace {

constexpr size_t kBlockBytes = size_t{4} << 20;

constexpr char kDropKeys[] = R"(
  create table bench_kept_key as
  select conrelid::regclass::text as relation, conname, pg_get_constraintdef(oid) as definition
    from pg_constraint
   where conrelid in ('journal_entry'::regclass, 'transfer'::regclass)
     and contype in ('p', 'u');
  alter table journal_entry no force row level security;
  alter table transfer no force row level security;
  do $$
  declare kept record;
  begin
    for kept in select relation, conname from bench_kept_key loop
      execute format('alter table %s drop constraint %I', kept.relation, kept.conname);
    end loop;
  end $$;)";

constexpr char kMakeKeys[] = R"(
  set statement_timeout = 0;
  set maintenance_work_mem = '512MB';
  do $$
  declare kept record;
  begin
    for kept in select relation, conname, definition from bench_kept_key order by conname loop
      execute format('alter table %s add constraint %I %s', kept.relation, kept.conname, kept.definition);
    end loop;
  end $$;
  drop table bench_kept_key;
  alter table journal_entry force row level security;
  alter table transfer force row level security;)";

// The newest head of every chain, and the book that has a unit to move.
constexpr Statement kReadHeads{"bench_heads", R"(
  select subject_id, entry_seq, facts_seq, entry_hash,
         (select max(as_of_day)
            from journal_entry
           where tenant_id = $1
             and subject_id = subject.subject_id),
         (select max(policy_version)
            from journal_entry
           where tenant_id = $1
             and subject_id = subject.subject_id),
         (select min(book)
            from balance
           where tenant_id = $1
             and subject_id = subject.subject_id
             and account = 2
             and quantity_milli >= 2000)
    from subject
   where tenant_id = $1
     and entry_seq > 0
   order by subject_id)"};

constexpr Statement kNewestPosted{"bench_newest_posted",
                                  "select max(posted_at) from journal_entry where tenant_id = $1"};

struct Chain {
  int64_t subject_id = 0;
  JournalEntry head;
  std::string book;
  bool is_booked = false;
};

// One day of a subject: a visit is booked, moved to another slot (its booking taken back), or cancelled.
std::vector<Transfer> moves_of(const Chain& chain, int64_t number) {
  const auto one = [&](Account from, Account to, int64_t visit, bool is_reversal, const char* reason) {
    return Transfer{chain.book,
                    from,
                    to,
                    Measure::visit,
                    Quantity::of_units(1),
                    fmt::format("Appointment/b{}-{}", chain.subject_id, visit),
                    is_reversal,
                    reason};
  };
  const int64_t visit = number / 3;
  switch (number % 3) {
    case 0:
      return {one(Account::available, Account::reserved, visit, false, "exact code, ends first")};
    case 1:
      return {one(Account::reserved, Account::available, visit, true, "allocated otherwise"),
              one(Account::available, Account::reserved, visit, false, "exact code, ends first")};
  }
  return {one(Account::reserved, Account::available, visit, true, "service is void")};
}

std::string hex(const Hash& hash) {
  return "\\\\x" + to_hex(hash);
}

void append_entry(std::string& block, int64_t tenant_id, const Chain& chain) {
  const JournalEntry& entry = chain.head;
  fmt::format_to(std::back_inserter(block), "{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\n", tenant_id, chain.subject_id,
                 entry.entry_seq, entry.facts_seq, format_day(entry.as_of_day), entry.policy_version,
                 entry.allocator_version, format_instant(entry.posted_at), hex(entry.outcome_hash),
                 hex(entry.previous_hash), hex(entry.entry_hash));
}

void append_transfers(std::string& block, int64_t tenant_id, const Chain& chain) {
  int number = 0;
  for (const Transfer& transfer : chain.head.transfers) {
    fmt::format_to(std::back_inserter(block), "{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\n", tenant_id,
                   chain.subject_id, chain.head.entry_seq, ++number, transfer.book, static_cast<int>(transfer.from),
                   static_cast<int>(transfer.to), static_cast<int>(transfer.measure), transfer.quantity.milli(),
                   transfer.service_key, transfer.is_reversal ? 't' : 'f', transfer.reason);
  }
}

class Grower {
 public:
  Grower(PgConnection& owner, int64_t tenant_id, int64_t entries_wanted) : owner_(owner), tenant_id_(tenant_id) {
    read_chains();
    int64_t present = 0;
    for (const Chain& chain : chains_) present += chain.head.entry_seq;
    // A multiple of three leaves every balance where it was.
    const int64_t missing = std::max<int64_t>(0, entries_wanted - present);
    const int64_t count = static_cast<int64_t>(chains_.size());
    each_ = count == 0 ? 0 : (missing + count - 1) / count;
    each_ += (3 - each_ % 3) % 3;
  }

  JournalGrowth run() {
    if (each_ == 0) return growth_;
    owner_.execute_script(kDropKeys);
    // Two tables take turns by spans of subjects: each subject's entries and transfers are built together.
    constexpr size_t kSubjectsPerTurn = 2000;
    for (size_t from = 0; from < chains_.size(); from += kSubjectsPerTurn) {
      turn(from, std::min(kSubjectsPerTurn, chains_.size() - from));
    }
    growth_.copy_seconds += seconds_of([&] {
      owner_.execute_script(kMakeKeys);
      save_heads();
    });
    return growth_;
  }

 private:
  void read_chains() {
    Transaction transaction(owner_, tenant_id_);
    const Rows newest = transaction.execute(kNewestPosted, Parameters().integer(tenant_id_));
    const Rows rows = transaction.execute(kReadHeads, Parameters().integer(tenant_id_));
    for (size_t row = 0; row < rows.size(); ++row) {
      if (rows.is_null(row, 6)) continue;
      Chain chain;
      chain.subject_id = rows.integer(row, 0);
      chain.head.entry_seq = rows.integer(row, 1);
      chain.head.facts_seq = rows.integer(row, 2);
      chain.head.entry_hash = rows.hash(row, 3);
      chain.head.as_of_day = rows.day(row, 4);
      chain.head.policy_version = rows.integer(row, 5);
      chain.head.posted_at = newest.instant(0, 0);
      chain.book = rows.string(row, 6);
      chains_.push_back(std::move(chain));
    }
  }

  void turn(size_t from, size_t count) {
    std::string entries, transfers;
    growth_.hash_seconds += seconds_of([&] {
      for (size_t i = from; i < from + count; ++i) {
        for (int64_t number = 0; number < each_; ++number) step(chains_[i], number, entries, transfers);
      }
    });
    growth_.copy_seconds += seconds_of([&] {
      copy("journal_entry", entries);
      copy("transfer", transfers);
    });
  }

  void step(Chain& chain, int64_t number, std::string& entries, std::string& transfers) {
    const ChainHead head{chain.head.entry_seq, chain.head.entry_hash, chain.head.outcome_hash};
    EntryPlan plan{moves_of(chain, number), sha256(fmt::format("{}/{}", chain.subject_id, number))};
    EntryInputs inputs{chain.head.facts_seq, chain.head.as_of_day + 1, chain.head.policy_version,
                       chain.head.posted_at + std::chrono::milliseconds(10)};
    chain.head = *build_entry(subject_key(tenant_id_, chain.subject_id), head, inputs, std::move(plan));
    ++growth_.entries;
    growth_.transfers += static_cast<int64_t>(chain.head.transfers.size());
    append_entry(entries, tenant_id_, chain);
    append_transfers(transfers, tenant_id_, chain);
  }

  void copy(const char* table, const std::string& lines) {
    size_t at = 0;
    owner_.copy_in(fmt::format("copy {} from stdin", table), [&](std::string& block) {
      block = lines.substr(at, kBlockBytes);
      at += block.size();
    });
  }

  void save_heads() {
    std::string lines;
    for (const Chain& chain : chains_) {
      fmt::format_to(std::back_inserter(lines), "{}\t{}\t{}\t{}\n", chain.subject_id, chain.head.entry_seq,
                     hex(chain.head.entry_hash), hex(chain.head.outcome_hash));
    }
    owner_.execute_script(
        "create table bench_head (subject_id bigint primary key, entry_seq bigint, entry_hash bytea, outcome_hash "
        "bytea); alter table subject no force row level security");
    size_t at = 0;
    owner_.copy_in("copy bench_head from stdin", [&](std::string& block) {
      block = lines.substr(at, kBlockBytes);
      at += block.size();
    });
    owner_.execute_script(fmt::format(
        "update subject set entry_seq = bench_head.entry_seq, entry_hash = bench_head.entry_hash, outcome_hash = "
        "bench_head.outcome_hash from bench_head where subject.tenant_id = {} and subject.subject_id = "
        "bench_head.subject_id; drop table bench_head; alter table subject force row level security",
        tenant_id_));
  }

  PgConnection& owner_;
  int64_t tenant_id_;
  int64_t each_ = 0;
  std::vector<Chain> chains_;
  JournalGrowth growth_;
};

}  // namespace

JournalGrowth grow_journal(PgConnection& owner, int64_t tenant_id, int64_t entries_wanted) {
  return Grower(owner, tenant_id, entries_wanted).run();
}

}  // namespace authledger
