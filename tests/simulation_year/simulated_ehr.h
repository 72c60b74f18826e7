#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "fhir/http.h"
#include "sandbox/authorization_server.h"
#include "sandbox/fhir_routes.h"
#include "tests/simulation_year/clinic_year.h"
#include "tests/simulation_year/simulated_clock.h"

namespace authledger {

inline const std::string kSimulatedBase = "http://127.0.0.1:1/fhir";

// The process ends here: what was not committed and not sent is lost.
struct SimulatedCrash {};

enum class WireFault { none, request_lost, reply_lost, throttled, unavailable };

// What stands between a worker and the EHR. Both may throw SimulatedCrash or let another worker run.
struct Wire {
  std::function<WireFault(const HttpRequest&)> before_request = [](const HttpRequest&) { return WireFault::none; };
  std::function<void(const HttpRequest&)> before_reply = [](const HttpRequest&) {};
  // Changes the order of a searchset's entries; empty leaves it.
  std::function<void(std::vector<std::string>&)> reorder;
};

// The sandbox's EHR without its HTTP library, on a clock of its own: requests are answered in the caller's thread.
class SimulatedEhr final : public ClinicEhr {
 public:
  SimulatedEhr(SimulatedTime& time, bool has_conditional_create);

  std::unique_ptr<HttpClient> open(const Wire& wire);
  // As a person in the EHR would.
  void put(const std::string& json) override;
  void remove(const std::string& type, const std::string& id) override;
  std::optional<std::string> body(const std::string& type, const std::string& id) const;
  std::vector<std::string> bodies(const std::string& type) const override { return store_.bodies(type); }
  std::vector<TypeVersion> versions(const std::string& type) const;
  void set_faults(const SandboxFaults& faults) { faults_.set(faults); }
  int64_t writes() const { return routes_.writes(); }
  SkewedClock& clock() { return clock_; }

  // Every version of a resource that a search answered with and that a worker received.
  const std::map<std::string, std::string>& served() const { return served_; }

 private:
  friend class SimulatedWire;
  void remember(const std::string& bundle);

  SimulatedTime& time_;
  SkewedClock clock_;
  FaultSwitch faults_;
  ResourceStore store_;
  AuthorizationServer authorization_;
  FhirRoutes routes_;
  std::map<std::string, std::string> served_;  // "Type/id/version" → body.
};

}  // namespace authledger
