#include "ledger/facts.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace authledger {
namespace {

Fact service_version(int64_t fact_seq, ServiceState state, std::optional<int64_t> version,
                     std::optional<int> updated_minute = std::nullopt) {
  Fact fact;
  fact.source = "ehr";
  fact.resource = "Encounter/e1";
  fact.fact_key = make_fact_key(fact.source, fact.resource, FactKind::service, "1");
  fact.fact_seq = fact_seq;
  fact.source_version = version;
  if (updated_minute) fact.source_updated_at = Instant(std::chrono::minutes(*updated_minute));
  ServiceFact body;
  body.state = state;
  fact.body = body;
  return fact;
}

ServiceState state_of(const std::vector<Fact>& current) {
  return std::get<ServiceFact>(current.at(0).body).state;
}

TEST(Facts, KeyNamesSourceResourceKindAndLine) {
  EXPECT_EQ(make_fact_key("ehr", "ClaimResponse/cr1", FactKind::authorization_line, "2"),
            "ehr/ClaimResponse/cr1#authorization_line/2");
}

TEST(Facts, EveryWordReadsBackToItsValue) {
  for (int i = 1; i <= 9; ++i) EXPECT_EQ(fact_kind_from(word_of(FactKind(i))), FactKind(i));
  for (int i = 1; i <= 8; ++i) EXPECT_EQ(decision_from(word_of(Decision(i))), Decision(i));
  for (int i = 1; i <= 6; ++i) EXPECT_EQ(measure_from(word_of(Measure(i))), Measure(i));
  for (int i = 1; i <= 5; ++i) EXPECT_EQ(service_state_from(word_of(ServiceState(i))), ServiceState(i));
  for (int i = 1; i <= 3; ++i) EXPECT_EQ(line_change_from(word_of(LineChange(i))), LineChange(i));
  for (int i = 1; i <= 4; ++i) EXPECT_EQ(number_role_from(word_of(NumberRole(i))), NumberRole(i));
  for (int i = 1; i <= 3; ++i) EXPECT_EQ(pin_kind_from(word_of(PinKind(i))), PinKind(i));
  EXPECT_EQ(word_of(ServiceState::voided), "void");
  EXPECT_FALSE(decision_from("certified"));
}

// FAULTS 23: the version counts, not the time.
TEST(Facts, TheHigherVersionIsCurrentThoughItsTimeIsEarlier) {
  const std::vector<Fact> versions{service_version(1, ServiceState::planned, 1, 50),
                                   service_version(2, ServiceState::rendered, 2, 40)};
  EXPECT_EQ(state_of(current_facts(versions)), ServiceState::rendered);
}

TEST(Facts, AnOlderVersionThatArrivesLateIsHistory) {
  const std::vector<Fact> versions{service_version(1, ServiceState::rendered, 10),
                                   service_version(2, ServiceState::planned, 9)};
  EXPECT_EQ(state_of(current_facts(versions)), ServiceState::rendered);
}

TEST(Facts, WithoutVersionsTheLaterUpdateIsCurrentAndThenTheLaterRecord) {
  const std::vector<Fact> by_time{service_version(1, ServiceState::rendered, std::nullopt, 9),
                                  service_version(2, ServiceState::planned, std::nullopt, 5)};
  EXPECT_EQ(state_of(current_facts(by_time)), ServiceState::rendered);
  const std::vector<Fact> by_record{service_version(1, ServiceState::planned, std::nullopt),
                                    service_version(2, ServiceState::rendered, std::nullopt)};
  EXPECT_EQ(state_of(current_facts(by_record)), ServiceState::rendered);
}

TEST(Facts, ARetractedFactIsNotCurrentAndALateOlderVersionDoesNotBringItBack) {
  std::vector<Fact> versions{service_version(1, ServiceState::rendered, 3)};
  Fact deletion = service_version(2, ServiceState::rendered, std::nullopt);
  deletion.retracted = true;
  versions.push_back(deletion);
  EXPECT_TRUE(current_facts(versions).empty());
  versions.push_back(service_version(3, ServiceState::rendered, 2));
  EXPECT_TRUE(current_facts(versions).empty());
  versions.push_back(service_version(4, ServiceState::planned, 4));
  EXPECT_EQ(state_of(current_facts(versions)), ServiceState::planned);
}

TEST(Facts, CurrentFactsDoNotDependOnTheOrderOfVersions) {
  std::vector<Fact> versions{service_version(1, ServiceState::planned, 1),
                             service_version(2, ServiceState::rendered, 3),
                             service_version(3, ServiceState::in_progress, 2)};
  do {
    EXPECT_EQ(state_of(current_facts(versions)), ServiceState::rendered);
  } while (std::next_permutation(versions.begin(), versions.end(),
                                 [](const Fact& a, const Fact& b) { return a.fact_seq < b.fact_seq; }));
}

TEST(Facts, ContentHashCoversTheBodyAndRetractionButNoVersion) {
  const Fact fact = service_version(1, ServiceState::rendered, 1, 5);
  Fact same = service_version(7, ServiceState::rendered, 9, 50);
  EXPECT_EQ(content_hash(fact), content_hash(same));
  same.retracted = true;
  EXPECT_NE(content_hash(fact), content_hash(same));
  EXPECT_NE(content_hash(fact), content_hash(service_version(1, ServiceState::planned, 1, 5)));
}

TEST(Facts, ContentHashTellsNeighbouringTextsApart) {
  Fact one = service_version(1, ServiceState::rendered, 1), other = one;
  std::get<ServiceFact>(one.body).service_codes = {"90837", "90785"};
  std::get<ServiceFact>(other.body).service_codes = {"9083790785"};
  EXPECT_NE(content_hash(one), content_hash(other));
  other = one;
  std::get<ServiceFact>(one.body).provider = "x";
  std::get<ServiceFact>(other.body).program = "x";
  EXPECT_NE(content_hash(one), content_hash(other));
}

}  // namespace
}  // namespace authledger
