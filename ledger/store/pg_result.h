#pragma once

#include <libpq-fe.h>

#include <memory>

#include "ledger/store/pg.h"

// A libpq result and the rows made of it. Inside of the door to libpq only (pg.cc, pg_rows.cc).

namespace authledger {

struct ResultDeleter {
  void operator()(PGresult* result) const { PQclear(result); }
};
using ResultPtr = std::unique_ptr<PGresult, ResultDeleter>;

Rows rows_from(ResultPtr result);

}  // namespace authledger
