// What `probe` finds out about the types where notices would stand, and what it leaves behind.

#include "fhir/channel_probe.h"

#include "adapters/channel_tests.h"
#include "tests/sandbox/sandbox_client.h"

namespace authledger {
namespace {

constexpr const char* kForeignFlag =
    R"({"resourceType":"Flag","id":"theirs","status":"active","identifier":[{"system":"urn:theirs","value":"7"}],)"
    R"("code":{"text":"Falls"},"subject":{"reference":"Patient/somebody"}})";

class ChannelProbe : public testing::Test {
 protected:
  void start(const SandboxOptions& options, const SandboxFaults& faults = {}) {
    sandbox_ = std::move(*Sandbox::start(options));
    ASSERT_TRUE(sandbox_->load(R"({"resourceType":"Patient","id":"test1"})").ok());
    sandbox_->set_faults(faults);
    endpoint_.name = "ehr";
    endpoint_.base_url = sandbox_->base_url();
    endpoint_.retries_max = 0;
    endpoint_.request_timeout = std::chrono::seconds(2);
    delivery_.identifier_system = "urn:authledger:clinic";
  }

  // Without a patient nothing is written.
  Result<ProbeFindings, FhirError> ask(const std::string& write_patient) {
    auto client = std::move(*open_fhir_client(endpoint_, "/", clock_, {}));
    JsonDocument document;
    capability_ = read_capability(*document.parse(*client->capability_statement()));
    PlanInput input{endpoint_, capability_};
    input.delivery = delivery_;
    ProbeOptions options;
    options.channels = channel_tests(input, write_patient, "w1", clock_.now());
    options.visibility_window = window_;
    options.sample_patient = sample_;
    return probe_endpoint(*client, endpoint_, capability_, options);
  }

  ProbeFindings probe(const std::string& write_patient) {
    auto found = ask(write_patient);
    EXPECT_TRUE(found.ok()) << found.error().message;
    return found ? *found : ProbeFindings{};
  }

  // Status of each resource of a type, in order.
  std::string statuses(const std::string& type) const {
    std::string text;
    for (const std::string& resource : sandbox_->resources(type)) {
      JsonDocument document;
      const auto root = document.parse(resource);
      if (root) text += (*root)["status"].string() + " ";
    }
    return text;
  }

  SystemClock clock_;
  std::unique_ptr<Sandbox> sandbox_;
  EndpointConfig endpoint_;
  DeliveryConfig delivery_;
  Capability capability_;
  std::string sample_;
  std::chrono::milliseconds window_{2000};
};

TEST_F(ChannelProbe, WhatIsMadeIsFoundGuardedAndRetired) {
  start({});
  const ProbeFindings found = probe("test1");
  ASSERT_EQ(found.size(), 2u);
  for (const char* type : {"Flag", "Task"}) {
    const TypeFinding& finding = found.at(type);
    EXPECT_EQ(finding.creates, true) << type << finding.problem;
    EXPECT_EQ(finding.conditional_create, true) << type;
    EXPECT_EQ(finding.finds_written, true) << type;
    EXPECT_EQ(finding.heeds_identifier, true) << type;
    EXPECT_EQ(finding.guards_update, true) << type;
    EXPECT_EQ(finding.has_etag, true) << type;
    EXPECT_EQ(finding.problem, "") << type;
    EXPECT_EQ(finding.left,
              std::vector<std::string>{std::string(type) + (type == std::string("Flag") ? "/000001" : "/000002") +
                                       " (entered-in-error)"});
    EXPECT_EQ(statuses(type), "entered-in-error ") << type;
    EXPECT_NE(sandbox_->resources(type)[0].find("Patient/test1"), std::string::npos);
  }
}

TEST_F(ChannelProbe, TheTypesThatThePlanTakesAreTestedAndNoOthers) {
  start({}, {.withheld = "Flag:create Task:create"});
  const ProbeFindings found = probe("test1");
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found.at("Communication").creates, true) << found.at("Communication").problem;
  EXPECT_EQ(statuses("Communication"), "entered-in-error ");
  delivery_.channels.by_scope["all"] = {"DocumentReference"};
  EXPECT_EQ(probe("test1").at("DocumentReference").creates, true);
  EXPECT_EQ(statuses("DocumentReference"), "entered-in-error ");
  delivery_.channels.by_scope["all"] = {"worklist"};
  EXPECT_TRUE(probe("test1").empty());
}

TEST_F(ChannelProbe, AMessageThatCannotBeTakenBackIsNamedAsLeft) {
  start({}, {.withheld = "Flag:create Task:create Communication:update"});
  const TypeFinding finding = probe("test1").at("Communication");
  EXPECT_EQ(finding.creates, true) << finding.problem;
  EXPECT_EQ(finding.finds_written, true);
  EXPECT_EQ(finding.left, std::vector<std::string>{
                              "Communication/000001 (stays: update is not offered, so it cannot be taken back)"});
  EXPECT_EQ(statuses("Communication"), "completed ");
  EXPECT_NE(sandbox_->resources("Communication")[0].find("a test, please ignore"), std::string::npos);
}

TEST_F(ChannelProbe, AMessageGoesToTheRecipientOfTheConfigOrToNobody) {
  SandboxOptions options;
  options.recipient_types = {"Practitioner"};
  start(options, {.withheld = "Flag:create Task:create"});
  endpoint_.writes.recipient_types = {"Practitioner"};
  delivery_.channels.by_scope["all"] = {"Communication"};
  const TypeFinding finding = probe("test1").at("Communication");
  EXPECT_EQ(finding.creates, std::nullopt);
  EXPECT_EQ(finding.problem, "not written: nobody is known to send it to (delivery.recipient)");
  EXPECT_EQ(sandbox_->writes(), 0);
  delivery_.recipient = "Practitioner/renewals";
  EXPECT_EQ(probe("test1").at("Communication").creates, true);
  EXPECT_NE(sandbox_->resources("Communication")[0].find("Practitioner/renewals"), std::string::npos);
}

TEST_F(ChannelProbe, AServerThatIgnoresIdentifierIsFoundByReadsAloneAndNotWrittenTo) {
  start({}, {.ignored_parameter = "identifier"});
  ASSERT_TRUE(sandbox_->load(kForeignFlag).ok());
  const std::string before = sandbox_->resource("Flag", "theirs").value();
  EXPECT_EQ(probe("").at("Flag").heeds_identifier, false);
  const ProbeFindings found = probe("test1");
  EXPECT_EQ(found.at("Flag").problem,
            "identifier is ignored: a search for one that nobody has gave 1 resources; a conditional create would take "
            "another's for ours, and an unanswered create could not be found; nothing was written");
  EXPECT_EQ(sandbox_->resource("Flag", "theirs"), before);
  EXPECT_EQ(sandbox_->resources("Flag").size(), 1u);
  // Of Tasks there was none to tell by, until there was the probe's own.
  EXPECT_EQ(found.at("Task").heeds_identifier, false);
  EXPECT_EQ(statuses("Task"), "entered-in-error ");
  PlanInput input{endpoint_, capability_};
  input.findings = found;
  EXPECT_FALSE(is_complete(plan_endpoint(input)));
}

TEST_F(ChannelProbe, ReadsTellNothingOfIdentifierWhereNothingIs) {
  start({});
  EXPECT_EQ(probe("").at("Flag").heeds_identifier, std::nullopt);
  ASSERT_TRUE(sandbox_->load(kForeignFlag).ok());
  EXPECT_EQ(probe("").at("Flag").heeds_identifier, true);
  sample_ = "somebody";
  sandbox_->set_faults({.fail_next = 1, .fail_status = 400, .only_for = "Flag?_count=1"});
  EXPECT_EQ(probe("").at("Flag").heeds_identifier, true) << "asked about a patient";
  EXPECT_EQ(sandbox_->writes(), 0);
}

TEST_F(ChannelProbe, ASearchThatLagsIsWaitedForAndThenReported) {
  start({}, {.search_lag = std::chrono::milliseconds(700)});
  EXPECT_EQ(probe("test1").at("Flag").finds_written, true);
  start({}, {.search_lag = std::chrono::minutes(5)});
  window_ = std::chrono::milliseconds(500);
  const TypeFinding finding = probe("test1").at("Flag");
  EXPECT_EQ(finding.finds_written, false);
  EXPECT_EQ(finding.problem, "search lags by more than 1 s");
  EXPECT_EQ(statuses("Flag"), "entered-in-error entered-in-error ") << "If-None-Exist saw no more than the search";
}

TEST_F(ChannelProbe, WhereUpdatesMustNameAVersionTheTestIsRetiredByIt) {
  SandboxOptions options;
  options.if_match_required = true;
  options.stale_status = 409;
  start(options);
  endpoint_.writes.if_match = WriteRules::IfMatch::required;
  const TypeFinding finding = probe("test1").at("Flag");
  EXPECT_EQ(finding.guards_update, true) << finding.problem;
  EXPECT_EQ(statuses("Flag"), "entered-in-error ");
}

TEST_F(ChannelProbe, ACreateThatIsNotAnsweredIsLookedForAndRetired) {
  start({}, {.write_then_silent_next = 1, .only_for = "Flag", .only_method = "POST"});
  const ProbeFindings found = probe("test1");
  EXPECT_EQ(found.at("Flag").creates, std::nullopt);
  EXPECT_EQ(found.at("Flag").left, std::vector<std::string>{"Flag/000001 (entered-in-error)"});
  EXPECT_EQ(statuses("Flag"), "entered-in-error ");
}

TEST_F(ChannelProbe, AFailureHalfwayLeavesNothingOpenAndSaysWhatIsLeft) {
  start({}, {.fail_next = 99, .fail_status = 401, .only_for = "probe-w1", .only_method = "GET"});
  const auto ended = ask("test1");
  ASSERT_FALSE(ended.ok());
  EXPECT_EQ(ended.error().kind, FhirErrorKind::unauthorized);
  EXPECT_NE(ended.error().message.find("left of the tests: Flag/000001 (entered-in-error)"), std::string::npos)
      << ended.error().message;
  EXPECT_EQ(statuses("Flag"), "entered-in-error ");
}

TEST_F(ChannelProbe, WhatCouldNotBeRetiredIsNamed) {
  start({}, {.fail_next = 99, .fail_status = 403, .only_for = "Flag", .only_method = "PUT"});
  const TypeFinding finding = probe("test1").at("Flag");
  ASSERT_EQ(finding.left.size(), 1u);
  EXPECT_NE(finding.left[0].find("Flag/000001 (not retired: ehr: PUT Flag: answered 403"), std::string::npos)
      << finding.left[0];
  EXPECT_EQ(statuses("Flag"), "active ");
}

TEST_F(ChannelProbe, AnothersResourceIsLeftAloneWhenACreateIsAnsweredWithIt) {
  SandboxOptions options;
  options.conditional_create = false;
  options.idempotency_header = "x-key";
  start(options);
  endpoint_.writes.idempotency_header = "x-key";
  capability_ = Capability{};
  for (const char* type : {"Flag", "Task"}) capability_.types[type].interactions = {"create", "update", "search-type"};
  for (const char* type : {"Flag", "Task"}) capability_.types[type].search_parameters = {"identifier"};
  PlanInput input{endpoint_, capability_};
  input.delivery = delivery_;
  const std::string key = channel_tests(input, "test1", "w1", clock_.now()).at(0).idempotency_key;
  const HttpAnswer theirs = authledger::ask("POST", sandbox_->base_url() + "/Flag", kForeignFlag, {{"x-key", key}});
  ASSERT_EQ(theirs.status, 201) << theirs.body;
  const TypeFinding finding = probe("test1").at("Flag");
  EXPECT_EQ(finding.heeds_identifier, false);
  EXPECT_NE(finding.problem.find("which was left alone"), std::string::npos) << finding.problem;
  EXPECT_TRUE(finding.left.empty());
  EXPECT_EQ(statuses("Flag"), "active ");
}

TEST_F(ChannelProbe, AServerThatCannotCreateConditionallyIsNotTestedForIt) {
  SandboxOptions options;
  options.conditional_create = false;
  start(options);
  const TypeFinding finding = probe("test1").at("Flag");
  EXPECT_EQ(finding.conditional_create, std::nullopt);
  EXPECT_EQ(finding.creates, true);
}

TEST_F(ChannelProbe, ARefusedCreateFailsTheTest) {
  start({}, {.fail_next = 1, .fail_status = 403, .only_for = "Flag", .only_method = "POST"});
  const ProbeFindings found = probe("test1");
  EXPECT_EQ(found.at("Flag").creates, false);
  EXPECT_EQ(found.at("Task").creates, true);
  EXPECT_TRUE(found.at("Flag").left.empty());
}

}  // namespace
}  // namespace authledger
