// CAPABILITIES row 54: the share of authorized episodes without a visit day that nothing covers, as it was known and as
// it is known now. A thousand patients come from two sheets.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/clock.h"
#include "tests/simulation/fault_site.h"

namespace authledger {
namespace {

constexpr int kEpisodes = 1000, kInterrupted = 31;

std::string approvals(int late_approvals) {
  std::string sheet =
      "Patient ID,Payer,Member ID,Authorization Number,Service Code,Status,Start Date,End Date,"
      "Approved Units,Unit,Provider,Decision Date\n";
  for (int i = 0; i < kEpisodes; ++i) {
    sheet += fmt::format("P{0},Acme,M{0},A-{0},90837,Approved,1/1/2026,{1},12,visits,,\n", i,
                         i < late_approvals ? "4/30/2026" : "3/31/2026");
  }
  return sheet;
}

std::string visits() {
  std::string sheet =
      "Visit ID,Patient ID,Status,Visit Date,Minutes,Service Code,Provider,Place of Service,Diagnosis,"
      "Authorization Number\n";
  for (int i = 0; i < kEpisodes; ++i) {
    sheet += fmt::format("V{0},P{0},Completed,{1},53,90837,,,,\n", i, i < kInterrupted ? "4/7/2026" : "3/10/2026");
  }
  // What happened outside of the period, and a patient without any authorization, are no episodes of it.
  sheet += "W1,P500,Completed,7/7/2026,53,90837,,,,\nW2,Q1,Completed,3/10/2026,53,90837,,,,\n";
  return sheet;
}

void import(Site& site, const std::string& mapping, const std::string& sheet) {
  const std::string file = site.folder().write(mapping + ".csv", sheet);
  const ProgramResult result = site.run({"import", file, "--mapping", mapping, "--on", "2026-06-01"});
  ASSERT_EQ(result.exit_code, 0) << result.output << result.errors;
}

TEST(Row54, ThirtyOneGapsInAThousandEpisodesAreRedUntilALateApproval) {
  Site site({}, "delivery: {enabled: false}\n");
  import(site, "authorizations", approvals(0));
  import(site, "visits", visits());
  const std::vector<std::string> period = {"report", "--from", "2026-01-01", "--through", "2026-06-30"};
  const auto report = [&](std::vector<std::string> more) {
    std::vector<std::string> words = period;
    words.insert(words.end(), more.begin(), more.end());
    return site.run(words);
  };
  const auto expect_kpi = [](Answer& answer, const std::string& basis, const std::string& interrupted,
                             const std::string& percent, const std::string& status) {
    const JsonView row = answer.row("basis", basis);
    EXPECT_EQ(row["episodes"].text(), "1000");
    EXPECT_EQ(row["interrupted"].text(), interrupted);
    EXPECT_EQ(row["percent"].text(), percent);
    EXPECT_EQ(row["status"].text(), status);
  };
  const std::string then = format_instant(SystemClock().now());
  Answer first(report({"--as-known-at", then}));
  expect_kpi(first, "as_known_at", "31", "96.9", "red");
  expect_kpi(first, "as_corrected", "31", "96.9", "red");
  Answer lower(report({"--as-known-at", then, "--target", "96.9"}));
  expect_kpi(lower, "as_corrected", "31", "96.9", "green");

  Answer gaps(report({"--gaps"}));
  ASSERT_EQ(gaps.root().size(), 31U);
  EXPECT_EQ(gaps.root().at(0)["gap_day"].text(), "2026-04-07");
  EXPECT_EQ(gaps.root().at(0)["reason"].text(), "expired");

  import(site, "authorizations", approvals(1));
  Answer second(report({"--as-known-at", then}));
  expect_kpi(second, "as_known_at", "31", "96.9", "red");
  expect_kpi(second, "as_corrected", "30", "97.0", "green");
}

}  // namespace
}  // namespace authledger
