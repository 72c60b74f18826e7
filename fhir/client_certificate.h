#pragma once

#include <optional>
#include <string>

#include "base/day.h"
#include "base/result.h"

// The alarm before our own certificate for mutual TLS expires: nobody else will tell us in time.

namespace authledger {

// How near the end is: 0 = more than 30 days away, 1 = at most 30, 2 = at most 14, 3 = at most 7, 4 = expired.
int certificate_alarm(Instant end, Instant now);
// "the client certificate ends on 2026-12-01, in 6 days; ask for a new one now", or "" while there is no alarm.
std::string certificate_warning(Instant end, Instant now);

// Logs the alarm of the certificate in `file` (none when "" ). Errors: expired, or no certificate.
std::optional<Failure> check_client_certificate(const std::string& endpoint, const std::string& file, Instant now);

}  // namespace authledger
