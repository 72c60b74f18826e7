#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/issue.h"
#include "ledger/facts.h"

// From a payer's answer, as it is written, to one authorization line per service: what one resource decides and no view
// should carry. Pure. Source: Da Vinci PAS 2.0.1–2.2.1, PDex 2.1, HRex 1.0 and the reference implementation's older
// shapes; FHIR_FACTS 0, a.1, a.3 name each trap.

namespace authledger {

// Raised when the same input would give other lines: part of every mapping's version, so that a remap follows.
inline constexpr int kNormalizerVersion = 2;

// A review action as written and in the ledger's word; nullopt for a code that nobody knows.
struct ReviewAction {
  std::string code;
  std::optional<Decision> decision;
};

// One item or addItem.
struct AnsweredItem {
  std::string element_path;            // "ClaimResponse.item[0]"
  std::vector<std::string> sequences;  // item.itemSequence or item.sequence; every addItem.itemSequence.
  std::vector<ReviewAction> actions;
  std::vector<std::string> numbers;  // reviewAction.number
  std::vector<std::string> previous_numbers, administration_numbers;
  std::vector<std::string> service_codes;
  std::optional<Quantity> quantity;            // Stated as authorized.
  std::optional<Quantity> requested_quantity;  // Stated as requested, in the answer itself (PDex item.quantity).
  Measure measure = Measure::unknown;
  std::optional<Day> first_day, last_day, admission_day, discharge_day, issued_on;
  std::optional<Instant> issued_at;
  std::vector<std::string> diagnosis_codes, modifiers;
  std::optional<Quantity> amount;
  std::string currency;
  std::string provider, program, place, trace;
  std::optional<Quantity> payer_used_quantity;
  std::vector<std::string> modifier_extensions;  // URLs: none of them is known on an answered item.
};

struct HeaderPeriod {
  std::optional<Day> first_day, last_day;
};

struct PayerAnswer {
  bool is_explanation = false;  // An ExplanationOfBenefit (PDex).
  std::string element_path;     // "ClaimResponse"
  std::string patient, payer, payer_display, member_id, request, status, outcome;
  std::vector<ReviewAction> actions;        // On the root: older shapes, or the default of all items.
  std::vector<std::string> numbers;         // Root reviewAction.number
  std::vector<std::string> header_numbers;  // preAuthRef, parallel to periods in an ExplanationOfBenefit.
  std::vector<std::string> header_extension_numbers, identifier_numbers, administration_numbers;
  std::vector<HeaderPeriod> periods;  // preAuthPeriod, preAuthRefPeriod, authorizedEventDate
  std::optional<Day> issued_on;
  std::optional<Instant> issued_at;
  std::string provider, program;
  std::vector<AnsweredItem> items, add_items;
  std::optional<Quantity> eligible_quantity, utilized_quantity;  // PDex totals over the whole answer.
};

struct NormalizedAnswer {
  std::vector<AuthorizationLineFact> lines;
  std::vector<PayerCountFact> counts;
};

// Warnings tell what was left out or could not be decided; an error when nothing of the answer can stand.
NormalizedAnswer normalize_prior_auth(PayerAnswer answer, Issues& issues);

}  // namespace authledger
