#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "ledger/journal_file.h"

// What was known of an authorization or a service, as one document that proves itself: facts, policy and journal
// entries with their hashes and the way to a seal, and the answer that follows from them. Pure: equal inputs give equal
// bytes. docs/proof.md describes the document.

namespace authledger {

inline constexpr std::string_view kEvidenceFormat = "authledger.evidence/1";

struct EvidenceFact {
  Fact fact;
  std::optional<Hash> resource_hash;  // Of the resource version that it was mapped from, as received.
};

// How a seal binds the subject's chain: the sealed head is one of many leaves under the seal's root.
struct SealProof {
  Seal seal;  // Its heads are left out: they are those of other patients.
  SealedHead head;
  size_t leaf_index = 0, leaf_count = 0;
  std::vector<Hash> path;
  // Where the seal was made only after later entries: these, up to its head.
  std::vector<JournalEntry> later_entries;
};

struct Evidence {
  std::string tenant;
  int64_t tenant_id = 0, subject_id = 0;
  std::string asked;  // A number that the authorization ever had, its request, or a service ("Encounter/e1").
  Day on;             // Day of service.
  Instant as_known_at{};
  int64_t policy_version = 0;
  std::string rules;                            // Canonical JSON of that policy version.
  std::vector<EvidenceFact> facts;              // Every version up to the last entry's facts_seq, in order.
  std::map<std::string, std::string> mappings;  // Mapping that facts name → its paths as JSON.
  std::vector<JournalEntry> entries;            // Of the subject, posted by as_known_at.
  std::optional<SealProof> seal;                // Null while no seal covers the last entry.
};

struct EvidenceText {
  std::string json, page;  // The document; the same for people, a part of it.
};
// Errors: nothing of what was asked was known then.
Result<EvidenceText> write_evidence(const Evidence& evidence);

struct EvidenceCheck {
  std::vector<FileFault> faults;
  std::string checked;  // One sentence on what was checked, and what this program could not check.
};
// Checks each hash, the chain, the way to the seal, that the facts give the outcome that the last entry states, and
// that the answer is what follows from them, byte for byte. `seals`: kept seals that must hold the seal named; may be
// null.
EvidenceCheck check_evidence(std::string_view text, const KeptSeals* seals);

}  // namespace authledger
