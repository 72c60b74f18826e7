#include "tests/sandbox/clinic_histories.h"

#include "base/text.h"
#include "sandbox/sandbox.h"
#include "tests/adapters/mapped_resource.h"

namespace authledger {

std::map<std::string, std::vector<Fact>> clinic_histories(Day today) {
  const ResourceMapper mapper = compile_mapper();
  std::map<std::string, std::vector<Fact>> histories;
  JsonDocument document;
  for (const std::string& line : split(sample_clinic(format_day(today), 1), '\n')) {
    if (line.empty()) continue;
    const auto parsed = document.parse(line);
    if (!parsed.ok()) continue;
    MappedFacts mapped = mapper.map(*parsed, {"ehr", "https://ehr.example/fhir"});
    for (Fact& fact : mapped.facts) {
      std::vector<Fact>& history = histories[mapped.patient];
      fact.fact_seq = static_cast<int64_t>(history.size()) + 1;
      history.push_back(std::move(fact));
    }
  }
  return histories;
}

}  // namespace authledger
