#pragma once

#include "base/json.h"
#include "base/result.h"
#include "ledger/facts.h"

namespace authledger {

// The body of a fact as a JSON object of the ledger's field names, inside of a document that is being written; what
// the source does not say is left out. Days and instants as text, quantities in thousandths ("quantity_milli").
void write_body(JsonWriter& writer, const FactBody& body);

// With nothing in it: what a retraction stands with.
FactBody empty_body(FactKind kind);

// The same back. Errors: a member of another form, named.
Result<FactBody> body_from(FactKind kind, JsonView object);

}  // namespace authledger
