#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/crypto.h"
#include "base/day.h"
#include "base/quantity.h"

// Facts: what the sources say, in the ledger's words (ARCHITECTURE, "The ledger's fields"). Plain values, pure.
// An empty string or vector, and nullopt, mean that the source does not say.

namespace authledger {

// Stored as smallint; the text forms below are the words of mappings, JSON output and SQL on FHIR columns.
enum class FactKind : int16_t {
  coverage = 1,
  request_line = 2,
  authorization_line = 3,
  order = 4,
  service = 5,
  patient = 6,
  organization = 7,
  pin = 8,
  payer_count = 9,
  benefit = 10,
  document = 11
};
enum class Decision : int16_t {
  pended = 1,
  approved = 2,
  approved_in_part = 3,
  approved_modified = 4,
  denied = 5,
  cancelled = 6,
  not_required = 7,
  unknown = 8
};
enum class Measure : int16_t { visit = 1, day = 2, unit_15_minutes = 3, hour = 4, other = 5, unknown = 6 };
enum class ServiceState : int16_t { planned = 1, in_progress = 2, rendered = 3, no_show = 4, voided = 5 };
enum class LineChange : int16_t { cancelled = 1, changed = 2, added = 3 };
enum class NumberRole : int16_t { header = 1, previous = 2, administration_reference = 3, identifier = 4 };
enum class PinKind : int16_t { human_override = 1, billed_claim = 2, closed_period = 3 };

// "approved_in_part", "unit_15_minutes", "void", … and back; nullopt for a word that is not of the enumeration.
std::string_view word_of(FactKind kind);
std::string_view word_of(Decision decision);
std::string_view word_of(Measure measure);
std::string_view word_of(ServiceState state);
std::string_view word_of(LineChange change);
std::string_view word_of(NumberRole role);
std::string_view word_of(PinKind kind);
std::optional<FactKind> fact_kind_from(std::string_view word);
std::optional<Decision> decision_from(std::string_view word);
std::optional<Measure> measure_from(std::string_view word);
std::optional<ServiceState> service_state_from(std::string_view word);
std::optional<LineChange> line_change_from(std::string_view word);
std::optional<NumberRole> number_role_from(std::string_view word);
std::optional<PinKind> pin_kind_from(std::string_view word);

// References are "Type/id" when they stay on the source's own base URL, else absolute URLs as written.
// `payer` is that reference, else the payer's identifier, else its display text; Rules::payer_aliases unify spellings.
// Service codes are trimmed and upper-cased, without their system (FHIR_FACTS 0.2).

struct CoverageFact {
  std::string patient, payer, payer_display, member_id;
  std::string status;  // FHIR fm-status: active, cancelled, draft, entered-in-error.
  std::optional<Day> first_day, last_day;
  std::optional<int> order;
  std::string plan_class, kind;
  bool operator==(const CoverageFact&) const = default;
};

struct RequestLineFact {
  std::string patient;
  std::string request;  // Absolute URL of the Claim; joins authorization_line.request.
  std::string line;     // item.sequence as text.
  std::string payer, coverage;
  std::vector<std::string> service_codes;
  std::optional<Quantity> quantity;
  Measure measure = Measure::unknown;
  std::optional<Day> first_day, last_day;
  std::vector<std::string> diagnosis_codes;
  std::string provider;
  std::string prior_request;  // Absolute URL of the Claim that this one updates.
  std::optional<Instant> requested_at;
  bool expedited = false;
  std::optional<LineChange> change;
  bool operator==(const RequestLineFact&) const = default;
};

struct OtherNumber {
  NumberRole role = NumberRole::previous;
  std::string number;
  bool operator==(const OtherNumber&) const = default;
};

struct AuthorizationLineFact {
  std::string patient, payer, payer_display, member_id;
  std::string authorization_number;
  std::vector<OtherNumber> other_numbers;
  std::string line;  // item.sequence as text, or "1" where the source has no items.
  Decision decision = Decision::unknown;
  std::string decision_code;  // As the source wrote it ("A6", "DENIEDCODE"); kept for people.
  std::string request;        // Absolute URL of the Claim answered.
  std::vector<std::string> service_codes;
  std::optional<Day> first_day, last_day;
  std::optional<Quantity> quantity;
  // True when a missing quantity means "as requested" (A1 without a quantity of its own): join the request line.
  bool quantity_as_requested = false;
  Measure measure = Measure::unknown;
  std::optional<Quantity> rate_quantity;  // At most this many per rate_period.
  std::string rate_period;                // "day", "week" or "month".
  std::vector<std::string> diagnosis_codes;
  std::string provider, program, place;
  std::optional<Day> issued_on;
  std::optional<Instant> issued_at;
  std::optional<Quantity> payer_used_quantity;
  std::string supersedes;              // A number that this line replaces.
  std::vector<std::string> modifiers;  // Of the approved code: "95", "HQ".
  std::optional<Quantity> amount;      // The most that the payer pays for the line, in `currency`.
  std::string currency;
  bool operator==(const AuthorizationLineFact&) const = default;
};

struct OrderFact {
  std::string patient;
  std::string status;  // FHIR request-status.
  std::vector<std::string> service_codes;
  std::optional<Quantity> quantity;
  Measure measure = Measure::unknown;
  std::optional<Day> first_day, last_day;
  std::string coverage;
  std::optional<Instant> requested_at;
  bool expedited = false;
  std::string authorization_number;
  bool operator==(const OrderFact&) const = default;
};

struct ServiceFact {
  std::string patient;
  ServiceState state = ServiceState::planned;
  Day day;                          // Civil day of the start in the tenant's time zone (date-only: as written).
  std::optional<Instant> start_at;  // Absent when the source gives a date only.
  std::optional<Instant> end_at;
  std::vector<std::string> service_codes;
  std::optional<Quantity> quantity;
  Measure measure = Measure::unknown;
  std::string provider, program, place;
  std::vector<std::string> diagnosis_codes;
  std::string authorization_number;  // An explicit link: a billed number, a satisfied-pa-id.
  std::string coverage, order, appointment, encounter;
  std::vector<std::string> modifiers;  // Of the code: "95", "GT".
  std::optional<Quantity> amount;      // What a claim asks for it, in `currency`.
  std::string currency;
  std::vector<std::string> replaces;  // References of records that this one takes the place of.
  bool operator==(const ServiceFact&) const = default;
};

struct Identifier {
  std::string system, value;
  bool operator==(const Identifier&) const = default;
};

// A Patient or an Organization.
struct PartyFact {
  std::vector<Identifier> identifiers;
  std::vector<std::string> links;  // References of other records of the same party.
  std::string replaced_by;
  std::string display;
  std::string home_state;  // Of a patient: Address.state, as written.
  bool operator==(const PartyFact&) const = default;
};

struct PinFact {
  PinKind pin = PinKind::human_override;
  std::string patient;
  std::string service;                // Key of the leading resource of the pinned service.
  std::string authorization_number;   // Where the service draws from.
  std::string line;                   // Empty: any line of that authorization.
  std::optional<Day> closed_through;  // closed_period: draws up to this day stay put.
  std::string reason;
  std::string role;  // Of the person who decided: "billing lead".
  bool operator==(const PinFact&) const = default;
};

struct PayerCountFact {
  std::string patient, authorization_number, line;
  Quantity used;
  Measure measure = Measure::unknown;
  std::optional<Day> counted_on;
  bool operator==(const PayerCountFact&) const = default;
};

// What the payer says of a benefit of the plan (CoverageEligibilityResponse.insurance.item.benefit). Shown beside the
// ledger's own counts, which it never changes.
struct BenefitFact {
  std::string patient, coverage, payer;
  std::string category, name;  // "MH"; "visit", "copay", "deductible".
  std::string period;          // "annual", "day", "lifetime".
  std::vector<std::string> service_codes;
  std::optional<Quantity> allowed, used;
  std::string currency;  // Where allowed and used are money.
  std::string allowed_text;
  std::optional<Day> first_day, last_day;
  std::optional<Day> stated_on;
  bool operator==(const BenefitFact&) const = default;
};

// One rendition of a document. The content itself is never kept.
struct Attachment {
  std::string url;
  std::string
      hash;  // As the source writes it; else base64 of a SHA-1: of the content, or with kStatedHash (letters.h).
  bool operator==(const Attachment&) const = default;
};

// A payer's letter, or what else is on file of an authorization (DocumentReference): where it is, and its hash.
struct DocumentFact {
  std::string patient;
  std::string status;  // FHIR: current, superseded. What is entered-in-error is retracted.
  std::vector<Attachment> attachments;
  std::vector<std::string> related;                // What it is about: references, of Claims as absolute URLs.
  std::vector<std::string> authorization_numbers;  // The same, by number.
  std::vector<std::string> replaces;               // References of documents whose place this one takes.
  std::optional<Instant> issued_at;
  bool operator==(const DocumentFact&) const = default;
};

struct PatientFact : PartyFact {
  bool operator==(const PatientFact&) const = default;
};
struct OrganizationFact : PartyFact {
  bool operator==(const OrganizationFact&) const = default;
};

using FactBody = std::variant<CoverageFact, RequestLineFact, AuthorizationLineFact, OrderFact, ServiceFact, PatientFact,
                              OrganizationFact, PinFact, PayerCountFact, BenefitFact, DocumentFact>;

FactKind kind_of(const FactBody& body);
// The reference of the patient that the body names; "" for a Patient or an Organization itself.
std::string_view patient_of(const FactBody& body);

// One version of one fact. `fact_key` is unique in a subject: "<source>/<Type>/<id>#<kind>/<line>". The line of a
// resource that tells of several patients stands in the subject of each.
struct Fact {
  std::string fact_key;
  std::string source;    // Endpoint name.
  std::string resource;  // "Encounter/e1".
  bool retracted = false;
  std::optional<int64_t> source_version;     // meta.versionId where it is numeric.
  std::optional<Instant> source_updated_at;  // meta.lastUpdated.
  Instant recorded_at{};
  int64_t fact_seq = 0;  // Dense per subject, set when it is recorded.
  std::string mapping;   // Name and version of the mapping that made it.
  FactBody body;
};

std::string make_fact_key(std::string_view source, std::string_view resource, FactKind kind, std::string_view line);

// Covers the body and `retracted`, not the versions: equal content has an equal hash.
Hash content_hash(const Fact& fact);

// Whether version `a` is newer than `b` of the same fact: the higher numeric versionId where both have one, else the
// later lastUpdated where both have one, else the later recorded (fact_seq).
bool is_newer(const Fact& a, const Fact& b);

// The current, not retracted version of each fact among `versions`, ordered by fact_key. Independent of input order
// except through fact_seq.
std::vector<Fact> current_facts(std::span<const Fact> versions);

}  // namespace authledger
