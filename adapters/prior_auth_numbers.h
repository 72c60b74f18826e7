#pragma once

#include "adapters/prior_auth_normalize.h"

namespace authledger {

// Chooses the line's own number and keeps every other one with its role, since callers look an authorization up by any
// number it ever had. The number of the item's review action comes first, then that of the root, then preAuthRef, the
// header extension, the reference implementation's identifier; a previous number only when nothing else exists. A
// pended line takes no header number for its own: it is the payer's reference of the request. Source: FHIR_FACTS 0.4,
// a.1.
void assign_numbers(const PayerAnswer& answer, const AnsweredItem& item, AuthorizationLineFact& line);

}  // namespace authledger
