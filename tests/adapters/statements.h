#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "config/read_endpoint.h"
#include "fhir/capability.h"

// CapabilityStatements to plan from: the vendors' own, and made-up ones.

namespace authledger {

inline EndpointConfig preset(const std::string& name) {
  EndpointConfig endpoint;
  endpoint.name = "ehr";
  endpoint.preset = name;
  EXPECT_TRUE(apply_preset(name, endpoint)) << name;
  return endpoint;
}

inline Capability statement_of(const std::string& text) {
  JsonDocument document;
  const auto root = document.parse(text);
  EXPECT_TRUE(root.ok());
  return root ? read_capability(*root) : Capability{};
}

// The vendors' public statements are not ours to copy: they stand beside the repository, or the test says so.
inline std::optional<Capability> vendor_statement(const std::string& name) {
  const char* shared = std::getenv("AUTHLEDGER_SHARED");
  const std::filesystem::path folder = shared ? shared : AUTHLEDGER_SOURCE_FOLDER "/../shared";
  std::ifstream file(folder / "fixtures/fhir/vendor-capability" / (name + ".json"));
  if (!file) return std::nullopt;
  std::ostringstream text;
  text << file.rdbuf();
  return statement_of(text.str());
}

#define STATEMENT_OR_SKIP(capability, name)                                                                     \
  const auto found_##capability = vendor_statement(name);                                                       \
  if (!found_##capability) GTEST_SKIP() << "no vendor statements beside the repository; see AUTHLEDGER_SHARED"; \
  const Capability& capability = *found_##capability

// One type of a made-up statement.
inline std::string statement(const std::string& type, const std::string& interactions, const std::string& parameters) {
  std::string text =
      R"({"resourceType":"CapabilityStatement","fhirVersion":"4.0.1","rest":[{"mode":"server","resource":[{)"
      R"("type":")" +
      type + R"(","interaction":[)";
  std::istringstream codes(interactions), names(parameters);
  for (std::string word, comma; codes >> word; comma = ",") text += comma + R"({"code":")" + word + "\"}";
  text += R"(],"searchParam":[)";
  std::string comma;
  for (std::string word; names >> word; comma = ",") text += comma + R"({"name":")" + word + R"(","type":"token"})";
  return text + "]}]}]}";
}

}  // namespace authledger
