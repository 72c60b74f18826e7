#include "adapters/channel_tests.h"

#include <algorithm>

#include "adapters/render.h"

namespace authledger {
namespace {

constexpr const char* kTestText = "authledger probe: a test, please ignore";

// By a system of its own: no delivery takes a test for a notice.
RenderContext test_context(const PlanInput& input, const std::string& patient, Instant now) {
  RenderContext context;
  context.identifier_system = input.delivery.identifier_system + "/probe";
  context.owner = input.delivery.owner;
  context.patient = "Patient/" + patient;
  context.authored_at = now;
  context.recipient = input.delivery.recipient;
  context.recipient_types = input.endpoint.writes.recipient_types;
  return context;
}

// The notice itself, or why there is none.
void add_notice(const PlanInput& input, const NoticePlan& plan, const RenderContext& context, ChannelTest& test) {
  DesiredNotice notice;
  notice.kind = plan.kind;
  notice.role = plan.role;
  notice.severity = kMessageSeverityMin;
  notice.text = kTestText;
  const auto role = input.notices.roles.find(plan.role);
  if (role != input.notices.roles.end()) notice.owner = role->second.owner;
  const bool needs_recipient = plan.channel == "Communication" && !context.recipient_types.empty();
  if (needs_recipient && recipient_of(notice, context).empty()) {
    test.not_written = "not written: nobody is known to send it to (delivery.recipient)";
    return;
  }
  const NoticePlace place{plan.channel, plan.is_message};
  // A message's value holds its severity beside the key.
  const std::string key = test.identifier_value;
  test.identifier_value = identifier_value_of(place, key, notice.severity);
  test.idempotency_key = idempotency_key_of(place, test.identifier_value);
  test.body = render_new(place, notice, key, context);
  test.not_written.clear();
}

}  // namespace

std::vector<ChannelTest> channel_tests(const PlanInput& input, const std::string& write_patient,
                                       const std::string& word, Instant now) {
  const RenderContext context = test_context(input, write_patient, now);
  std::vector<ChannelTest> tests;
  for (const NoticePlan& plan : plan_endpoint(input).notices) {
    if (plan.channel.empty() || plan.channel == kWorklist) continue;
    if (write_patient.empty() && !offer_of(plan.channel, input.capability).search) continue;
    auto test =
        std::find_if(tests.begin(), tests.end(), [&](const ChannelTest& each) { return each.type == plan.channel; });
    if (test == tests.end()) {
      const std::string system = identifier_system_of({plan.channel, plan.is_message}, context.identifier_system);
      test = tests.insert(tests.end(), {plan.channel, system, "probe-" + word});
    }
    if (!write_patient.empty() && test->body.empty()) add_notice(input, plan, context, *test);
  }
  return tests;
}

}  // namespace authledger
