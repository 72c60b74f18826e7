#pragma once

#include <string>
#include <vector>

#include "adapters/capability_plan.h"
#include "cmd/stored_findings.h"

// A capability plan as text for people, as JSON for tools, and as a Markdown page that hospital IT can file.

namespace authledger {

struct ProbedEndpoint {
  EndpointPlan plan;
  ProbeFindings findings;
  std::string tested;  // "Tested live with 42 requests, reads only", "Planned from the file …".
  std::string token;   // "Let in by …", or empty.
  StoredFindings stored = {};
};

std::string probe_text(const ProbedEndpoint& probed);
std::string probe_json(const std::vector<ProbedEndpoint>& probed);
std::string probe_markdown(const std::vector<ProbedEndpoint>& probed, const std::string& day);

}  // namespace authledger
