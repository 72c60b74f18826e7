#pragma once

#include <limits>

#include "ledger/store/pg.h"

namespace authledger {

// Brings the schema to this program's version: numbered, forward-only migrations of ledger/store/schema/*.sql, each in
// one transaction, guarded by an advisory lock so that two starters do not collide. Returns how many ran.
// The connection's role owns the tables; the role authledger_app is created for the running program (least privilege:
// no update or delete on journal_entry, transfer, fact and its typed tables, delivery).
// Throws DbError. A schema newer than this program throws with sqlstate "AL001".
// `newest` stops earlier than this program's version: for tests of a single migration.
int migrate(PgConnection& connection, int newest = std::numeric_limits<int>::max());

// Switches the connection to authledger_app; row-level security then holds.
void become_application(PgConnection& connection);

}  // namespace authledger
