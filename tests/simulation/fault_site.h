#pragma once

#include <functional>
#include <string>
#include <vector>

#include "tests/support/site.h"

// What the fault tests share: short leases and windows, one small clinic, and what must hold after every fault.

namespace authledger {

inline const std::string kFastDelivery = "delivery: {visibility_window: 1s, lease: 10s}\n";
inline const std::vector<std::string> kSyncNow = {"sync", "--on", "2026-11-01"};

// Patient p1 with authorization AUTH-1 (visits of 90837, 2026-10-01 to 2027-03-31) and so many finished visits e1, e2…
void load_patient(Site& site, int approved, int visits);

// Runs `sync` as if it were 2026-11-01; fails the test unless it ends with `exit_code`.
ProgramResult sync_now(Site& site, int exit_code = 0);

// Waits up to twenty seconds until `condition` holds; false when it never did.
bool eventually(const std::function<bool()>& condition);

// Longer than lease and visibility window of kFastDelivery.
void wait_out_lease();

// Makes an hour of waiting pass for every notice: longer than any back-off.
void let_time_pass(Site& site, int hours = 1);

// The states of all notices, in the order of `authledger notices`.
std::vector<std::string> notice_states(Site& site);

// A feed's completeness certificate, of `sync` or `feeds`; missing when there is none. Its gaps, a line each.
JsonView feed_of(const Answer& answer, const std::string& resource_type);
std::string gaps_of(const Answer& answer, const std::string& resource_type);

// One column of the row of an authorization, as text.
std::string balance(Site& site, const std::string& column, const std::string& number = "AUTH-1");

// Resources of `type` in the status (empty: any) whose text contains `words`.
size_t count_resources(Site& site, const std::string& type, const std::string& status = "",
                       const std::string& words = "");

// Requests that the sandbox received, as "METHOD path".
size_t count_requests(Site& site, const std::string& request);

// A resource as it stands in the sandbox with one part of its text replaced, as a person would change it.
void edit(Site& site, const std::string& type, const std::string& id, const std::string& from, const std::string& to);

// The id of the only resource of a type.
std::string only_id(Site& site, const std::string& type);

// The chain verifies, the replay agrees, and a further round posts nothing and writes nothing.
void expect_consistent(Site& site);

}  // namespace authledger
