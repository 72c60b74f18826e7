#include "adapters/request_lines.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "adapters/service_codes.h"

namespace authledger {
namespace {

constexpr std::string_view kCertificationCancel = "3";  // X12 1322

using DiagnosisCodes = std::map<std::string, std::vector<std::string>, std::less<>>;  // By diagnosis.sequence.

bool is_cancel(const Row& row) {
  return row.raw(Field::certification_type) == kCertificationCancel;
}

// PAS infoCancelled and the reference implementation's itemCancelled; the latter may be there with value false.
bool is_known_modifier(std::string_view url) {
  return url.ends_with("/modifierextension-infoCancelled") || url.ends_with("/extension-itemCancelled");
}

RequestLineFact read_head(const Row& row, const RowContext& context, Issues& issues) {
  RequestLineFact head;
  head.patient = read_patient(row, context, issues);
  head.request = absolute_reference(context.reference, context.resource.base_url);
  head.payer = read_payer(row, context);
  head.coverage = read_reference(row, Field::coverage, context);
  head.provider = read_reference(row, Field::provider, context);
  head.prior_request = absolute_reference(row.raw(Field::prior_request), context.resource.base_url);
  if (head.prior_request.empty() && row.has(Field::prior_claim_id)) {
    head.prior_request =
        absolute_reference(fmt::format("Claim/{}", row.raw(Field::prior_claim_id)), context.resource.base_url);
  }
  head.requested_at = read_instant(row, Field::requested_at, issues);
  if (!head.requested_at && row.has(Field::requested_at)) {
    if (const auto day = context.zone.civil_day(row.raw(Field::requested_at)))
      head.requested_at = context.zone.start_of(*day);
  }
  head.expedited = row.is_true(Field::expedited);
  if (is_cancel(row) || row.raw(Field::status) == "cancelled") head.change = LineChange::cancelled;
  return head;
}

RequestLineFact read_line(const Row& row, RequestLineFact line, const RowContext& context,
                          const DiagnosisCodes& diagnoses, Issues& issues) {
  line.line = std::string(row.raw(Field::line));
  line.service_codes = read_service_codes(row);
  add_code_range(row, line.service_codes);
  line.quantity = read_quantity(row, Field::quantity, issues);
  line.measure = read_measure(row);
  line.first_day = read_first_day(row, Field::first_day, issues);
  line.last_day = read_last_day(row, Field::last_day, issues);
  check_period(line.first_day, line.last_day, row.element_path(Field::last_day), issues);
  const auto sequences = row.raw_list(Field::diagnosis_sequences);
  for (const auto& [sequence, codes] : diagnoses) {
    // An item that points at no diagnosis is meant for all of them.
    if (!sequences.empty() && std::find(sequences.begin(), sequences.end(), sequence) == sequences.end()) continue;
    for (const std::string& code : codes) {
      if (std::find(line.diagnosis_codes.begin(), line.diagnosis_codes.end(), code) == line.diagnosis_codes.end()) {
        line.diagnosis_codes.push_back(code);
      }
    }
  }
  if (row.has(Field::provider)) line.provider = read_reference(row, Field::provider, context);
  if (row.is_true(Field::cancelled) || is_cancel(row)) line.change = LineChange::cancelled;
  if (!line.change) line.change = line_change_from(row.raw(Field::change));
  return line;
}

bool is_understood(const Row& row, Issues& issues) {
  for (const std::string_view url : row.raw_list(Field::modifier_extensions)) {
    if (is_known_modifier(url)) continue;
    add_issue(issues, Severity::warning, row.element_path() + ".modifierExtension",
              fmt::format("{} is not understood, so the item is not counted", url));
    return false;
  }
  return true;
}

}  // namespace

std::vector<RequestLineFact> request_lines_from_rows(std::span<const Row> rows, const RowContext& context,
                                                     Issues& issues) {
  RequestLineFact head;
  DiagnosisCodes diagnoses;
  size_t item_count = 0, absent_count = 0;
  for (const Row& row : rows) {
    const std::string_view part = row.raw(Field::part);
    if (part == "response") head = read_head(row, context, issues);
    if (part == "diagnosis") diagnoses[std::string(row.raw(Field::line))] = read_codes(row, Field::diagnosis_codes);
  }

  std::vector<RequestLineFact> lines;
  std::set<std::string> used;
  for (const Row& row : rows) {
    if (row.raw(Field::part) != "item") continue;
    ++item_count;
    if (!is_understood(row, issues)) continue;
    RequestLineFact line = read_line(row, head, context, diagnoses, issues);
    // An inquiry names no service: its product is "not-applicable" and its category is left out.
    if (line.service_codes.empty() && row.has(Field::service_codes)) {
      ++absent_count;
      continue;
    }
    if (line.line.empty()) {
      add_issue(issues, Severity::error, row.element_path() + ".sequence",
                "no sequence: the payer's answer could not be joined to this item");
      continue;
    }
    if (used.contains(line.line)) {
      add_issue(issues, Severity::information, row.element_path() + ".sequence",
                "two items have the same sequence; the payer's answer may be joined to the wrong one");
      // As prior_auth_normalize names the lines of an answer that repeats a sequence.
      const std::string name = line.line;
      for (int part = 2; used.contains(line.line); ++part) line.line = fmt::format("{}.{}", name, part);
    }
    used.insert(line.line);
    lines.push_back(std::move(line));
  }
  if (item_count > 0 || head.request.empty()) {
    if (lines.empty() && item_count > absent_count && !has_error(issues)) {
      add_issue(issues, Severity::error, "Claim.item", "no item of the request could be understood");
    }
    return lines;
  }
  head.line.clear();
  if (!head.change) head.line.push_back('1');
  lines.push_back(std::move(head));
  return lines;
}

}  // namespace authledger
