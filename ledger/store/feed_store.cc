#include "ledger/store/feed_store.h"

namespace authledger {

namespace {

constexpr Statement kReadFeed{"read_feed", R"(
  select source, resource_type, watermark_at, resume_link, run_started_at, last_success_at,
         mapping_version, heeds_last_updated, tested_on, deletions_watermark_at, run_mapping_version, is_short,
         tested_at
    from feed
   where tenant_id = $1
     and source = $2
     and resource_type = $3)"};

constexpr Statement kReadFeeds{"read_feeds", R"(
  select source, resource_type, watermark_at, resume_link, run_started_at, last_success_at,
         mapping_version, heeds_last_updated, tested_on, deletions_watermark_at, run_mapping_version, is_short,
         tested_at
    from feed
   where tenant_id = $1
   order by source, resource_type)"};

// A finding without a time is of a version whose sweeps moved the watermark of changes: it says nothing of whom the
// roster did not name.
constexpr Statement kSaveFinding{"save_finding", R"(
  insert into feed as stored (tenant_id, source, resource_type, heeds_last_updated, tested_on, tested_at)
  values ($1, $2, $3, $4, $5, $6)
      on conflict (tenant_id, source, resource_type) do update
     set heeds_last_updated = excluded.heeds_last_updated,
         tested_on = excluded.tested_on,
         tested_at = excluded.tested_at,
         watermark_at = case when excluded.heeds_last_updated
                              and stored.heeds_last_updated = false
                              and stored.tested_at is null then null
                             else stored.watermark_at end)"};

// $8 is the lease token of the writer, null for a writer without a lease. The row's lock makes the test and the write
// one step.
constexpr Statement kSaveFeed{"save_feed", R"(
  insert into feed as stored (
         tenant_id, source, resource_type, watermark_at, resume_link, run_started_at, last_success_at,
         mapping_version, deletions_watermark_at, run_mapping_version, is_short)
  values ($1, $2, $3, $4, $5, $6, $7, $9, $10, $11, $12)
      on conflict (tenant_id, source, resource_type) do update
     set watermark_at = excluded.watermark_at,
         resume_link = excluded.resume_link,
         run_started_at = excluded.run_started_at,
         last_success_at = excluded.last_success_at,
         mapping_version = excluded.mapping_version,
         deletions_watermark_at = excluded.deletions_watermark_at,
         run_mapping_version = excluded.run_mapping_version,
         is_short = excluded.is_short
   where $8::text is null
      or stored.lease_token = $8)"};

// The database's clock decides leases: workers' clocks may differ.
constexpr Statement kLeaseFeed{"lease_feed", R"(
  insert into feed as stored (tenant_id, source, resource_type, lease_token, lease_until)
  values ($1, $2, $3, $4, now() + make_interval(secs => $5::integer))
      on conflict (tenant_id, source, resource_type) do update
     set lease_token = excluded.lease_token,
         lease_until = excluded.lease_until
   where stored.lease_token is null
      or stored.lease_until <= now()
      or stored.lease_token = excluded.lease_token)"};

// Also after its end, as long as nobody else has had the feed since.
constexpr Statement kRenewFeed{"renew_feed", R"(
  update feed
     set lease_until = now() + make_interval(secs => $5::integer)
   where tenant_id = $1
     and source = $2
     and resource_type = $3
     and lease_token = $4)"};

constexpr Statement kReleaseFeed{"release_feed", R"(
  update feed
     set lease_token = null,
         lease_until = null
   where tenant_id = $1
     and source = $2
     and resource_type = $3
     and lease_token = $4)"};

FeedState feed_from(const Rows& rows, size_t row) {
  FeedState feed;
  feed.source = rows.string(row, 0);
  feed.resource_type = rows.string(row, 1);
  feed.watermark = rows.optional_instant(row, 2);
  feed.resume_link = rows.string(row, 3);
  feed.run_started_at = rows.optional_instant(row, 4);
  feed.last_success_at = rows.optional_instant(row, 5);
  feed.mapping_version = rows.string(row, 6);
  if (!rows.is_null(row, 7)) feed.heeds_last_updated = rows.boolean(row, 7);
  if (!rows.is_null(row, 8)) feed.tested_on = rows.hash(row, 8);
  feed.deletions_watermark = rows.optional_instant(row, 9);
  feed.run_mapping_version = rows.string(row, 10);
  feed.is_short = rows.boolean(row, 11);
  feed.tested_at = rows.optional_instant(row, 12);
  return feed;
}

}  // namespace

FeedState read_feed(PgConnection& connection, int64_t tenant_id, const std::string& source,
                    const std::string& resource_type) {
  FeedState feed;
  feed.source = source;
  feed.resource_type = resource_type;
  transact(connection, tenant_id, [&](Transaction& transaction) {
    const Rows rows = transaction.execute(kReadFeed, Parameters().integer(tenant_id).text(source).text(resource_type));
    if (rows.size() > 0) feed = feed_from(rows, 0);
  });
  return feed;
}

void save_finding(PgConnection& connection, int64_t tenant_id, const std::string& source,
                  const std::string& resource_type, const FeedFinding& finding) {
  transact(connection, tenant_id, [&](Transaction& transaction) {
    Parameters parameters;
    parameters.integer(tenant_id).text(source).text(resource_type).boolean(finding.heeds_last_updated);
    parameters.hash(finding.tested_on).instant(finding.tested_at);
    transaction.execute(kSaveFinding, parameters);
  });
}

void save_feed(Transaction& transaction, const FeedState& feed) {
  Parameters parameters;
  parameters.integer(transaction.tenant_id()).text(feed.source).text(feed.resource_type);
  parameters.optional_instant(feed.watermark).text(feed.resume_link).optional_instant(feed.run_started_at);
  parameters.optional_instant(feed.last_success_at);
  feed.lease_token.empty() ? parameters.null() : parameters.text(feed.lease_token);
  parameters.text(feed.mapping_version).optional_instant(feed.deletions_watermark).text(feed.run_mapping_version);
  parameters.boolean(feed.is_short);
  if (transaction.execute(kSaveFeed, parameters).affected() == 0) {
    throw DbError(kLeaseLost, "save_feed: the lease of the feed went to another worker");
  }
  if (!feed.swept.empty()) save_sweep_visits(transaction, feed.source, feed.resource_type, feed.swept, feed.swept_at);
  if (!feed.refused.empty()) save_sweep_refusals(transaction, feed.source, feed.resource_type, feed.refused);
}

namespace {

bool set_lease(const Statement& statement, PgConnection& connection, int64_t tenant_id, const std::string& source,
               const std::string& resource_type, const std::string& lease_token, int lease_seconds) {
  bool is_leased = false;
  transact(connection, tenant_id, [&](Transaction& transaction) {
    Parameters parameters;
    parameters.integer(tenant_id).text(source).text(resource_type).text(lease_token).integer(lease_seconds);
    is_leased = transaction.execute(statement, parameters).affected() == 1;
  });
  return is_leased;
}

}  // namespace

bool lease_feed(PgConnection& connection, int64_t tenant_id, const std::string& source,
                const std::string& resource_type, const std::string& lease_token, int lease_seconds) {
  return set_lease(kLeaseFeed, connection, tenant_id, source, resource_type, lease_token, lease_seconds);
}

bool renew_feed(PgConnection& connection, int64_t tenant_id, const std::string& source,
                const std::string& resource_type, const std::string& lease_token, int lease_seconds) {
  return set_lease(kRenewFeed, connection, tenant_id, source, resource_type, lease_token, lease_seconds);
}

void release_feed(PgConnection& connection, int64_t tenant_id, const std::string& source,
                  const std::string& resource_type, const std::string& lease_token) {
  transact(connection, tenant_id, [&](Transaction& transaction) {
    transaction.execute(kReleaseFeed,
                        Parameters().integer(tenant_id).text(source).text(resource_type).text(lease_token));
  });
}

std::vector<FeedState> read_feeds(PgConnection& connection, int64_t tenant_id) {
  std::vector<FeedState> feeds;
  transact(connection, tenant_id, [&](Transaction& transaction) {
    feeds.clear();
    const Rows rows = transaction.execute(kReadFeeds, Parameters().integer(tenant_id));
    for (size_t row = 0; row < rows.size(); ++row) feeds.push_back(feed_from(rows, row));
  });
  return feeds;
}

}  // namespace authledger
