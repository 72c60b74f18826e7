#pragma once

#include "sync/pull_feed.h"

namespace authledger {

// Beyond this many changed resources of one type, the feed is read instead of each of them.
inline constexpr size_t kSingleReadsMax = 100;

// What an EHR said has changed in one feed: resources read singly, so that an index that lags hides nothing and a
// sweep need not run; a deleted one is retracted. `must_read_feed` is set when the feed is to be read instead: no
// resource is named, too many are, or the feed reads only what its search parameters let through.
// Returns nothing when it ended well, else the failure as a sentence; the wake-ups then stay.
std::optional<std::string> pull_woken(const FeedRun& run, const std::vector<std::string>& ids, bool& must_read_feed);

}  // namespace authledger
