#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace authledger {

// The columns that a mapping's views may have: the ledger's field names, and beside them the few raw columns from which
// prior_auth_normalize and fact_from_row decide a field. docs/mapping.md says what each one means.
enum class Field : uint8_t {
  // Whose, and by whom.
  patient,
  payer,
  payer_identifier,
  payer_display,
  member_id,
  coverage,
  provider,
  program,
  place,
  // What.
  line,
  service_codes,
  revenue_codes,
  local_codes,
  local_text,
  code_end,
  coded_only,
  quantity,
  quantity_code,
  quantity_unit,
  measure,
  rate_quantity,
  rate_period,
  modifiers,
  diagnosis_codes,
  diagnosis_sequences,
  // When.
  first_day,
  last_day,
  start,
  end,
  minutes,
  issued_on,
  issued_at,
  requested_at,
  admission_day,
  discharge_day,
  // States and decisions.
  status,
  state,
  outcome,
  decision,
  change,
  cancelled,
  certification_type,
  expedited,
  modifier_extensions,
  // Numbers and links.
  authorization_number,
  header_numbers,
  header_extension_number,
  previous_numbers,
  administration_numbers,
  identifier_numbers,
  trace,
  request,
  prior_request,
  prior_claim_id,
  order,
  appointment,
  encounter,
  part_of,
  replaces,
  visit_kind,
  // Payer counts.
  payer_used_quantity,
  utilized_quantity,
  eligible_quantity,
  requested_quantity,
  // Money, and what the plan pays for.
  amount,
  currency,
  benefit_category,
  benefit,
  benefit_period,
  benefit_allowed,
  benefit_text,
  benefit_used,
  // Documents.
  attachment_url,
  attachment_hash,
  attachment_size,
  attachment_title,
  attachment_creation,
  related,
  // Coverage and parties.
  coverage_order,
  plan_class,
  kind,
  identifier_system,
  identifier_value,
  links,
  replaced_by,
  display,
  home_state,
  // Which part of the resource a row describes: response, item, add_item, header_period, diagnosis.
  part
};

inline constexpr size_t kFieldCount = static_cast<size_t>(Field::part) + 1;

std::string_view name_of(Field field);
std::optional<Field> field_from(std::string_view name);
std::vector<std::string> field_names();

}  // namespace authledger
