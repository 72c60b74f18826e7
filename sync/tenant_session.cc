#include "sync/tenant_session.h"

#include <fmt/format.h>

#include "ledger/store/payer_store.h"
#include "ledger/store/schema.h"
#include "ledger/store/tenant_store.h"
#include "sync/shared_limits.h"

namespace authledger {
namespace {

std::unique_ptr<PgConnection> connect_as_application(const std::string& url) {
  auto connection = std::make_unique<PgConnection>(url);
  become_application(*connection);
  return connection;
}

// The same for every version of the rules.
RulesInForce delivering_to(const std::string& endpoint, RulesInForce rules) {
  rules.policy.delivering_endpoint = endpoint;
  if (rules.waiting) rules.waiting->policy.delivering_endpoint = endpoint;
  return rules;
}

}  // namespace

TenantSession::TenantSession(const Config& config, std::optional<EmbeddedPostgres> embedded, std::string url,
                             std::unique_ptr<PgConnection> connection, int64_t tenant_id, RulesInForce rules,
                             std::shared_ptr<SharedAccess> shared_access)
    : config_(config),
      embedded_(std::move(embedded)),
      url_(std::move(url)),
      connection_(std::move(connection)),
      tenant_id_(tenant_id),
      rules_(std::move(rules)),
      shared_access_(std::move(shared_access)) {}

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
    RulesInForce rules = read_rules_in_force(*connection, tenant_id, config.rules,
                                             read_payer_organizations(*connection, tenant_id), config.rollout);
    // Shared by the sessions beside it; what is booked, by all processes.
    auto shared_access = std::make_shared<SharedAccess>(std::make_shared<SharedLimits>(url, tenant_id));
    return std::unique_ptr<TenantSession>(
        new TenantSession(config, std::move(embedded), std::move(url), std::move(connection), tenant_id,
                          delivering_to(config.delivery.endpoint, std::move(rules)), std::move(shared_access)));
  } catch (const DbError& error) {
    return Failure{fmt::format(
        "the database cannot be used: {}{}", error.what(),
        config.database.url.empty() ? "" : " (check database.url in the config, and that its role may create tables)")};
  }
}

std::unique_ptr<TenantSession> TenantSession::beside() const {
  return std::unique_ptr<TenantSession>(
      new TenantSession(config_, std::nullopt, url_, connect(), tenant_id_, rules_, shared_access_));
}

std::unique_ptr<PgConnection> TenantSession::connect() const {
  return connect_as_application(url_);
}

PgConnection& TenantSession::second_connection() {
  if (!second_connection_) second_connection_ = connect();
  return *second_connection_;
}

void TenantSession::refresh_rules() {
  rules_ = delivering_to(config_.delivery.endpoint,
                         record_rules(*connection_, tenant_id_, config_.rules,
                                      read_payer_organizations(*connection_, tenant_id_), config_.rollout));
}

RulesInForce TenantSession::rules_without(int64_t retracted) {
  return delivering_to(
      config_.delivery.endpoint,
      read_rules_in_force(*connection_, tenant_id_, config_.rules, read_payer_organizations(*connection_, tenant_id_),
                          config_.rollout, retracted));
}

void TenantSession::reconnect() {
  second_connection_.reset();
  connection_ = connect();
}

}  // namespace authledger
