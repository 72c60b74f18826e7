// Answers beside the balances: claims before they are sent, codes on offer, benefits, cut rates, traces, forecasts.

#include <gtest/gtest.h>

#include "tests/support/site.h"

namespace authledger {
namespace {

void load_clinic(Site& site) {
  ASSERT_TRUE(site.ehr().load(patient_json("p1")).ok());
  ASSERT_TRUE(site.ehr().load(coverage_json("c1", "p1", "payer-1", "2026-01-01")).ok());
  ASSERT_TRUE(
      site.ehr()
          .load(claim_response_json(
              {.id = "r1", .patient = "p1", .number = "AUTH-1", .first_day = "2026-10-01", .last_day = "2027-03-31"}))
          .ok());
  for (int i = 1; i <= 4; ++i) {
    ASSERT_TRUE(site.ehr()
                    .load(encounter_json("e" + std::to_string(i), "p1", "90837", "2026-10-0" + std::to_string(i + 4)))
                    .ok());
  }
  ASSERT_TRUE(site.ehr()
                  .load(R"({"resourceType":"CoverageEligibilityResponse","id":"x1","status":"active",
    "purpose":["benefits"],"patient":{"reference":"Patient/p1"},"created":"2026-10-01",
    "request":{"reference":"CoverageEligibilityRequest/q1"},"outcome":"complete","insurer":{"reference":"Organization/payer-1"},
    "insurance":[{"coverage":{"reference":"Coverage/c1"},"inforce":true,"item":[{"category":{"coding":[{"code":"MH"}]},
    "benefit":[{"type":{"coding":[{"code":"visit"}]},"allowedUnsignedInt":30,"usedUnsignedInt":28}]}]}]})")
                  .ok());
  ASSERT_EQ(site.run({"sync", "--on", "2026-11-01"}).exit_code, 0);
}

std::string claim_json(const std::string& day, const std::string& number) {
  return R"({"resourceType":"Claim","id":"c1","status":"active","use":"claim","type":{"coding":[{"code":"professional"}]},
    "patient":{"reference":"Patient/p1"},"created":"2026-10-20","provider":{"reference":"Organization/clinic"},
    "priority":{"coding":[{"code":"normal"}]},"insurance":[{"sequence":1,"focal":true,
    "coverage":{"reference":"Coverage/c1"},"preAuthRef":[")" +
         number + R"("]}],"item":[{"sequence":2,"productOrService":{"coding":[{"code":"90837"}]},"servicedDate":")" +
         day + R"(","quantity":{"value":1},"net":{"value":140,"currency":"USD"}}]})";
}

TEST(Answers, HoldAClaimAgainstWhatWasAuthorizedAndDelivered) {
  Site site;
  load_clinic(site);
  site.folder().write("claim.json", claim_json("2026-10-05", "AUTH-1"));
  const std::string file = site.folder().path() + "/claim.json";
  const ProgramResult passes = site.run({"check", "--claim", file});
  EXPECT_EQ(passes.exit_code, 0) << passes.output << passes.errors;
  Answer item(passes);
  EXPECT_EQ(item.row("item", "Claim/c1#2")["passes"].text(), "true") << passes.output;
  EXPECT_EQ(item.row("item", "Claim/c1#2")["delivered"].text(), "1");

  site.folder().write("claim.json", claim_json("2027-04-01", "AUTH-9"));
  const ProgramResult fails = site.run({"check", "--claim", file});
  EXPECT_EQ(fails.exit_code, 3) << fails.output << fails.errors;
  for (const char* code : {"number_unknown", "not_delivered", "expired"}) {
    EXPECT_NE(fails.output.find(code), std::string::npos) << code << " in " << fails.output;
  }
  site.folder().write("claim.json", R"({"resourceType":"Patient"})");
  EXPECT_EQ(site.run({"check", "--claim", file}).exit_code, 2);
  EXPECT_EQ(site.run({"check", "--claim", file + ".gone"}).exit_code, 2);
}

TEST(Answers, OfferTheCodesOfADay) {
  Site site;
  load_clinic(site);
  Answer open(site.run({"check", "--patient", "p1", "--on", "2027-03-31", "--codes"}));
  EXPECT_EQ(open.row("code", "90837")["is_allowed"].text(), "true");
  Answer over(site.run({"check", "--patient", "p1", "--on", "2027-04-01", "--codes"}));
  EXPECT_EQ(over.row("code", "90837")["is_allowed"].text(), "false");
  EXPECT_EQ(over.row("code", "90837")["reason"].text(), "expired");
  EXPECT_EQ(site.run({"check", "--patient", "p1", "--on", "2027-04-01"}).exit_code, 2) << "which code?";
}

TEST(Answers, ShowWhatThePayerStatesOfABenefit) {
  Site site;
  load_clinic(site);
  const ProgramResult shown = site.run({"benefits", "--patient", "p1"});
  ASSERT_EQ(shown.exit_code, 0) << shown.errors;
  Answer rows(shown);
  EXPECT_EQ(rows.row("name", "MH visit")["left"].text(), "2") << shown.output;
  EXPECT_EQ(rows.row("name", "MH visit")["kind"].text(), "stated");
}

TEST(Answers, TraceAVisitToItsPosting) {
  Site site;
  load_clinic(site);
  const ProgramResult traced = site.run({"trace", "Encounter/e1"});
  ASSERT_EQ(traced.exit_code, 0) << traced.errors;
  EXPECT_NE(traced.output.find("entry/1#"), std::string::npos) << traced.output;
  EXPECT_EQ(site.run({"trace", "entry/1", "--patient", "p1"}).exit_code, 0);
  EXPECT_EQ(site.run({"trace", "entry/1"}).exit_code, 2) << "of which patient?";
  EXPECT_EQ(site.run({"trace", "Encounter/nobody"}).exit_code, 3);
}

TEST(Answers, ForecastWhenUnitsRunOutAndListPayers) {
  Site site;
  load_clinic(site);
  const ProgramResult made = site.run({"forecast", "--patient", "p1", "--on", "2026-10-09"});
  ASSERT_EQ(made.exit_code, 0) << made.errors;
  Answer rows(made);
  JsonView line = rows.row("authorization_number", "AUTH-1");
  ASSERT_TRUE(line.exists()) << made.output;
  EXPECT_EQ(line["visits_seen"].text(), "4");
  EXPECT_EQ(line["available"].text(), "8");
  EXPECT_FALSE(line["exhausted_p50"].text().empty()) << "four visits in four days: eight more are soon used";
  EXPECT_LE(line["exhausted_p10"].text(), line["exhausted_p50"].text());
  EXPECT_FALSE(line["renew_by"].text().empty());
  EXPECT_EQ(site.run({"forecast", "--patient", "p1", "--on", "2026-10-09", "--seed", "1"}).output, made.output);
  EXPECT_EQ(site.run({"payers"}).exit_code, 0);
}

TEST(Answers, CountVisitTypesThatNothingMaps) {
  Site site;
  load_clinic(site);
  EXPECT_EQ(site.run({"quarantine", "codes"}).exit_code, 0);
  for (const char* id : {"u1", "u2"}) {
    ASSERT_TRUE(site.ehr().load(encounter_json(id, "p1", "OP-FAMILY", "2026-10-12")).ok());
  }
  ASSERT_EQ(site.run({"sync", "--on", "2026-11-01"}).exit_code, 0);
  const ProgramResult result = site.run({"quarantine", "codes"});
  EXPECT_EQ(result.exit_code, 1) << result.errors;
  Answer codes(result);
  EXPECT_EQ(codes.row("code", "OP-FAMILY")["services"].text(), "2") << result.output;
  EXPECT_EQ(codes.row("code", "OP-FAMILY")["last_day"].text(), "2026-10-12");
}

}  // namespace
}  // namespace authledger
