// Records of one person: merged, unmerged, joined by identifier, and one visit of several patients. CAPABILITIES row
// 15, FAULTS 43 and 50.

#include "ledger/store/subject_join.h"

#include <gtest/gtest.h>

#include <thread>

#include "tests/store/sample_facts.h"
#include "tests/support/test_database.h"

namespace authledger {
namespace {

constexpr Statement kDenseFacts{"dense_facts", R"(
  select count(*)
    from subject
   where tenant_id = $1
     and facts_seq <> (select count(*)
                         from fact
                        where fact.tenant_id = subject.tenant_id
                          and fact.subject_id = subject.subject_id))"};

class SubjectJoin : public testing::Test {
 protected:
  MappedResource patient(const std::string& id, int64_t version, std::vector<SubjectLink> links,
                         const std::string& source = kSource) {
    PatientFact body;
    for (const SubjectLink& link : links) body.links.push_back(link.name);
    Fact fact;
    fact.fact_key = make_fact_key(source, "Patient/" + id, FactKind::patient, "1");
    fact.source = source;
    fact.resource = "Patient/" + id;
    fact.mapping = "patient/1";
    fact.body = body;
    MappedResource resource = with_facts("Patient", id, "Patient/" + id, version, {fact});
    resource.source = source;
    resource.links = std::move(links);
    for (SubjectLink& link : resource.links) link.patient = "Patient/" + id;
    return resource;
  }
  SubjectLink link_to(const std::string& id, bool is_replaced = false) {
    return {"", false, kSource, "Patient/" + id, is_replaced};
  }
  SubjectLink known_as(const std::string& value) { return {"", true, "urn:mrn", value, false}; }
  MappedResource visit_at(const std::string& source, const std::string& id, const std::string& patient) {
    MappedResource resource = encounter(id, patient, 1);
    resource.source = source;
    for (Fact& fact : resource.facts) {
      fact.source = source;
      fact.fact_key = make_fact_key(source, fact.resource, FactKind::service, "1");
    }
    return resource;
  }
  JoinCounts join() { return join_subjects(pg, tenant, at_second(100)); }
  // Keys of the visits that stand for the records of a patient, wherever they stand.
  std::vector<std::string> visits_of(const std::string& patient) {
    std::vector<std::string> visits;
    Transaction transaction(pg, tenant);
    for (const SubjectName& name : read_subjects(transaction, patient)) {
      for (const Fact& fact : current_facts(read_facts(transaction, std::vector<int64_t>{name.subject_id}).front())) {
        if (kind_of(fact.body) == FactKind::service) visits.push_back(fact.resource);
      }
    }
    return visits;
  }
  void expect_dense() {
    Transaction transaction(pg, tenant);
    EXPECT_EQ(transaction.execute(kDenseFacts, Parameters().integer(tenant)).integer(0, 0), 0);
  }

  TestDatabase database;
  PgConnection pg = database.connection();
  int64_t tenant = make_tenant(pg);
};

using Visits = std::vector<std::string>;

TEST_F(SubjectJoin, Row15MovesTheFactsOfAReplacedRecordAndBringsThemBackWhenUnmerged) {
  record(pg, tenant,
         {encounter("e1", "Patient/a", 1), encounter("e2", "Patient/b", 1), patient("a", 1, {}), patient("b", 1, {})});
  EXPECT_EQ(join().joined, 0);
  record(pg, tenant, {patient("a", 2, {link_to("b", true)})});
  const JoinCounts merged = join();
  EXPECT_EQ(merged.joined, 1);
  EXPECT_EQ(merged.moved_facts, 2) << "the visit and the record itself";
  EXPECT_EQ(visits_of("b"), (Visits{"Encounter/e1", "Encounter/e2"}));
  EXPECT_EQ(visits_of("a"), visits_of("b")) << "either name finds the person";
  expect_dense();

  record(pg, tenant, {patient("a", 3, {})});
  const JoinCounts parted = join();
  EXPECT_EQ(parted.parted, 1);
  EXPECT_EQ(visits_of("a"), Visits{"Encounter/e1"});
  EXPECT_EQ(visits_of("b"), Visits{"Encounter/e2"});
  expect_dense();
  EXPECT_EQ(join().moved_facts, 0);
}

TEST_F(SubjectJoin, Fault43RecordsWhatComesAfterTheMergeWithThePersonAndPartsItToo) {
  record(pg, tenant, {encounter("e1", "Patient/a", 1), patient("a", 1, {link_to("b", true)})});
  EXPECT_EQ(join().joined, 0) << "nothing is known of b yet";
  record(pg, tenant, {encounter("e2", "Patient/b", 1)});
  EXPECT_EQ(join().joined, 1);
  record(pg, tenant, {encounter("e3", "Patient/a", 1), encounter("e1", "Patient/a", 2, "90834")});
  EXPECT_EQ(visits_of("b"), (Visits{"Encounter/e1", "Encounter/e2", "Encounter/e3"}));
  // A visit on the wrong record of the person goes to a third one.
  record(pg, tenant, {encounter("e3", "Patient/c", 2)});
  EXPECT_EQ(visits_of("b"), (Visits{"Encounter/e1", "Encounter/e2"}));
  EXPECT_EQ(visits_of("c"), Visits{"Encounter/e3"});
  record(pg, tenant, {patient("a", 2, {})});
  EXPECT_EQ(join().parted, 1);
  EXPECT_EQ(visits_of("a"), Visits{"Encounter/e1"});
  EXPECT_EQ(visits_of("b"), Visits{"Encounter/e2"});
  expect_dense();
}

TEST_F(SubjectJoin, FollowsAChainOfReplacementsToTheRecordInUse) {
  record(pg, tenant,
         {encounter("e1", "Patient/a", 1), encounter("e2", "Patient/b", 1), encounter("e3", "Patient/c", 1),
          patient("a", 1, {link_to("b", true)}), patient("b", 1, {link_to("c", true)})});
  EXPECT_EQ(join().joined, 2);
  EXPECT_EQ(visits_of("a"), (Visits{"Encounter/e1", "Encounter/e2", "Encounter/e3"}));
  record(pg, tenant, {patient("b", 2, {})});
  join();
  EXPECT_EQ(visits_of("a"), (Visits{"Encounter/e1", "Encounter/e2"}));
  EXPECT_EQ(visits_of("c"), Visits{"Encounter/e3"});
}

TEST_F(SubjectJoin, JoinsRecordsOfTwoSourcesByAnIdentifierUntilItTellsNothing) {
  record(pg, tenant,
         {visit_at("ehr", "e1", "Patient/1"), visit_at("payer", "e9", "Patient/77"), patient("1", 1, {known_as("M1")}),
          patient("77", 1, {known_as("M1")}, "payer")});
  EXPECT_EQ(join().joined, 1);
  EXPECT_EQ(visits_of("77"), (Visits{"Encounter/e1", "Encounter/e9"}));
  // A second person of the EHR with the same number: which of them the payer means, nobody knows.
  record(pg, tenant, {patient("2", 1, {known_as("M1")}), visit_at("ehr", "e2", "Patient/2")});
  EXPECT_EQ(join().parted, 1);
  EXPECT_EQ(visits_of("77"), Visits{"Encounter/e9"});
  EXPECT_EQ(visits_of("1"), Visits{"Encounter/e1"});
  // The EHR corrects the number.
  record(pg, tenant, {patient("2", 2, {known_as("M2")})});
  EXPECT_EQ(join().joined, 1);
  EXPECT_EQ(visits_of("77"), (Visits{"Encounter/e1", "Encounter/e9"}));
  EXPECT_EQ(visits_of("2"), Visits{"Encounter/e2"});
  expect_dense();
}

TEST_F(SubjectJoin, AnIdentifierThatSaysUnknownJoinsNobody) {
  std::vector<MappedResource> page;
  for (int i = 0; i < 300; ++i) page.push_back(patient(std::to_string(i), 1, {known_as("unknown")}));
  page.push_back(patient("p", 1, {known_as("unknown")}, "payer"));
  record(pg, tenant, page);
  EXPECT_EQ(join().joined, 0);
}

TEST_F(SubjectJoin, Fault43LosesNothingWhileVisitsArriveDuringMerges) {
  record(pg, tenant, {encounter("a0", "Patient/a", 1), encounter("b0", "Patient/b", 1)});
  constexpr int kRounds = 40;
  std::thread writer([this] {
    PgConnection connection = database.connection();
    for (int i = 1; i <= kRounds; ++i) {
      record(connection, tenant,
             {encounter("a" + std::to_string(i), "Patient/a", 1), encounter("b" + std::to_string(i), "Patient/b", 1),
              encounter("a0", "Patient/a", i + 1, i % 2 == 0 ? "90837" : "90834")});
    }
  });
  JoinCounts total;
  for (int64_t version = 1; version <= kRounds; ++version) {
    record(pg, tenant,
           {patient("a", version, version % 2 == 1 ? std::vector{link_to("b", true)} : std::vector<SubjectLink>{})});
    const JoinCounts counts = join();
    total.joined += counts.joined;
    total.parted += counts.parted;
  }
  writer.join();
  EXPECT_EQ(total.joined, kRounds / 2);
  EXPECT_EQ(total.parted, kRounds / 2);
  EXPECT_EQ(visits_of("a").size(), size_t{kRounds} + 1) << "parted at the end: each has its own";
  EXPECT_EQ(visits_of("b").size(), size_t{kRounds} + 1);
  record(pg, tenant, {patient("a", kRounds + 1, {link_to("b", true)})});
  join();
  EXPECT_EQ(visits_of("b").size(), 2 * (size_t{kRounds} + 1)) << "each visit once";
  expect_dense();
}

TEST_F(SubjectJoin, Fault50KeepsAVisitOfAGroupOncePerPatient) {
  const auto group = [](int64_t version, const std::vector<std::string>& patients) {
    std::vector<Fact> facts;
    for (const std::string& patient : patients) {
      facts.push_back(service_fact("g1", patient, "90853", day_of(2026, 2, 20)));
    }
    return with_facts("Encounter", "g1", patients.front(), version, std::move(facts));
  };
  EXPECT_EQ(record(pg, tenant, {group(1, {"Patient/a", "Patient/b", "Patient/c"})}).new_facts, 3);
  EXPECT_EQ(record(pg, tenant, {group(1, {"Patient/a", "Patient/b", "Patient/c"})}).new_facts, 0);
  for (const char* patient : {"a", "b", "c"}) EXPECT_EQ(visits_of(patient), Visits{"Encounter/g1"}) << patient;
  EXPECT_EQ(record(pg, tenant, {group(2, {"Patient/c", "Patient/a"})}).retracted, 1);
  EXPECT_EQ(visits_of("a"), Visits{"Encounter/g1"});
  EXPECT_EQ(visits_of("b"), Visits{});
  EXPECT_EQ(visits_of("c"), Visits{"Encounter/g1"});
  // Two records of one person take part once.
  record(pg, tenant, {patient("a", 1, {link_to("c", true)})});
  EXPECT_EQ(join().joined, 1);
  record(pg, tenant, {group(3, {"Patient/a", "Patient/c"})});
  EXPECT_EQ(visits_of("c"), Visits{"Encounter/g1"});
  MappedResource gone = group(4, {"Patient/a"});
  gone.is_deleted = true;
  gone.facts.clear();
  record(pg, tenant, {gone});
  EXPECT_EQ(visits_of("c"), Visits{});
  expect_dense();
}

}  // namespace
}  // namespace authledger
