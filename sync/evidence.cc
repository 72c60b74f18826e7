#include "sync/evidence.h"

#include <algorithm>
#include <set>

#include "ledger/store/evidence_store.h"
#include "ledger/store/journal_store.h"
#include "ledger/store/seal_store.h"

namespace authledger {
namespace {

// The first seal that covers the last entry: it stays the first, whatever is posted and sealed later.
std::optional<SealProof> read_proof(Transaction& transaction, int64_t subject_id, int64_t entry_seq) {
  auto stored = read_seal_of_entry(transaction, subject_id, entry_seq);
  if (!stored) return std::nullopt;
  SealProof proof;
  const auto own = std::ranges::find(stored->seal.heads, subject_id, &SealedHead::subject_id);
  proof.head = *own;
  proof.leaf_index = static_cast<size_t>(own - stored->seal.heads.begin());
  proof.leaf_count = stored->seal.heads.size();
  std::vector<Hash> leaves;
  for (const SealedHead& head : stored->seal.heads) leaves.push_back(head.entry_hash);
  proof.path = merkle_path(leaves, proof.leaf_index);
  proof.seal = std::move(stored->seal);
  proof.seal.heads.clear();
  if (proof.head.entry_seq == entry_seq) return proof;
  for (JournalEntry& entry : read_entries(transaction, subject_id)) {
    const bool is_between = entry.entry_seq > entry_seq && entry.entry_seq <= proof.head.entry_seq;
    if (is_between) proof.later_entries.push_back(std::move(entry));
  }
  return proof;
}

}  // namespace

std::vector<SubjectName> subjects_naming(TenantSession& session, const std::string& name, const std::string& patient) {
  std::vector<SubjectName> names;
  transact(session.connection(), session.tenant_id(), [&](Transaction& transaction) {
    names = read_subjects(transaction, patient);
    if (!patient.empty()) return;
    const std::vector<int64_t> naming = read_subjects_naming(transaction, name);
    std::erase_if(names, [&](const SubjectName& subject) {
      return !std::binary_search(naming.begin(), naming.end(), subject.subject_id);
    });
  });
  return names;
}

std::optional<Evidence> gather_evidence(TenantSession& session, KnownPolicies& policies, int64_t subject_id,
                                        const EvidenceQuestion& question) {
  Question then;
  then.on_day = question.on;
  then.as_known_at = question.as_known_at;
  auto history = read_history(session, policies, subject_id, then, SystemClock());
  if (!history) return std::nullopt;
  Evidence evidence;
  evidence.tenant = session.config().tenant.name;
  evidence.tenant_id = session.tenant_id();
  evidence.subject_id = subject_id;
  evidence.asked = question.asked;
  evidence.on = question.on;
  evidence.as_known_at = question.as_known_at;
  evidence.policy_version = history->policy->version;
  evidence.rules = rules_json(history->policy->rules);
  evidence.entries = std::move(history->entries);
  std::set<std::string> mappings;
  for (const Fact& fact : history->facts) mappings.insert(fact.mapping);
  transact(session.connection(), session.tenant_id(), [&](Transaction& transaction) {
    const auto hashes = read_resource_hashes(transaction, history->facts);
    evidence.facts.clear();
    for (size_t i = 0; i < history->facts.size(); ++i) evidence.facts.push_back({history->facts[i], hashes[i]});
    evidence.mappings = read_mapping_paths(transaction, mappings);
    evidence.seal = read_proof(transaction, subject_id, evidence.entries.back().entry_seq);
  });
  return evidence;
}

}  // namespace authledger
