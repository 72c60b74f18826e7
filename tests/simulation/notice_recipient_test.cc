// Who is told, whose it is, and what came of it. CAPABILITIES 47, 51, 52, 60; FAULTS 48.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/simulation/fault_site.h"

namespace authledger {
namespace {

std::string visit_by(const std::string& id, const std::string& day, const std::string& clinician) {
  std::string visit = encounter_json(id, "p1", "90837", day);
  visit.pop_back();
  return visit + fmt::format(R"(,"participant":[{{"individual":{{"reference":"Practitioner/{}"}}}}]}})", clinician);
}

// The only Task whose text contains `words`; fails the test when there is another number of them.
std::string only_task(Site& site, const std::string& words) {
  std::string found;
  for (const std::string& text : site.ehr().resources("Task")) {
    if (text.find(words) == std::string::npos) continue;
    EXPECT_TRUE(found.empty()) << "more than one Task says " << words;
    found = text;
  }
  EXPECT_FALSE(found.empty()) << "no Task says " << words;
  return found;
}

std::string field_of(const std::string& text, const std::string& name, const std::string& inner) {
  JsonDocument document;
  const auto resource = document.parse(text);
  return resource ? (*resource)[name][inner].string() : "";
}

std::string owner_of_update(Site& site) {
  return field_of(only_task(site, "auth-update-due"), "owner", "reference");
}

TEST(Recipients, OneTaskFollowsTheClinicianUnlessAPersonGaveItAway) {
  Site site({}, kFastDelivery + "rules:\n  notices: {update_due: clinician}\n");
  load_patient(site, 4, 0);
  ASSERT_TRUE(site.ehr().load(visit_by("e1", "2026-10-05", "d1")).ok());
  sync_now(site);
  EXPECT_EQ(owner_of_update(site), "Practitioner/d1");
  ASSERT_TRUE(site.ehr().load(visit_by("e2", "2026-10-12", "d2")).ok());
  sync_now(site);
  EXPECT_EQ(owner_of_update(site), "Practitioner/d2") << "it was reassigned, not written anew";
  expect_consistent(site);

  const std::string task = only_task(site, "auth-update-due");
  JsonDocument document;
  const std::string id = (*document.parse(task))["id"].string();
  edit(site, "Task", id, R"("reference":"Practitioner/d2")", R"("reference":"Practitioner/supervisor")");
  ASSERT_TRUE(site.ehr().load(visit_by("e3", "2026-10-19", "d1")).ok());
  sync_now(site);
  EXPECT_EQ(owner_of_update(site), "Practitioner/supervisor") << "what a person did wins";
  expect_consistent(site);
}

TEST(Recipients, TwoRolesAreToldOfOneNoticeEachInItsOwnTime) {
  // Twelve hours from now, in the clinic's time, which is four or five hours behind: never about to come.
  const auto hour = std::chrono::duration_cast<std::chrono::hours>(std::chrono::system_clock::now().time_since_epoch() +
                                                                   std::chrono::hours(12 - 4));
  const std::string digest = fmt::format("\"{:02}:30\"", hour.count() % 24);
  Site site({}, kFastDelivery + "rules:\n  notices: {units_low: [operations, biller]}\n" +
                    "  roles: {biller: {owner: Organization/billing, digest_at: " + digest + "}}\n");
  load_patient(site, 4, 1);
  sync_now(site);
  EXPECT_EQ(site.ehr().resources("Task").size(), 1U) << "the biller's waits for the digest";
  Answer notices(site.run({"notices"}));
  const JsonView event = notices.row("kind", "units_low");
  EXPECT_EQ(notices.root().size(), 2U) << "the Flag and one event";
  EXPECT_EQ(event["role"].text(), "operations");
  ASSERT_EQ(event["copies"].size(), 1U);
  EXPECT_EQ(event["copies"].at(0).text(), "biller: wanted");
  Answer biller(site.run({"notices", "--role", "biller"}));
  ASSERT_EQ(biller.root().size(), 1U);
  EXPECT_EQ(biller.root().at(0)["owner"].text(), "Organization/billing");
  EXPECT_FALSE(biller.root().at(0)["deliver_at"].text().empty());
  // Operations have no owner here, and nobody to go to.
  Answer unowned(site.run({"notices", "--unowned"}));
  ASSERT_EQ(unowned.root().size(), 1U);
  EXPECT_EQ(unowned.root().at(0)["role"].text(), "operations");
  EXPECT_EQ(site.run({"notices", "--role", "nurse"}).exit_code, 2);
  expect_consistent(site);
}

TEST(Precision, CountsWhatPeopleDidAndWhatCameOfTheRest) {
  Site site({}, kFastDelivery);
  load_patient(site, 4, 1);
  sync_now(site);
  Answer open(site.run({"notices", "--precision"}));
  EXPECT_EQ(open.row("kind", "units_low")["open"].string(), "1");
  EXPECT_FALSE(open.row("kind", "all")["precision_percent"].is_number()) << "nothing is closed: no number";

  // The visit was a mistake; then all four are held, and a person takes care of it.
  ASSERT_TRUE(site.ehr().put(encounter_json("e1", "p1", "90837", "2026-10-04", "entered-in-error")).ok());
  sync_now(site);
  Answer all(site.run({"notices", "--all"}));
  EXPECT_EQ(all.row("kind", "units_low")["resolved_by"].text(), "units_freed");
  for (int i = 2; i <= 5; ++i) {
    ASSERT_TRUE(
        site.ehr().load(encounter_json("e" + std::to_string(i), "p1", "90837", "2026-10-2" + std::to_string(i))).ok());
  }
  sync_now(site);
  const std::string exhausted = only_task(site, "auth-exhausted");
  JsonDocument document;
  edit(site, "Task", (*document.parse(exhausted))["id"].string(), R"("status":"requested")", R"("status":"completed")");
  ASSERT_TRUE(site.ehr()
                  .load(claim_response_json({.id = "r2",
                                             .patient = "p1",
                                             .number = "AUTH-2",
                                             .first_day = "2026-10-15",
                                             .last_day = "2027-06-30",
                                             .units = 20}))
                  .ok());
  sync_now(site);
  Answer closed(site.run({"notices", "--precision"}));
  EXPECT_EQ(closed.row("kind", "units_low")["unneeded"].string(), "1");
  EXPECT_EQ(closed.row("kind", "exhausted")["acted"].string(), "1");
  EXPECT_EQ(closed.row("kind", "all")["precision_percent"].string(), "50.0");
  expect_consistent(site);
}

}  // namespace
}  // namespace authledger
