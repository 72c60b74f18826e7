#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/json.h"
#include "sandbox/sandbox.h"
#include "tests/support/program.h"
#include "tests/support/test_database.h"

namespace authledger {

// One clinic under test: a sandbox EHR, a fresh PostgreSQL database, a config file, and the real program.
class Site {
 public:
  // `more_config` is YAML that is appended at the top level; `endpoint_keys` are lines of the endpoint (four spaces
  // in).
  explicit Site(const SandboxOptions& options = {}, const std::string& more_config = "",
                const std::string& endpoint_keys = "");

  Sandbox& ehr() { return *ehr_; }
  TestDatabase& database() { return database_; }
  const TemporaryFolder& folder() const { return folder_; }
  const std::string& config_file() const { return config_file_; }

  // authledger --config FILE --format json <arguments>
  ProgramResult run(std::vector<std::string> arguments) const;
  std::vector<std::string> command(std::vector<std::string> arguments) const;

 private:
  std::unique_ptr<Sandbox> ehr_;
  TestDatabase database_;
  TemporaryFolder folder_;
  std::string config_file_;
};

// Parses a program's standard output; fails the test when it is no JSON.
class Answer {
 public:
  explicit Answer(const ProgramResult& result);
  JsonView root() const { return document_.root(); }
  int64_t number(const std::vector<std::string>& path) const;
  // The first row whose `column` has this text; missing otherwise.
  JsonView row(const std::string& column, const std::string& text) const;

 private:
  JsonDocument document_;
};

// Resources as an EHR would hold them; fictional.
std::string patient_json(const std::string& id);
std::string coverage_json(const std::string& id, const std::string& patient, const std::string& payer,
                          const std::string& first_day, const std::string& last_day = "");
struct ApprovedLine {
  std::string id, patient, payer = "payer-1", number, code = "90837", first_day, last_day, review_action = "A1";
  int units = 12;
};
std::string claim_response_json(const ApprovedLine& line);
std::string encounter_json(const std::string& id, const std::string& patient, const std::string& code,
                           const std::string& day, const std::string& status = "finished");
std::string appointment_json(const std::string& id, const std::string& patient, const std::string& code,
                             const std::string& day, const std::string& status = "booked");

}  // namespace authledger
