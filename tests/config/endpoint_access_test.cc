// What the config says of who may be told what: whose requests go to a payer, and what goes over clear text.

#include "tests/config/config_file.h"

namespace authledger {
namespace {

TEST_F(ConfigFile, AnInquiryNamesThePayersThatItMaySendRequestsTo) {
  const auto with_feed = [](const std::string& feed) {
    return std::string(kTenant) +
           "endpoints:\n  - name: payer\n    base_url: https://payer.example/fhir\n    deliver: false\n" +
           "    feeds:\n      ClaimResponse: {" + feed + ", mappings: [pas_claim_response]}\n";
  };
  const Config config = load(with_feed("strategy: inquire, payers: [Blue Harbor, \"60054\"]"));
  EXPECT_EQ(feed(config, "ClaimResponse")->payers, (std::vector<std::string>{"Blue Harbor", "60054"}));
  EXPECT_FOUND(problems(with_feed("strategy: inquire")),
               "authledger.yaml:7:33: endpoints[0].feeds.ClaimResponse.strategy: inquire needs the payers that this "
               "endpoint answers for, or every payer's open "
               "requests would be sent to it: write payers: [NAME, …]");
  EXPECT_FOUND(problems(with_feed("strategy: inquire, payers: []")), "inquire needs the payers");
  EXPECT_FOUND(problems(with_feed("strategy: last_updated, payers: [Blue Harbor]")), "payers: is for strategy inquire");
}

TEST_F(ConfigFile, ACredentialGoesOverClearTextToThisMachineAloneUnlessTheFileSaysWhatThatMeans) {
  const auto at = [](const std::string& base_url, const std::string& auth) {
    return std::string(kTenant) + "endpoints:\n  - name: ehr\n    base_url: " + base_url + "\n    auth: {" + auth +
           "}\n";
  };
  const std::string bearer = "kind: bearer, secret_env: S", allowed = ", secrets_and_patients_in_clear_text: true";
  for (const char* url : {"http://ehr.example/fhir", "http://10.0.0.7:8080/fhir", "http://127.evil.example/fhir"}) {
    EXPECT_FOUND(problems(at(url, bearer)),
                 "authledger.yaml:5:18: endpoints[0].auth.kind: base_url is http://: everybody on the way would read "
                 "this credential");
    EXPECT_EQ(problems(at(url, bearer + allowed)), "no problem") << url;
    EXPECT_EQ(problems(at(url, "kind: none")), "no problem") << url;
  }
  for (const char* url : {"https://ehr.example/fhir", "http://127.0.0.1:8090/fhir", "http://localhost/fhir",
                          "'http://[::1]:8090/fhir'"}) {
    EXPECT_EQ(problems(at(url, bearer)), "no problem") << url;
    EXPECT_FOUND(problems(at(url, bearer + allowed)), "is for a base_url of http:// on another machine only");
  }
  const std::string secret = "kind: client_secret, client_id: c, secret_env: S" + allowed;
  EXPECT_FOUND(problems(at("http://ehr.example/fhir", secret)), "token_url is needed where base_url is http://");
  EXPECT_EQ(problems(at("http://ehr.example/fhir", secret + ", token_url: 'https://idp.example/token'")), "no problem");
}

TEST_F(ConfigFile, AServerThatHasMovedSaysWhereItStood) {
  const auto with = [](const std::string& source) {
    return std::string(kTenant) + "endpoints:\n  - name: ehr\n" + source;
  };
  const std::string at = "    base_url: https://new.example/fhir\n";
  EXPECT_EQ(load(with(at + "    moved_from: https://old.example/fhir/\n")).endpoints.at(0).moved_from,
            "https://old.example/fhir");
  EXPECT_FOUND(problems(with(at + "    moved_from: old.example\n")),
               "moved_from: expected a URL that starts with https:// or http://");
  EXPECT_FOUND(problems(with(at + "    moved_from: https://new.example/fhir/\n")),
               "moved_from: expected the base_url that the server had before, not the one that it has now");
  EXPECT_FOUND(problems(with("    folder: files\n    moved_from: https://old.example/fhir\n")),
               "moved_from: is for servers");
}

}  // namespace
}  // namespace authledger
