#pragma once

#include <string>

#include "cmd/commands.h"
#include "ledger/journal_file.h"

namespace authledger {

// Prints faults and, in a table, a last line that says what was checked; returns the exit code.
int print_faults(const GlobalOptions& global, const std::string& tenant, const std::vector<FileFault>& faults,
                 const std::string& checked);

// Reads exported seals; faults are appended. False, after the problem was printed, when the file cannot be read.
bool read_kept_seals(const std::string& file, const std::function<void(JsonView)>& visit);

// `verify --file FILE [--seals FILE]`: a journal, seals or an evidence bundle, without config and database.
int verify_file(const GlobalOptions& global, const std::string& file, const std::string& seals_file);

}  // namespace authledger
