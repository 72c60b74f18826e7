#include <fmt/format.h>

#include <algorithm>

#include "ledger/evidence.h"
#include "ledger/evidence_answer.h"
#include "ledger/facts_json.h"
#include "ledger/journal_json.h"
#include "ledger/outcome_hash.h"

namespace authledger {
namespace {

struct StatedFact {
  EvidenceFact own;
  Hash content_hash{};
};

// The document as it states itself.
struct StatedEvidence {
  Evidence evidence;
  std::vector<Hash> content_hashes;  // Parallel to facts.
};

Result<std::vector<JournalEntry>> entries_from(JsonView array) {
  std::vector<JournalEntry> entries;
  for (JsonView value : array) {
    auto entry = entry_from(value);
    if (!entry) return entry.error();
    entries.push_back(std::move(*entry));
  }
  return entries;
}

Result<StatedFact> fact_from(JsonView value) {
  StatedFact stated;
  Fact& fact = stated.own.fact;
  const auto seq = integer_from(value["fact_seq"]);
  const auto kind = fact_kind_from(value["kind"].text());
  const auto recorded_at = parse_instant(value["recorded_at"].text());
  const auto content_hash = hash_from_hex(value["content_hash"].text());
  if (!seq || !kind || !recorded_at || !content_hash) return Failure{"a fact has not all of its members"};
  fact.fact_seq = *seq;
  fact.fact_key = value["fact_key"].string();
  fact.source = value["source"].string();
  fact.resource = value["resource"].string();
  fact.retracted = value["retracted"].boolean();
  fact.source_version = integer_from(value["source_version"]);
  fact.source_updated_at = parse_instant(value["source_updated_at"].text());
  fact.recorded_at = *recorded_at;
  fact.mapping = value["mapping"].string();
  stated.content_hash = *content_hash;
  stated.own.resource_hash = hash_from_hex(value["resource_hash"].text());
  auto body = body_from(*kind, value["body"]);
  if (!body) return body.error();
  fact.body = std::move(*body);
  return stated;
}

Result<SealProof> proof_from(JsonView value) {
  SealProof proof;
  const auto seal_seq = integer_from(value["seal_seq"]), entry_seq = integer_from(value["entry_seq"]);
  const auto index = integer_from(value["leaf_index"]), count = integer_from(value["leaf_count"]);
  const auto sealed_at = parse_instant(value["sealed_at"].text());
  const auto root = hash_from_hex(value["root_hash"].text()), previous = hash_from_hex(value["previous_hash"].text());
  const auto own = hash_from_hex(value["seal_hash"].text()), entry = hash_from_hex(value["entry_hash"].text());
  if (!seal_seq || !entry_seq || !index || !count || !sealed_at || !root || !previous || !own || !entry || *index < 0 ||
      *count <= *index) {
    return Failure{"the seal has not all of its members"};
  }
  proof.seal.seal_seq = *seal_seq;
  proof.seal.sealed_at = *sealed_at;
  proof.seal.root_hash = *root;
  proof.seal.previous_hash = *previous;
  proof.seal.seal_hash = *own;
  proof.head = {0, *entry_seq, *entry};
  proof.leaf_index = static_cast<size_t>(*index);
  proof.leaf_count = static_cast<size_t>(*count);
  for (JsonView step : value["path"]) {
    const auto hash = hash_from_hex(step.text());
    if (!hash) return Failure{"the seal's path has a step that is no hash"};
    proof.path.push_back(*hash);
  }
  auto later = entries_from(value["later_entries"]);
  if (!later) return later.error();
  proof.later_entries = std::move(*later);
  return proof;
}

Result<StatedEvidence> evidence_from(JsonView root) {
  StatedEvidence stated;
  Evidence& evidence = stated.evidence;
  const auto tenant_id = integer_from(root["tenant_id"]), subject_id = integer_from(root["subject_id"]);
  const auto policy_version = integer_from(root["policy"]["policy_version"]);
  const auto on = parse_day(root["on"].text());
  const auto as_known_at = parse_instant(root["as_known_at"].text());
  if (root["format"].text() != kEvidenceFormat || !tenant_id || !subject_id || !policy_version || !on || !as_known_at) {
    return Failure{fmt::format("this is no evidence ({}), or its first members are missing", kEvidenceFormat)};
  }
  evidence.tenant = root["tenant"].string();
  evidence.tenant_id = *tenant_id;
  evidence.subject_id = *subject_id;
  evidence.asked = root["asked"].string();
  evidence.on = *on;
  evidence.as_known_at = *as_known_at;
  evidence.policy_version = *policy_version;
  evidence.rules = to_json_text(root["policy"]["rules"]);
  for (JsonView paths : root["mappings"]) evidence.mappings[std::string(paths.name())] = to_json_text(paths);
  for (JsonView value : root["facts"]) {
    auto fact = fact_from(value);
    if (!fact) return fact.error();
    evidence.facts.push_back(std::move(fact->own));
    stated.content_hashes.push_back(fact->content_hash);
  }
  auto entries = entries_from(root["entries"]);
  if (!entries) return entries.error();
  evidence.entries = std::move(*entries);
  if (evidence.entries.empty()) return Failure{"it holds no journal entry"};
  if (root["seal"].is_object()) {
    auto proof = proof_from(root["seal"]);
    if (!proof) return proof.error();
    proof->seal.tenant_id = evidence.tenant_id;
    proof->head.subject_id = evidence.subject_id;
    evidence.seal = std::move(*proof);
  }
  return stated;
}

class Checker {
 public:
  Checker(const StatedEvidence& stated, const KeptSeals* seals)
      : stated_(stated), evidence_(stated.evidence), seals_(seals) {}

  EvidenceCheck run(std::string_view text) {
    facts();
    entries();
    if (check_.faults.empty()) outcome();
    if (check_.faults.empty()) answer(text);
    check_.checked = fmt::format(
        "{} facts, {} entries, {}{}", evidence_.facts.size(), evidence_.entries.size(),
        evidence_.seal ? fmt::format("seal {}", evidence_.seal->seal.seal_seq) : std::string("no seal yet"), left_out_);
    return std::move(check_);
  }

 private:
  void fault(int64_t entry_seq, std::string message) {
    const int64_t seal_seq = evidence_.seal ? evidence_.seal->seal.seal_seq : 0;
    check_.faults.push_back(
        {evidence_.tenant_id, evidence_.subject_id, entry_seq, entry_seq == 0 ? 0 : seal_seq, std::move(message)});
  }

  void facts() {
    const int64_t known = evidence_.entries.back().facts_seq;
    if (static_cast<int64_t>(evidence_.facts.size()) != known) {
      fault(0, fmt::format("it holds {} facts, its last entry knew {}", evidence_.facts.size(), known));
    }
    for (size_t i = 0; i < evidence_.facts.size(); ++i) {
      const Fact& fact = evidence_.facts[i].fact;
      if (fact.fact_seq != static_cast<int64_t>(i) + 1) {
        return fault(0, fmt::format("fact {} is missing or out of order", i + 1));
      }
      if (content_hash(fact) != stated_.content_hashes[i]) {
        return fault(0, fmt::format("fact {} does not match its content hash", fact.fact_seq));
      }
    }
  }

  void entries() {
    ChainCheck chain;
    chain.begin(subject_key(evidence_.tenant_id, evidence_.subject_id));
    if (!follow(chain, evidence_.entries)) return;
    if (evidence_.entries.back().posted_at > evidence_.as_known_at) {
      return fault(evidence_.entries.back().entry_seq, "the entry was posted after the instant asked about");
    }
    if (!evidence_.seal || !follow(chain, evidence_.seal->later_entries)) return;
    const SealProof& proof = *evidence_.seal;
    if (chain.entry_seq() != proof.head.entry_seq || chain.entry_hash() != proof.head.entry_hash) {
      return fault(chain.entry_seq(), "the entry is not the one that was sealed");
    }
    if (root_from_path(proof.head.entry_hash, proof.leaf_index, proof.leaf_count, proof.path) != proof.seal.root_hash) {
      return fault(chain.entry_seq(), "the path does not lead to the seal's root");
    }
    if (seal_hash(proof.seal) != proof.seal.seal_hash) {
      return fault(chain.entry_seq(), "the seal's own hash does not match its content");
    }
    if (seals_ == nullptr) return;
    const auto subject = seals_->heads().find({evidence_.tenant_id, evidence_.subject_id});
    const bool is_there = subject != seals_->heads().end();
    const auto kept = is_there ? subject->second.find(proof.head.entry_seq) : decltype(subject->second.end()){};
    if (!is_there || kept == subject->second.end()) {
      return fault(chain.entry_seq(), "the kept seals do not hold the seal that it names");
    }
    if (kept->second.entry_hash != proof.head.entry_hash || kept->second.seal_seq != proof.seal.seal_seq) {
      fault(chain.entry_seq(), "the entry differs from the one in the kept seals");
    }
  }

  bool follow(ChainCheck& chain, std::span<const JournalEntry> entries) {
    std::vector<TransferView> transfers;
    for (const JournalEntry& entry : entries) {
      transfers.clear();
      for (const Transfer& transfer : entry.transfers) transfers.push_back(view_of(transfer));
      if (auto broken = chain.add(view_of(entry), transfers)) {
        fault(broken->entry_seq, broken->message);
        return false;
      }
    }
    return true;
  }

  // The facts must give what the last entry says was believed.
  void outcome() {
    const JournalEntry& last = evidence_.entries.back();
    if (last.policy_version != evidence_.policy_version) {
      return fault(last.entry_seq, "the entry was posted under another policy version than the one it holds");
    }
    if (last.allocator_version != kAllocatorVersion) return;
    const auto policy = policy_of(evidence_);
    if (!policy) return fault(0, policy.error().message);
    const auto [subject, allocation] = reckon(facts_of(evidence_), *policy, last.as_of_day);
    if (outcome_hash(subject, allocation) != last.outcome_hash) {
      fault(last.entry_seq, "its facts and its policy give another outcome than the entry states");
    }
  }

  void answer(std::string_view text) {
    if (evidence_.entries.back().allocator_version != kAllocatorVersion) {
      left_out_ = fmt::format("; its answer is of allocator version {}, which this program cannot compute again",
                              evidence_.entries.back().allocator_version);
      return;
    }
    const auto again = write_evidence(evidence_);
    if (!again) return fault(0, again.error().message);
    if (again->json == text) return;
    const auto [own, stated] = std::mismatch(again->json.begin(), again->json.end(), text.begin(), text.end());
    fault(0, fmt::format("line {} is not what its facts, policy and entries give",
                         std::count(text.begin(), stated, '\n') + 1));
  }

  const StatedEvidence& stated_;
  const Evidence& evidence_;
  const KeptSeals* seals_;
  std::string left_out_;
  EvidenceCheck check_;
};

}  // namespace

EvidenceCheck check_evidence(std::string_view text, const KeptSeals* seals) {
  JsonDocument document;
  const auto root = document.parse(text);
  if (!root) return {{{0, 0, 0, 0, root.error().message}}, "nothing"};
  const auto stated = evidence_from(*root);
  if (!stated) return {{{0, 0, 0, 0, stated.error().message}}, "nothing"};
  return Checker(*stated, seals).run(text);
}

}  // namespace authledger
