#pragma once

#include <map>
#include <string>
#include <utility>

#include "ledger/allocate.h"

// What `allocate` must answer, written a second time from DESIGN's text ("Allocation" 1 to 7, "Units", "Days") and not
// from the allocator: slow and obvious, with its own code for every rule. It shares plain structs only.
//
// Where the text leaves room, this is what a billing person expects, and the allocator must do the same:
//  - A pin holds on any usable line of its number, whatever else says no but units and rate; on others it means
//  nothing.
//    A link only goes before rule 4, and stands for a code where one side names none. What they leave over falls
//    through.
//  - A closed period pins what lies in it, after pins that name a line.
//  - A no-show draws only from lines whose payer counts it, and is never uncovered: nothing was rendered.
//  - A per diem counts once a day for a program (or a code outside of one), whatever its lines, components and
//  providers,
//    unless two payers are named. It is uncovered only while no service of the day draws. A line that counts days gives
//    a day once. A component service takes one day of a line for its program; a part of a day covers that part of it.
//  - Of lines that failed the same test, the one whose effective window is nearer gives the reason, then the earlier
//    reason of rule 5: a pended line tells more than a denied one.
//  - Where nothing is needed (the payer's rule, or a not_required line that agrees in everything), an approval at hand
//  is
//    still drawn; the rest is neither covered nor uncovered.
//  - An add-on draws only from lines that list it; only where one of its payer does can it be uncovered.
//  - A benefit of the plan cuts what the service may draw, before any line; what lines gave is taken from it, and so is
//    what needs no authorization. Where a line would have covered the service, the reason is benefit_exhausted.
//  - Telehealth by place or by modifier is one thing. A line that names another place covers it only where its own
//  place
//    or modifiers are of telehealth; one with such modifiers and no place covers nothing else that names a place.
//  - A service of one member of the plan does not draw from a line of another.
//  - Modifiers count where a rule asks for them and the service states some; a diagnosis counts unless a rule says no.
//  - Where a line limits money and a claim says what its service costs, whole units are drawn while they are paid for.
//  - Of a line's limits the one that allows least gives the reason; of equals units, then the amount, then the rate.
//  - What a payer does not cover at all (telehealth, enrollment, type of provider) draws nothing.
//  - Quarters of hours round up to the next thousandth, so that no part of a unit is given away.

namespace authledger {

struct OracleDraw {
  Quantity quantity;  // In the line's measure.
  bool is_reserved = false;
  bool operator==(const OracleDraw&) const = default;
};

struct OracleUncovered {
  Quantity quantity;  // In the service's measure.
  UncoveredReason reason = UncoveredReason::none;
  bool operator==(const OracleUncovered&) const = default;
};

struct OracleBalance {
  std::optional<Quantity> approved, available, lapsed;
  Quantity reserved, used;
  bool operator==(const OracleBalance&) const = default;
};

struct OracleAllocation {
  std::map<std::pair<std::string, std::string>, OracleDraw> draws;  // By (book, service key).
  std::map<std::string, OracleUncovered> uncovered;                 // By service key.
  std::map<std::string, OracleBalance> balances;                    // By book.
  std::map<std::string, Quantity> benefits;                         // Taken, by "name period".
  bool operator==(const OracleAllocation&) const = default;
};

OracleAllocation oracle_allocate(const Consolidated& subject, const Rules& rules, Day today);

// The allocator's answer in the oracle's words.
OracleAllocation as_oracle(const Allocation& allocation);

// Where two answers differ, a line each, for people; empty when they are equal.
std::string difference_of(const OracleAllocation& expected, const OracleAllocation& actual);

}  // namespace authledger
