// Two workers whose clocks differ by an hour: leases go by the database's. FAULTS 39.

#include <gtest/gtest.h>

#include "tests/simulation_year/simulated_site.h"

namespace authledger {
namespace {

TEST(Fault39, AWorkerWhoseClockIsAnHourAheadTakesNoNoticeThatAnotherIsWriting) {
  SimulatedSite site;
  site.load_patient(12, 3);
  SkewedClock ahead(site.time);
  ahead.set_ahead(std::chrono::hours(1));
  auto other_session = TenantSession::open(site.config()).value();
  const Wire other_wire;
  int creates = 0;
  site.wire.before_request = [&](const HttpRequest& request) {
    if (request.method != "POST" || ++creates > 1) return WireFault::none;
    RoundOptions options;
    options.pull = false;
    RoundContext other{*other_session,
                       ahead,
                       options,
                       {},
                       [](const std::string&) {},
                       [&](const EndpointConfig&) { return site.ehr.open(other_wire); }};
    run_round(other);
    return WireFault::none;
  };
  site.round();
  EXPECT_EQ(creates, 1);
  EXPECT_EQ(site.live("Flag"), 1U);
  EXPECT_EQ(site.ehr.writes(), 1) << "one worker alone has written";
}

}  // namespace
}  // namespace authledger
