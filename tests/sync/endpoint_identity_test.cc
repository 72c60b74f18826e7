// One server has one name, and one name one server: which configs a round may go by.

#include "sync/endpoint_identity.h"

#include <gtest/gtest.h>

namespace authledger {
namespace {

constexpr const char* kEhr = "https://ehr.example/fhir";
constexpr const char* kOther = "https://other.example/fhir";

EndpointConfig at(const std::string& name, const std::string& base_url, const std::string& moved_from = "") {
  EndpointConfig endpoint;
  endpoint.name = name;
  endpoint.base_url = base_url;
  endpoint.moved_from = moved_from;
  return endpoint;
}

std::string refusal(const std::vector<EndpointConfig>& endpoints, const std::vector<KnownEndpoint>& known) {
  return endpoint_refusal(endpoints, known);
}

TEST(EndpointIdentity, SpellingsOfOneBaseUrlAreEqual) {
  EXPECT_EQ(normal_base_url("HTTPS://EHR.example:443/fhir/"), kEhr);
  EXPECT_EQ(normal_base_url("http://ehr.example:80"), "http://ehr.example");
  EXPECT_NE(normal_base_url("https://ehr.example/FHIR"), kEhr) << "a path is as it is written";
  EXPECT_NE(normal_base_url("http://ehr.example/fhir"), kEhr);
  EXPECT_NE(normal_base_url("https://ehr.example:8443/fhir"), kEhr);
}

TEST(EndpointIdentity, ANewNameForAServerThatWasReadIsRefused) {
  const std::vector<KnownEndpoint> known{{"ehr", kEhr, true}};
  EXPECT_EQ(refusal({at("epic", "https://EHR.example:443/fhir/")}, known),
            "endpoint \"epic\" was \"ehr\" before (the same base_url): name it \"ehr\" again, or all that was read "
            "would count twice");
  EXPECT_EQ(refusal({at("ehr", kOther, kEhr), at("epic", kEhr)}, known), "") << "the first one moved away";
  EXPECT_EQ(refusal({at("ehr", kEhr), at("epic", kEhr)}, known), "") << "two views of one server, both configured";
  EXPECT_EQ(refusal({at("epic", kEhr)}, {{"ehr", kEhr, true}, {"epic", kEhr, true}}), "") << "known by that name too";
  EXPECT_EQ(refusal({at("epic", kEhr)}, {{"ehr", kEhr, false}}), "") << "nothing hangs on the former name";
  EXPECT_NE(refusal({at("epic", kEhr)}, {{"ehr", kEhr, true}, {"epic", kOther, false}}), "") << "after a slip";
  EXPECT_EQ(refusal({at("epic", kOther)}, known), "");
  EndpointConfig folder;
  folder.name = "ehr";
  folder.folder = "/files";
  EXPECT_EQ(refusal({folder}, known), "");
  EXPECT_NE(refusal({folder, at("epic", kEhr)}, known), "") << "files do not stand for the server";
}

TEST(EndpointIdentity, AnotherServerUnderAKnownNameIsRefusedUnlessTheConfigSaysThatItMoved) {
  const std::vector<KnownEndpoint> known{{"ehr", kEhr, true}};
  EXPECT_EQ(refusal({at("ehr", kOther)}, known),
            "endpoint \"ehr\" stood at https://ehr.example/fhir before: if the same server has moved, write "
            "moved_from: https://ehr.example/fhir into its entry; another server needs another name, and a tenant of "
            "its own where its patients are others");
  EXPECT_EQ(refusal({at("ehr", kOther, "https://EHR.example/fhir")}, known), "");
  EXPECT_NE(refusal({at("ehr", kOther, "https://third.example/fhir")}, known), "");
  EXPECT_EQ(refusal({at("ehr", kEhr, kOther)}, known), "") << "says what is long done";
  EXPECT_EQ(refusal({at("ehr", kOther)}, {{"ehr", kEhr, false}}), "") << "a slip that no answer came from";
}

TEST(EndpointIdentity, AnAddressOfThisMachineIsNotComparedWithAnother) {
  const std::vector<KnownEndpoint> known{{"ehr", "http://127.0.0.1:39485/fhir", true}};
  EXPECT_EQ(refusal({at("ehr", "http://localhost:40101/fhir")}, known), "") << "a port says nothing of the server";
  EXPECT_NE(refusal({at("ehr", kEhr)}, known), "") << "from the sandbox to the real one";
  EXPECT_NE(refusal({at("epic", "http://127.0.0.1:39485/fhir")}, known), "") << "the very same one";
}

}  // namespace
}  // namespace authledger
