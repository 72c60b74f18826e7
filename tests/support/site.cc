#include "tests/support/site.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace authledger {
namespace {

constexpr const char* kReviewAction =
    R"({{"url":"http://hl7.org/fhir/us/davinci-pas/StructureDefinition/extension-reviewAction","extension":[{{"url":"number","valueString":"{}"}},{{"url":"http://hl7.org/fhir/us/davinci-pas/StructureDefinition/extension-reviewActionCode","valueCodeableConcept":{{"coding":[{{"system":"https://codesystem.x12.org/005010/306","code":"{}"}}]}}}}]}})";

std::string cpt(const std::string& code) {
  return fmt::format(R"({{"coding":[{{"system":"http://www.ama-assn.org/go/cpt","code":"{}"}}]}})", code);
}

}  // namespace

Site::Site(const SandboxOptions& options, const std::string& more_config, const std::string& endpoint_keys) {
  auto started = Sandbox::start(options);
  if (!started) throw std::runtime_error(started.error().message);
  ehr_ = std::move(*started);
  folder_.write("database_url", database_.url());
  config_file_ = folder_.write("authledger.yaml", fmt::format(R"(tenant:
  name: test-clinic
  time_zone: America/New_York
database:
  url_file: database_url
endpoints:
  - name: ehr
    base_url: {}
{}{})",
                                                              ehr_->base_url(), endpoint_keys, more_config));
}

std::vector<std::string> Site::command(std::vector<std::string> arguments) const {
  std::vector<std::string> words = {"--config", config_file_, "--format", "json"};
  words.insert(words.end(), arguments.begin(), arguments.end());
  return words;
}

ProgramResult Site::run(std::vector<std::string> arguments) const {
  return run_authledger(command(std::move(arguments)));
}

Answer::Answer(const ProgramResult& result) {
  auto root = document_.parse(result.output);
  EXPECT_TRUE(root.ok()) << "exit " << result.exit_code << "\n" << result.output << "\n" << result.errors;
}

int64_t Answer::number(const std::vector<std::string>& path) const {
  JsonView at = root();
  for (const std::string& name : path) at = at[name];
  EXPECT_TRUE(at.is_number()) << (path.empty() ? "" : path.back()) << " is missing";
  return at.is_number() ? std::stoll(at.string()) : -1;
}

JsonView Answer::row(const std::string& column, const std::string& text) const {
  for (JsonView row : root()) {
    if (row[column].text() == text) return row;
  }
  return {};
}

std::string patient_json(const std::string& id) {
  return fmt::format(
      R"({{"resourceType":"Patient","id":"{0}","active":true,"identifier":[{{"system":"urn:example:mrn","value":"{0}"}}],"name":[{{"family":"Example","given":["{0}"]}}]}})",
      id);
}

std::string coverage_json(const std::string& id, const std::string& patient, const std::string& payer,
                          const std::string& first_day, const std::string& last_day) {
  std::string end = last_day.empty() ? "" : fmt::format(R"(,"end":"{}")", last_day);
  return fmt::format(
      R"({{"resourceType":"Coverage","id":"{}","status":"active","subscriberId":"M-{}","beneficiary":{{"reference":"Patient/{}"}},"period":{{"start":"{}"{}}},"payor":[{{"reference":"Organization/{}"}}]}})",
      id, patient, patient, first_day, end, payer);
}

std::string claim_response_json(const ApprovedLine& line) {
  std::string action = fmt::format(fmt::runtime(kReviewAction), line.number, line.review_action);
  return fmt::format(
      R"({{"resourceType":"ClaimResponse","id":"{}","status":"active","use":"preauthorization","type":{{"coding":[{{"code":"professional"}}]}},"patient":{{"reference":"Patient/{}"}},"created":"{}","insurer":{{"reference":"Organization/{}"}},"outcome":"complete","item":[{{"itemSequence":1,"extension":[{{"url":"http://hl7.org/fhir/us/davinci-pas/StructureDefinition/extension-itemPreAuthPeriod","valuePeriod":{{"start":"{}","end":"{}"}}}},{{"url":"http://hl7.org/fhir/us/davinci-pas/StructureDefinition/extension-itemAuthorizedDetail","extension":[{{"url":"productOrServiceCode","valueCodeableConcept":{}}},{{"url":"quantity","valueQuantity":{{"value":{}}}}}]}}],"adjudication":[{{"category":{{"coding":[{{"system":"http://terminology.hl7.org/CodeSystem/adjudication","code":"submitted"}}]}},"extension":[{}]}}]}}]}})",
      line.id, line.patient, line.first_day, line.payer, line.first_day, line.last_day, cpt(line.code), line.units,
      action);
}

std::string encounter_json(const std::string& id, const std::string& patient, const std::string& code,
                           const std::string& day, const std::string& status) {
  return fmt::format(
      R"({{"resourceType":"Encounter","id":"{}","status":"{}","class":{{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"AMB"}},"type":[{}],"subject":{{"reference":"Patient/{}"}},"period":{{"start":"{}T10:00:00-05:00","end":"{}T11:00:00-05:00"}}}})",
      id, status, cpt(code), patient, day, day);
}

std::string appointment_json(const std::string& id, const std::string& patient, const std::string& code,
                             const std::string& day, const std::string& status) {
  return fmt::format(
      R"({{"resourceType":"Appointment","id":"{}","status":"{}","serviceType":[{}],"start":"{}T15:00:00Z","end":"{}T16:00:00Z","participant":[{{"actor":{{"reference":"Patient/{}"}},"status":"accepted"}}]}})",
      id, status, cpt(code), day, day, patient);
}

}  // namespace authledger
