#include "sync/quarantine_retry.h"

#include <fmt/format.h>

#include "ledger/store/quarantine_store.h"
#include "sync/import_resource.h"
#include "sync/intake.h"

namespace authledger {

void retry_quarantine(RoundContext& context, RoundSummary& summary) {
  std::vector<StoredResource> stored;
  transact(context.session.connection(), context.session.tenant_id(),
           [&](Transaction& transaction) { stored = read_quarantine_bodies(transaction); });
  retry_imported_rows(context, stored, summary);
  const Config& config = context.session.config();
  for (const EndpointConfig& endpoint : config.endpoints) {
    std::vector<ReceivedResource> received;
    for (const StoredResource& resource : stored) {
      if (resource.source != endpoint.name) continue;
      std::string base_url = endpoint.folder.empty() ? endpoint.base_url : "folder://" + endpoint.name;
      received.push_back({resource.type, resource.id, resource.body, base_url});
    }
    if (received.empty()) continue;
    auto mapper = ResourceMapper::compile(endpoint, config.folder, context.session.policy().zone);
    if (!mapper) {
      for (const Issue& issue : mapper.error())
        summary.failures.push_back(fmt::format("{}: {}", issue.element_path, issue.message));
      continue;
    }
    Intake intake(context, endpoint, *mapper, summary);
    intake.record_again(std::move(received));
    intake.finish();
  }
}

}  // namespace authledger
