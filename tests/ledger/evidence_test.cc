#include "ledger/evidence.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "ledger/facts_json.h"
#include "tests/ledger/random_facts.h"

namespace authledger {
namespace {

// The evidence of what a random subject's ledger knew after so many of its facts.
Evidence evidence_of(const RandomSubject& random, const RandomLedger& ledger, const std::string& asked) {
  Evidence evidence;
  evidence.tenant = "clinic";
  evidence.tenant_id = 1;
  evidence.subject_id = 1;
  evidence.asked = asked;
  evidence.on = random.today;
  evidence.as_known_at = ledger.entries().back().posted_at;
  evidence.policy_version = random.policy.version;
  evidence.rules = rules_json(random.policy.rules);
  for (const Fact& fact : ledger.history()) {
    if (fact.fact_seq <= ledger.entries().back().facts_seq) evidence.facts.push_back({fact, sha256(fact.resource)});
  }
  evidence.mappings["encounter@1"] = R"({"resource":"Encounter","views":[{"start":"period.start"}]})";
  evidence.entries = ledger.entries();
  // Sealed beside four other chains.
  SealProof proof;
  std::vector<Hash> leaves;
  for (const char* other : {"a", "b", "c", "d"}) leaves.push_back(sha256(other));
  proof.head = {1, evidence.entries.back().entry_seq, evidence.entries.back().entry_hash};
  proof.leaf_index = 2;
  leaves.insert(leaves.begin() + 2, proof.head.entry_hash);
  proof.leaf_count = leaves.size();
  proof.path = merkle_path(leaves, 2);
  proof.seal.tenant_id = 1;
  proof.seal.seal_seq = 3;
  proof.seal.sealed_at = evidence.as_known_at + std::chrono::seconds(1);
  proof.seal.root_hash = merkle_root(leaves);
  proof.seal.seal_hash = seal_hash(proof.seal);
  evidence.seal = proof;
  return evidence;
}

// A random subject of which an authorization was known, and its document.
struct Case {
  Evidence evidence;
  EvidenceText text;
};
std::optional<Case> case_of(const RandomSubject& random) {
  RandomLedger ledger(random.policy);
  ledger.record(random.facts);
  if (!ledger.reconcile(random.today)) return std::nullopt;
  const Derived derived = derive(ledger.history(), random.policy, random.today);
  if (derived.subject.lines.empty()) return std::nullopt;
  Evidence evidence = evidence_of(random, ledger, derived.subject.lines[0].book);
  auto text = write_evidence(evidence);
  if (!text) return std::nullopt;
  return Case{std::move(evidence), std::move(*text)};
}

TEST(Evidence, ChecksForEveryRandomSubjectAndIsTheSameAgain) {
  EXPECT_TRUE(holds("evidence checks", [] {
    const auto found = case_of(*random_subject());
    RC_PRE(found.has_value());
    const EvidenceCheck check = check_evidence(found->text.json, nullptr);
    RC_LOG() << (check.faults.empty() ? "" : check.faults[0].message);
    RC_ASSERT(check.faults.empty());
    RC_ASSERT(write_evidence(found->evidence)->json == found->text.json);
  }));
}

// What names a source and its versions is as the database had it, and the policy is bound by what follows from it only.
bool is_bound(const std::string& document, size_t at) {
  if (at > document.find("\n  \"policy\"") && at < document.find("\n  \"facts\"")) return false;
  const size_t line_start = document.rfind('\n', at) + 1;
  const std::string_view line = trim(std::string_view(document).substr(line_start, at - line_start));
  for (const std::string_view unbound :
       {"\"fact_key\"", "\"source", "\"resource", "\"recorded_at\"", "\"mapping\"", "\"leaf_count\"", "\"tenant\""}) {
    if (line.starts_with(unbound)) return false;
  }
  return true;
}

TEST(Evidence, ShowsAChangedDigitInAnswerFactsEntriesAndSeal) {
  EXPECT_TRUE(holds("a changed digit shows", [] {
    const auto found = case_of(*random_subject());
    RC_PRE(found.has_value());
    std::string edited = found->text.json;
    const size_t at = edited.find_first_of("0123456789", *rc::gen::inRange<size_t>(0, edited.size()));
    RC_PRE(at != std::string::npos && is_bound(edited, at));
    edited[at] = edited[at] == '9' ? '8' : static_cast<char>(edited[at] + 1);
    RC_LOG() << edited.substr(edited.rfind('\n', at) + 1, 200);
    RC_ASSERT(!check_evidence(edited, nullptr).faults.empty());
  }));
}

TEST(Evidence, NamesTheEntryThatWasEdited) {
  for (int attempt = 0;; ++attempt) {
    ASSERT_LT(attempt, 100);
    const auto random = random_subject()(rc::Random(static_cast<uint64_t>(attempt)), 60).value();
    auto found = case_of(random);
    if (!found || found->evidence.entries.back().transfers.empty()) continue;
    found->evidence.entries.back().transfers[0].quantity += Quantity::of_units(1);
    const EvidenceCheck check = check_evidence(write_evidence(found->evidence)->json, nullptr);
    ASSERT_EQ(check.faults.size(), 1U);
    EXPECT_EQ(check.faults[0].entry_seq, found->evidence.entries.back().entry_seq);
    EXPECT_EQ(check.faults[0].subject_id, 1);
    return;
  }
}

TEST(FactBody, ComesBackFromItsJsonAsItWas) {
  EXPECT_TRUE(holds("bodies come back", [] {
    for (const Fact& fact : (*random_subject()).facts) {
      JsonWriter writer;
      write_body(writer, fact.body);
      JsonDocument document;
      const auto body = body_from(kind_of(fact.body), *document.parse(writer.take()));
      RC_ASSERT(body.ok());
      RC_ASSERT(*body == fact.body);
    }
  }));
}

TEST(FactBody, KeepsEveryFieldOfAnAuthorizationLine) {
  AuthorizationLineFact line;
  line.patient = "Patient/p1";
  line.payer = "Organization/o1";
  line.payer_display = "Payer \"one\"";
  line.member_id = "M1";
  line.authorization_number = "A1";
  line.other_numbers = {{NumberRole::previous, "A0"}, {NumberRole::administration_reference, "R1"}};
  line.line = "2";
  line.decision = Decision::approved_in_part;
  line.decision_code = "A2";
  line.request = "http://payer.example/Claim/c1";
  line.service_codes = {"90837", "90834"};
  line.first_day = day_of(2026, 1, 1);
  line.last_day = day_of(2026, 12, 31);
  line.quantity = Quantity::of_milli(1500);
  line.quantity_as_requested = true;
  line.measure = Measure::hour;
  line.rate_quantity = Quantity::of_units(2);
  line.rate_period = "week";
  line.diagnosis_codes = {"F32.1"};
  line.provider = "Practitioner/d1";
  line.program = "iop";
  line.place = "11";
  line.issued_on = day_of(2026, 1, 2);
  line.issued_at = *parse_instant("2026-01-02T03:04:05.678901Z");
  line.payer_used_quantity = Quantity();
  line.supersedes = "A0";
  line.modifiers = {"95", "HQ"};
  line.amount = Quantity::of_milli(1200500);
  line.currency = "USD";
  JsonWriter writer;
  write_body(writer, line);
  JsonDocument document;
  const auto body = body_from(FactKind::authorization_line, *document.parse(writer.take()));
  ASSERT_TRUE(body);
  EXPECT_EQ(std::get<AuthorizationLineFact>(*body), line);
  EXPECT_FALSE(body_from(FactKind::authorization_line, *document.parse(R"({"first_day":"soon"})")));
}

}  // namespace
}  // namespace authledger
