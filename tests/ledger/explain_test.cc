#include "ledger/explain.h"

#include <gtest/gtest.h>

namespace authledger {
namespace {

const std::string kBook = "Organization/payer/A1/1";

Fact service_fact(int64_t fact_seq, int64_t version, ServiceState state) {
  Fact fact;
  fact.source = "ehr";
  fact.resource = "Encounter/e1";
  fact.fact_key = make_fact_key("ehr", "Encounter/e1", FactKind::service, "1");
  fact.source_version = version;
  fact.fact_seq = fact_seq;
  ServiceFact body;
  body.state = state;
  body.day = day_of(2026, 3, 2);
  fact.body = body;
  return fact;
}

JournalEntry entry_of(int64_t seq, int64_t facts_seq, std::vector<Transfer> transfers) {
  JournalEntry entry;
  entry.entry_seq = seq;
  entry.facts_seq = facts_seq;
  entry.posted_at = *parse_instant("2026-03-03T12:00:00Z") + std::chrono::hours(seq);
  entry.transfers = std::move(transfers);
  return entry;
}

Transfer transfer_of(const std::string& book, Account from, Account to, const std::string& key, bool is_reversal,
                     const std::string& reason) {
  return {book, from, to, Measure::visit, Quantity::of_units(key.empty() ? 12 : 1), key, is_reversal, reason};
}

// A visit without cover is covered by a retroactive authorization, then entered in error.
std::vector<JournalEntry> history_of_entries() {
  return {
      entry_of(1, 1,
               {transfer_of("uncovered/97110", Account::rendered, Account::uncovered, "Encounter/e1", false,
                            "no_authorization")}),
      entry_of(2, 2,
               {transfer_of("uncovered/97110", Account::uncovered, Account::rendered, "Encounter/e1", true,
                            "allocated otherwise"),
                transfer_of(kBook, Account::granted, Account::available, "", false, "approved"),
                transfer_of(kBook, Account::available, Account::used, "Encounter/e1", false, "exact code")}),
      entry_of(3, 3, {transfer_of(kBook, Account::used, Account::available, "Encounter/e1", true, "service is void")})};
}

TEST(Explain, ShowsEveryStepOfAVisitWithItsSourceVersion) {
  Consolidated subject;
  AuthorizationLine line;
  line.book = kBook;
  line.authorization_number = "A1";
  line.line = "1";
  subject.lines = {line};
  std::vector<Fact> facts{service_fact(1, 1, ServiceState::rendered), service_fact(3, 2, ServiceState::voided)};
  auto rows = explain_authorization("A1", subject, {}, history_of_entries(), facts);
  ASSERT_EQ(rows.size(), 5u);
  EXPECT_EQ(rows[0].book, "uncovered/97110");
  EXPECT_FALSE(rows[0].is_standing);
  EXPECT_TRUE(rows[2].is_standing);
  EXPECT_EQ(rows[2].line, "1");
  EXPECT_EQ(rows[3].day, day_of(2026, 3, 2));
  EXPECT_EQ(rows[3].sources, std::vector<std::string>{"ehr:Encounter/e1 version 1"});
  EXPECT_FALSE(rows[3].is_standing);
  EXPECT_TRUE(rows[4].is_reversal);
  EXPECT_EQ(rows[4].sources, std::vector<std::string>{"ehr:Encounter/e1 version 2"});
}

TEST(Explain, FollowsOneServiceFromBookToBookByItsKeyOrAnyResourceOfIts) {
  std::vector<Fact> facts{service_fact(1, 1, ServiceState::rendered)};
  facts[0].mapping = "encounter@1";
  const auto rows = explain_service("Encounter/e1", {}, {}, history_of_entries(), facts);
  ASSERT_EQ(rows.size(), 4u) << "the grant is not of the service";
  EXPECT_EQ(rows[0].to, Account::uncovered);
  EXPECT_EQ(rows[2].to, Account::used);
  EXPECT_EQ(rows[2].mappings, std::vector<std::string>{"encounter@1"});
  Consolidated subject;
  Service service;
  service.key = "Encounter/e1";
  service.sources = {{"ehr", "Encounter/e1", 1, ""}, {"ehr", "Appointment/a1", 2, ""}};
  subject.services = {service};
  EXPECT_EQ(explain_service("Appointment/a1", subject, {}, history_of_entries(), facts).size(), 4u);
  EXPECT_TRUE(explain_service("Encounter/e2", subject, {}, history_of_entries(), facts).empty());
}

TEST(Explain, FindsBooksWhoseLineIsGone) {
  EXPECT_EQ(books_of_authorization("A1", {}, history_of_entries()), std::vector<std::string>{kBook});
  EXPECT_TRUE(books_of_authorization("1", {}, history_of_entries()).empty());
}

TEST(Explain, SaysNothingOfAnUnknownAuthorization) {
  EXPECT_TRUE(explain_authorization("B9", {}, {}, history_of_entries(), {}).empty());
}

}  // namespace
}  // namespace authledger
