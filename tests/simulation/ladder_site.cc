#include "tests/simulation/ladder_site.h"

#include <gtest/gtest.h>

#include "base/crypto.h"

namespace authledger {

void withhold(Site& site, const std::string& words, SandboxFaults faults) {
  faults.withheld = words;
  site.ehr().set_faults(faults);
}

void load_warning(Site& site, const std::string& words, const SandboxFaults& faults) {
  load_patient(site, 4, 1);
  withhold(site, words, faults);
}

std::string worklist(Site& site) {
  return read_file(site.folder().path() + "/worklist.csv");
}

std::string state_of_kind(Site& site, const std::string& kind, const std::string& column) {
  Answer notices(site.run({"notices"}));
  return notices.row("kind", kind)[column].string();
}

void add_visit(Site& site, const std::string& id, const std::string& day) {
  ASSERT_TRUE(site.ehr().load(encounter_json(id, "p1", "90837", day)).ok());
}

void free_all_units(Site& site) {
  for (const std::string& text : site.ehr().resources("Encounter")) {
    JsonDocument document;
    const std::string id = (*document.parse(text))["id"].string();
    ASSERT_TRUE(site.ehr().put(encounter_json(id, "p1", "90837", "2026-10-04", "entered-in-error")).ok());
  }
}

}  // namespace authledger
