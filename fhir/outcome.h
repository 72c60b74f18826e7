#pragma once

#include <string>

#include "base/issue.h"
#include "base/json.h"

// What a server says in an OperationOutcome. Its free texts (diagnostics, details.text) may name a patient: only codes
// are kept. Source: FHIR R4, OperationOutcome.

namespace authledger {

// One Issue per OperationOutcome.issue; element_path is "OperationOutcome.issue[i]", the message its codes. A value
// that is no OperationOutcome gives none.
Issues read_outcome(JsonView outcome);

// Whether it tells of a failure (severity error or fatal), and not only of a remark.
bool is_failure(JsonView outcome);

// The codes of all issues in one line ("forbidden; not-found MSG_NO_EXIST"), or empty. For logs and errors.
std::string outcome_codes(JsonView outcome);

// The same from a response body, whatever it holds; anything but an OperationOutcome gives an empty text.
std::string outcome_codes_of_body(const std::string& body);

}  // namespace authledger
