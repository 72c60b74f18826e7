#include <gtest/gtest.h>

#include "tests/store/sample_facts.h"
#include "tests/support/test_database.h"

namespace authledger {
namespace {

class FactStore : public testing::Test {
 protected:
  std::string code_of(const Fact& fact) { return std::get<ServiceFact>(fact.body).service_codes.front(); }
  static MappedResource deletion_of(const MappedResource& resource) {
    MappedResource gone;
    gone.source = kSource;
    gone.type = resource.type;
    gone.id = resource.id;
    gone.hash = sha256("deleted " + resource.type + "/" + resource.id);
    gone.mapping_version = kMappingVersion;
    gone.is_deleted = true;
    return gone;
  }
  StoredAs stored(const MappedResource& resource) {
    const std::vector<ResourceHash> asked{{resource.type, resource.id, resource.hash, resource.mapping_version}};
    return find_stored(pg, tenant, kSource, asked).front().as;
  }

  TestDatabase database;
  PgConnection pg = database.connection();
  int64_t tenant = make_tenant(pg);
};

Fact fact_of(const std::string& line, FactBody body) {
  Fact fact;
  fact.body = std::move(body);
  fact.fact_key = make_fact_key(kSource, "Basic/b1", kind_of(fact.body), line);
  fact.source = kSource;
  fact.resource = "Basic/b1";
  fact.mapping = "all/1";
  return fact;
}

std::vector<Fact> one_of_every_kind() {
  const Day day = day_of(2026, 1, 31);
  const Instant instant = at_second(5) + std::chrono::microseconds(123456);
  CoverageFact coverage{
      "Patient/p1", "Organization/o1", "Payer \"One\", Inc. \\ {x}", "M1", "active", day, day + 90, 2, "gold", "PPO"};
  RequestLineFact request{"Patient/p1",
                          "https://ehr.example/Claim/c1",
                          "1",
                          "Organization/o1",
                          "Coverage/c1",
                          {"90837", "H0015,HQ"},
                          Quantity::of_milli(12500),
                          Measure::hour,
                          day,
                          std::nullopt,
                          {"F32.1"},
                          "Practitioner/d1",
                          "https://ehr.example/Claim/c0",
                          instant,
                          true,
                          LineChange::changed};
  AuthorizationLineFact line{"Patient/p1",
                             "Organization/o1",
                             "Payer",
                             "M1",
                             "AUTH-1",
                             {{NumberRole::previous, "AUTH-0"}, {NumberRole::identifier, "{9}"}},
                             "2",
                             Decision::approved_modified,
                             "A6",
                             "https://ehr.example/Claim/c1",
                             {"90837"},
                             day,
                             day + 60,
                             Quantity::of_units(12),
                             true,
                             Measure::visit,
                             Quantity::of_units(2),
                             "week",
                             {"F32.1", ""},
                             "Organization/o2",
                             "iop",
                             "11",
                             day,
                             instant,
                             Quantity::of_units(3),
                             "AUTH-0",
                             {"HQ", "95"},
                             Quantity::of_milli(1250500),
                             "USD"};
  OrderFact order{
      "Patient/p1", "active", {"97153"}, Quantity::of_units(8), Measure::unit_15_minutes, day, day, "Coverage/c1",
      instant,      true,     "AUTH-1"};
  ServiceFact service{"Patient/p1",
                      ServiceState::no_show,
                      day,
                      instant,
                      instant + std::chrono::hours(1),
                      {"90837"},
                      Quantity::of_milli(500),
                      Measure::visit,
                      "Practitioner/d1",
                      "php",
                      "53",
                      {"F41"},
                      "AUTH-1",
                      "Coverage/c1",
                      "ServiceRequest/s1",
                      "Appointment/a1",
                      "Encounter/e1",
                      {"95"},
                      Quantity::of_milli(140250),
                      "USD",
                      {"ChargeItem/c1", "ChargeItem/c2"}};
  PatientFact patient;
  patient.identifiers = {{"", "no-system"}, {"urn:mrn", "77"}};
  patient.links = {"Patient/p9"};
  patient.replaced_by = "Patient/p8";
  patient.display = "Zoë Ångström";
  patient.home_state = "NY";
  OrganizationFact organization;
  organization.identifiers = {{"urn:npi", "1"}};
  organization.display = "Payer One";
  PinFact pin{PinKind::closed_period, "Patient/p1",  "Encounter/e1", "AUTH-1", "2", day,
              "closed by billing",    "billing lead"};
  PayerCountFact count{"Patient/p1", "AUTH-1", "2", Quantity::of_units(4), Measure::visit, day};
  BenefitFact benefit{"Patient/p1",
                      "Coverage/c1",
                      "Organization/o1",
                      "MH",
                      "visit",
                      "annual",
                      {"90837"},
                      Quantity::of_units(30),
                      Quantity::of_units(28),
                      "USD",
                      "as the plan says",
                      day,
                      day + 364,
                      day + 3};
  DocumentFact document{"Patient/p1",
                        "current",
                        {{"https://ehr.example/Binary/b1", "2jmj7l5rSw0yVb/vlWAYkK/YBwk="}, {"Binary/b2", ""}},
                        {"ClaimResponse/cr1"},
                        {"AUTH-1"},
                        {"DocumentReference/d0"},
                        instant};
  return {fact_of("1", coverage), fact_of("1", request), fact_of("1", line),         fact_of("1", order),
          fact_of("1", service),  fact_of("1", patient), fact_of("1", organization), fact_of("1", pin),
          fact_of("1", count),    fact_of("1", benefit), fact_of("1", document)};
}

TEST_F(FactStore, GivesBackEveryKindOfFactAsItWasRecorded) {
  std::vector<Fact> facts = one_of_every_kind();
  for (const Fact& full : one_of_every_kind()) {
    Fact bare = full;
    bare.fact_key += "-bare";
    bare.body = std::visit([](const auto& body) { return FactBody(std::decay_t<decltype(body)>{}); }, full.body);
    facts.push_back(std::move(bare));
  }
  record(pg, tenant, {with_facts("Basic", "b1", "Patient/p1", 7, facts)}, at_second(1));
  const std::vector<Fact> stored = facts_of(pg, tenant, "p1");
  ASSERT_EQ(stored.size(), facts.size());
  for (size_t i = 0; i < facts.size(); ++i) {
    EXPECT_EQ(stored[i].fact_seq, static_cast<int64_t>(i + 1));
    EXPECT_EQ(stored[i].fact_key, facts[i].fact_key);
    EXPECT_TRUE(stored[i].body == facts[i].body) << word_of(kind_of(facts[i].body));
    EXPECT_EQ(content_hash(stored[i]), content_hash(facts[i]));
    EXPECT_EQ(stored[i].source_version, 7);
    EXPECT_EQ(stored[i].source_updated_at, at_second(420));
    EXPECT_EQ(stored[i].recorded_at, at_second(1));
    EXPECT_EQ(stored[i].mapping, "all/1");
    EXPECT_FALSE(stored[i].retracted);
  }
}

TEST_F(FactStore, FindsUnchangedResourcesByHashAndMappingVersion) {
  MappedResource first = encounter("e1", "Patient/p1", 1);
  EXPECT_NE(stored(first), StoredAs::same);
  const RecordCounts counts = record(pg, tenant, {first});
  EXPECT_EQ(counts.new_facts, 1);
  EXPECT_EQ(stored(first), StoredAs::same);
  const RecordCounts again = record(pg, tenant, {first});
  EXPECT_EQ(again.new_facts, 0);
  EXPECT_EQ(again.unchanged, 1);
  first.mapping_version = "m2";
  EXPECT_NE(stored(first), StoredAs::same);
  EXPECT_EQ(record(pg, tenant, {first}).new_facts, 0);  // The new mapping gives the same fact.
  EXPECT_EQ(stored(first), StoredAs::same);
  EXPECT_EQ(facts_of(pg, tenant, "p1").size(), 1U);
}

TEST_F(FactStore, CountsAContentThatComesBackAsAThirdVersion) {
  const MappedResource a = encounter("e1", "Patient/p1", 0, "90837");
  const MappedResource b = encounter("e1", "Patient/p1", 0, "90834");
  record(pg, tenant, {a});
  record(pg, tenant, {b});
  EXPECT_NE(stored(a), StoredAs::same);
  record(pg, tenant, {a});
  const std::vector<Fact> versions = facts_of(pg, tenant, "p1");
  ASSERT_EQ(versions.size(), 3U);
  EXPECT_EQ(code_of(versions[2]), "90837");
  EXPECT_EQ(code_of(current_of(pg, tenant, "p1")[0]), "90837");
  EXPECT_EQ(stored(a), StoredAs::same);
  EXPECT_NE(stored(b), StoredAs::same);
}

TEST_F(FactStore, KeepsAnOlderVersionThatArrivesLateAsHistory_Fault10) {
  const MappedResource newer = encounter("e1", "Patient/p1", 3, "90837");
  const MappedResource older = encounter("e1", "Patient/p1", 2, "90834");
  record(pg, tenant, {newer});
  for (int replay = 0; replay < 100; ++replay) record(pg, tenant, {older});
  EXPECT_EQ(facts_of(pg, tenant, "p1").size(), 2U);
  ASSERT_EQ(current_of(pg, tenant, "p1").size(), 1U);
  EXPECT_EQ(code_of(current_of(pg, tenant, "p1")[0]), "90837");
  EXPECT_EQ(stored(newer), StoredAs::same);
}

TEST_F(FactStore, DoesNotReviveALineThatOnlyALateOlderVersionHas) {
  const Day day = day_of(2026, 2, 1);
  const MappedResource newer =
      with_facts("Encounter", "e1", "Patient/p1", 3, {service_fact("e1", "Patient/p1", "A", day, "1")});
  const MappedResource older =
      with_facts("Encounter", "e1", "Patient/p1", 2,
                 {service_fact("e1", "Patient/p1", "A", day, "1"), service_fact("e1", "Patient/p1", "B", day, "2")});
  record(pg, tenant, {newer});
  record(pg, tenant, {older});
  const std::vector<Fact> current = current_of(pg, tenant, "p1");
  ASSERT_EQ(current.size(), 1U);
  EXPECT_EQ(code_of(current[0]), "A");
}

TEST_F(FactStore, RetractsLinesThatANewerVersionNoLongerHas) {
  const Day day = day_of(2026, 2, 1);
  record(
      pg, tenant,
      {with_facts("Encounter", "e1", "Patient/p1", 1,
                  {service_fact("e1", "Patient/p1", "A", day, "1"), service_fact("e1", "Patient/p1", "B", day, "2")})});
  const RecordCounts counts = record(
      pg, tenant, {with_facts("Encounter", "e1", "Patient/p1", 2, {service_fact("e1", "Patient/p1", "A", day, "1")})});
  EXPECT_EQ(counts.retracted, 1);
  const std::vector<Fact> current = current_of(pg, tenant, "p1");
  ASSERT_EQ(current.size(), 1U);
  EXPECT_EQ(code_of(current[0]), "A");
  EXPECT_EQ(facts_of(pg, tenant, "p1").size(), 4U);
}

TEST_F(FactStore, RetractsADeletedResourceAndTakesItBackWhenItReturns) {
  const MappedResource visit = encounter("e1", "Patient/p1", 2);
  record(pg, tenant, {visit});
  const MappedResource gone = deletion_of(visit);
  EXPECT_EQ(record(pg, tenant, {gone}).retracted, 1);
  EXPECT_EQ(record(pg, tenant, {gone}).retracted, 0);
  EXPECT_TRUE(current_of(pg, tenant, "p1").empty());
  EXPECT_EQ(stored(visit), StoredAs::deleted);
  record(pg, tenant, {encounter("e1", "Patient/p1", 1)});  // Older than what was deleted.
  EXPECT_TRUE(current_of(pg, tenant, "p1").empty());
  record(pg, tenant, {visit});
  EXPECT_EQ(current_of(pg, tenant, "p1").size(), 1U);
}

TEST_F(FactStore, DoesNotTakeBackWhatWasAskedForBeforeItsDeletionWasRecorded) {
  MappedResource visit = encounter("e1", "Patient/p1", 2);
  visit.asked_at = at_second(1000);
  record(pg, tenant, {visit}, at_second(1001));
  record(pg, tenant, {deletion_of(visit)}, at_second(2000));
  visit.asked_at = at_second(1999);  // On a page that came later than the news of the deletion.
  record(pg, tenant, {visit}, at_second(2001));
  EXPECT_TRUE(current_of(pg, tenant, "p1").empty());
  visit.asked_at = at_second(2002);
  record(pg, tenant, {visit}, at_second(2003));
  EXPECT_EQ(current_of(pg, tenant, "p1").size(), 1U) << "the server has it again";
}

TEST_F(FactStore, ADeletionOfAnEarlierTimeEndsNothingThatWasWrittenSince) {
  const MappedResource visit = encounter("e1", "Patient/p1", 20);  // Of second 1200.
  record(pg, tenant, {visit});
  MappedResource gone = deletion_of(visit);
  gone.updated_at = at_second(1199);
  EXPECT_EQ(record(pg, tenant, {gone}).retracted, 0);
  EXPECT_EQ(current_of(pg, tenant, "p1").size(), 1U);
  gone.updated_at = at_second(1201);
  EXPECT_EQ(record(pg, tenant, {gone}).retracted, 1);
  EXPECT_TRUE(current_of(pg, tenant, "p1").empty());
}

TEST_F(FactStore, MovesAVisitThatChangesPatient_Fault43) {
  record(pg, tenant, {encounter("e1", "Patient/p1", 1), encounter("e2", "Patient/p1", 1)});
  const RecordCounts counts = record(pg, tenant, {encounter("e1", "Patient/p2", 2)});
  EXPECT_EQ(counts.new_facts, 1);
  EXPECT_EQ(counts.retracted, 1);
  ASSERT_EQ(current_of(pg, tenant, "p1").size(), 1U);
  EXPECT_EQ(current_of(pg, tenant, "p1")[0].resource, "Encounter/e2");
  EXPECT_EQ(current_of(pg, tenant, "p2").size(), 1U);
  record(pg, tenant, {encounter("e1", "Patient/p1", 3)});
  EXPECT_EQ(current_of(pg, tenant, "p1").size(), 2U);
  EXPECT_TRUE(current_of(pg, tenant, "p2").empty());
}

TEST_F(FactStore, TakesTheNewestOfARepeatedResourceWithinOnePage_Fault21) {
  record(pg, tenant,
         {encounter("e1", "Patient/p1", 3, "C"), encounter("e1", "Patient/p1", 1, "A"),
          encounter("e1", "Patient/p1", 3, "C"), encounter("e1", "Patient/p1", 4, "D")});
  const std::vector<Fact> versions = facts_of(pg, tenant, "p1");
  ASSERT_EQ(versions.size(), 3U);
  EXPECT_EQ(versions.back().fact_seq, 3);
  EXPECT_EQ(code_of(current_of(pg, tenant, "p1")[0]), "D");
  EXPECT_EQ(stored(encounter("e1", "Patient/p1", 4, "D")), StoredAs::same);
}

TEST_F(FactStore, QuarantinesABadResourceAndTakesTheRest_Fault11) {
  MappedResource bad = encounter("e1", "Patient/p1", 1);
  bad.facts.clear();
  bad.body = "{\"resourceType\":\"Encounter\"}";
  bad.issues = {{Severity::error, "Encounter.status", "expected a status"}, {Severity::warning, "Encounter", "odd"}};
  MappedResource nul = encounter("e3", "Patient/p1", 1);
  std::get<ServiceFact>(nul.facts[0].body).place = std::string("a\0b", 3);
  MappedResource mangled = encounter("e4", "Patient/p1", 1);
  std::get<ServiceFact>(mangled.facts[0].body).place = "\xff\xfe";
  MappedResource unnamed = encounter(std::string(5000, 'x'), "Patient/p1", 1);
  const RecordCounts counts = record(pg, tenant, {bad, encounter("e2", "Patient/p1", 1), nul, mangled, unnamed});
  EXPECT_EQ(counts.quarantined, 4);
  EXPECT_EQ(counts.new_facts, 1);
  {
    Transaction transaction(pg, tenant);
    const std::vector<QuarantineRow> rows = read_quarantine(transaction);
    ASSERT_EQ(rows.size(), 4U);
    EXPECT_EQ(rows[0].element_path, "Encounter.status");
    EXPECT_EQ(rows[0].reason, "expected a status");
    const std::vector<StoredResource> bodies = read_quarantine_bodies(transaction);
    ASSERT_EQ(bodies.size(), 1U);
    EXPECT_EQ(bodies[0].body, bad.body);
  }
  record(pg, tenant, {bad, encounter("e3", "Patient/p1", 1)});
  record(pg, tenant, {encounter("e1", "Patient/p1", 1)});
  Transaction transaction(pg, tenant);
  EXPECT_EQ(read_quarantine(transaction).size(), 2U);  // e4 and the one with the long id.
}

TEST_F(FactStore, ListsWhatDoesNotCountBesideTheFactsThatDo) {
  MappedResource partly = encounter("e1", "Patient/p1", 1);
  partly.issues = {{Severity::warning, "Claim.item[0].modifierExtension", "urn:x is not understood"},
                   {Severity::information, "Claim.item[1]", "no code"}};
  const RecordCounts counts = record(pg, tenant, {partly});
  EXPECT_EQ(counts.new_facts, 1);
  EXPECT_EQ(counts.quarantined, 1);
  {
    Transaction transaction(pg, tenant);
    const std::vector<QuarantineRow> rows = read_quarantine(transaction);
    ASSERT_EQ(rows.size(), 1U);
    EXPECT_EQ(rows[0].element_path, "Claim.item[0].modifierExtension");
  }
  record(pg, tenant, {encounter("e1", "Patient/p1", 2)});
  Transaction transaction(pg, tenant);
  EXPECT_EQ(read_quarantine(transaction).size(), 0U) << "the next version is understood";
}

TEST_F(FactStore, NamesResourcesThatAnAuthoritativeSourceNoLongerHas) {
  record(pg, tenant, {encounter("e1", "Patient/p1", 1), encounter("e2", "Patient/p1", 1)});
  const std::vector<std::string> seen{"Encounter/e2"};
  const std::vector<ResourceHash> missing = find_missing(pg, tenant, kSource, seen);
  ASSERT_EQ(missing.size(), 1U);
  EXPECT_EQ(missing[0].id, "e1");
}

TEST_F(FactStore, GivesAnOrganizationItsOwnSubjectAndName) {
  OrganizationFact organization;
  organization.display = "Payer One";
  Fact fact;
  fact.fact_key = make_fact_key(kSource, "Organization/o1", FactKind::organization, "1");
  fact.body = organization;
  record(pg, tenant,
         {with_facts("Organization", "o1", "Organization/o1", 1, {fact}), encounter("e1", "Patient/p1", 1)});
  Transaction transaction(pg, tenant);
  const auto names = read_organization_names(transaction);
  ASSERT_EQ(names.size(), 1U);
  EXPECT_EQ(names[0].first, "Organization/o1");
  EXPECT_EQ(names[0].second, "Payer One");
  const std::vector<SubjectName> subjects = read_subjects(transaction, "");
  ASSERT_EQ(subjects.size(), 1U);
  EXPECT_EQ(subjects[0].patient, "Patient/p1");
}

TEST_F(FactStore, ReadsFactsUpToASequenceNumberForEachSubject) {
  record(pg, tenant,
         {encounter("e1", "Patient/p1", 1), encounter("e2", "Patient/p1", 1), encounter("e3", "Patient/p2", 1)});
  const std::vector<int64_t> ids{subject_of(pg, tenant, "p2"), subject_of(pg, tenant, "p1")};
  Transaction transaction(pg, tenant);
  const auto all = read_facts(transaction, ids);
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].size(), 1U);
  EXPECT_EQ(all[1].size(), 2U);
  const auto some = read_facts(transaction, ids, std::vector<int64_t>{0, 1});
  EXPECT_TRUE(some[0].empty());
  ASSERT_EQ(some[1].size(), 1U);
  EXPECT_EQ(some[1][0].fact_seq, 1);
}

}  // namespace
}  // namespace authledger
