#pragma once

#include <map>

#include "ledger/store/wakeup_store.h"
#include "sync/pull_feed.h"

namespace authledger {

// Beyond this many changed resources of one type, the feed is read instead of each of them.
inline constexpr size_t kSingleReadsMax = 100;

// What an endpoint said has changed: resource type → the wake-ups of that type.
using WokenTypes = std::map<std::string, std::vector<Wakeup>>;
WokenTypes read_woken(RoundContext& context, const EndpointConfig& endpoint);

// What an EHR said has changed in one feed: resources read singly, so that an index that lags hides nothing and a
// sweep need not run; a deleted one is retracted. Sets `must_read_feed` when the feed is to be read instead: no
// resource is named, too many are, or the feed reads only what its search parameters let through.
// Returns nothing when it ended well, else the failure as a sentence, with what could be read recorded; the wake-ups
// then stay.
std::optional<std::string> pull_woken(const FeedRun& run, const std::vector<Wakeup>& wakeups, bool& must_read_feed);

}  // namespace authledger
