#include "ledger/store/bulk_store.h"

namespace authledger {
namespace {

constexpr Statement kReadExport{"read_bulk_export", R"(
  select status_url, resource_types, since_at, started_at, mapping_versions, transaction_at, requires_token,
         failures, asked_at, path
    from bulk_export
   where tenant_id = $1
     and source = $2)"};

constexpr Statement kReadFiles{"read_bulk_files", R"(
  select file_no, kind, resource_type, url, stated_count, bytes_read, lines_read, is_done, failures
    from bulk_file
   where tenant_id = $1
     and source = $2
   order by file_no)"};

constexpr Statement kDropExport{"drop_bulk_export", R"(
  delete from bulk_export
   where tenant_id = $1
     and source = $2)"};

constexpr Statement kDropFiles{"drop_bulk_files", R"(
  delete from bulk_file
   where tenant_id = $1
     and source = $2)"};

constexpr Statement kSaveExport{"save_bulk_export", R"(
  insert into bulk_export (
         tenant_id, source, status_url, resource_types, since_at, started_at, mapping_versions, transaction_at,
         requires_token, failures, asked_at, path)
  values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12))"};

constexpr Statement kSaveFile{"save_bulk_file", R"(
  insert into bulk_file (
         tenant_id, source, file_no, kind, resource_type, url, stated_count, bytes_read, lines_read, is_done, failures)
  values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11))"};

constexpr Statement kSaveProgress{"save_bulk_progress", R"(
  update bulk_file
     set bytes_read = $4,
         lines_read = $5,
         is_done = $6,
         failures = $7
   where tenant_id = $1
     and source = $2
     and file_no = $3)"};

constexpr Statement kReadBulkFeeds{"read_bulk_feeds", R"(
  select resource_type, path, whole_at, has_file
    from bulk_feed
   where tenant_id = $1
     and source = $2)"};

constexpr Statement kSaveBulkFeed{"save_bulk_feed", R"(
  insert into bulk_feed (tenant_id, source, resource_type, path, whole_at, has_file)
  values ($1, $2, $3, $4, $5, $6)
      on conflict (tenant_id, source, resource_type) do update
     set path = excluded.path,
         whole_at = excluded.whole_at,
         has_file = excluded.has_file)"};

constexpr Statement kReadBulkPause{"read_bulk_pause", R"(
  select failures, until_at, cause
    from bulk_pause
   where tenant_id = $1
     and source = $2)"};

constexpr Statement kSaveBulkPause{"save_bulk_pause", R"(
  insert into bulk_pause (tenant_id, source, failures, until_at, cause)
  values ($1, $2, $3, $4, $5)
      on conflict (tenant_id, source) do update
     set failures = excluded.failures,
         until_at = excluded.until_at,
         cause = excluded.cause)"};

constexpr Statement kEndBulkPause{"end_bulk_pause", R"(
  delete from bulk_pause
   where tenant_id = $1
     and source = $2)"};

void drop(Transaction& transaction, const std::string& source) {
  const Parameters parameters = Parameters().integer(transaction.tenant_id()).text(source);
  transaction.execute(kDropExport, parameters);
  transaction.execute(kDropFiles, parameters);
}

BulkFile file_from(const Rows& rows, size_t row) {
  BulkFile file;
  file.number = rows.integer(row, 0);
  file.kind = static_cast<int16_t>(rows.integer(row, 1));
  file.type = rows.string(row, 2);
  file.url = rows.string(row, 3);
  file.stated_count = rows.optional_integer(row, 4);
  file.bytes_read = rows.integer(row, 5);
  file.lines_read = rows.integer(row, 6);
  file.is_done = rows.boolean(row, 7);
  file.failures = rows.integer(row, 8);
  return file;
}

}  // namespace

std::map<std::string, BulkFeed> read_bulk_feeds(PgConnection& connection, int64_t tenant_id,
                                                const std::string& source) {
  std::map<std::string, BulkFeed> feeds;
  transact(connection, tenant_id, [&](Transaction& transaction) {
    feeds.clear();
    const Rows rows = transaction.execute(kReadBulkFeeds, Parameters().integer(tenant_id).text(source));
    for (size_t row = 0; row < rows.size(); ++row) {
      BulkFeed feed;
      feed.resource_type = rows.string(row, 0);
      feed.path = rows.string(row, 1);
      feed.whole_at = rows.instant(row, 2);
      feed.has_file = rows.boolean(row, 3);
      feeds.emplace(feed.resource_type, feed);
    }
  });
  return feeds;
}

BulkPause read_bulk_pause(PgConnection& connection, int64_t tenant_id, const std::string& source) {
  BulkPause pause;
  transact(connection, tenant_id, [&](Transaction& transaction) {
    pause = {};
    const Rows rows = transaction.execute(kReadBulkPause, Parameters().integer(tenant_id).text(source));
    if (rows.size() > 0) pause = {rows.integer(0, 0), rows.instant(0, 1), rows.string(0, 2)};
  });
  return pause;
}

void give_up_bulk_export(PgConnection& connection, int64_t tenant_id, const std::string& source,
                         const BulkPause& pause) {
  transact(connection, tenant_id, [&](Transaction& transaction) {
    drop(transaction, source);
    Parameters parameters;
    parameters.integer(tenant_id).text(source).integer(pause.failures).instant(pause.until).text(pause.cause);
    transaction.execute(kSaveBulkPause, parameters);
  });
}

std::optional<BulkExport> read_bulk_export(PgConnection& connection, int64_t tenant_id, const std::string& source) {
  std::optional<BulkExport> found;
  transact(connection, tenant_id, [&](Transaction& transaction) {
    found.reset();
    const Parameters parameters = Parameters().integer(tenant_id).text(source);
    const Rows rows = transaction.execute(kReadExport, parameters);
    if (rows.size() == 0) return;
    found.emplace();
    found->source = source;
    found->status_url = rows.string(0, 0);
    found->types = rows.text_array(0, 1);
    found->since = rows.optional_instant(0, 2);
    found->started_at = rows.instant(0, 3);
    found->mapping_versions = rows.string(0, 4);
    found->transaction_at = rows.optional_instant(0, 5);
    found->requires_token = rows.boolean(0, 6);
    found->failures = rows.integer(0, 7);
    found->asked_at = rows.optional_instant(0, 8);
    found->path = rows.string(0, 9);
    const Rows files = transaction.execute(kReadFiles, parameters);
    for (size_t row = 0; row < files.size(); ++row) found->files.push_back(file_from(files, row));
  });
  return found;
}

void save_bulk_export(PgConnection& connection, int64_t tenant_id, const BulkExport& exported) {
  transact(connection, tenant_id, [&](Transaction& transaction) {
    drop(transaction, exported.source);
    Parameters parameters;
    parameters.integer(tenant_id).text(exported.source).text(exported.status_url).text_array(exported.types);
    parameters.optional_instant(exported.since).instant(exported.started_at).text(exported.mapping_versions);
    parameters.optional_instant(exported.transaction_at).boolean(exported.requires_token).integer(exported.failures);
    parameters.optional_instant(exported.asked_at).text(exported.path);
    transaction.execute(kSaveExport, parameters);
    for (const BulkFile& file : exported.files) {
      Parameters row;
      row.integer(tenant_id).text(exported.source).integer(file.number).integer(file.kind).text(file.type);
      row.text(file.url).optional_integer(file.stated_count).integer(file.bytes_read).integer(file.lines_read);
      row.boolean(file.is_done).integer(file.failures);
      transaction.execute(kSaveFile, row);
    }
  });
}

void save_bulk_progress(PgConnection& connection, int64_t tenant_id, const std::string& source, const BulkFile& file) {
  Parameters parameters;
  parameters.integer(tenant_id).text(source).integer(file.number).integer(file.bytes_read).integer(file.lines_read);
  parameters.boolean(file.is_done).integer(file.failures);
  transact(connection, tenant_id, [&](Transaction& transaction) { transaction.execute(kSaveProgress, parameters); });
}

void end_bulk_export(PgConnection& connection, int64_t tenant_id, const std::string& source,
                     const std::vector<FeedState>& feeds, const std::vector<BulkFeed>& brought) {
  transact(connection, tenant_id, [&](Transaction& transaction) {
    for (const FeedState& feed : feeds) save_feed(transaction, feed);
    for (const BulkFeed& feed : brought) {
      Parameters parameters;
      parameters.integer(tenant_id).text(source).text(feed.resource_type).text(feed.path).instant(feed.whole_at);
      parameters.boolean(feed.has_file);
      transaction.execute(kSaveBulkFeed, parameters);
    }
    drop(transaction, source);
    transaction.execute(kEndBulkPause, Parameters().integer(tenant_id).text(source));
  });
}

void drop_bulk_export(PgConnection& connection, int64_t tenant_id, const std::string& source) {
  transact(connection, tenant_id, [&](Transaction& transaction) { drop(transaction, source); });
}

}  // namespace authledger
