#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/jose.h"
#include "tests/simulation_year/clinic_year.h"
#include "tests/support/site.h"

namespace authledger {

// A clinic with its EHR, whose `authledger serve` reads it every second and is notified: with a registered key, an
// export for the first load, sweeps for one feed, small pages. Everything a process of its own but the EHR.
class DisturbedSite final : public ClinicEhr {
 public:
  // Without conditional create only our own searches keep a notice from standing twice.
  explicit DisturbedSite(bool has_conditional_create = true);

  // As people of the clinic.
  void put(const std::string& json) override;
  void remove(const std::string& type, const std::string& id) override;
  std::vector<std::string> bodies(const std::string& type) const override { return ehr().resources(type); }
  int64_t changes() const { return changes_; }

  Sandbox& ehr() const { return site_->ehr(); }
  Site& site() const { return *site_; }
  void start_serve();
  void kill_serve();  // FAULTS 1.
  void end_serve();   // FAULTS 14: it ends by itself, with exit code 0.
  bool is_serving() { return serve_ && serve_->is_running(); }
  // The database's connections end, as in a failover. FAULTS 51.
  void lose_database();
  // Time passes for what waits to be tried again; it takes minutes by itself.
  void pass_waits();

  // What a ledger of its own says that reads the EHR for the first time, undisturbed, and writes nothing.
  ProgramResult ask_twin(const std::vector<std::string>& arguments);

 private:
  SigningKey key_;
  int port_;
  std::unique_ptr<Site> site_;
  std::optional<RunningProgram> serve_;
  std::unique_ptr<TestDatabase> twin_database_;
  std::string twin_config_;
  int64_t changes_ = 0;
};

using Complaints = std::vector<std::string>;

// Authorizations, services and notices equal those of the twin.
Complaints differences_from_twin(DisturbedSite& site);
// Each open notice has exactly one live artefact that says what it says and had never another; each live artefact of
// ours has an open notice.
Complaints unpaired_artefacts(DisturbedSite& site);

}  // namespace authledger
