#include "sync/verify.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <future>
#include <mutex>

#include "ledger/store/seal_store.h"

namespace authledger {
namespace {

constexpr int64_t kSealsPerRead = 50;

std::string short_hash(const std::optional<Hash>& hash) {
  return hash ? to_hex(*hash).substr(0, 12) : "nothing";
}

// Names the first entry of each subject that the journal has otherwise than sealed.
void compare_heads(const Seal& seal, std::span<const std::optional<Hash>> journal, VerifyReport& report) {
  for (size_t i = 0; i < seal.heads.size(); ++i) {
    const SealedHead& head = seal.heads[i];
    if (journal[i] == head.entry_hash) continue;
    const bool is_named = std::any_of(report.faults.begin(), report.faults.end(), [&](const VerifyFault& fault) {
      return fault.subject_id == head.subject_id && fault.entry_seq != 0 && fault.entry_seq <= head.entry_seq;
    });
    if (is_named) continue;
    report.faults.push_back({head.subject_id, head.entry_seq, seal.seal_seq,
                             fmt::format("the entry differs from the one that seal {} of {} sealed: {} was sealed, the "
                                         "journal has {}",
                                         seal.seal_seq, format_instant(seal.sealed_at), short_hash(head.entry_hash),
                                         short_hash(journal[i]))});
  }
}

bool is_root_of_heads(const Seal& seal) {
  std::vector<Hash> leaves;
  for (const SealedHead& head : seal.heads) leaves.push_back(head.entry_hash);
  return merkle_root(leaves) == seal.root_hash;
}

template <typename Visit>
void for_each_stored_seal(TenantSession& session, Visit visit) {
  for (int64_t after = 0;;) {
    std::vector<StoredSeal> seals;
    transact(session.connection(), session.tenant_id(),
             [&](Transaction& transaction) { seals = read_seals(transaction, after, kSealsPerRead); });
    if (seals.empty()) return;
    for (const StoredSeal& stored : seals) visit(stored);
    after = seals.back().seal.seal_seq;
  }
}

}  // namespace

VerifyReport verify_journal(TenantSession& session, int threads, const Progress& progress) {
  std::vector<JournalSpan> spans;
  transact(session.connection(), session.tenant_id(),
           [&](Transaction& transaction) { spans = plan_journal_spans(transaction); });
  VerifyReport report;
  std::mutex mutex;
  std::atomic<size_t> next = 0;
  const auto work = [&] {
    const std::unique_ptr<PgConnection> connection = session.connect();
    for (size_t i = next++; i < spans.size(); i = next++) {
      VerifyCounts counts;
      std::vector<VerifyFault> faults;
      transact(*connection, session.tenant_id(), [&](Transaction& transaction) {
        counts = {};
        faults.clear();
        verify_span(transaction, spans[i], counts, faults);
      });
      const std::lock_guard lock(mutex);
      report.counts.subjects += counts.subjects;
      report.counts.entries += counts.entries;
      report.counts.transfers += counts.transfers;
      report.faults.insert(report.faults.end(), faults.begin(), faults.end());
      progress(fmt::format("verify: {} entries of {} subjects", report.counts.entries, report.counts.subjects));
    }
  };
  std::vector<std::future<void>> workers;
  const size_t count = std::clamp<size_t>(static_cast<size_t>(threads), 1, spans.size());
  for (size_t i = 0; i < count; ++i) workers.push_back(std::async(std::launch::async, work));
  for (std::future<void>& worker : workers) worker.get();
  std::stable_sort(report.faults.begin(), report.faults.end(),
                   [](const VerifyFault& a, const VerifyFault& b) { return a.subject_id < b.subject_id; });
  return report;
}

void verify_seals(TenantSession& session, VerifyReport& report) {
  SealChain chain;
  bool is_chained = true;
  for_each_stored_seal(session, [&](const StoredSeal& stored) {
    ++report.seals;
    const Seal& seal = stored.seal;
    if (is_chained) {
      if (auto broken = chain.add(seal)) {
        is_chained = false;
        report.faults.push_back({0, 0, seal.seal_seq, *broken});
      }
    }
    const size_t before = report.faults.size();
    compare_heads(seal, stored.journal_hashes, report);
    if (is_root_of_heads(seal) || report.faults.size() != before) return;
    report.faults.push_back({0, 0, seal.seal_seq,
                             stored.has_hashes ? "the root is not that of the sealed heads"
                                               : "an entry that it sealed was rewritten together with its chain; "
                                                 "an export of seals (--seals FILE) tells which"});
  });
}

void SealComparison::add(const Seal& kept) {
  if (kept.tenant_id != session_.tenant_id()) {
    if (compared_++ == 0) {
      report_.faults.push_back({0, 0, kept.seal_seq,
                                fmt::format("the file's seals are those of tenant number {}, not "
                                            "of this one, which is {}",
                                            kept.tenant_id, session_.tenant_id())});
    }
    return;
  }
  ++compared_;
  if (auto broken = chain_.add(kept); broken || !is_root_of_heads(kept)) {
    report_.faults.push_back(
        {0, 0, kept.seal_seq, "in the file: " + broken.value_or("the root is not that of the sealed heads")});
    return;
  }
  std::vector<StoredSeal> stored;
  std::vector<std::optional<Hash>> journal;
  transact(session_.connection(), session_.tenant_id(), [&](Transaction& transaction) {
    stored = read_seals(transaction, kept.seal_seq - 1, 1);
    journal = read_entry_hashes(transaction, kept.heads);
  });
  compare_heads(kept, journal, report_);
  if (stored.empty() || stored.front().seal.seal_seq != kept.seal_seq) {
    report_.faults.push_back({0, 0, kept.seal_seq, "the seal is in the file, but no more in the database"});
  } else if (stored.front().seal.seal_hash != kept.seal_hash) {
    report_.faults.push_back({0, 0, kept.seal_seq,
                              fmt::format("the seal differs from the one in the file: {} was kept, the database has {}",
                                          short_hash(kept.seal_hash), short_hash(stored.front().seal.seal_hash))});
  }
}

void for_each_seal(TenantSession& session, const std::function<void(const Seal&)>& visit) {
  for_each_stored_seal(session, [&](const StoredSeal& stored) { visit(stored.seal); });
}

}  // namespace authledger
