// What `probe` finds out about a live server, against a sandbox that keeps its word and sandboxes that do not.

#include "fhir/probe.h"

#include "adapters/capability_plan.h"
#include "tests/sandbox/sandbox_client.h"
#include "tests/sandbox/smart_client.h"

namespace authledger {
namespace {

class Probe : public testing::Test {
 protected:
  void start(const SandboxOptions& options) {
    sandbox_ = std::move(*Sandbox::start(options));
    ASSERT_TRUE(sandbox_->load(R"({"resourceType":"Patient","id":"test1"})").ok());
    for (int i = 1; i <= 5; ++i) {
      ASSERT_TRUE(sandbox_
                      ->load(R"({"resourceType":"Encounter","id":"e)" + std::to_string(i) +
                             R"(","status":"finished","subject":{"reference":"Patient/test1"}})")
                      .ok());
    }
    endpoint_.name = "ehr";
    endpoint_.base_url = sandbox_->base_url();
    endpoint_.retries_max = 0;
    endpoint_.feeds = {{.resource_type = "Encounter", .mappings = {"encounter"}}};
  }

  ProbeFindings probe(const ProbeOptions& options = {}) {
    auto client = std::move(*open_fhir_client(endpoint_, "/", clock_, {}));
    JsonDocument document;
    capability_ = read_capability(*document.parse(*client->capability_statement()));
    auto found = probe_endpoint(*client, endpoint_, capability_, options);
    EXPECT_TRUE(found.ok()) << found.error().message;
    return found ? *found : ProbeFindings{};
  }

  SystemClock clock_;
  std::unique_ptr<Sandbox> sandbox_;
  EndpointConfig endpoint_;
  Capability capability_;
};

TEST_F(Probe, AServerThatKeepsItsWordIsReadByWhatChanged) {
  start({});
  const ProbeFindings found = probe();
  const TypeFinding& encounter = found.at("Encounter");
  EXPECT_EQ(encounter.answers, true);
  EXPECT_EQ(encounter.pages, true);
  EXPECT_EQ(encounter.honours_last_updated, true);
  EXPECT_EQ(encounter.has_etag, true);
  EXPECT_EQ(sandbox_->writes(), 0);
  EXPECT_EQ(plan_source(endpoint_.feeds[0], "generic", capability_, encounter).strategy, SourceStrategy::last_updated);
}

TEST_F(Probe, Fault26AServerThatDeclaresLastUpdatedAndIgnoresItIsDetectedAndSwept) {
  SandboxOptions options;
  options.pretends_last_updated = true;
  start(options);
  const TypeFinding encounter = probe().at("Encounter");
  EXPECT_TRUE(capability_.searches_by("Encounter", "_lastUpdated"));
  EXPECT_EQ(encounter.honours_last_updated, false);
  EXPECT_EQ(plan_source(endpoint_.feeds[0], "generic", capability_, encounter).strategy, SourceStrategy::per_patient);
}

TEST_F(Probe, APageThatRepeatsIsFound) {
  start({});
  SandboxFaults faults;
  faults.endless_next = true;
  sandbox_->set_faults(faults);
  EXPECT_EQ(probe().at("Encounter").pages, false);
}

TEST_F(Probe, ASweepIsTestedOnTheGivenPatientOnly) {
  start({});
  endpoint_.feeds[0].strategy = FeedConfig::Strategy::per_patient;
  EXPECT_EQ(probe().at("Encounter").answers, std::nullopt);
  ProbeOptions options;
  options.sample_patient = "test1";
  EXPECT_EQ(probe(options).at("Encounter").answers, true);
}

TEST_F(Probe, ATypeThatIsRefusedAloneIsAFindingAndNotTheEnd) {
  SmartSite site;
  site.endpoint.feeds = {{.resource_type = "Claim", .mappings = {"claim"}},
                         {.resource_type = "Encounter", .mappings = {"encounter"}}};
  auto client = site.client();
  JsonDocument document;
  const Capability capability = read_capability(*document.parse(*client->capability_statement()));
  const auto found = probe_endpoint(*client, site.endpoint, capability, {});
  ASSERT_TRUE(found.ok()) << found.error().message;
  EXPECT_EQ(found->at("Claim").answers, false);
  EXPECT_NE(found->at("Claim").problem.find("answered 403"), std::string::npos) << found->at("Claim").problem;
  EXPECT_EQ(found->at("Encounter").answers, true);
}

}  // namespace
}  // namespace authledger
