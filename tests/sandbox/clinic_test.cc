#include <map>
#include <set>

#include "base/day.h"
#include "tests/sandbox/sandbox_client.h"

namespace authledger {
namespace {

const std::string kToday = "2026-03-11";

struct Clinic {
  std::map<std::string, std::string> resources;  // "Type/id" → JSON
  std::map<std::string, int> types;
};

Clinic read_clinic(const std::string& ndjson) {
  Clinic clinic;
  JsonDocument document;
  for (const std::string& line : split(ndjson, '\n')) {
    if (line.empty()) continue;
    const auto parsed = document.parse(line);
    EXPECT_TRUE(parsed.ok());
    if (!parsed.ok()) continue;
    const std::string type = (*parsed)["resourceType"].string(), id = (*parsed)["id"].string();
    EXPECT_FALSE(type.empty() || id.empty());
    EXPECT_TRUE(clinic.resources.emplace(type + "/" + id, line).second) << type << "/" << id << " comes twice";
    ++clinic.types[type];
  }
  return clinic;
}

const Clinic& clinic_of_today() {
  static const Clinic kClinic = read_clinic(sample_clinic(kToday, 1));
  return kClinic;
}

void collect_references(JsonView value, std::set<std::string>& references) {
  for (JsonView child : value) {
    if (child.name() == "reference" && child.is_string()) references.insert(child.string());
    collect_references(child, references);
  }
}

TEST(SampleClinic, IsTheSameTwiceAndAnotherWithAnotherSeed) {
  const std::string once = sample_clinic(kToday, 1);
  EXPECT_EQ(once, sample_clinic(kToday, 1));
  EXPECT_NE(once, sample_clinic(kToday, 2));
  EXPECT_NE(once, sample_clinic("2026-03-12", 1));
}

TEST(SampleClinic, RefersOnlyToWhatItHolds) {
  const Clinic& clinic = clinic_of_today();
  JsonDocument document;
  for (const auto& [name, text] : clinic.resources) {
    std::set<std::string> references;
    collect_references(*document.parse(text), references);
    for (const std::string& reference : references) {
      EXPECT_TRUE(clinic.resources.contains(reference)) << name << " → " << reference;
    }
  }
}

TEST(SampleClinic, HasTenCliniciansSixPayersAndAllKindsOfResources) {
  Clinic clinic = clinic_of_today();
  EXPECT_EQ(clinic.types["Practitioner"], 10);
  EXPECT_EQ(clinic.types["Organization"], 7);
  EXPECT_EQ(clinic.types["Coverage"], clinic.types["Patient"]);
  EXPECT_EQ(clinic.types["Claim"], clinic.types["ClaimResponse"]);
  for (const char* type : {"ClaimResponse", "ExplanationOfBenefit", "ServiceRequest", "Appointment", "Encounter"}) {
    EXPECT_GT(clinic.types[type], 20) << type;
  }
  for (const char* code : {"90791", "90834", "90837", "90853", "99213", "99214", "H0015", "S9480", "H0035", "0913"}) {
    EXPECT_TRUE(std::any_of(clinic.resources.begin(), clinic.resources.end(), [&](const auto& resource) {
      return resource.second.find("\"" + std::string(code) + "\"") != std::string::npos;
    })) << code;
  }
  for (const auto& [name, text] : clinic.resources) {
    EXPECT_TRUE(!name.starts_with("Practitioner/") || text.find("\"9999") != std::string::npos) << name;
  }
}

class SampleClinicWeeks : public testing::TestWithParam<const char*> {};

TEST_P(SampleClinicWeeks, HasTwoHundredFiftyVisitsInEachOfTwentySixWeeks) {
  const auto zone = TimeZone::find("America/New_York");
  ASSERT_TRUE(zone.ok());
  const Clinic clinic = read_clinic(sample_clinic(GetParam(), 7));
  std::map<int, int> weeks;
  JsonDocument document;
  const Day today = *parse_day(GetParam());
  for (const auto& [name, text] : clinic.resources) {
    const JsonView resource = *document.parse(text);
    const bool encounter_held = name.starts_with("Encounter/");
    const bool booked = name.starts_with("Appointment/") && resource["status"].text() == "booked";
    if (!encounter_held && !booked) continue;
    const std::string start = (encounter_held ? resource["period"]["start"] : resource["start"]).string();
    const auto day = zone->civil_day(start);
    ASSERT_TRUE(day.has_value()) << start;
    EXPECT_EQ(format_day(*day), start.substr(0, 10)) << "the offset is not that of the clinic's zone";
    EXPECT_EQ(encounter_held, *day < today) << name;
    ++weeks[(day->number + 3) / 7];
  }
  EXPECT_EQ(weeks.size(), 26u);
  for (const auto& [week, visits] : weeks) {
    EXPECT_GE(visits, 238) << week;
    EXPECT_LE(visits, 262) << week;
  }
}

INSTANTIATE_TEST_SUITE_P(Days, SampleClinicWeeks,
                         testing::Values("2026-03-08", "2026-03-11", "2026-11-01", "2026-11-23", "2028-02-29"));

// Counts of one story patient's resources.
struct Story {
  int visits = 0, booked = 0;
  std::string response;
};

Story story(const Clinic& clinic, const std::string& id, const std::string& response = "") {
  Story found;
  for (const auto& [name, text] : clinic.resources) {
    found.visits += name.starts_with("Encounter/" + id);
    found.booked += name.starts_with("Appointment/" + id) && text.find(R"("status":"booked")") != std::string::npos;
  }
  const auto at = clinic.resources.find("ClaimResponse/" + id + response + "-response");
  if (at != clinic.resources.end()) found.response = at->second;
  return found;
}

class SampleClinicStories : public testing::Test {
 protected:
  const Clinic& clinic = clinic_of_today();

  void expect(const std::string& id, int visits, int booked, const std::string& in_response,
              const std::string& suffix = "") {
    const Story found = story(clinic, id, suffix);
    EXPECT_EQ(found.visits, visits) << id;
    EXPECT_EQ(found.booked, booked) << id;
    if (in_response.empty()) {
      EXPECT_EQ(found.response, "") << id;
    } else {
      EXPECT_NE(found.response.find(in_response), std::string::npos) << id << " " << found.response;
    }
  }
};

TEST_F(SampleClinicStories, EachShowsItsSituation) {
  expect("story-01", 7, 2, R"("valueQuantity":{"value":12)");
  expect("story-02", 8, 0, R"("end":"2026-03-25")");
  expect("story-03", 9, 0, R"("value":12)");
  expect("story-04", 8, 0, R"("value":8)");
  expect("story-05", 6, 4, R"("end":"2026-03-27")");
  expect("story-06", 8, 4, R"("value":10)");
  expect("story-07", 3, 0, "");
  expect("story-08", 0, 0, R"("code":"A4")");
  expect("story-09", 3, 0, R"("code":"A6")");
  expect("story-10", 3, 0, R"("valueDate":"2026-03-09")");
  expect("story-11", 12, 0, R"("code":"H0015")");
  expect("story-12", 2, 0, R"("code":"A3")");
  expect("story-13", 4, 1, R"("value":10)");
  expect("story-14", 13, 2, R"("valueString":"AL-S14-a")", "-a");
  expect("story-14", 13, 2, R"("valueString":"AL-S14-b")", "-b");
}

TEST_F(SampleClinicStories, AModifiedApprovalGrantsLessInAddItem) {
  JsonDocument document;
  const JsonView response = *document.parse(story(clinic, "story-09").response);
  ASSERT_EQ(response["addItem"].size(), 1u);
  EXPECT_EQ(response["addItem"].at(0)["quantity"]["value"].text(), "8");
  EXPECT_EQ(response["addItem"].at(0)["itemSequence"].at(0).text(), "1");
}

TEST_F(SampleClinicStories, APendedRequestHasAReferenceNumberButNoAuthorizationNumber) {
  const std::string response = story(clinic, "story-08").response;
  EXPECT_NE(response.find("extension-administrationReferenceNumber"), std::string::npos);
  EXPECT_EQ(response.find(R"("url":"number")"), std::string::npos);
}

}  // namespace
}  // namespace authledger
