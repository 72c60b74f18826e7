#pragma once

#include <span>
#include <vector>

#include "ledger/store/fact_store.h"

// Writing quarantine within a page's transaction. Inside of ledger/store only.

namespace authledger {

struct QuarantinedResource {
  const MappedResource* resource = nullptr;
  Issues issues;
};

inline constexpr size_t kIssuesPerResourceMax = 20;
inline constexpr size_t kReasonBytesMax = 2000;

// Each resource's rows stand for its latest attempt only.
void replace_quarantine(Transaction& transaction, std::span<const QuarantinedResource> resources, Instant recorded_at);
// The resources map now.
void clear_quarantine(Transaction& transaction, std::span<const MappedResource* const> resources);

}  // namespace authledger
