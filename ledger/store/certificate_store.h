#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ledger/store/pg.h"

namespace authledger {

// What one reading of one feed found, and what it could not read: the feed's completeness certificate. It names no
// patient.
struct FeedCertificate {
  std::string source, resource_type;
  std::string strategy;  // How it was read; "none" when it has no road.
  Instant started_at{}, ended_at{};
  bool is_complete = false;  // Everything up to `to_at` has been read.
  int64_t pages = 0;         // Or, of a file, blocks of resources.
  // Resources as received, and what became of them.
  int64_t read = 0, added = 0, changed = 0, unchanged = 0, quarantined = 0;
  int64_t deleted = 0;                  // That the server says are gone.
  std::optional<int64_t> stated_total;  // What the server said that a whole search holds (Bundle.total, count).
  Hash pages_hash{};                    // Chained over the pages as received, in their order.
  std::optional<Instant> from_at;       // Changes since then were asked for; missing: everything.
  std::optional<Instant> to_at;         // The watermark that the reading ended with.
  // Of a sweep: patients read in this round, on the roster, and when the one who waits longest was last read.
  std::optional<int64_t> patients_read, patients_known;
  // Patients of the roster whose records were last asked for in vain: refused to this client, or not given otherwise.
  std::optional<int64_t> patients_withheld, patients_failed;
  std::optional<Instant> oldest_read_at;
  std::optional<bool> sees_deletions;  // What is deleted at the source shows; missing: no question there.
  std::vector<std::string> gaps;       // Sentences: what is missing or odd, and why.
};

void save_certificate(PgConnection& connection, int64_t tenant_id, const FeedCertificate& certificate);
// The one of each feed that was saved last, by source and type.
std::vector<FeedCertificate> read_certificates(PgConnection& connection, int64_t tenant_id);

}  // namespace authledger
