#include "ledger/evidence.h"

#include "base/check.h"
#include "base/text.h"
#include "ledger/evidence_answer.h"
#include "ledger/facts_json.h"
#include "ledger/journal_json.h"

namespace authledger {
namespace {

// Writes the document, in the order in which it is to be read: the question, the answer, then what it follows from.
class EvidenceWriter {
 public:
  EvidenceWriter(const Evidence& evidence, const EvidenceAnswer& answer) : evidence_(evidence), answer_(answer) {}

  std::string document(const std::vector<std::string>& page) {
    writer_.begin_object().member("format", kEvidenceFormat).member("tenant", evidence_.tenant);
    writer_.key("tenant_id").number(evidence_.tenant_id).key("subject_id").number(evidence_.subject_id);
    writer_.member("asked", evidence_.asked).member("on", format_day(evidence_.on));
    writer_.member("as_known_at", format_instant(evidence_.as_known_at)).member("patient", answer_.patient);
    texts("page", page);
    writer_.key("authorizations").begin_array();
    for (const AuthorizationRow& row : answer_.authorizations) authorization(row);
    writer_.end_array().key("services").begin_array();
    for (const ServiceRow& row : answer_.services) service(row);
    writer_.end_array().key("steps").begin_array();
    for (const ExplainRow& row : answer_.steps) step(row);
    writer_.end_array().key("policy").begin_object();
    writer_.key("policy_version").number(evidence_.policy_version).key("rules");
    json(evidence_.rules);
    writer_.end_object().key("mappings").begin_object();
    for (const auto& [mapping, paths] : evidence_.mappings) {
      writer_.key(mapping);
      json(paths);
    }
    writer_.end_object().key("facts").begin_array();
    for (const EvidenceFact& own : evidence_.facts) fact(own);
    writer_.end_array();
    entries("entries", evidence_.entries);
    writer_.key("seal");
    seal();
    return writer_.end_object().take() + "\n";
  }

 private:
  void texts(const char* name, const std::vector<std::string>& values) {
    writer_.key(name).begin_array();
    for (const std::string& value : values) writer_.string(value);
    writer_.end_array();
  }
  void day(const char* name, const std::optional<Day>& value) {
    writer_.key(name);
    value ? writer_.string(format_day(*value)) : writer_.null();
  }
  void quantity(const char* name, const std::optional<Quantity>& value) {
    writer_.key(name);
    value ? writer_.number_text(format_quantity(*value)) : writer_.null();
  }
  void json(const std::string& text) {
    const auto root = document_.parse(text);
    root ? writer_.value(*root) : writer_.null();
  }

  void authorization(const AuthorizationRow& row) {
    writer_.begin_object().member("payer", row.payer).member("authorization_number", row.authorization_number);
    writer_.member("line", row.line);
    texts("service_codes", row.service_codes);
    writer_.member("measure", word_of(row.measure)).member("decision", word_of(row.decision));
    writer_.member("window", word_of(row.window)).member("supply", word_of(row.supply));
    day("first_day", row.first_day);
    day("last_day", row.last_day);
    quantity("approved", row.approved);
    quantity("available", row.available);
    quantity("reserved", row.reserved);
    quantity("used", row.used);
    quantity("lapsed", row.lapsed);
    texts("sources", row.sources);
    // Documents that were written before letters were known stay what they prove.
    if (!row.letters.empty()) texts("letters", row.letters);
    writer_.end_object();
  }

  void service(const ServiceRow& row) {
    writer_.begin_object().member("key", row.key);
    texts("sources", row.sources);
    day("day", row.day);
    writer_.member("state", word_of(row.state));
    texts("service_codes", row.service_codes);
    quantity("quantity", row.quantity);
    writer_.member("measure", word_of(row.measure)).key("covered_by").begin_array();
    for (const CoveredBy& by : row.covered_by) {
      writer_.begin_object().member("authorization_number", by.authorization_number).member("line", by.line);
      quantity("quantity", by.quantity);
      writer_.member("rule", by.rule).end_object();
    }
    writer_.end_array();
    quantity("uncovered", row.uncovered);
    writer_.member("reason", word_of(row.reason)).end_object();
  }

  void step(const ExplainRow& row) {
    writer_.begin_object().member("posted_at", format_instant(row.posted_at));
    writer_.key("entry_seq").number(row.entry_seq).member("book", row.book).member("line", row.line);
    writer_.member("service", row.service_key);
    day("day", row.day);
    writer_.member("from", word_of(row.from)).member("to", word_of(row.to));
    quantity("quantity", row.quantity);
    writer_.member("measure", word_of(row.measure)).key("is_reversal").boolean(row.is_reversal);
    writer_.key("is_standing").boolean(row.is_standing).member("reason", row.reason);
    texts("sources", row.sources);
    texts("mappings", row.mappings);
    writer_.end_object();
  }

  void fact(const EvidenceFact& own) {
    const Fact& fact = own.fact;
    writer_.begin_object().key("fact_seq").number(fact.fact_seq).member("fact_key", fact.fact_key);
    writer_.member("kind", word_of(kind_of(fact.body))).member("source", fact.source);
    writer_.member("resource", fact.resource).key("retracted").boolean(fact.retracted).key("source_version");
    fact.source_version ? writer_.number(*fact.source_version) : writer_.null();
    writer_.key("source_updated_at");
    fact.source_updated_at ? writer_.string(format_instant(*fact.source_updated_at)) : writer_.null();
    writer_.member("recorded_at", format_instant(fact.recorded_at)).member("mapping", fact.mapping);
    writer_.member("content_hash", to_hex(content_hash(fact))).key("resource_hash");
    own.resource_hash ? writer_.string(to_hex(*own.resource_hash)) : writer_.null();
    writer_.key("body");
    write_body(writer_, fact.body);
    writer_.end_object();
  }

  void entries(const char* name, const std::vector<JournalEntry>& values) {
    writer_.key(name).begin_array();
    for (const JournalEntry& entry : values) {
      writer_.begin_object();
      write_entry(writer_, entry);
      writer_.end_object();
    }
    writer_.end_array();
  }

  void seal() {
    if (!evidence_.seal) {
      writer_.null();
      return;
    }
    const SealProof& proof = *evidence_.seal;
    writer_.begin_object().key("seal_seq").number(proof.seal.seal_seq);
    writer_.member("sealed_at", format_instant(proof.seal.sealed_at));
    writer_.member("root_hash", to_hex(proof.seal.root_hash));
    writer_.member("previous_hash", to_hex(proof.seal.previous_hash));
    writer_.member("seal_hash", to_hex(proof.seal.seal_hash));
    writer_.key("entry_seq").number(proof.head.entry_seq).member("entry_hash", to_hex(proof.head.entry_hash));
    writer_.key("leaf_index").number(static_cast<int64_t>(proof.leaf_index));
    writer_.key("leaf_count").number(static_cast<int64_t>(proof.leaf_count)).key("path").begin_array();
    for (const Hash& hash : proof.path) writer_.string(to_hex(hash));
    writer_.end_array();
    entries("later_entries", proof.later_entries);
    writer_.end_object();
  }

  const Evidence& evidence_;
  const EvidenceAnswer& answer_;
  JsonWriter writer_{JsonWriter::Style::pretty};
  JsonDocument document_;
};

}  // namespace

Result<EvidenceText> write_evidence(const Evidence& evidence) {
  AUTHLEDGER_CHECK(!evidence.entries.empty());
  const auto answer = answer_of(evidence);
  if (!answer) return answer.error();
  const std::vector<std::string> page = evidence_page(evidence, *answer);
  return EvidenceText{EvidenceWriter(evidence, *answer).document(page), join(page, "\n") + "\n"};
}

}  // namespace authledger
