#include "ledger/journal_file.h"

#include <fmt/format.h>

#include "ledger/journal_json.h"

namespace authledger {

std::optional<FileFault> KeptSeals::add(JsonView line) {
  ++count_;
  const auto read = seal_from(line);
  if (!read) return FileFault{0, 0, 0, 0, fmt::format("line {}: {}", count_, read.error().message)};
  const Seal& seal = *read;
  if (broken_.contains(seal.tenant_id)) return std::nullopt;
  std::optional<std::string> broken = chains_[seal.tenant_id].add(seal);
  std::vector<Hash> leaves;
  for (const SealedHead& head : seal.heads) leaves.push_back(head.entry_hash);
  if (!broken && merkle_root(leaves) != seal.root_hash) broken = "the root is not that of the sealed heads";
  if (broken) {
    broken_.insert(seal.tenant_id);
    return FileFault{seal.tenant_id, 0, 0, seal.seal_seq, *broken};
  }
  for (const SealedHead& head : seal.heads) {
    heads_[{seal.tenant_id, head.subject_id}][head.entry_seq] = {head.entry_hash, seal.seal_seq};
  }
  return std::nullopt;
}

void JournalFileCheck::fault(int64_t entry_seq, int64_t seal_seq, std::string message) {
  is_sound_ = false;
  faults_.push_back({tenant_id_, subject_id_, entry_seq, seal_seq, std::move(message)});
}

void JournalFileCheck::add(JsonView line) {
  ++entries_;
  const auto read = journal_line_from(line);
  if (!read) {
    faults_.push_back({tenant_id_, subject_id_, 0, 0, fmt::format("line {}: {}", entries_, read.error().message)});
    is_sound_ = false;
    return;
  }
  if (subjects_ == 0 || read->tenant_id != tenant_id_ || read->subject_id != subject_id_) {
    end_subject();
    ++subjects_;
    tenant_id_ = read->tenant_id;
    subject_id_ = read->subject_id;
    is_sound_ = true;
    chain_.begin(subject_key(tenant_id_, subject_id_));
  }
  if (!is_sound_) return;
  std::vector<TransferView> transfers;
  for (const Transfer& transfer : read->entry.transfers) transfers.push_back(view_of(transfer));
  if (auto broken = chain_.add(view_of(read->entry), transfers)) return fault(broken->entry_seq, 0, broken->message);
  if (seals_ == nullptr) return;
  const auto subject = seals_->heads().find({tenant_id_, subject_id_});
  if (subject == seals_->heads().end()) return;
  const auto kept = subject->second.find(read->entry.entry_seq);
  if (kept != subject->second.end() && kept->second.entry_hash != read->entry.entry_hash) {
    fault(read->entry.entry_seq, kept->second.seal_seq, "the entry differs from the one that was sealed");
  }
}

void JournalFileCheck::end_subject() {
  if (seals_ == nullptr || subjects_ == 0 || !is_sound_) return;
  const auto subject = seals_->heads().find({tenant_id_, subject_id_});
  if (subject == seals_->heads().end()) return;
  const auto& [entry_seq, kept] = *subject->second.rbegin();
  if (entry_seq > chain_.entry_seq()) {
    fault(chain_.entry_seq() + 1, kept.seal_seq, fmt::format("the entry is missing: entry {} was sealed", entry_seq));
  }
}

void JournalFileCheck::finish() {
  end_subject();
}

}  // namespace authledger
