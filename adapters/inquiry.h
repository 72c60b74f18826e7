#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/day.h"
#include "base/json.h"
#include "base/result.h"

// A question to a payer about one authorization, and its answer: Da Vinci PAS, Claim/$inquire (profile-claim-inquiry,
// profile-pas-inquiry-request-bundle). Pure.

namespace authledger {

// A resource that the question names: its absolute URL, and its JSON when it could be read.
struct InquiryParty {
  std::string url, json;
  std::string display;  // When there is no JSON: how the payer or provider is called.
};

struct Inquiry {
  std::string authorization_number, administration_reference;
  std::string request;  // Absolute URL of the Claim that asked for it; may be empty.
  std::string claim;    // Its JSON, where it is known: identifiers, type and items come from it.
  InquiryParty patient, insurer, provider, coverage;
  std::string member_id;  // Of the patient at the payer.
  Instant asked_at{};
};

// The Bundle to send.
std::string inquiry_bundle(const Inquiry& inquiry);

struct InquiryAnswer {
  std::vector<std::string> claim_responses;  // JSON; patient and request named as the inquiry named them.
  int64_t of_others = 0;  // Responses left out: nothing shows that they are of the patient or request asked about.
  std::vector<std::string> remarks;  // Codes of OperationOutcomes: "suppressed".
};
// Accepts a Bundle, Parameters with Bundles under any name, or a bare ClaimResponse, wherever it stands. FAULTS 79: of
// its ClaimResponses those whose patient is, in the answer itself, a Patient with an identifier that was sent (a
// subscriber with the member id is one), or the record that was sent; where the answer does not say who its patient is,
// those that name the number, administration reference, request or request identifier that was asked about.
InquiryAnswer read_inquiry_answer(JsonView root, const Inquiry& inquiry);

}  // namespace authledger
