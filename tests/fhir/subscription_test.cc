#include "fhir/subscription.h"

#include <gtest/gtest.h>

namespace authledger {
namespace {

Notification read(const std::string& json) {
  JsonDocument document;
  auto root = document.parse(json);
  EXPECT_TRUE(root.ok()) << root.error().message;
  auto notification = read_notification(*root);
  EXPECT_TRUE(notification.ok()) << notification.error().message;
  return notification ? *notification : Notification{};
}

using Resources = std::vector<NotifiedResource>;

constexpr const char* kR4Bundle = R"({"resourceType":"Bundle","type":"history","entry":[
  {"resource":{"resourceType":"Parameters","parameter":[
    {"name":"subscription","valueReference":{"reference":"Subscription/9"}},
    {"name":"type","valueCode":"event-notification"},
    {"name":"notification-event","part":[{"name":"event-number","valueString":"2"},
      {"name":"focus","valueReference":{"reference":"https://ehr.example/fhir/Encounter/e1/_history/3"}}]},
    {"name":"notification-event","part":[{"name":"focus","valueReference":{"reference":"Appointment/a-1"}}]}]}},
  {"fullUrl":"https://ehr.example/fhir/Encounter/e1","request":{"method":"PUT","url":"Encounter/e1"}}]})";

TEST(Subscription, AnR4NotificationNamesItsFocusesOnce) {
  const Notification notification = read(kR4Bundle);
  EXPECT_EQ(notification.kind, Notification::Kind::event);
  EXPECT_EQ(notification.resources, (Resources{{"Encounter", "e1"}, {"Appointment", "a-1"}}));
}

TEST(Subscription, AnR5StatusIsReadToo) {
  EXPECT_EQ(read(R"({"resourceType":"Bundle","type":"subscription-notification","entry":[
    {"resource":{"resourceType":"SubscriptionStatus","type":"event-notification","notificationEvent":[
      {"eventNumber":"1","focus":{"reference":"Encounter/7"}}]}}]})")
                .resources,
            (Resources{{"Encounter", "7"}}));
}

TEST(Subscription, FullResourcesAreReadForTheirNameOnly) {
  EXPECT_EQ(read(R"({"resourceType":"Bundle","type":"history","entry":[
    {"resource":{"resourceType":"SubscriptionStatus","type":"event-notification"}},
    {"resource":{"resourceType":"Encounter","id":"x","status":"finished"}},
    {"resource":{"resourceType":"Coverage"}}]})")
                .resources,
            (Resources{{"Encounter", "x"}, {"Coverage", ""}}));
  EXPECT_EQ(read(R"({"resourceType":"Encounter","id":"x"})").resources, (Resources{{"Encounter", "x"}}));
}

TEST(Subscription, HandshakesAndHeartbeatsNameNothing) {
  for (const auto& [code, kind] :
       {std::pair("handshake", Notification::Kind::handshake), std::pair("heartbeat", Notification::Kind::heartbeat),
        std::pair("query-status", Notification::Kind::heartbeat)}) {
    const Notification notification = read(
        std::string(R"({"resourceType":"Bundle","type":"history","entry":[{"resource":{"resourceType":"Parameters",)") +
        R"("parameter":[{"name":"type","valueCode":")" + code + R"("}]}}]})");
    EXPECT_EQ(notification.kind, kind) << code;
    EXPECT_TRUE(notification.resources.empty()) << code;
  }
}

TEST(Subscription, WhatIsNoNotificationIsRefusedWithoutItsContent) {
  JsonDocument document;
  for (const char* json :
       {R"({"name":"SECRET"})", R"([1])", R"({"resourceType":"Bundle","entry":[]})",
        R"({"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Patient","id":"SECRET"}}]})"}) {
    auto notification = read_notification(*document.parse(json));
    ASSERT_FALSE(notification.ok()) << json;
    EXPECT_EQ(notification.error().message.find("SECRET"), std::string::npos);
  }
}

TEST(Subscription, ReferencesThatAreNoneNameNothing) {
  EXPECT_TRUE(read(R"({"resourceType":"Bundle","entry":[{"resource":{"resourceType":"SubscriptionStatus",
    "notificationEvent":[{"focus":{"reference":"urn:uuid:1"}},{"focus":{"reference":"Encounter/../x"}},
                         {"focus":{"reference":"Encounter/a b"}},{"focus":{}}]}}]})")
                  .resources.empty());
}

TEST(Subscription, ThePathOfAnR4HookNamesTheResource) {
  EXPECT_EQ(notification_of_path("Encounter/1").resources, (Resources{{"Encounter", "1"}}));
  EXPECT_EQ(notification_of_path("Encounter").resources, (Resources{{"Encounter", ""}}));
  EXPECT_TRUE(notification_of_path("").resources.empty());
  EXPECT_TRUE(notification_of_path("../etc").resources.empty());
}

TEST(Subscription, AsksByCriteriaInR4AndByTopicInTheBackport) {
  SubscriptionRequest request{"Encounter", "", "https://a.example/hooks/ehr", "s", NotificationContent::id_only};
  EXPECT_EQ(
      render_subscription(request),
      R"({"resourceType":"Subscription","status":"requested","reason":"authledger: tells that something changed",)"
      R"("criteria":"Encounter?","channel":{"type":"rest-hook","endpoint":"https://a.example/hooks/ehr",)"
      R"("header":["Authorization: Bearer s"]}})");
  request.topic = "https://ehr.example/topics/encounter";
  const std::string backport = render_subscription(request);
  EXPECT_NE(backport.find(R"("criteria":"https://ehr.example/topics/encounter")"), std::string::npos);
  EXPECT_NE(backport.find(R"("valueCode":"id-only")"), std::string::npos);
  EXPECT_NE(backport.find("backport-subscription"), std::string::npos);
}

}  // namespace
}  // namespace authledger
