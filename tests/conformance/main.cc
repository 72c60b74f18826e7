#include <iostream>
#include <string>
#include <vector>

#include "tests/conformance/suite.h"

// conformance fhirpath|sql-on-fhir DIR [--strict]: exit 0 when the suite ran, whatever passed; 2 on bad usage.

int main(int count, char** values) {
  using namespace authledger::conformance;
  std::vector<std::string> words(values + 1, values + count);
  bool is_strict = std::erase(words, "--strict") > 0;
  if (words.size() != 2 || (words[0] != "fhirpath" && words[0] != "sql-on-fhir")) {
    std::cerr << "usage: conformance fhirpath|sql-on-fhir DIR [--strict]\n";
    return 2;
  }
  auto verdicts = words[0] == "fhirpath" ? run_fhirpath(words[1], is_strict) : run_sql_on_fhir(words[1], is_strict);
  if (!verdicts) {
    std::cerr << verdicts.error().message << '\n';
    return 2;
  }
  print(std::cout, *verdicts);
  return 0;
}
