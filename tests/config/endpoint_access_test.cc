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

}  // namespace
}  // namespace authledger
