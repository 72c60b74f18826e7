#include "ledger/store/resource_body.h"

#include "ledger/store/body_compression.h"

namespace authledger {
namespace {

constexpr Statement kReadBody{"read_stored_body", R"(
  select body
    from raw_resource
   where tenant_id = $1
     and source = $2
     and resource_type = $3
     and resource_id = $4
     and is_current
     and not is_deleted
     and body is not null)"};

}  // namespace

std::string read_stored_body(PgConnection& connection, int64_t tenant_id, const std::string& source,
                             const std::string& resource_type, const std::string& resource_id) {
  std::string body;
  transact(connection, tenant_id, [&](Transaction& transaction) {
    const Rows rows = transaction.execute(
        kReadBody, Parameters().integer(tenant_id).text(source).text(resource_type).text(resource_id));
    body = rows.size() == 0 ? "" : expand_body(rows.bytes(0, 0));
  });
  return body;
}

}  // namespace authledger
