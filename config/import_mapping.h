#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/date_pattern.h"
#include "base/issue.h"
#include "base/result.h"

// How the rows of a spreadsheet become facts: a YAML file that names, for each field of the ledger, the column it
// stands in. docs/import.md is the reader's version of this file.

namespace authledger {

// Where one field of a fact comes from.
struct ImportField {
  std::string name;                  // Of the ledger: "quantity".
  std::vector<std::string> columns;  // A list field takes all of them; another one the first that is not empty.
  std::string otherwise;             // Where all of them are empty, or no column is named.
  // What a cell says → the ledger's word; keys lower-case and trimmed, "*" is everything else.
  std::map<std::string, std::string> values;
  bool is_required = false;  // An empty cell is an error.
  std::string written_at;    // "file:line:column"
};

struct ImportFact {
  std::string kind;  // "authorization_line", "coverage" or "service".
  std::vector<ImportField> fields;
  std::string written_at;

  const ImportField* field(std::string_view name) const;
};

// Whose a row is. With an endpoint: the id of its Patient resource. With an identifier system: a value by which an
// endpoint's patients are known (its `join_patients_by`). With neither: the sheet's own number, or one of a numbering
// that other sheets use too: the same number is the same person then.
struct ImportPatient {
  std::vector<std::string> columns;
  std::string endpoint, identifier_system, numbering;
  bool is_unknown_kept = false;  // A patient whom no endpoint knows yet is recorded all the same.
};

struct ImportMapping {
  std::string name;              // The facts' source is "import:NAME".
  char separator = 0;            // 0: found out from the header.
  std::string encoding;          // Empty: UTF-8, or UTF-16 with a byte order mark.
  int header_row = 1;            // The row with the columns' names; what stands above it is left out.
  std::vector<std::string> key;  // Columns that tell one row from every other, for ever.
  std::vector<DatePattern> dates;
  std::string dates_text;        // As written, for messages.
  int first_two_digit_year = 0;  // 0: no pattern has two digits.
  char decimal = '.';
  std::map<std::string, std::string> unit_words;  // Lower-case → a word of the ledger's Measure.
  bool is_authoritative = false;
  ImportPatient patient;
  std::vector<ImportFact> facts;
  std::string canonical;  // JSON text of the file: equal mappings have equal text.

  // Every column that is read, each once, in the order of the file.
  std::vector<std::string> columns() const;
};

inline constexpr const char* kImportSourcePrefix = "import:";

// Errors: all problems at once; element_path is "file:line:column".
Result<ImportMapping, Issues> read_import_mapping(std::string_view text, const std::string& file);

// A mapping that ships with authledger ("authorizations") or a file.
Result<ImportMapping, Issues> load_import_mapping(const std::string& name_or_file);

}  // namespace authledger
