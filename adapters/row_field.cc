#include "adapters/row_field.h"

namespace authledger {
namespace {

// In the order of Field.
constexpr std::array<std::string_view, kFieldCount> kNames = {"patient",
                                                              "payer",
                                                              "payer_identifier",
                                                              "payer_display",
                                                              "member_id",
                                                              "coverage",
                                                              "provider",
                                                              "program",
                                                              "place",
                                                              "line",
                                                              "service_codes",
                                                              "revenue_codes",
                                                              "local_codes",
                                                              "local_text",
                                                              "code_end",
                                                              "coded_only",
                                                              "quantity",
                                                              "quantity_code",
                                                              "quantity_unit",
                                                              "measure",
                                                              "rate_quantity",
                                                              "rate_period",
                                                              "modifiers",
                                                              "diagnosis_codes",
                                                              "diagnosis_sequences",
                                                              "first_day",
                                                              "last_day",
                                                              "start",
                                                              "end",
                                                              "minutes",
                                                              "issued_on",
                                                              "issued_at",
                                                              "requested_at",
                                                              "admission_day",
                                                              "discharge_day",
                                                              "status",
                                                              "state",
                                                              "outcome",
                                                              "decision",
                                                              "change",
                                                              "cancelled",
                                                              "certification_type",
                                                              "expedited",
                                                              "modifier_extensions",
                                                              "authorization_number",
                                                              "header_numbers",
                                                              "header_extension_number",
                                                              "previous_numbers",
                                                              "administration_numbers",
                                                              "identifier_numbers",
                                                              "trace",
                                                              "request",
                                                              "prior_request",
                                                              "prior_claim_id",
                                                              "order",
                                                              "appointment",
                                                              "encounter",
                                                              "part_of",
                                                              "replaces",
                                                              "visit_kind",
                                                              "payer_used_quantity",
                                                              "utilized_quantity",
                                                              "eligible_quantity",
                                                              "requested_quantity",
                                                              "amount",
                                                              "currency",
                                                              "benefit_category",
                                                              "benefit",
                                                              "benefit_period",
                                                              "benefit_allowed",
                                                              "benefit_text",
                                                              "benefit_used",
                                                              "attachment_url",
                                                              "attachment_hash",
                                                              "attachment_size",
                                                              "attachment_title",
                                                              "attachment_creation",
                                                              "related",
                                                              "coverage_order",
                                                              "plan_class",
                                                              "kind",
                                                              "identifier_system",
                                                              "identifier_value",
                                                              "links",
                                                              "replaced_by",
                                                              "display",
                                                              "home_state",
                                                              "part"};

static_assert(!kNames.back().empty(), "every Field has a name");

}  // namespace

std::string_view name_of(Field field) {
  return kNames[static_cast<size_t>(field)];
}

std::optional<Field> field_from(std::string_view name) {
  for (size_t i = 0; i < kFieldCount; ++i) {
    if (kNames[i] == name) return static_cast<Field>(i);
  }
  return std::nullopt;
}

std::vector<std::string> field_names() {
  return {kNames.begin(), kNames.end()};
}

}  // namespace authledger
