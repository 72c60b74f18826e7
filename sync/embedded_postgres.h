#pragma once

#include <memory>
#include <string>

#include "base/result.h"

namespace authledger {

// A private PostgreSQL cluster: data folder of its own, Unix socket only, never as root (run by root it drops to an
// unprivileged user). Started by the first process that needs it and shared by later ones on the same folder (a lock
// file counts users); the last one to leave stops it. A cluster left running by a killed process is adopted.
class EmbeddedPostgres {
 public:
  // Creates the cluster on first use (initdb), starts it if it does not run. `durable` false turns fsync off: tests
  // only. Run by root below a folder that other users cannot enter, the cluster lives in /var/lib/authledger (else
  // /var/tmp/authledger) and the file `cluster-location` in the data folder names the place.
  // Errors say what is missing (PostgreSQL's server programs, an unprivileged user) and how to get it.
  static Result<EmbeddedPostgres> start(const std::string& data_folder, bool durable = true);
  EmbeddedPostgres(EmbeddedPostgres&&) noexcept;
  EmbeddedPostgres& operator=(EmbeddedPostgres&&) noexcept;
  ~EmbeddedPostgres();  // Stops it (fast shutdown) unless another process uses it.

  // libpq URL of the database `name` (created when missing; a-z, 0-9, _) as the owner role, which may create roles and
  // is no superuser. Throws DbError when the server is gone.
  std::string url(const std::string& name = "authledger") const;

 private:
  struct State;
  explicit EmbeddedPostgres(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace authledger
