#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "base/result.h"

// Runs the public FHIRPath and SQL on FHIR suites in the format that ../shared/conformance describes.

namespace authledger::conformance {

struct Verdict {
  std::string id;
  bool is_passed = false;
  std::string reason;  // Why it failed: what was expected and what came.
};

// `is_strict`: decimals by digits, dates by text, result types compared.
// Errors: the folder or a file of it cannot be read.
Result<std::vector<Verdict>> run_fhirpath(const std::string& folder, bool is_strict);
Result<std::vector<Verdict>> run_sql_on_fhir(const std::string& folder, bool is_strict);

// One JSON line a test, last "N passed, N failed".
void print(std::ostream& out, const std::vector<Verdict>& verdicts);
size_t passed(const std::vector<Verdict>& verdicts);

Result<std::string> read_text_file(const std::string& file);

}  // namespace authledger::conformance
