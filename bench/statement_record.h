#pragma once

#include <deque>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "ledger/store/pg.h"

namespace authledger {

// Every writing statement of a run with its parameters and transaction bounds, to be run again on an empty database:
// PostgreSQL's own ceiling for exactly these rows, statements and indexes, without mapping, allocation or reads.
class StatementRecord {
 public:
  // Records what `connection` executes from now on; several connections may be observed and used at once. Must outlive
  // their use.
  void observe(PgConnection& connection);
  // Runs the record on another connection (application role, same schema). Returns the seconds it took.
  double replay(PgConnection& connection, int64_t tenant_id) const;
  // Writing statements by name.
  std::map<std::string, int64_t> counts() const;

 private:
  struct Recorded {
    Statement statement;
    Parameters parameters;
  };
  std::mutex mutex_;
  std::deque<std::vector<Recorded>> transactions_;  // By their start. Elements stay where they are.
};

}  // namespace authledger
