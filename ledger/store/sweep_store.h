#pragma once

#include <map>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "ledger/store/pg.h"

// What sweeps remember: when each patient's records were read, whose could not be, and who needs to be read first.
// Patients are ids as the endpoint knows them ("p1").

namespace authledger {

std::map<std::string, Instant> read_sweep_visits(PgConnection& connection, int64_t tenant_id, const std::string& source,
                                                 const std::string& resource_type);
// In the transaction of the page that brought them.
void save_sweep_visits(Transaction& transaction, const std::string& source, const std::string& resource_type,
                       std::span<const std::string> patients, Instant read_at);

// A patient whose records did not come when they were last asked for.
struct SweepRefusal {
  std::string patient;
  Instant asked_at{};
  bool is_withheld = false;  // The server refuses them to this client; else it failed to give them.
};
std::vector<SweepRefusal> read_sweep_refusals(PgConnection& connection, int64_t tenant_id, const std::string& source,
                                              const std::string& resource_type);
// Stands until the patient's records are read.
void save_sweep_refusals(Transaction& transaction, const std::string& source, const std::string& resource_type,
                         std::span<const SweepRefusal> refusals);

// Patients of the source who have a visit planned from `today` up to `until`, or an authorization that is open or
// waits for its decision; whichever source says so.
std::set<std::string> patients_in_need(PgConnection& connection, int64_t tenant_id, const std::string& source,
                                       Day today, Day until);

// Resources of a type that the ledger holds of one patient: ids that stand, sorted.
struct PatientHoldings {
  std::string patient;
  std::vector<std::string> ids;
};
std::vector<PatientHoldings> read_holdings(PgConnection& connection, int64_t tenant_id, const std::string& source,
                                           const std::string& resource_type, std::span<const std::string> patients);

}  // namespace authledger
