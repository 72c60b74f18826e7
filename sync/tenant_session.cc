#include "sync/tenant_session.h"

#include <fmt/format.h>

#include "ledger/store/payer_store.h"
#include "ledger/store/schema.h"
#include "ledger/store/tenant_store.h"

namespace authledger {
namespace {

std::unique_ptr<PgConnection> connect_as_application(const std::string& url) {
  auto connection = std::make_unique<PgConnection>(url);
  become_application(*connection);
  return connection;
}

// The site's rules with the payers as its sources describe them.
Policy policy_in_force(PgConnection& connection, int64_t tenant_id, const Rules& rules) {
  return ensure_policy(connection, tenant_id,
                       with_payer_directory(rules, read_payer_organizations(connection, tenant_id)));
}

}  // namespace

TenantSession::TenantSession(const Config& config, std::optional<EmbeddedPostgres> embedded, std::string url,
                             std::unique_ptr<PgConnection> connection, int64_t tenant_id, Policy policy)
    : config_(config),
      embedded_(std::move(embedded)),
      url_(std::move(url)),
      connection_(std::move(connection)),
      tenant_id_(tenant_id),
      policy_(std::move(policy)) {}

Result<std::unique_ptr<TenantSession>> TenantSession::open(const Config& config) {
  std::optional<EmbeddedPostgres> embedded;
  std::string url = config.database.url;
  if (url.empty()) {
    auto started = EmbeddedPostgres::start(config.database.data_folder);
    if (!started) return started.error();
    embedded = std::move(*started);
    url = embedded->url();
  }
  try {
    {
      PgConnection owner(url);
      migrate(owner);
    }
    auto connection = connect_as_application(url);
    int64_t tenant_id = ensure_tenant(*connection, config.tenant.name, config.tenant.time_zone);
    Policy policy = policy_in_force(*connection, tenant_id, config.rules);
    return std::unique_ptr<TenantSession>(new TenantSession(config, std::move(embedded), std::move(url),
                                                            std::move(connection), tenant_id, std::move(policy)));
  } catch (const DbError& error) {
    return Failure{fmt::format(
        "the database cannot be used: {}{}", error.what(),
        config.database.url.empty() ? "" : " (check database.url in the config, and that its role may create tables)")};
  }
}

std::unique_ptr<PgConnection> TenantSession::connect() const {
  return connect_as_application(url_);
}

PgConnection& TenantSession::second_connection() {
  if (!second_connection_) second_connection_ = connect();
  return *second_connection_;
}

void TenantSession::refresh_policy() {
  policy_ = policy_in_force(*connection_, tenant_id_, config_.rules);
}

void TenantSession::reconnect() {
  second_connection_.reset();
  connection_ = connect();
}

}  // namespace authledger
