#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ledger/facts.h"
#include "ledger/policy.h"

// From what each source says to what is: one authorization of all that state it, one service of all that report it.
// Pure, and independent of the order of facts.

namespace authledger {

struct Provenance {
  std::string source, resource;
  int64_t fact_seq = 0;
  std::string mapping;
  bool operator==(const Provenance&) const = default;
};

// That a letter is not what it was when the ledger came to know it.
struct LetterChange {
  std::string mark;           // Names the change: the new hash, or the new document where no hash is stated.
  std::optional<Instant> at;  // When the source wrote it.
};

// A document on file of an authorization, as it stands now.
struct Letter {
  Provenance source;
  std::string status;  // FHIR: current, superseded.
  std::vector<Attachment> attachments;
  std::optional<LetterChange> change;  // The last one since the ledger knows it; null: it is as it was.
};

struct AuthorizationLine {
  // Names the line's accounts in the journal: "<payer>/<authorization number>/<line>", or with the request instead of
  // the number while there is none.
  std::string book;
  std::string payer, payer_display, member_id;
  std::string authorization_number;  // Current one; empty while pended.
  std::vector<std::string> numbers;  // Any number it ever had, sorted, without repetition.
  std::string line;
  Decision decision = Decision::unknown;
  std::vector<std::string> service_codes;  // Sorted.
  std::optional<Day> first_day, last_day;  // The authorization's own days, as printed; inclusive.
  // Last day on which a once approved, then cancelled line may still be used (day before its cancellation).
  std::optional<Day> usable_through;
  bool is_usable = false;            // DESIGN, Allocation 1.
  std::optional<Quantity> approved;  // Null: no limit of units.
  std::optional<Quantity> requested;
  Measure measure = Measure::unknown;
  std::optional<Quantity> rate_quantity;
  std::string rate_period;
  std::vector<std::string> diagnosis_codes;
  std::string provider, program, place;
  std::vector<std::string> modifiers;
  std::optional<Quantity> amount;  // The most that the payer pays, in `currency`; null: no limit of money.
  std::string currency;
  std::optional<Day> issued_on;
  std::optional<Instant> requested_at;
  bool expedited = false;
  std::optional<Quantity> payer_used_quantity;
  std::string request;              // Absolute URL.
  std::vector<Provenance> sources;  // Leading one first.
  std::vector<Letter> letters;      // Ordered by (source, resource); what another one replaced is left out.
};

struct CoverageSpan {
  std::string reference;  // "Coverage/c1"
  std::string payer, payer_display, member_id, status;
  std::optional<Day> first_day, last_day;
  int order = 0;
  std::string plan;
  Provenance source;
};

// The minutes of a service whose units are counted over its day, by the 8-minute rule.
struct TimedPart {
  int minutes = 0, unit_minutes = 0;
  bool operator==(const TimedPart&) const = default;
};

struct Service {
  std::string key;                  // Type/id of the leading resource.
  std::vector<Provenance> sources;  // Leading one first (claim > charge > procedure > encounter > appointment).
  std::string patient;
  Day day;
  std::optional<Instant> start_at;
  ServiceState state = ServiceState::planned;
  std::vector<std::string> service_codes;
  Quantity quantity;  // In `measure`, rounded by the code's rule.
  Measure measure = Measure::unknown;
  std::string payer;   // Empty: no coverage known, matches any. The one that it is carved out to, where a rule says so.
  std::string plan;    // Empty: not known.
  std::string member;  // Of the coverage that the service names; empty: not known.
  std::optional<int> minutes;  // Of the visit, where a record of it has a beginning and an end.
  std::optional<TimedPart> timed;
  std::string provider, program, place;
  std::vector<std::string> diagnosis_codes;
  std::vector<std::string> modifiers;
  std::optional<Quantity> amount;  // What a claim asks for it, in `currency`.
  std::string currency;
  std::string authorization_number;  // Explicit link.
  std::string pinned_number, pinned_line;
};

// An order for which nobody has asked the payer, though a payer rule says how long before the first visit to ask.
struct UnsubmittedOrder {
  Provenance source;
  Day ordered_on, due_on;  // A request is late after due_on.
  std::optional<Day> last_day;
  bool has_schedule = false, has_diagnosis = false, has_assessment = false;
};

struct Conflict {
  std::string book;          // Or the service's key.
  std::string message;       // For people; no patient data.
  std::string differs = {};  // "days", "quantities" or "decisions" where two sources state different ones.
};

// A benefit as the payer states it, beside the ledger's own counts.
struct StatedBenefit {
  BenefitFact says;
  std::string payer;  // As the ledger names it.
  Provenance source;
};

struct Consolidated {
  std::string patient;                   // Preferred reference of the subject ("Patient/p1").
  std::vector<AuthorizationLine> lines;  // Ordered by book.
  std::vector<Service> services;         // Ordered by key.
  std::vector<CoverageSpan> coverages;
  std::vector<UnsubmittedOrder> unsubmitted;  // Ordered by source.
  std::vector<Conflict> conflicts;
  std::optional<Day> closed_through;    // From pins.
  std::vector<StatedBenefit> benefits;  // Ordered by fact key.
  std::string home_state;               // Of the patient; upper case, "" where no source says.
};

// `facts` are current and not retracted (current_facts). `history` are all versions, needed only to know what a line
// was before it was cancelled, and what a letter was before it changed.
Consolidated consolidate(std::span<const Fact> facts, std::span<const Fact> history, const Policy& policy);

}  // namespace authledger
