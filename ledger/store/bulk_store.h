#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "ledger/store/feed_store.h"

// Bulk Data exports that are under way: one for each endpoint.

namespace authledger {

struct BulkFile {
  int64_t number = 0;
  int16_t kind = 1;  // As fhir/bulk.h counts them.
  std::string type, url;
  std::optional<int64_t> stated_count;
  int64_t bytes_read = 0, lines_read = 0;  // Whole lines that are committed.
  bool is_done = false;
  int64_t failures = 0;  // Rounds that could not read it to its end.
};

struct BulkExport {
  std::string source, status_url;
  std::string path;  // Where it was asked for: "Group/g1/$export".
  std::vector<std::string> types;
  std::optional<Instant> since;
  Instant started_at{};                   // By our clock.
  std::optional<Instant> asked_at;        // The same by the server's, where it says so.
  std::string mapping_versions;           // Under which its files are mapped.
  std::optional<Instant> transaction_at;  // Once the manifest is there.
  bool requires_token = true;
  int64_t failures = 0;  // Rounds in a row in which status_url answered with an error.
  std::vector<BulkFile> files;
};

// What complete exports have brought of one type.
struct BulkFeed {
  std::string resource_type;
  std::string path;       // Where the last whole one was asked for: another Group has other patients.
  Instant whole_at{};     // When it was, by our clock.
  bool has_file = false;  // One of them at least made a file of it.
};

// By type; none of a type that no export was complete of.
std::map<std::string, BulkFeed> read_bulk_feeds(PgConnection& connection, int64_t tenant_id, const std::string& source);

// Exports of an endpoint that came to nothing, since the last one that was complete.
struct BulkPause {
  int64_t failures = 0;  // In a row.
  Instant until{};       // By our clock: before that none is asked for.
  std::string cause;
};

BulkPause read_bulk_pause(PgConnection& connection, int64_t tenant_id, const std::string& source);
// In one transaction: the export, if there is one, is gone, and the next one waits.
void give_up_bulk_export(PgConnection& connection, int64_t tenant_id, const std::string& source,
                         const BulkPause& pause);

std::optional<BulkExport> read_bulk_export(PgConnection& connection, int64_t tenant_id, const std::string& source);
// Replaces the export of the source and all that is known of its files.
void save_bulk_export(PgConnection& connection, int64_t tenant_id, const BulkExport& exported);
void save_bulk_progress(PgConnection& connection, int64_t tenant_id, const std::string& source, const BulkFile& file);
// In one transaction: the export is gone, the feeds stand where it ends, `brought` is known of its types, and nothing
// that failed before counts any more.
void end_bulk_export(PgConnection& connection, int64_t tenant_id, const std::string& source,
                     const std::vector<FeedState>& feeds, const std::vector<BulkFeed>& brought);
// Nobody wants it any more.
void drop_bulk_export(PgConnection& connection, int64_t tenant_id, const std::string& source);

}  // namespace authledger
