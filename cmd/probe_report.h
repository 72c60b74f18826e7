#pragma once

#include <string>
#include <vector>

#include "adapters/capability_plan.h"

// A capability plan as text for people, as JSON for tools, and as a Markdown page that hospital IT can file.

namespace authledger {

struct ProbedEndpoint {
  EndpointPlan plan;
  ProbeFindings findings;
  std::string tested;  // "live, reads only", "live, with writes on a test patient", "from the file …".
  std::string token;   // How the client was let in, or empty.
};

std::string probe_text(const ProbedEndpoint& probed);
std::string probe_json(const std::vector<ProbedEndpoint>& probed);
std::string probe_markdown(const std::vector<ProbedEndpoint>& probed, const std::string& day);

}  // namespace authledger
