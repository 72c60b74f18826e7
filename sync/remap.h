#pragma once

#include <string>

#include "sync/intake.h"

namespace authledger {

// Maps the kept bodies of one type again, in pages, under the mapping in force: a changed mapping needs no second pull
// of what carries authorizations. What was mapped so before is passed over, so a run that was broken off goes on.
// Throws DbError.
void remap_stored(RoundContext& context, const EndpointConfig& endpoint, const std::string& resource_type,
                  Intake& intake);

}  // namespace authledger
