#pragma once

#include <string>
#include <vector>

#include "sandbox/clinic_resources.h"

// The story patients of the sample clinic, each in one situation. docs/sample_clinic.md lists them.

namespace authledger {

// Adds the patients, authorizations and visits, all placed relative to `today`. Returns every visit that was or is to
// be held, so that the rest of the clinic can be filled around them.
std::vector<ClinicVisit> add_stories(ClinicResources& resources, Day today);

bool is_weekday(Day day);

}  // namespace authledger
