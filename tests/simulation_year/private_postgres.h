#pragma once

#include <string>

#include "sync/embedded_postgres.h"
#include "tests/support/program.h"

namespace authledger {

// A PostgreSQL of a test's own, with fsync and synchronous commits as a site has them, that it may crash.
class PrivatePostgres {
 public:
  PrivatePostgres();

  // Of the database `name`, made when missing.
  std::string url(const std::string& name) const { return server_.url(name); }
  // What a crash and the start after it do to every session: pg_ctl restart -m immediate. Returns once it answers.
  void restart();
  int restarts() const { return restarts_; }

 private:
  TemporaryFolder folder_;
  EmbeddedPostgres server_;
  int restarts_ = 0;
};

}  // namespace authledger
