#include <chrono>
#include <stdexcept>

#include "base/text.h"
#include "tests/scenarios/scenario_runner.h"

// Letters: what a scenario says of them, and what it expects.

namespace authledger {

// "letter L1 of A1 hash 4f2c [and HASH] [at DAY] [request R] [answer C] [replaces L0] [status superseded]"
void ScenarioFacts::add_letter(Words& words, int version, const TimeZone& zone) {
  DocumentFact fact;
  fact.patient = "Patient/p1";
  fact.status = "current";
  const std::string id = words.next(), url = "https://ehr.example/fhir/Binary/" + id;
  while (!words.done()) {
    const std::string word = words.next(), value = words.next();
    if (word == "of") {
      fact.authorization_numbers.push_back(value);
    } else if (word == "answer") {
      fact.related.push_back("ClaimResponse/" + value);
    } else if (word == "request") {
      fact.related.push_back("https://payer.example/fhir/Claim/" + value);
    } else if (word == "hash" || word == "and") {
      const std::string name = word == "and" ? url + "-" + std::to_string(fact.attachments.size() + 1) : url;
      fact.attachments.push_back({name, value == "-" ? "" : value});
    } else if (word == "replaces") {
      fact.replaces.push_back("DocumentReference/" + value);
    } else if (word == "status") {
      fact.status = value;
    } else if (word == "at") {
      fact.issued_at = zone.start_of(read_day(value)) + std::chrono::hours(12);
    } else {
      throw std::runtime_error("a letter knows no word " + word);
    }
  }
  add("DocumentReference/" + id, "1", fact, version);
}

std::string letters_text(const AuthorizationLine& line) {
  std::vector<std::string> texts;
  for (const Letter& letter : line.letters) {
    std::vector<std::string> hashes;
    for (const Attachment& attachment : letter.attachments) {
      hashes.push_back(attachment.hash.empty() ? "-" : attachment.hash);
    }
    texts.push_back(letter.source.resource.substr(letter.source.resource.find('/') + 1) + ":" + join(hashes, ","));
  }
  return texts.empty() ? "none" : join(texts, "+");
}

}  // namespace authledger
