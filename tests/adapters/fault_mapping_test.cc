// What sources write that is half a date, no quantity, or no code that anybody knows. FAULTS 37, 38, 40, 47 and 49.

#include <fmt/format.h>

#include "base/text.h"
#include "tests/adapters/mapped_resource.h"

namespace authledger {
namespace {

std::string order_of(const std::string& period, const std::string& quantity = R"({"value":12})") {
  return R"({"resourceType":"ServiceRequest","id":"o1","status":"active","intent":"order",
    "subject":{"reference":"Patient/p1"},"occurrencePeriod":{)" +
         period + R"(},"quantityQuantity":)" + quantity +
         R"(,"code":{"coding":[{"system":"http://www.ama-assn.org/go/cpt","code":"90837"}]}})";
}

std::string visit_of(const std::string& type) {
  return R"({"resourceType":"Encounter","id":"e1","status":"finished","subject":{"reference":"Patient/p1"},
    "period":{"start":"2026-03-02T10:00:00-05:00","end":"2026-03-02T11:00:00-05:00"},"type":[)" +
         type + "]}";
}

TEST(Fault37, AYearOrAMonthBeginsWithItsFirstDayAndEndsWithItsLast) {
  const ResourceMapper mapper = compile_mapper();
  const struct {
    const char* period;
    std::optional<Day> first_day, last_day;
  } cases[] = {
      {R"("start":"2026","end":"2026")", day_of(2026, 1, 1), day_of(2026, 12, 31)},
      {R"("start":"2026-03","end":"2026-04")", day_of(2026, 3, 1), day_of(2026, 4, 30)},
      {R"("start":"2028-02","end":"2028-02")", day_of(2028, 2, 1), day_of(2028, 2, 29)},
      {R"("start":"2026-01-31","end":"2026-02")", day_of(2026, 1, 31), day_of(2026, 2, 28)},
      {R"("start":"2026-03-01")", day_of(2026, 3, 1), std::nullopt},
      {R"("end":"2026-03-31T23:59:00-05:00")", std::nullopt, day_of(2026, 3, 31)},
  };
  for (const auto& test : cases) {
    const MappedFacts mapped = map_text(mapper, order_of(test.period));
    ASSERT_EQ(bodies<OrderFact>(mapped).size(), 1U) << test.period << texts_of(mapped.issues);
    EXPECT_EQ(bodies<OrderFact>(mapped)[0].first_day, test.first_day) << test.period;
    EXPECT_EQ(bodies<OrderFact>(mapped)[0].last_day, test.last_day) << test.period;
  }
}

TEST(Fault37, AnEndBeforeItsStartGoesToQuarantineWithItsPlace) {
  const ResourceMapper mapper = compile_mapper();
  for (const char* period : {R"("start":"2026-03-02","end":"2026-03-01")", R"("start":"2026-03","end":"2026-02")"}) {
    const MappedFacts mapped = map_text(mapper, order_of(period));
    EXPECT_TRUE(mapped.facts.empty()) << period;
    ASSERT_TRUE(has_error(mapped.issues)) << period;
    EXPECT_NE(texts_of(mapped.issues).find("ServiceRequest.occurrence"), std::string::npos) << texts_of(mapped.issues);
  }
}

std::string visit_across_midnight() {
  return replace_all(replace_all(visit_of("{}"), "2026-03-02T10:00:00", "2026-12-31T23:50:00"), "2026-03-02T11:00:00",
                     "2027-01-01T00:40:00");
}

TEST(Fault38, AVisitBelongsToTheDayOfItsStartUnlessTheSiteSaysOtherwise) {
  const MappedFacts by_start = map_text(compile_mapper(), visit_across_midnight());
  ASSERT_EQ(bodies<ServiceFact>(by_start).size(), 1U) << texts_of(by_start.issues);
  EXPECT_EQ(bodies<ServiceFact>(by_start)[0].day, day_of(2026, 12, 31));
  EndpointConfig endpoint = shipped_endpoint();
  endpoint.overrides.push_back({.mapping = "encounter", .column = "start", .path = "period.end"});
  const MappedFacts by_end = map_text(compile_mapper(endpoint), visit_across_midnight());
  ASSERT_EQ(bodies<ServiceFact>(by_end).size(), 1U) << texts_of(by_end.issues);
  EXPECT_EQ(bodies<ServiceFact>(by_end)[0].day, day_of(2027, 1, 1));
}

TEST(Fault40, TheYear9999AndALeapSecondAreRead) {
  const ResourceMapper mapper = compile_mapper();
  const MappedFacts endless = map_text(mapper, order_of(R"("start":"2026-03-01","end":"9999-12-31")"));
  ASSERT_EQ(bodies<OrderFact>(endless).size(), 1U) << texts_of(endless.issues);
  EXPECT_EQ(bodies<OrderFact>(endless)[0].last_day, day_of(9999, 12, 31));
  const MappedFacts leap =
      map_text(mapper, replace_all(visit_of("{}"), "2026-03-02T10:00:00-05:00", "2016-12-31T23:59:60Z"));
  ASSERT_EQ(bodies<ServiceFact>(leap).size(), 1U) << texts_of(leap.issues);
  EXPECT_EQ(bodies<ServiceFact>(leap)[0].day, day_of(2016, 12, 31)) << "19:00 at the site";
}

TEST(Fault47, UnitsAreKeptInThousandthsAndWhatIsNoneIsRefused) {
  const ResourceMapper mapper = compile_mapper();
  const std::string period = R"("start":"2026-03-01","end":"2026-06-30")";
  const std::pair<const char*, int64_t> kept[] = {
      {"0.333", 333}, {"0", 0}, {"12.5", 12'500}, {"1e9", 1'000'000'000'000}, {"0.0004", 0}, {"1E1", 10'000}};
  for (const auto& [text, milli] : kept) {
    const MappedFacts mapped = map_text(mapper, order_of(period, fmt::format(R"({{"value":{}}})", text)));
    ASSERT_EQ(bodies<OrderFact>(mapped).size(), 1U) << text << texts_of(mapped.issues);
    EXPECT_EQ(bodies<OrderFact>(mapped)[0].quantity, Quantity::of_milli(milli)) << text;
  }
  for (const char* text : {"-1", "-0.001", "1000000001"}) {
    const MappedFacts mapped = map_text(mapper, order_of(period, fmt::format(R"({{"value":{}}})", text)));
    EXPECT_TRUE(mapped.facts.empty()) << text;
    EXPECT_TRUE(has_error(mapped.issues)) << text;
  }
}

TEST(Fault49, ALocalCodeCountsByTheMappingTable) {
  EndpointConfig endpoint = shipped_endpoint();
  endpoint.value_maps["visit_type_codes"] = {{"PSYTX60", "90837"}};
  const std::string local = R"({"coding":[{"system":"urn:clinic:visit-types","code":"PSYTX60"}]})";
  const MappedFacts mapped = map_text(compile_mapper(endpoint), visit_of(local));
  ASSERT_EQ(bodies<ServiceFact>(mapped).size(), 1U) << texts_of(mapped.issues);
  EXPECT_EQ(bodies<ServiceFact>(mapped)[0].service_codes, std::vector<std::string>{"90837"});
}

// The visit is there, but nothing is guessed of what it counts as: it draws from no approval of another code.
TEST(Fault49, WithoutTheTableAVisitHasNoCodeThatAnApprovalCouldMean) {
  for (const std::string type : {R"({"coding":[{"system":"urn:clinic:visit-types","code":"PSYTX60"}]})",
                                 R"({"text":"psychotherapy, 60 minutes"})"}) {
    const MappedFacts mapped = map_text(compile_mapper(), visit_of(type));
    ASSERT_EQ(bodies<ServiceFact>(mapped).size(), 1U) << texts_of(mapped.issues);
    const std::vector<std::string> codes = bodies<ServiceFact>(mapped)[0].service_codes;
    EXPECT_EQ(codes, std::vector<std::string>{upper_case(
                         type.find("PSYTX60") == std::string::npos ? "psychotherapy, 60 minutes" : "PSYTX60")})
        << "a code of its own, which no approval of 90837 means";
  }
}

}  // namespace
}  // namespace authledger
