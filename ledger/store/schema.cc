#include "ledger/store/schema.h"

#include <fmt/format.h>

#include <charconv>

#include "base/check.h"
#include "base/shipped_file.h"

namespace authledger {

namespace {

// Any fixed number: "authledger" may migrate one database at a time.
constexpr Statement kLockMigrations{"lock_migrations", R"(
  select pg_advisory_lock(4702111234474983745))"};
constexpr Statement kUnlockMigrations{"unlock_migrations", R"(
  select pg_advisory_unlock(4702111234474983745))"};

constexpr char kCreateSchemaVersion[] = R"(
  create table if not exists schema_version (
    version     integer primary key,
    name        text not null,
    applied_at  timestamptz not null default now()
  ))";

constexpr Statement kReadSchemaVersion{"read_schema_version", R"(
  select coalesce(max(version), 0)
    from schema_version)"};

constexpr Statement kSaveSchemaVersion{"save_schema_version", R"(
  insert into schema_version (version, name)
  values ($1, $2))"};

constexpr Statement kReadApplicationRole{"read_application_role", R"(
  select exists (select from pg_roles where rolname = 'authledger_app'),
         exists (select
                   from pg_roles
                  where rolname = 'authledger_app'
                    and pg_has_role(current_user, oid, 'member')),
         current_user)"};

// Another database of the same cluster may create the role at the same moment.
bool is_made_meanwhile(const DbError& error) {
  return error.sqlstate() == "42710" || error.sqlstate() == "23505";
}

void ensure_application_role(PgConnection& connection) {
  const Rows role = connection.execute(kReadApplicationRole);
  try {
    if (!role.boolean(0, 0)) {
      try {
        connection.execute_script("create role authledger_app nologin");
      } catch (const DbError& error) {
        if (!is_made_meanwhile(error)) throw;
      }
    }
    const Rows now = connection.execute(kReadApplicationRole);
    if (now.boolean(0, 1)) return;
    try {
      connection.execute_script("grant authledger_app to current_user");
    } catch (const DbError& error) {
      if (!is_made_meanwhile(error)) throw;
    }
  } catch (const DbError& error) {
    if (error.sqlstate() != "42501") throw;
    throw DbError("42501", fmt::format("the database role \"{0}\" may not create the role authledger_app; a database "
                                       "administrator must run once: create role authledger_app nologin; "
                                       "grant authledger_app to \"{0}\";",
                                       role.text(0, 2)));
  }
}

// "ledger/store/schema/0003_subject_and_fact.sql" is version 3.
int version_of(std::string_view name) {
  int version = 0;
  const auto end = std::from_chars(name.data(), name.data() + name.size(), version);
  AUTHLEDGER_CHECK(end.ec == std::errc());
  return version;
}

std::string_view name_of(std::string_view path) {
  return path.substr(path.rfind('/') + 1);
}

// A process that dies between begin and commit leaves nothing of the migration behind.
void run_migration(PgConnection& connection, const ShippedFile& file) {
  connection.execute_script("begin");
  try {
    connection.execute_script(std::string(file.text));
    const std::string_view name = name_of(file.path);
    connection.execute(kSaveSchemaVersion, Parameters().integer(version_of(name)).text(name));
    connection.execute_script("commit");
  } catch (const DbError& error) {
    if (!error.is_connection_lost()) connection.execute_script("rollback");
    throw;
  }
}

int run_missing_migrations(PgConnection& connection, int newest_wanted) {
  connection.execute_script(kCreateSchemaVersion);
  const int64_t present = connection.execute(kReadSchemaVersion).integer(0, 0);
  int64_t newest = 0;
  int count = 0;
  // The table is sorted by path, so by number.
  for (unsigned long i = 0; i < k_schema_files_count; ++i) {
    const ShippedFile& file = k_schema_files[i];
    newest = version_of(name_of(file.path));
    if (newest <= present || newest > newest_wanted) continue;
    if (count == 0) ensure_application_role(connection);
    run_migration(connection, file);
    ++count;
  }
  if (present > newest) {
    throw DbError("AL001", fmt::format("the database has schema version {}, this program knows {}: run the program "
                                       "version that migrated it, or a newer one",
                                       present, newest));
  }
  return count;
}

}  // namespace

int migrate(PgConnection& connection, int newest) {
  connection.execute_script("reset role");
  // The session holds the lock: it goes with the connection when this process dies.
  connection.execute(kLockMigrations);
  try {
    const int count = run_missing_migrations(connection, newest);
    connection.execute(kUnlockMigrations);
    return count;
  } catch (const DbError& error) {
    if (!error.is_connection_lost()) connection.execute(kUnlockMigrations);
    throw;
  }
}

void become_application(PgConnection& connection) {
  connection.execute_script("set role authledger_app");
}

}  // namespace authledger
