#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/json.h"
#include "ledger/chain_check.h"
#include "ledger/seal.h"

// Checks exported journals and exported seals without a database. Pure.

namespace authledger {

// The first broken place; numbers are 0 where they do not apply.
struct FileFault {
  int64_t tenant_id = 0, subject_id = 0, entry_seq = 0, seal_seq = 0;
  std::string message;
};

// Seals that were kept: what each subject's chain was at some of its entries.
class KeptSeals {
 public:
  // The next line of the file. A fault where the seals do not chain or their root is not that of their heads.
  std::optional<FileFault> add(JsonView line);
  int64_t count() const { return count_; }

  struct Kept {
    Hash entry_hash{};
    int64_t seal_seq = 0;
  };
  // By (tenant, subject), then by entry.
  using Heads = std::map<std::pair<int64_t, int64_t>, std::map<int64_t, Kept>>;
  const Heads& heads() const { return heads_; }

 private:
  std::map<int64_t, SealChain> chains_;
  std::set<int64_t> broken_;  // Tenants whose chain of seals ended.
  Heads heads_;
  int64_t count_ = 0;
};

// An exported journal, line by line; subjects stand one after the other.
class JournalFileCheck {
 public:
  explicit JournalFileCheck(const KeptSeals* seals) : seals_(seals) {}
  void add(JsonView line);
  // After the last line.
  void finish();

  int64_t subjects() const { return subjects_; }
  int64_t entries() const { return entries_; }
  const std::vector<FileFault>& faults() const { return faults_; }

 private:
  void fault(int64_t entry_seq, int64_t seal_seq, std::string message);
  void end_subject();

  const KeptSeals* seals_;
  int64_t tenant_id_ = 0, subject_id_ = 0, subjects_ = 0, entries_ = 0;
  bool is_sound_ = true;
  ChainCheck chain_;
  std::vector<FileFault> faults_;
};

}  // namespace authledger
