#include "base/check.h"
#include "sandbox/clinic_caseload.h"
#include "sandbox/clinic_stories.h"
#include "sandbox/sandbox.h"

namespace authledger {

std::string sample_clinic(const std::string& today, unsigned seed) {
  const auto day = parse_day(today);
  const auto zone = TimeZone::find("America/New_York");
  AUTHLEDGER_CHECK(day.has_value());
  AUTHLEDGER_CHECK(zone.ok());
  ClinicResources resources(*zone);
  resources.add_clinic();
  const std::vector<ClinicVisit> story_visits = add_stories(resources, *day);
  add_caseload(resources, *day, seed, story_visits);
  return resources.ndjson();
}

}  // namespace authledger
