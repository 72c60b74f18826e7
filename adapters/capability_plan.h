#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "adapters/channel_plan.h"
#include "config/config.h"
#include "fhir/capability.h"
#include "fhir/probe.h"
#include "ledger/notices.h"

// What authledger will do at an endpoint, and why, in words that a hospital administrator follows. Pure: from the
// CapabilityStatement, the preset and config, and what a probe found. Source: FHIR_FACTS c; ARCHITECTURE, "Notices".

namespace authledger {

enum class SourceStrategy {
  last_updated,  // What changed since the last round.
  per_patient,   // A sweep over the roster.
  everything,    // All of it each round: a type that belongs to no patient, where changes cannot be asked for.
  bulk,          // A Bulk Data export first, then as `afterwards` says.
  inquire,       // Claim/$inquire for each open request.
  off,
  impossible
};
std::string_view word_of(SourceStrategy strategy);  // "impossible" is printed as "none".

struct SourcePlan {
  std::string resource_type;
  FeedConfig::Strategy configured = FeedConfig::Strategy::off;
  SourceStrategy strategy = SourceStrategy::off;
  SourceStrategy afterwards = SourceStrategy::off;  // bulk: once the first load is in; bulk again reads with _since.
  // The Group whose members alone are swept, after its export; empty: whom the endpoint's roster names.
  std::string group = {};
  std::string reason;
  std::string better;  // What the config or an administrator could change; empty when nothing.
  // Whether what is deleted at the endpoint shows (FAULTS 25); missing: nothing is read that could be.
  std::optional<bool> sees_deletions;
};
// As the strategy and the endpoint let it.
std::optional<bool> sees_deletions(const SourcePlan& plan, const Capability& capability);

// By plan_channel, which decides for the deliveries too: of a warning for this role.
struct NoticePlan {
  NoticeKind kind = NoticeKind::utilization;
  Role role = Role::none;
  std::string channel;  // A word of config/channels.h, or empty: none.
  bool is_message = false;
  bool fails_test = false;               // The server does not do what it declares, so nothing can be relied on there.
  std::string reason;                    // Why there is none; for a channel, how it is kept true.
  std::vector<std::string> passed_over;  // Why no channel before it in the order.
  std::vector<std::string> offered;      // Roads that the endpoint offers and authledger does not take.
  std::string better;                    // What would open a better channel, or mend this one; empty: nothing.
};

struct EndpointPlan {
  std::string endpoint, base_url, preset, software, fhir_version;
  std::vector<SourcePlan> sources;
  bool receives_notices = true;
  std::string no_notices_reason;    // When it receives none by the config's own will.
  std::vector<NoticePlan> notices;  // Empty when it receives none.
  std::string sweep;                // How long a round over all patients takes within the request limits.
  std::string freshness;            // How old an answer may be.
  std::vector<std::string> remarks;
};

struct PlanInput {
  const EndpointConfig& endpoint;
  const Capability& capability;
  ProbeFindings findings = {};
  std::optional<int64_t> patients = std::nullopt;  // On the roster, when it is known.
  std::chrono::seconds sync_interval{300};
  std::string notices_go_elsewhere = "";  // Name of the endpoint that receives the notices, when it is another one.
  DeliveryConfig delivery = {};
  NoticeRules notices = {};
};

// Types that belong to no patient: they are searched whole, and no patient's or Group's export need hold them.
bool belongs_to_no_patient(const std::string& resource_type);
// `export_path` is what the function below gives.
SourcePlan plan_source(const FeedConfig& feed, const std::string& preset, const Capability& capability,
                       const TypeFinding& finding, const std::string& export_path = "");
// Where a Bulk Data export is kicked off ("Group/g1/$export", "$export"), or "" when none is offered that fits.
std::string export_path(const EndpointConfig& endpoint, const Capability& capability);
// The Group whose members' records such an export holds; "" when it holds everybody's.
std::string group_of_export(const std::string& export_path);
NoticePlan plan_notice(NoticeKind kind, Role role, const PlanInput& input);
EndpointPlan plan_endpoint(const PlanInput& input);

// Every feed that is on can be read, and every notice kind has a channel.
bool is_complete(const EndpointPlan& plan);

// What the config's request limits allow in a day; nullopt = no limit.
std::optional<int64_t> requests_per_day(const EndpointConfig& endpoint);

}  // namespace authledger
