#pragma once

#include <string>
#include <vector>

#include "adapters/import_row.h"
#include "base/json.h"
#include "ledger/store/fact_store.h"
#include "sync/round.h"

// Rows on their way from a sheet to the ledger, as the resources of one source.

namespace authledger {

// The cells as kept and hashed: a JSON object, column by column.
std::string cells_json(const ImportReader& reader, const ImportCells& cells);
// Empty cells for columns that the text does not name.
ImportCells cells_of(const ImportReader& reader, JsonView cells);

// What the row is to the ledger. The endpoint's patient is linked to, so that both become one person.
MappedResource resource_of_row(const ImportReader& reader, const MappedRow& row, const ImportCells& cells);
// The same with problems: it goes to quarantine, with `place` ("row 17") and all that is needed to try it again.
MappedResource quarantined_row(const ImportReader& reader, const MappedRow& row, const ImportCells& cells,
                               const std::string& file, size_t number, const std::vector<std::string>& header_letters);

// Why the mapping cannot be used under this config; empty when it can.
std::string patient_failure(const Config& config, const ImportMapping& mapping);

// Adds a problem to every row whose patient no endpoint knows, unless the mapping keeps those. `rows` whose patient is
// the sheet's own, or that have a problem already, stay as they are.
void refuse_unknown_patients(Transaction& transaction, const ImportReader& reader, std::vector<MappedRow>& rows);

// Tries the quarantined rows of every sheet again, by the mapping that was used last.
void retry_imported_rows(RoundContext& context, const std::vector<StoredResource>& stored, RoundSummary& summary);

}  // namespace authledger
