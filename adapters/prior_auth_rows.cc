#include "adapters/prior_auth_rows.h"

#include "adapters/service_codes.h"

namespace authledger {
namespace {

std::vector<std::string> texts(const Row& row, Field field) {
  std::vector<std::string> values;
  for (const std::string_view value : row.raw_list(field)) values.emplace_back(value);
  return values;
}

std::vector<ReviewAction> read_actions(const Row& row) {
  std::vector<ReviewAction> actions;
  for (const std::string_view code : row.raw_list(Field::decision)) {
    const auto word = row.word(Field::decision, code);
    actions.push_back({std::string(code), word ? decision_from(*word) : std::nullopt});
  }
  return actions;
}

void read_response(const Row& row, const RowContext& context, PayerAnswer& answer, Issues& issues) {
  answer.element_path = row.element_path();
  answer.patient = read_patient(row, context, issues);
  answer.payer = read_payer(row, context);
  answer.payer_display = std::string(row.raw(Field::payer_display));
  answer.member_id = std::string(row.raw(Field::member_id));
  answer.request = absolute_reference(row.raw(Field::request), context.resource.base_url);
  answer.status = std::string(row.text(Field::status));
  answer.outcome = std::string(row.text(Field::outcome));
  answer.actions = read_actions(row);
  answer.numbers = texts(row, Field::authorization_number);
  answer.header_numbers = texts(row, Field::header_numbers);
  answer.header_extension_numbers = texts(row, Field::header_extension_number);
  answer.identifier_numbers = texts(row, Field::identifier_numbers);
  answer.administration_numbers = texts(row, Field::administration_numbers);
  answer.provider = read_reference(row, Field::provider, context);
  answer.program = std::string(row.text(Field::program));
  answer.issued_on = read_first_day(row, Field::issued_on, issues);
  answer.issued_at = read_instant(row, Field::issued_at, issues);
  answer.eligible_quantity = read_quantity(row, Field::eligible_quantity, issues);
  answer.utilized_quantity = read_quantity(row, Field::utilized_quantity, issues);
}

HeaderPeriod read_period(const Row& row, Issues& issues) {
  HeaderPeriod period;
  period.first_day = read_first_day(row, Field::first_day, issues);
  period.last_day = read_last_day(row, Field::last_day, issues);
  check_period(period.first_day, period.last_day, row.element_path(Field::last_day), issues);
  return period;
}

AnsweredItem read_item(const Row& row, const RowContext& context, Issues& issues) {
  AnsweredItem item;
  item.element_path = row.element_path();
  item.sequences = texts(row, Field::line);
  item.actions = read_actions(row);
  item.numbers = texts(row, Field::authorization_number);
  item.previous_numbers = texts(row, Field::previous_numbers);
  item.administration_numbers = texts(row, Field::administration_numbers);
  item.service_codes = read_service_codes(row);
  add_code_range(row, item.service_codes);
  item.quantity = read_quantity(row, Field::quantity, issues);
  item.requested_quantity = read_quantity(row, Field::requested_quantity, issues);
  item.measure = read_measure(row);
  const HeaderPeriod period = read_period(row, issues);
  item.first_day = period.first_day;
  item.last_day = period.last_day;
  item.admission_day = read_first_day(row, Field::admission_day, issues);
  item.discharge_day = read_last_day(row, Field::discharge_day, issues);
  check_period(item.admission_day, item.discharge_day, row.element_path(Field::discharge_day), issues);
  item.issued_on = read_first_day(row, Field::issued_on, issues);
  item.issued_at = read_instant(row, Field::issued_at, issues);
  item.diagnosis_codes = read_codes(row, Field::diagnosis_codes);
  item.modifiers = read_codes(row, Field::modifiers);
  item.amount = read_quantity(row, Field::amount, issues);
  if (item.amount) item.currency = std::string(row.raw(Field::currency));
  item.provider = read_reference(row, Field::provider, context);
  item.program = std::string(row.text(Field::program));
  item.place = std::string(row.text(Field::place));
  item.trace = std::string(row.raw(Field::trace));
  item.payer_used_quantity = read_quantity(row, Field::payer_used_quantity, issues);
  item.modifier_extensions = texts(row, Field::modifier_extensions);
  return item;
}

}  // namespace

PayerAnswer answer_from_rows(std::span<const Row> rows, const RowContext& context, Issues& issues) {
  PayerAnswer answer;
  answer.is_explanation = context.reference.starts_with("ExplanationOfBenefit/");
  for (const Row& row : rows) {
    const std::string_view part = row.raw(Field::part);
    if (part == "response") {
      read_response(row, context, answer, issues);
    } else if (part == "item") {
      answer.items.push_back(read_item(row, context, issues));
    } else if (part == "add_item") {
      answer.add_items.push_back(read_item(row, context, issues));
    } else if (part == "header_period") {
      answer.periods.push_back(read_period(row, issues));
    } else {
      add_issue(issues, Severity::error, row.element_path(),
                "the mapping's column `part` must be 'response', 'item', 'add_item' or 'header_period'");
    }
  }
  return answer;
}

}  // namespace authledger
