#pragma once

#include <cstdint>
#include <string>

#include "ledger/store/pg.h"

namespace authledger {

// A fresh database with the schema in place, on a real PostgreSQL: a private cluster that this process starts once, or
// the server that AUTHLEDGER_TEST_DATABASE_URL names (its role must be able to create databases). Dropped at the end.
class TestDatabase {
 public:
  TestDatabase();
  // One that the test made on a server of its own; it stays there at the end.
  explicit TestDatabase(const std::string& url);
  ~TestDatabase();
  TestDatabase(const TestDatabase&) = delete;
  TestDatabase& operator=(const TestDatabase&) = delete;

  // As the owner role.
  const std::string& url() const { return url_; }
  // As authledger_app: row-level security and append-only rights hold.
  PgConnection connection() const;
  PgConnection owner_connection() const;

 private:
  std::string name_;
  std::string url_;
};

// An empty database without the schema, for tests of migrations.
class EmptyDatabase {
 public:
  EmptyDatabase();
  ~EmptyDatabase();
  EmptyDatabase(const EmptyDatabase&) = delete;
  EmptyDatabase& operator=(const EmptyDatabase&) = delete;
  const std::string& url() const { return url_; }

 private:
  std::string name_;
  std::string url_;
};

}  // namespace authledger
