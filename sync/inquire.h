#pragma once

#include <string>

#include "sync/pull_feed.h"

namespace authledger {

// What one inquiry brought.
struct InquiryResult {
  int64_t asked = 0, answered = 0;  // Inquiries; responses recorded.
  std::vector<std::string> gaps;
};

// The feed by which the endpoint is inquired; null: it is not.
const FeedConfig* inquire_feed_of(const EndpointConfig& endpoint);

// Asks the payer's endpoint for the answer to each request of its payers that waits for its decision, at most once a
// day each: PAS wants no polling. What the endpoint refused (4xx) is not sent again unchanged before a day has passed
// (FHIR_FACTS c); where it fails several times in a row, the rest waits for the next round. Certificate and Intake as
// of a feed.
std::optional<FhirError> pull_by_inquiry(const FeedRun& run);

// Asks for one number. Errors: not_found without a status, when nobody is known to have it, or it is of a payer that
// the endpoint does not answer for; what the endpoint answers.
Result<InquiryResult, FhirError> inquire_number(RoundContext& context, const EndpointConfig& endpoint,
                                                const std::string& number, Intake& intake, FhirClient& client);

}  // namespace authledger
