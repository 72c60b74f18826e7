#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ledger/store/fact_store.h"
#include "ledger/store/subject_store.h"
#include "sync/round.h"

namespace authledger {

// The source of what people say here: no endpoint may have this name.
inline constexpr const char* kPinSource = "authledger";

// What a person states of one subject: pins that stand, and are taken back, together. `type` is "Pin" or
// "ClosedPeriod"; `topic` tells the resources of one subject and type apart.
MappedResource pin_resource(const SubjectName& subject, const std::string& type, const std::string& topic,
                            std::vector<PinFact> pins);

// Records them, joins them to their subjects and reconciles what became due: one round without pulling and delivering.
// Throws DbError.
RoundSummary record_pins(TenantSession& session, const std::vector<MappedResource>& resources, const Clock& clock,
                         std::optional<Day> on_day = std::nullopt);

}  // namespace authledger
