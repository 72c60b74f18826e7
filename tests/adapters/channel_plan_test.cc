// Where notices would stand, what a plan says of it, and what would open a better channel.

#include "adapters/channel_plan.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "adapters/capability_plan.h"
#include "tests/adapters/statements.h"

namespace authledger {
namespace {

// A server that lets everything be done with Tasks, and with Flags too.
Capability full_server() {
  Capability capability = statement_of(statement("Task", "read search-type create update", "identifier"));
  capability.types["Flag"] = capability.types["Task"];
  capability.types["Flag"].conditional_create = true;
  return capability;
}

TEST(ChannelPlan, AFullServerGetsFlagsAndTasks) {
  const Capability capability = full_server();
  const EndpointConfig endpoint;
  PlanInput input{endpoint, capability};
  const NoticePlan flag = plan_notice(NoticeKind::utilization, Role::none, input);
  EXPECT_EQ(flag.channel, "Flag");
  EXPECT_EQ(flag.reason, "created once by conditional create, then kept true by update");
  EXPECT_EQ(plan_notice(NoticeKind::expiring, Role::operations, input).channel, "Task");
  input.findings["Flag"].conditional_create = false;
  EXPECT_NE(plan_notice(NoticeKind::utilization, Role::none, input).reason.find("made a duplicate"), std::string::npos);
  input.findings["Flag"].creates = false;
  const NoticePlan refused = plan_notice(NoticeKind::utilization, Role::none, input);
  EXPECT_EQ(refused.channel, "Flag") << "that is where deliveries go, and are refused";
  EXPECT_TRUE(refused.fails_test);
  EXPECT_EQ(refused.better, "have the right granted, or leave Flag out of delivery.channels");
}

TEST(ChannelPlan, AServerThatIgnoresIdentifiersFailsTheTestWhereNoticesWouldStand) {
  const Capability capability = full_server();
  EndpointConfig endpoint;
  PlanInput input{endpoint, capability};
  input.findings["Flag"].heeds_identifier = false;
  input.findings["Flag"].problem = "identifier is ignored";
  const EndpointPlan plan = plan_endpoint(input);
  EXPECT_TRUE(plan.notices[0].fails_test);
  EXPECT_EQ(plan.notices[0].reason, "Flag is declared, but the server fails the test: identifier is ignored");
  EXPECT_FALSE(plan.notices[1].fails_test);
  EXPECT_FALSE(is_complete(plan));
}

TEST(ChannelPlan, AMessageIsSentWhereIdentifiersAreIgnoredToo) {
  const EndpointConfig endpoint;
  const Capability capability = statement_of(statement("Communication", "search-type create", "identifier"));
  PlanInput input{endpoint, capability};
  input.findings["Communication"].heeds_identifier = false;
  input.findings["Communication"].problem = "identifier is ignored";
  const NoticePlan message = plan_notice(NoticeKind::expiring, Role::operations, input);
  EXPECT_FALSE(message.fails_test);
  EXPECT_NE(message.reason.find("(tested: identifier is ignored; a message that is not answered may be sent twice)"),
            std::string::npos);
}

TEST(ChannelPlan, ASearchThatLagsBeyondTheWindowIsARemark) {
  const Capability capability = full_server();
  const EndpointConfig endpoint;
  PlanInput input{endpoint, capability};
  input.findings["Flag"].finds_written = false;
  const EndpointPlan plan = plan_endpoint(input);
  EXPECT_TRUE(is_complete(plan));
  EXPECT_NE(std::find(plan.remarks.begin(), plan.remarks.end(),
                      "Flag: what was written there is not found by its identifier within 30 s (tested): raise "
                      "delivery.visibility_window beyond the server's lag, or an unanswered create makes a duplicate"),
            plan.remarks.end());
}

NoticePlan utilization(const EndpointConfig& endpoint, const Capability& capability,
                       const DeliveryConfig& delivery = {}) {
  PlanInput input{endpoint, capability};
  input.delivery = delivery;
  return plan_notice(NoticeKind::utilization, Role::none, input);
}

TEST(ChannelPlan, NoRightHelpsWithATypeThatTheServerDoesNotHave) {
  const EndpointConfig endpoint;
  const Capability without = statement_of(statement("Encounter", "read search-type", "patient"));
  EXPECT_EQ(utilization(endpoint, without).better,
            "set delivery.worklist_file: it is then written to that file after each round");
  const Capability read_only = statement_of(statement("Flag", "read search-type", "identifier"));
  EXPECT_EQ(utilization(endpoint, read_only).better,
            "ask the EHR's administrator whether this client can be given create, update on Flag; or set "
            "delivery.worklist_file: it is then written to that file after each round");
  DeliveryConfig listed;
  listed.worklist_file = "worklist.csv";
  EXPECT_EQ(utilization(endpoint, without, listed).better, "");
  DeliveryConfig flags_alone;
  flags_alone.channels.by_scope["utilization"] = {"Flag"};
  EXPECT_EQ(utilization(endpoint, without, flags_alone).better,
            "name worklist in delivery.channels, and set delivery.worklist_file");
}

TEST(ChannelPlan, ARightThatIsGivenMustBeAskedForToo) {
  EndpointConfig endpoint = preset("epic");
  endpoint.auth.kind = AuthKind::smart_backend;
  const Capability capability = statement_of(statement("Flag", "read search-type", "identifier"));
  EXPECT_EQ(utilization(endpoint, capability).better.substr(0, 120),
            "ask the EHR's administrator whether this client can be given create, update on Flag, and name Flag in "
            "delivery.channels;");
}

TEST(ChannelPlan, NobodyIsSentToAskForTheRightToEveryNote) {
  const EndpointConfig endpoint;
  const Capability capability = statement_of(statement("DocumentReference", "read search-type", "patient"));
  EXPECT_EQ(utilization(endpoint, capability).better.find("DocumentReference"), std::string::npos);
  EndpointConfig named;
  named.writes.types = {"DocumentReference"};
  EXPECT_NE(utilization(named, capability).better.find("given create on DocumentReference"), std::string::npos);
}

TEST(ChannelPlan, WhereARecipientIsWantingItIsTheRecipientThatHelps) {
  EndpointConfig endpoint = preset("oracle_health");
  endpoint.auth.kind = AuthKind::smart_backend;
  const Capability capability = statement_of(statement("Communication", "read search-type create", "recipient"));
  EXPECT_EQ(utilization(endpoint, capability).better,
            "set delivery.recipient to a Practitioner or Group at this endpoint: it is then sent there as a "
            "Communication; or set delivery.worklist_file: it is then written to that file after each round");
  DeliveryConfig known;
  known.recipient = "Group/renewals";
  EXPECT_EQ(utilization(endpoint, capability, known).channel, "Communication");
  EXPECT_EQ(utilization(endpoint, capability, known).better, "");
}

TEST(ChannelPlan, ThePlanSaysFromWhichSeverityOnAMessageIsSent) {
  const EndpointConfig endpoint;
  const Capability capability = statement_of(statement("Communication", "search-type create", "identifier"));
  const std::string sent =
      "sent as a message, since the endpoint does not offer update on Communication: one when it is a warning "
      "(severity "
      "2), one more when it becomes urgent, none for a changed count, and none is taken back. Below severity 2 "
      "(information) ";
  const std::string nothing =
      "nothing is written, because a message cannot be taken back; with delivery.worklist_file it would stand in that "
      "file";
  EXPECT_EQ(utilization(endpoint, capability).reason, sent + nothing);
  DeliveryConfig listed;
  listed.worklist_file = "worklist.csv";
  EXPECT_EQ(utilization(endpoint, capability, listed).reason,
            sent + "it takes the channel worklist, because a message cannot be taken back");
}

TEST(ChannelPlan, AConditionalCreateThatNoSearchCanFindIsNotSentAgainEither) {
  std::string note = statement("DocumentReference", "create update", "");
  const std::string declared = R"("type":"DocumentReference",)";
  note.insert(note.find(declared) + declared.size(), R"("conditionalCreate":true,)");
  const EndpointConfig endpoint;
  const Capability capability = statement_of(note);
  EXPECT_EQ(
      plan_notice(NoticeKind::expiring, Role::operations, {endpoint, capability}).reason,
      "created once by conditional create, then kept true by update; one that is not answered is not tried "
      "again, since it could not be found by identifier. Below severity 2 (information) nothing is written, because "
      "notes are read one by one; with delivery.worklist_file it would stand in that file");
}

TEST(ChannelPlan, AFlagOrATaskThatCannotBeKeptTrueIsNotWritten) {
  const EndpointConfig endpoint;
  const auto channel_with = [&](const std::string& interactions, const std::string& parameters) {
    const Capability capability = statement_of(statement("Task", interactions, parameters));
    return plan_notice(NoticeKind::expiring, Role::operations, {endpoint, capability});
  };
  EXPECT_EQ(channel_with("search-type create update", "identifier").channel, "Task");
  EXPECT_NE(channel_with("search-type update", "identifier").reason.find("create on Task"), std::string::npos);
  EXPECT_NE(channel_with("search-type create", "identifier").reason.find("could not be kept true"), std::string::npos);
  EXPECT_NE(channel_with("create update", "").reason.find("could not be found again"), std::string::npos);
  EXPECT_EQ(channel_with("create update", "").channel, "");
}

TEST(ChannelPlan, ACopyThatGoesAnotherWayHasARowOfItsOwn) {
  const Capability capability = full_server();
  const EndpointConfig endpoint;
  PlanInput input{endpoint, capability};
  input.delivery.worklist_file = "worklist.csv";
  input.delivery.channels.by_scope["biller"] = {"worklist"};
  input.notices.recipients["expiring"] = {Role::operations, Role::biller, Role::clinician};
  const EndpointPlan plan = plan_endpoint(input);
  ASSERT_EQ(plan.notices.size(), 13U);
  EXPECT_EQ(plan.notices[1].channel, "Task");
  EXPECT_EQ(plan.notices[2].role, Role::biller);
  EXPECT_EQ(plan.notices[2].channel, "worklist");
}

TEST(Channels, TheClosestScopeDecidesAndFlagsAreForTheCountsAlone) {
  ChannelOrder order;
  EXPECT_EQ(channels_for(order, "utilization", ""),
            (std::vector<std::string>{"Flag", "Communication", "DocumentReference", "worklist"}));
  EXPECT_EQ(channels_for(order, "expiring", "operations"),
            (std::vector<std::string>{"Task", "Communication", "DocumentReference", "worklist"}));
  order.by_scope["biller"] = {"Flag", "worklist"};
  EXPECT_EQ(channels_for(order, "expiring", "biller"), std::vector<std::string>{"worklist"});
  order.by_scope["expiring"] = {"Flag"};
  EXPECT_EQ(channels_for(order, "expiring", "biller"), std::vector<std::string>{"Flag"}) << "as it is named";
  order.by_scope["expiring/biller"] = {"Task"};
  EXPECT_EQ(channels_for(order, "expiring", "biller"), std::vector<std::string>{"Task"});
  EXPECT_EQ(channels_for(order, "benefit_for_patient", "patient"), std::vector<std::string>{"Communication"});
}

}  // namespace
}  // namespace authledger
