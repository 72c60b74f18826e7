#pragma once

#include <string>

#include "base/result.h"
#include "config/config.h"
#include "ledger/store/pg.h"

// The worklist file: notices that have no road into the EHR, for the people who work them off.

namespace authledger {

// Columns: key, kind, severity, patient, authorization_number, text, due_day, role, owner, since. RFC 4180; a cell that
// a spreadsheet would take for a formula begins with an apostrophe.
//
// Writes what stands on the worklist to delivery.worklist_file, whole or not at all, readable by its owner alone; a
// file that says the same already is left as it is. What the EHR does not take now stands there too, where the site's
// order of channels names the worklist for it. Errors: the folder is not there or may not be written.
Outcome write_worklist(PgConnection& connection, int64_t tenant_id, const DeliveryConfig& delivery);

}  // namespace authledger
