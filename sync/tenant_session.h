#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "base/result.h"
#include "config/config.h"
#include "fhir/capability.h"
#include "fhir/shared_access.h"
#include "ledger/store/pg.h"
#include "ledger/store/rule_store.h"
#include "sync/embedded_postgres.h"

namespace authledger {

// What an endpoint declared, as this process read it last.
struct KnownStatement {
  Capability capability;
  std::chrono::steady_clock::time_point read_at{};
};

// Everything that a worker needs to work for one tenant: the config, a connection of its own with the application's
// rights, the tenant's id and the rules in force. Not thread-safe: one a worker thread.
class TenantSession {
 public:
  // Starts the embedded cluster when the config names no database, migrates, finds or creates the tenant.
  // Errors: the database cannot be reached or prepared; the message says what to do.
  static Result<std::unique_ptr<TenantSession>> open(const Config& config);

  // A session for another worker thread: connections of its own, the same request limits and tokens. This one must
  // outlive it. Throws DbError.
  std::unique_ptr<TenantSession> beside() const;
  // Another connection to the same tenant, for a second worker. Throws DbError.
  std::unique_ptr<PgConnection> connect() const;

  const Config& config() const { return config_; }
  PgConnection& connection() { return *connection_; }
  // A second connection, for the one thread that works beside the owner's (records pages, reconciles): opened when it
  // is first asked for, then kept. Throws DbError.
  PgConnection& second_connection();
  int64_t tenant_id() const { return tenant_id_; }
  // By which rules each subject is reckoned; policy() is what decides for all but those on waiting rules.
  const RulesInForce& rules() const { return rules_; }
  const Policy& policy() const { return rules_.policy; }
  // Kept from round to round, so that the requests of one count for the next, and its token is good for it.
  SharedAccess& shared_access() { return *shared_access_; }
  // Records the config's rules where they changed, and the payer directory, and takes up what other processes stepped
  // to. Only a round does: a command that answers leaves no trace. Throws DbError.
  void refresh_rules();
  // By which rules the next round would go were a version retracted. Throws DbError.
  RulesInForce rules_without(int64_t retracted);
  // By endpoint: read once a process, or a day.
  std::map<std::string, KnownStatement>& known_statements() { return known_statements_; }
  // True the first time that this process asks: for what is said once.
  bool is_news(const std::string& name) { return said_.insert(name).second; }
  // Replaces connections that were lost. Throws DbError while the server stays away.
  void reconnect();

 private:
  TenantSession(const Config& config, std::optional<EmbeddedPostgres> embedded, std::string url,
                std::unique_ptr<PgConnection> connection, int64_t tenant_id, RulesInForce rules,
                std::shared_ptr<SharedAccess> shared_access);

  Config config_;
  std::optional<EmbeddedPostgres> embedded_;
  std::string url_;
  std::unique_ptr<PgConnection> connection_, second_connection_;
  int64_t tenant_id_;
  RulesInForce rules_;
  std::shared_ptr<SharedAccess> shared_access_;  // Of all sessions of the process.
  std::map<std::string, KnownStatement> known_statements_;
  std::set<std::string> said_;
};

}  // namespace authledger
