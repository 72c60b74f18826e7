#include "ledger/store/journal_verify.h"

#include <fmt/format.h>

#include <algorithm>

#include "ledger/chain_check.h"

namespace authledger {

namespace {

// Few enough that what is read of a span stays in the processor's cache, and its memory serves the next one.
constexpr int64_t kEntriesPerSpan = 2000;

// One moment for all statements of a span: a round may be posting meanwhile.
constexpr Statement kReadOneMoment{"read_one_moment", "set transaction isolation level repeatable read"};

constexpr Statement kSubjectSizes{"subject_sizes", R"(
  select subject_id, entry_seq
    from subject
   where tenant_id = $1
   order by subject_id)"};

constexpr Statement kSpanHeads{"span_heads", R"(
  select subject_id, entry_seq, entry_hash
    from subject
   where tenant_id = $1
     and subject_id between $2 and $3
   order by subject_id)"};

constexpr Statement kSpanEntries{"span_entries", R"(
  select subject_id, entry_seq, facts_seq, as_of_day, policy_version, allocator_version, posted_at, outcome_hash,
         previous_hash, entry_hash
    from journal_entry
   where tenant_id = $1
     and subject_id between $2 and $3
   order by subject_id, entry_seq)"};

// Four small columns travel as one, 16 bits each: libpq pays per column, and transfers are most of what is read.
constexpr Statement kSpanTransfers{"span_transfers", R"(
  select subject_id, entry_seq, book,
         (from_account::bigint << 48) | ((to_account::bigint & 65535) << 32) | ((measure::bigint & 65535) << 16)
           | is_reversal::int,
         quantity_milli, service_key, reason
    from transfer
   where tenant_id = $1
     and subject_id between $2 and $3
   order by subject_id, entry_seq, no)"};

constexpr Statement kSpanBalances{"span_balances", R"(
  select subject_id, book, account, measure, quantity_milli
    from balance
   where tenant_id = $1
     and subject_id between $2 and $3
   order by subject_id)"};

// One result, read from its beginning to its end; its first column is the subject, its second one the entry.
class Reader {
 public:
  explicit Reader(Rows rows) : rows_(std::move(rows)), size_(rows_.size()) { look(); }
  bool is_at(int64_t subject_id) const { return subject_id_ == subject_id; }
  int64_t subject_id() const { return subject_id_; }  // INT64_MAX after the last row.
  int64_t entry_seq() const { return rows_.integer(row_, 1); }
  const Rows& rows() const { return rows_; }
  size_t row() const { return row_; }
  void next() {
    ++row_;
    look();
  }

 private:
  void look() { subject_id_ = row_ < size_ ? rows_.integer(row_, 0) : INT64_MAX; }
  Rows rows_;
  size_t size_, row_ = 0;
  int64_t subject_id_ = INT64_MAX;
};

class SpanCheck {
 public:
  SpanCheck(Transaction& transaction, const JournalSpan& span, VerifyCounts& counts, std::vector<VerifyFault>& faults)
      : tenant_id_(transaction.tenant_id()),
        heads_(read(transaction, kSpanHeads, span)),
        entries_(read(transaction, kSpanEntries, span)),
        transfers_(read(transaction, kSpanTransfers, span)),
        balances_(read(transaction, kSpanBalances, span)),
        counts_(counts),
        faults_(faults) {}

  void run() {
    for (int64_t next = next_subject(); next != INT64_MAX; next = next_subject()) subject(next);
  }

 private:
  static Rows read(Transaction& transaction, const Statement& statement, const JournalSpan& span) {
    return transaction.execute(
        statement,
        Parameters().integer(transaction.tenant_id()).integer(span.first_subject_id).integer(span.last_subject_id));
  }

  int64_t next_subject() const {
    return std::min({heads_.subject_id(), entries_.subject_id(), transfers_.subject_id(), balances_.subject_id()});
  }

  void subject(int64_t subject_id) {
    ++counts_.subjects;
    is_sound_ = true;
    chain_.begin(subject_key(tenant_id_, subject_id));
    sums_.begin();
    while (entries_.is_at(subject_id)) {
      entry(subject_id);
      entries_.next();
    }
    if (is_sound_ && transfers_.is_at(subject_id)) {
      fault(subject_id, transfers_.entry_seq(), "transfers stand for an entry that is missing");
    }
    skip(transfers_, subject_id);
    head(subject_id);
    balances(subject_id);
  }

  void entry(int64_t subject_id) {
    const Rows& rows = entries_.rows();
    const size_t row = entries_.row();
    ++counts_.entries;
    const EntryView entry{
        entries_.entry_seq(),    rows.integer(row, 2),
        rows.day(row, 3).number, rows.integer(row, 4),
        rows.integer(row, 5),    static_cast<int64_t>(rows.instant(row, 6).time_since_epoch().count()),
        rows.bytes_view(row, 7), rows.bytes_view(row, 8),
        rows.bytes_view(row, 9)};
    read_transfers(subject_id, entry.entry_seq);
    if (!is_sound_) return;
    if (auto found = chain_.add(entry, parts_)) return fault(subject_id, found->entry_seq, found->message);
    for (const TransferView& part : parts_) {
      if (part.quantity_milli <= 0 || part.from == part.to || !sums_.add(part)) {
        return fault(subject_id, entry.entry_seq, "a transfer moves nothing, or between accounts that are none");
      }
    }
  }

  void read_transfers(int64_t subject_id, int64_t entry_seq) {
    parts_.clear();
    const Rows& rows = transfers_.rows();
    for (; transfers_.is_at(subject_id); transfers_.next()) {
      const int64_t own_seq = transfers_.entry_seq();
      if (own_seq > entry_seq) return;
      ++counts_.transfers;
      if (own_seq < entry_seq) {
        if (is_sound_) fault(subject_id, own_seq, "transfers stand for an entry that is missing");
        continue;
      }
      const size_t row = transfers_.row();
      const int64_t small = rows.integer(row, 3);
      parts_.push_back({rows.bytes_view(row, 2), static_cast<int16_t>(small >> 48), static_cast<int16_t>(small >> 32),
                        static_cast<int16_t>(small >> 16), rows.integer(row, 4), rows.bytes_view(row, 5),
                        (small & 1) != 0, rows.bytes_view(row, 6)});
    }
  }

  // What was cut off the end shows only here (and in the seals).
  void head(int64_t subject_id) {
    if (!heads_.is_at(subject_id)) {
      if (is_sound_) fault(subject_id, 1, "the journal has entries of a subject that is missing");
      return;
    }
    const int64_t entry_seq = heads_.entry_seq();
    const Hash entry_hash = heads_.rows().hash(heads_.row(), 2);
    heads_.next();
    if (!is_sound_) return;
    if (entry_seq > chain_.entry_seq()) {
      fault(subject_id, chain_.entry_seq() + 1,
            fmt::format("the entry is missing: the subject's last one is {}", entry_seq));
    } else if (entry_seq < chain_.entry_seq()) {
      fault(subject_id, entry_seq + 1,
            fmt::format("the entry is one too many: the subject's last one is {}", entry_seq));
    } else if (entry_hash != chain_.entry_hash()) {
      fault(subject_id, entry_seq, "the entry's hash is not the one that the subject keeps of its last entry");
    }
  }

  void balances(int64_t subject_id) {
    bool is_known = true;
    for (; balances_.is_at(subject_id); balances_.next()) {
      const Rows& rows = balances_.rows();
      const size_t row = balances_.row();
      is_known &=
          sums_.subtract(rows.bytes_view(row, 1), rows.integer(row, 2), rows.integer(row, 3), rows.integer(row, 4));
    }
    if (is_sound_ && (!is_known || !sums_.are_zero())) {
      fault(subject_id, 0, "the balance projection differs from the journal; run `authledger rebuild`");
    }
  }

  static void skip(Reader& reader, int64_t subject_id) {
    while (reader.is_at(subject_id)) reader.next();
  }

  void fault(int64_t subject_id, int64_t entry_seq, std::string message) {
    is_sound_ = false;
    faults_.push_back({subject_id, entry_seq, 0, std::move(message)});
  }

  const int64_t tenant_id_;
  Reader heads_, entries_, transfers_, balances_;
  VerifyCounts& counts_;
  std::vector<VerifyFault>& faults_;
  ChainCheck chain_;
  BalanceSums sums_;
  std::vector<TransferView> parts_;
  bool is_sound_ = true;
};

}  // namespace

std::vector<JournalSpan> plan_journal_spans(Transaction& transaction) {
  const Rows rows = transaction.execute(kSubjectSizes, Parameters().integer(transaction.tenant_id()));
  std::vector<JournalSpan> spans;
  JournalSpan span{INT64_MIN, INT64_MIN};
  int64_t entries = 0;
  for (size_t row = 0; row < rows.size(); ++row) {
    const int64_t own = rows.integer(row, 1);
    if (entries > 0 && entries + own > kEntriesPerSpan) {
      spans.push_back(span);
      span.first_subject_id = span.last_subject_id + 1;
      entries = 0;
    }
    span.last_subject_id = rows.integer(row, 0);
    entries += own;
  }
  span.last_subject_id = INT64_MAX;
  spans.push_back(span);
  return spans;
}

void verify_span(Transaction& transaction, const JournalSpan& span, VerifyCounts& counts,
                 std::vector<VerifyFault>& faults) {
  transaction.execute(kReadOneMoment);
  SpanCheck(transaction, span, counts, faults).run();
}

}  // namespace authledger
