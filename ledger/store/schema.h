#pragma once

#include "ledger/store/pg.h"

namespace authledger {

// Brings the schema to this program's version: numbered, forward-only migrations of ledger/store/schema/*.sql, each in
// one transaction, guarded by an advisory lock so that two starters do not collide. Returns how many ran.
// The connection's role owns the tables; the role authledger_app is created for the running program (least privilege:
// no update or delete on journal_entry, transfer, fact and its typed tables, delivery).
// Throws DbError. A schema newer than this program throws with sqlstate "AL001".
int migrate(PgConnection& connection);

// Switches the connection to authledger_app; row-level security then holds.
void become_application(PgConnection& connection);

}  // namespace authledger
