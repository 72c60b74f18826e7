#pragma once

#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>

#include "ledger/store/fact_store.h"

// What an import asks and keeps beside the page itself (record_page).

namespace authledger {

// The mapping of a source, as it was used last.
void save_import_source(Transaction& transaction, const std::string& source, const std::string& mapping,
                        const std::string& mapping_version, Instant recorded_at);
std::optional<std::string> read_import_source(Transaction& transaction, const std::string& source);

// Which of these patients an endpoint knows: by the reference of its record ("Patient/p1") where `endpoint` is given,
// else by an identifier of `system`.
std::set<std::string> find_known_patients(Transaction& transaction, const std::string& endpoint,
                                          const std::string& system, std::span<const std::string> names);

// Bodies of the current, not deleted versions, by id.
std::map<std::string, std::string> read_current_bodies(Transaction& transaction, const std::string& source,
                                                       const std::string& type, std::span<const std::string> ids);

// Rows that can be read now are in quarantine no longer, whatever stood there before.
void clear_imported(Transaction& transaction, const std::string& source, const std::string& type,
                    std::span<const std::string> ids);
// Rows of a file that were named by their place in it (ids "FILE:ROW"), before it is read again.
void clear_placed_rows(Transaction& transaction, const std::string& source, const std::string& type,
                       const std::string& file);

}  // namespace authledger
