// One payer under many names. CAPABILITIES row 12, FAULTS 44.

#include "ledger/payer_directory.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "ledger/payers.h"

namespace authledger {
namespace {

const std::vector<PayerOrganization> kOrganizations = {
    {"ehr", "Organization/o1", "Blue Harbor Health & Life, Inc.", {{"urn:naic", "60054"}}},
    {"payer", "Organization/7", "BLUE HARBOR", {{"urn:naic", "60054"}, {"urn:local", "BHH-9"}}},
    {"lab", "Organization/o1", "Cedar Mutual", {{"urn:naic", "11111"}}},
};

TEST(PayerDirectory, Row12MapsFourteenSpellingsOfAPayerToOne) {
  Rules site;
  site.payer_aliases["bhh"] = "Blue Harbor";
  site.payer_aliases["blue harbor"] = "Blue Harbor";
  const Rules rules = with_payer_directory(site, kOrganizations);
  const PayerNames names({}, rules);
  struct Spelling {
    const char *source, *payer, *display;
  };
  const Spelling spellings[] = {
      {"ehr", "Organization/o1", ""},
      {"payer", "Organization/7", ""},
      {"ehr", "Organization/o1", "whatever the desk typed"},
      {"csv", "60054", ""},
      {"csv", "bhh-9", ""},
      {"csv", "BHH", ""},
      {"csv", "", "Blue Harbor"},
      {"csv", "", "  blue  HARBOR "},
      {"csv", "", "Blue Harbor, Inc."},
      {"csv", "", "Blue Harbor LLC"},
      {"csv", "", "The Blue Harbor Company"},
      {"csv", "", "Blue Harbor Health and Life"},
      {"csv", "", "BLUE HARBOR HEALTH & LIFE INC"},
      {"csv", "Blue-Harbor Health & Life", ""},
  };
  ASSERT_EQ(std::size(spellings), 14U);
  for (const Spelling& spelling : spellings) {
    EXPECT_EQ(names.canonical(spelling.source, spelling.payer, spelling.display), "Blue Harbor")
        << spelling.source << " " << spelling.payer << " " << spelling.display;
  }
  EXPECT_NE(names.canonical("csv", "", "Blue Harbor of the North"), "Blue Harbor");
}

TEST(PayerDirectory, Fault44KeepsTheSameIdInTwoSourcesApart) {
  const Rules rules = with_payer_directory({}, kOrganizations);
  const PayerNames names({}, rules);
  EXPECT_EQ(names.canonical("ehr", "Organization/o1", ""), "Organization/o1");
  EXPECT_EQ(names.canonical("payer", "Organization/7", ""), "Organization/o1");
  EXPECT_EQ(names.canonical("lab", "Organization/o1", ""), "Organization/o1@lab");
  EXPECT_EQ(names.canonical("csv", "", "Cedar Mutual"), "Organization/o1@lab");
}

TEST(PayerDirectory, KeepsPayersOfOneNameApartWhenTheirIdentifiersDiffer) {
  const Rules rules = with_payer_directory(
      {}, {{"a", "Organization/1", "Blue", {{"urn:naic", "1"}}}, {"b", "Organization/2", "Blue", {{"urn:naic", "2"}}}});
  const PayerNames names({}, rules);
  EXPECT_NE(names.canonical("a", "Organization/1", ""), names.canonical("b", "Organization/2", ""));
  EXPECT_EQ(names.canonical("c", "", "Blue"), "Blue") << "a name that two payers have means neither";
}

TEST(PayerDirectory, DoesNotDependOnTheOrderOfOrganizations) {
  std::vector<PayerOrganization> organizations = kOrganizations;
  const std::string forward = rules_json(with_payer_directory({}, organizations));
  std::reverse(organizations.begin(), organizations.end());
  EXPECT_EQ(rules_json(with_payer_directory({}, organizations)), forward);
}

TEST(PayerDirectory, SurvivesInThePolicyThatAReplayReads) {
  const Rules rules = with_payer_directory(shipped_rules(), kOrganizations);
  Rules again;
  EXPECT_FALSE(has_error(read_rules(rules_json(rules), "policy", again)));
  EXPECT_EQ(again.payer_aliases, rules.payer_aliases);
}

TEST(PayerDirectory, APersonsSpellingNamesAPayerOrNobody) {
  Rules site;
  site.payer_aliases["bhh"] = "Blue Harbor";
  const Rules rules = with_payer_directory(site, kOrganizations);
  const PayerNames names({}, rules);
  const std::string blue = names.canonical("ehr", "Organization/o1", "");
  for (const char* spelling : {"Blue Harbor", "the blue harbor inc", "60054", "Organization/o1"}) {
    EXPECT_TRUE(names_payer(spelling, blue, "", rules)) << spelling;
    EXPECT_FALSE(names_payer(spelling, "Organization/o1@lab", "Cedar Mutual", rules)) << spelling;
  }
  EXPECT_TRUE(names_payer("cedar mutual", "Organization/o1@lab", "", rules));
  EXPECT_TRUE(names_payer("Desert Health, Inc.", "desert health", "", rules)) << "a payer of a spreadsheet";
  EXPECT_TRUE(names_payer("Desert Health", "Organization/d", "DESERT HEALTH LLC", rules)) << "nobody holds its record";
  EXPECT_FALSE(names_payer("Blue Harbor", "Organization/o1@lab", "Blue Harbor", rules)) << "the directory knows better";
  EXPECT_FALSE(names_payer("Blue Harbor", "", "", rules));
  EXPECT_FALSE(names_payer("", "", "", rules));
}

}  // namespace
}  // namespace authledger
