#pragma once

#include <string>

#include "sync/pull_feed.h"

namespace authledger {

// What one inquiry brought.
struct InquiryResult {
  int64_t asked = 0, answered = 0;  // Inquiries; responses recorded.
  std::vector<std::string> gaps;
};

// Asks the payer's endpoint for the answer to each request that waits for its decision, at most once a day each: PAS
// wants no polling. Certificate and Intake as of a feed.
std::optional<FhirError> pull_by_inquiry(const FeedRun& run);

// Asks for one number. `patient` ("p1", may be empty) chooses whose when several have it. Errors: nobody is known to
// have it; what the endpoint answers.
Result<InquiryResult, FhirError> inquire_number(RoundContext& context, const EndpointConfig& endpoint,
                                                const std::string& number, Intake& intake, FhirClient& client);

}  // namespace authledger
