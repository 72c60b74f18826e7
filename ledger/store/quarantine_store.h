#pragma once

#include <string>
#include <vector>

#include "ledger/store/fact_store.h"

namespace authledger {

struct QuarantineRow {
  int64_t quarantine_id = 0;
  std::string source, type, id;
  std::string element_path, reason;
  std::string mapping_version;
  Instant recorded_at{};
};

std::vector<QuarantineRow> read_quarantine(Transaction& transaction);
// Bodies of all quarantined resources, for another attempt to map them.
std::vector<StoredResource> read_quarantine_bodies(Transaction& transaction);
// A file or line that is no resource at all: type "", id = "file:line".
void record_unreadable(PgConnection& connection, int64_t tenant_id, const std::string& source, const Issues& issues,
                       Instant recorded_at);

}  // namespace authledger
