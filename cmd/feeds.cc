#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <iostream>

#include "base/clock.h"
#include "base/text.h"
#include "cmd/session.h"
#include "sync/pull.h"

namespace authledger {
namespace {

// What is this many sync intervals old is called stale.
constexpr int kIntervalsUntilStale = 3;

OutputCell instant_cell(std::optional<Instant> instant) {
  return instant ? OutputCell::of_text(format_instant(*instant)) : OutputCell{};
}

// Since when a feed is known whole, and for how long that has been.
struct Freshness {
  std::optional<Instant> last_success_at;
  std::optional<int64_t> age_seconds;
  bool is_stale = true;
};

Freshness freshness_of(const FeedCertificate& certificate, const std::vector<FeedState>& states, Instant now,
                       std::chrono::seconds interval) {
  Freshness freshness;
  for (const FeedState& state : states) {
    if (state.source != certificate.source || state.resource_type != certificate.resource_type) continue;
    freshness.last_success_at = state.last_success_at;
  }
  if (!freshness.last_success_at) return freshness;
  const auto age = std::chrono::duration_cast<std::chrono::seconds>(now - *freshness.last_success_at);
  if (age.count() < 0) return freshness;  // A clock that has been set back since says nothing.
  freshness.age_seconds = age.count();
  freshness.is_stale = age > interval * kIntervalsUntilStale;
  return freshness;
}

// Whether the reading found all that this client may see. What a server withholds of a few patients stays so for good
// and is no alarm; of half of them it is one.
bool is_all_there(const FeedCertificate& certificate) {
  if (certificate.is_complete) return true;
  const int64_t withheld = certificate.patients_withheld.value_or(0);
  return certificate.to_at && certificate.patients_failed == 0 && withheld > 0 &&
         2 * withheld < certificate.patients_known.value_or(0);
}

int run_feeds(const GlobalOptions& global) {
  auto [session, exit_code] = open_session(global);
  if (!session) return exit_code;
  const std::vector<FeedCertificate> certificates = read_certificates(session->connection(), session->tenant_id());
  const std::vector<FeedState> states = read_feeds(session->connection(), session->tenant_id());
  const Instant now = SystemClock().now();
  RowWriter rows(std::cout, global.format,
                 {"endpoint",
                  "resource_type",
                  "strategy",
                  "complete",
                  "last_success",
                  "age_seconds",
                  "stale",
                  "pages",
                  "read",
                  "new",
                  "changed",
                  "unchanged",
                  "quarantined",
                  "deleted",
                  "stated_total",
                  "from",
                  "to",
                  "patients_read",
                  "patients_known",
                  "patients_withheld",
                  "patients_failed",
                  "oldest_read",
                  "sees_deletions",
                  "pages_hash",
                  "gaps"});
  bool is_whole = true;
  const auto optional_number = [](std::optional<int64_t> value) {
    return value ? OutputCell::of_integer(*value) : OutputCell{};
  };
  for (const FeedCertificate& each : certificates) {
    const Freshness freshness = freshness_of(each, states, now, session->config().server.sync_interval);
    is_whole = is_whole && (each.strategy == kAbsentStrategy || (is_all_there(each) && !freshness.is_stale));
    rows.add({OutputCell::of_text(each.source),
              OutputCell::of_text(each.resource_type),
              OutputCell::of_text(each.strategy),
              OutputCell::of_boolean(each.is_complete),
              instant_cell(freshness.last_success_at),
              optional_number(freshness.age_seconds),
              OutputCell::of_boolean(freshness.is_stale),
              OutputCell::of_integer(each.pages),
              OutputCell::of_integer(each.read),
              OutputCell::of_integer(each.added),
              OutputCell::of_integer(each.changed),
              OutputCell::of_integer(each.unchanged),
              OutputCell::of_integer(each.quarantined),
              OutputCell::of_integer(each.deleted),
              optional_number(each.stated_total),
              instant_cell(each.from_at),
              instant_cell(each.to_at),
              optional_number(each.patients_read),
              optional_number(each.patients_known),
              optional_number(each.patients_withheld),
              optional_number(each.patients_failed),
              instant_cell(each.oldest_read_at),
              each.sees_deletions ? OutputCell::of_boolean(*each.sees_deletions) : OutputCell{},
              OutputCell::of_text(to_hex(each.pages_hash)),
              OutputCell::of_list(each.gaps)});
  }
  rows.finish();
  return is_whole ? kExitDone : kExitNegative;
}

}  // namespace

void add_feeds_command(CommandLine line) {
  CLI::App* command = line.app.add_subcommand(
      "feeds", "How completely and how recently each feed was read: the certificate of its last reading");
  command->footer(
      "Exit codes: 0 all feeds are whole and fresh, but for patients whom the server withholds from this client (fewer "
      "than\nhalf; patients_withheld); 3 one is not (its row says why). A feed is stale when its last whole reading is "
      "older\nthan three times server.sync_interval.");
  command->callback([line] { line.run = [line] { return run_feeds(line.options); }; });
}

}  // namespace authledger
