#include "fhir/capability.h"

#include <gtest/gtest.h>

#include "tests/fhir/fault_server.h"

namespace authledger {
namespace {

constexpr const char* kStatement = R"({"resourceType":"CapabilityStatement","fhirVersion":"4.0.1",
  "software":{"name":"HAPI","version":"7"},"rest":[
  {"mode":"client","resource":[{"type":"Flag","interaction":[{"code":"create"}]}]},
  {"mode":"server","searchParam":[{"name":"_lastUpdated"}],"resource":[
    {"type":"Task","interaction":[{"code":"read"},{"code":"update"}],"conditionalCreate":true,
     "searchParam":[{"name":"identifier"}]},
    {"type":"Flag","interaction":[{"code":"read"}]}]}]})";

TEST(Capability, SaysWhatTheServerCanDoPerType) {
  JsonDocument document;
  const auto statement = document.parse(kStatement);
  ASSERT_TRUE(statement.ok());
  const Capability capability = read_capability(*statement);
  EXPECT_EQ(capability.fhir_version, "4.0.1");
  EXPECT_EQ(capability.software, "HAPI 7");
  EXPECT_TRUE(capability.can("Task", "update"));
  EXPECT_FALSE(capability.can("Task", "create"));
  EXPECT_FALSE(capability.can("Flag", "create"));
  EXPECT_FALSE(capability.can("Communication", "read"));
  EXPECT_TRUE(capability.searches_by("Task", "identifier"));
  EXPECT_TRUE(capability.searches_by("Flag", "_lastUpdated"));
  EXPECT_FALSE(capability.searches_by("Flag", "identifier"));
  EXPECT_TRUE(capability.types.at("Task").conditional_create);
  EXPECT_FALSE(capability.types.at("Flag").conditional_create);
}

TEST(Capability, AnEmptyStatementCanNothing) {
  EXPECT_FALSE(read_capability(JsonView()).can("Task", "read"));
}

TEST(Capability, TheStatementIsFetchedFromMetadata) {
  FaultServer server([](const ReceivedRequest& request, int) {
    return request.target == "/fhir/metadata" ? canned(200, kStatement, "", "application/fhir+json; charset=utf-8")
                                              : canned(404, "");
  });
  const auto statement = client_at(endpoint_at(server.origin() + "/"))->capability_statement();
  EXPECT_FALSE(statement.ok());  // "//fhir" is another path.
  const auto found = client_at(endpoint_at(server.origin()))->capability_statement();
  ASSERT_TRUE(found.ok()) << found.error().message;
  EXPECT_EQ(*found, kStatement);
}

}  // namespace
}  // namespace authledger
