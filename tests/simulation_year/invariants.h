#pragma once

#include <string>
#include <vector>

#include "tests/simulation_year/year.h"

// The ten invariants of the fault list, each as a question to the database and the EHR. Every answer is a list of
// sentences that say what breaks it; empty when it holds.

namespace authledger {

using Complaints = std::vector<std::string>;

Complaints debits_equal_credits(Year& year);                  // 1
Complaints balances_are_the_fold_of_the_journal(Year& year);  // 2
Complaints each_visit_is_posted_once(Year& year);             // 3
Complaints any_order_gives_the_same(Year& year);              // 4
Complaints known_answers_stand(Year& year);                   // 5
Complaints alerts_and_artefacts_are_paired(Year& year);       // 6
Complaints cursor_passed_nothing_unread(Year& year);          // 7
Complaints every_row_has_provenance(Year& year);              // 8
Complaints chains_verify(Year& year);                         // 9
Complaints bystander_is_untouched(Year& year);                // 10

// While faults go on, where creates are conditional and what is written is seen at once: no alert stands twice in the
// EHR.
Complaints no_alert_stands_twice(Year& year);

struct Invariant {
  int number;
  Complaints (*check)(Year&);
};
const std::vector<Invariant>& invariants();

// The answers about every patient for one instant, as `authorizations` and `services --as-known-at` print them.
std::string answers_known_at(TenantSession& session, Instant at);
// The same for now, on a day.
std::string answers_on(TenantSession& session, Day day);
// The lines that only one of them has; empty when they are equal.
std::string difference(const std::string& before, const std::string& after);
// Of every row that belongs to the tenant, in every table.
std::string tenant_digest(PgConnection& owner, int64_t tenant_id);

}  // namespace authledger
