#include "ledger/store/certificate_store.h"

namespace authledger {
namespace {

constexpr Statement kSaveCertificate{"save_certificate", R"(
  insert into feed_certificate (
         tenant_id, source, resource_type, started_at, ended_at, strategy, is_complete, pages, resources_read, added,
         changed, unchanged, quarantined, deleted, stated_total, pages_hash, from_at, to_at, patients_read,
         patients_known, oldest_read_at, gaps, patients_withheld, patients_failed,
         sees_deletions)
  values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23,
         $24, $25)
      on conflict do nothing)"};

constexpr Statement kDropOldCertificates{"drop_old_certificates", R"(
  delete from feed_certificate
   where tenant_id = $1
     and source = $2
     and resource_type = $3
     and started_at < $4::timestamptz - interval '90 days')"};

constexpr Statement kReadCertificates{"read_certificates", R"(
  select distinct on (source, resource_type)
         source, resource_type, started_at, ended_at, strategy, is_complete, pages, resources_read, added, changed,
         unchanged, quarantined, deleted, stated_total, pages_hash, from_at, to_at, patients_read, patients_known,
         oldest_read_at, gaps, patients_withheld, patients_failed, sees_deletions
    from feed_certificate
   where tenant_id = $1
   order by source, resource_type, certificate_no desc)"};

}  // namespace

void save_certificate(PgConnection& connection, int64_t tenant_id, const FeedCertificate& certificate) {
  Parameters parameters;
  parameters.integer(tenant_id).text(certificate.source).text(certificate.resource_type);
  parameters.instant(certificate.started_at).instant(certificate.ended_at).text(certificate.strategy);
  parameters.boolean(certificate.is_complete).integer(certificate.pages).integer(certificate.read);
  parameters.integer(certificate.added).integer(certificate.changed).integer(certificate.unchanged);
  parameters.integer(certificate.quarantined).integer(certificate.deleted);
  parameters.optional_integer(certificate.stated_total).hash(certificate.pages_hash);
  parameters.optional_instant(certificate.from_at).optional_instant(certificate.to_at);
  parameters.optional_integer(certificate.patients_read).optional_integer(certificate.patients_known);
  parameters.optional_instant(certificate.oldest_read_at).text_array(certificate.gaps);
  parameters.optional_integer(certificate.patients_withheld).optional_integer(certificate.patients_failed);
  certificate.sees_deletions ? parameters.boolean(*certificate.sees_deletions) : parameters.null();
  Parameters old;
  old.integer(tenant_id).text(certificate.source).text(certificate.resource_type).instant(certificate.started_at);
  transact(connection, tenant_id, [&](Transaction& transaction) {
    transaction.execute(kSaveCertificate, parameters);
    transaction.execute(kDropOldCertificates, old);
  });
}

std::vector<FeedCertificate> read_certificates(PgConnection& connection, int64_t tenant_id) {
  std::vector<FeedCertificate> certificates;
  transact(connection, tenant_id, [&](Transaction& transaction) {
    certificates.clear();
    const Rows rows = transaction.execute(kReadCertificates, Parameters().integer(tenant_id));
    for (size_t row = 0; row < rows.size(); ++row) {
      FeedCertificate each;
      each.source = rows.string(row, 0);
      each.resource_type = rows.string(row, 1);
      each.started_at = rows.instant(row, 2);
      each.ended_at = rows.instant(row, 3);
      each.strategy = rows.string(row, 4);
      each.is_complete = rows.boolean(row, 5);
      each.pages = rows.integer(row, 6);
      each.read = rows.integer(row, 7);
      each.added = rows.integer(row, 8);
      each.changed = rows.integer(row, 9);
      each.unchanged = rows.integer(row, 10);
      each.quarantined = rows.integer(row, 11);
      each.deleted = rows.integer(row, 12);
      each.stated_total = rows.optional_integer(row, 13);
      each.pages_hash = rows.hash(row, 14);
      each.from_at = rows.optional_instant(row, 15);
      each.to_at = rows.optional_instant(row, 16);
      each.patients_read = rows.optional_integer(row, 17);
      each.patients_known = rows.optional_integer(row, 18);
      each.oldest_read_at = rows.optional_instant(row, 19);
      each.gaps = rows.text_array(row, 20);
      each.patients_withheld = rows.optional_integer(row, 21);
      each.patients_failed = rows.optional_integer(row, 22);
      if (!rows.is_null(row, 23)) each.sees_deletions = rows.boolean(row, 23);
      certificates.push_back(std::move(each));
    }
  });
  return certificates;
}

}  // namespace authledger
