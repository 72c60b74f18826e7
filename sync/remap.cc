#include "sync/remap.h"

#include <fmt/format.h>

namespace authledger {

void remap_stored(RoundContext& context, const EndpointConfig& endpoint, const std::string& resource_type,
                  Intake& intake) {
  TenantSession& session = context.session;
  std::string after_id;
  int64_t count = 0;
  while (!context.stop.stop_requested()) {
    std::vector<StoredResource> stored =
        read_bodies(session.connection(), session.tenant_id(), endpoint.name, resource_type,
                    intake.mapping_version(resource_type), after_id, kResourcesPerPageMax);
    if (stored.empty()) return;
    after_id = stored.back().id;
    count += static_cast<int64_t>(stored.size());
    std::vector<ReceivedResource> received;
    for (StoredResource& resource : stored) {
      received.push_back({resource.type, resource.id, std::move(resource.body), endpoint.base_url});
    }
    intake.record_again(std::move(received));
    context.progress(fmt::format("{}/{}: {} mapped again", endpoint.name, resource_type, count));
  }
}

}  // namespace authledger
