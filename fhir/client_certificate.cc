#include "fhir/client_certificate.h"

#include <fmt/format.h>

#include <fstream>
#include <sstream>

#include "base/crypto.h"
#include "base/log.h"

namespace authledger {
namespace {

using std::chrono::days;

}  // namespace

int certificate_alarm(Instant end, Instant now) {
  const auto left = end - now;
  if (left <= days(0)) return 4;
  return left <= days(7) ? 3 : left <= days(14) ? 2 : left <= days(30) ? 1 : 0;
}

std::string certificate_warning(Instant end, Instant now) {
  const int alarm = certificate_alarm(end, now);
  if (alarm == 0) return "";
  const std::string day = format_instant(end).substr(0, 10);
  if (alarm == 4) return fmt::format("the client certificate expired on {}; put a new one in its place", day);
  const auto left = std::chrono::floor<days>(end - now).count();
  return fmt::format("the client certificate ends on {}, in {} {}; ask for a new one now", day, left,
                     left == 1 ? "day" : "days");
}

std::optional<Failure> check_client_certificate(const std::string& endpoint, const std::string& file, Instant now) {
  if (file.empty()) return std::nullopt;
  std::ostringstream text;
  text << std::ifstream(file, std::ios::binary).rdbuf();
  const auto end = certificate_end(text.str());
  if (!end) return Failure{fmt::format("{}: {}: {}", endpoint, file, end.error().message)};
  const int alarm = certificate_alarm(*end, now);
  if (alarm == 0) return std::nullopt;
  const std::string warning = certificate_warning(*end, now);
  if (alarm == 4) return Failure{fmt::format("{}: {}: {}", endpoint, file, warning)};
  log_event(alarm == 3 ? LogLevel::error : LogLevel::warning, "client_certificate_ends",
            {{"endpoint", endpoint}, {"ends", format_instant(*end)}, {"what", warning}});
  return std::nullopt;
}

}  // namespace authledger
