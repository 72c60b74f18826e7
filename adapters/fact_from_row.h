#pragma once

#include <optional>
#include <span>
#include <string>

#include "adapters/mapping.h"
#include "adapters/row.h"

// From one row to one typed fact body. Pure. Every problem becomes an Issue with the element path; values of a
// patient's elements stay out of it. After an error the body is not to be used.

namespace authledger {

struct RowContext {
  const ResourceContext& resource;
  const TimeZone& zone;
  std::string reference;  // "Encounter/e1"
};

// "Patient/p1"; of a visit of a group several, each once. Errors: none, or one that names nothing stable (contained,
// conditional).
std::vector<std::string> read_patients(const Row& row, const RowContext& context, Issues& issues);
// The only one; an error where there are several.
std::string read_patient(const Row& row, const RowContext& context, Issues& issues);
// The payer's reference, else its identifier, else its display text; empty when the source names none.
std::string read_payer(const Row& row, const RowContext& context);
// A reference in its normal form, or text (a display-only reference) as written.
std::string read_reference(const Row& row, Field field, const RowContext& context);

CoverageFact coverage_from_row(const Row& row, const RowContext& context, Issues& issues);
BenefitFact benefit_from_row(const Row& row, const RowContext& context, Issues& issues);
OrderFact order_from_row(const Row& row, const RowContext& context, Issues& issues);
// One for each patient. Empty without a warning or an error: the row is no service, and an issue of severity
// information says why (an Appointment that is only proposed, a telephone call, a supply). Errors: an unknown status, a
// started visit without a start.
std::vector<ServiceFact> services_from_row(const Row& row, const RowContext& context, Issues& issues);
// One document from all rows of its resource, each of which is a rendition of it.
DocumentFact document_from_rows(std::span<const Row> rows, const RowContext& context, Issues& issues);
// One party from all rows of its resource: identifiers, links, display.
PartyFact party_from_rows(std::span<const Row> rows, const RowContext& context);

}  // namespace authledger
