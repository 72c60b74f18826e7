#include "adapters/fact_from_row.h"

#include <algorithm>
#include <charconv>
#include <chrono>

#include "adapters/service_codes.h"
#include "base/crypto.h"
#include "ledger/letters.h"

namespace authledger {
namespace {

// A value map's word for a status, or for a kind of visit, that is no service at all.
constexpr std::string_view kNoService = "none";

// The longest hash in use (SHA-512) has 128 hexadecimal digits.
constexpr size_t kHashTextMax = 128;

bool names_procedure(const Row& row) {
  return row.has(Field::service_codes) || row.has(Field::revenue_codes);
}

// "Group/g1", "https://ehr.example/fhir/Group/g1"; a reference that does not end in Type/id says nothing of its type.
bool names_other_type(std::string_view reference) {
  const size_t id = reference.rfind('/');
  if (id == std::string_view::npos) return false;
  std::string_view type = reference.substr(0, id);
  type = type.substr(type.rfind('/') + 1);
  return type != "Patient" && !type.empty() && type.front() >= 'A' && type.front() <= 'Z';
}

// "" with an issue when the reference names no patient.
std::string checked_patient(const Row& row, std::string_view reference, const RowContext& context, Issues& issues) {
  std::string patient = normalize_reference(reference, context.resource.base_url);
  if (patient.empty()) {
    add_issue(
        issues, Severity::error, row.element_path(Field::patient),
        "the patient reference is contained or conditional and names no record; a reference Patient/id is expected");
  } else if (names_other_type(patient)) {
    add_issue(issues, Severity::error, row.element_path(Field::patient),
              "names no Patient but a resource of another type (a group, a device); nothing can be counted for it");
    return {};
  }
  return patient;
}

// Why the row is no service at all; empty when it is one.
std::string_view why_no_service(const Row& row) {
  if (row.text(Field::state) == kNoService) return "by its status this is no service yet, or none that counts";
  if (!names_procedure(row)) {
    // A telephone call or paper work is no visit, unless it names a procedure. Source: FHIR_FACTS b.
    for (const std::string_view kind : row.raw_list(Field::visit_kind)) {
      if (row.word(Field::visit_kind, kind) == kNoService)
        return "of a kind that is no visit (the mapping's value map on visit_kind), and no procedure is named";
    }
  }
  if (row.is_true(Field::coded_only) && read_service_codes(row).empty())
    return "no CPT, HCPCS or revenue code, and no value map translates its local code: nothing that an authorization "
           "counts";
  return {};
}

// The end of a service whose days are given without times.
std::optional<Day> last_day_without_time(const Row& row) {
  const std::string_view end = row.raw(Field::end);
  return end.find('T') == std::string_view::npos ? last_day_as_written(end) : std::nullopt;
}

std::optional<int> read_integer(const Row& row, Field field, Issues& issues) {
  const std::string_view text = row.raw(field);
  if (text.empty()) return std::nullopt;
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) {
    add_issue(issues, Severity::error, row.element_path(field), std::string(name_of(field)) + ": not a whole number");
    return std::nullopt;
  }
  return value;
}

}  // namespace

std::vector<std::string> read_patients(const Row& row, const RowContext& context, Issues& issues) {
  std::vector<std::string> patients;
  for (const std::string_view reference : row.raw_list(Field::patient)) {
    std::string patient = checked_patient(row, reference, context, issues);
    if (patient.empty()) return {};
    if (std::find(patients.begin(), patients.end(), patient) == patients.end()) patients.push_back(std::move(patient));
  }
  if (patients.empty()) {
    add_issue(issues, Severity::error, row.element_path(Field::patient),
              "names no patient; nothing can be counted without one");
  }
  return patients;
}

std::string read_patient(const Row& row, const RowContext& context, Issues& issues) {
  const std::vector<std::string> patients = read_patients(row, context, issues);
  if (patients.size() == 1) return patients.front();
  if (patients.size() > 1) {
    add_issue(issues, Severity::error, row.element_path(Field::patient),
              "names more than one patient, and only visits are counted for several: whose this is, it does not say");
  }
  return {};
}
std::string read_payer(const Row& row, const RowContext& context) {
  const std::string reference = normalize_reference(row.raw(Field::payer), context.resource.base_url);
  if (!reference.empty()) return reference;
  const std::string_view identifier = row.raw(Field::payer_identifier);
  return std::string(identifier.empty() ? row.raw(Field::payer_display) : identifier);
}

std::string read_reference(const Row& row, Field field, const RowContext& context) {
  const std::string_view raw = row.raw(field);
  const std::string reference = normalize_reference(raw, context.resource.base_url);
  if (!reference.empty() || raw.starts_with("#") || raw.find('?') != std::string_view::npos) return reference;
  return std::string(raw);
}

CoverageFact coverage_from_row(const Row& row, const RowContext& context, Issues& issues) {
  CoverageFact fact;
  fact.patient = read_patient(row, context, issues);
  fact.payer = read_payer(row, context);
  fact.payer_display = std::string(row.raw(Field::payer_display));
  fact.member_id = std::string(row.raw(Field::member_id));
  fact.status = std::string(row.text(Field::status));
  fact.first_day = read_first_day(row, Field::first_day, issues);
  fact.last_day = read_last_day(row, Field::last_day, issues);
  check_period(fact.first_day, fact.last_day, row.element_path(Field::last_day), issues);
  fact.order = read_integer(row, Field::coverage_order, issues);
  fact.plan_class = std::string(row.raw(Field::plan_class));
  fact.kind = std::string(row.text(Field::kind));
  return fact;
}

BenefitFact benefit_from_row(const Row& row, const RowContext& context, Issues& issues) {
  BenefitFact fact;
  fact.patient = read_patient(row, context, issues);
  fact.coverage = read_reference(row, Field::coverage, context);
  fact.payer = read_payer(row, context);
  fact.category = std::string(row.text(Field::benefit_category));
  fact.name = std::string(row.text(Field::benefit));
  fact.period = std::string(row.text(Field::benefit_period));
  fact.service_codes = read_service_codes(row);
  fact.allowed = read_quantity(row, Field::benefit_allowed, issues);
  fact.used = read_quantity(row, Field::benefit_used, issues);
  fact.currency = std::string(row.raw(Field::currency));
  fact.allowed_text = std::string(row.raw(Field::benefit_text));
  fact.first_day = read_first_day(row, Field::first_day, issues);
  fact.last_day = read_last_day(row, Field::last_day, issues);
  check_period(fact.first_day, fact.last_day, row.element_path(Field::last_day), issues);
  if (row.has(Field::issued_on)) fact.stated_on = context.zone.civil_day(row.raw(Field::issued_on));
  return fact;
}

OrderFact order_from_row(const Row& row, const RowContext& context, Issues& issues) {
  OrderFact fact;
  fact.patient = read_patient(row, context, issues);
  fact.status = std::string(row.text(Field::status));
  fact.service_codes = read_service_codes(row);
  fact.quantity = read_quantity(row, Field::quantity, issues);
  fact.measure = read_measure(row);
  fact.first_day = read_first_day(row, Field::first_day, issues);
  fact.last_day = read_last_day(row, Field::last_day, issues);
  check_period(fact.first_day, fact.last_day, row.element_path(Field::last_day), issues);
  fact.coverage = read_reference(row, Field::coverage, context);
  fact.requested_at = read_instant(row, Field::requested_at, issues);
  fact.expedited = row.is_true(Field::expedited);
  fact.authorization_number = std::string(row.raw(Field::authorization_number));
  return fact;
}

std::vector<ServiceFact> services_from_row(const Row& row, const RowContext& context, Issues& issues) {
  if (const std::string_view reason = why_no_service(row); !reason.empty()) {
    add_issue(issues, Severity::information, row.element_path(), std::string(reason));
    return {};
  }
  ServiceFact fact;
  const auto state = service_state_from(row.text(Field::state));
  if (!state) {
    add_issue(issues, Severity::error, row.element_path(Field::state),
              row.has(Field::state) ? "a status that the mapping's value map does not know; add it there"
                                    : "no status; whether the service took place is not known");
  }
  fact.state = state.value_or(ServiceState::planned);

  const std::string_view start = row.raw(Field::start);
  if (start.empty()) {
    const bool must_have_started = fact.state == ServiceState::rendered || fact.state == ServiceState::in_progress;
    if (state && must_have_started) {
      add_issue(issues, Severity::error, row.element_path(Field::start),
                "a service that has begun, without a start: its day is not known");
    } else if (state) {
      add_issue(issues, Severity::information, row.element_path(Field::start), "no day is set for it yet");
    }
    return {};
  }
  if (start.size() < std::string_view("YYYY-MM-DD").size() && first_day_as_written(start)) {
    add_issue(issues, Severity::error, row.element_path(Field::start),
              "start: a year or a month; the day of the service is not known");
  } else if (const auto day = context.zone.civil_day(start)) {
    fact.day = *day;
  } else {
    add_issue(issues, Severity::error, row.element_path(Field::start),
              "start: not a FHIR dateTime; correct it at the source");
  }
  fact.start_at = parse_instant(start);
  fact.end_at = read_instant(row, Field::end, issues);
  if (!fact.end_at && fact.start_at) {
    if (const auto minutes = read_integer(row, Field::minutes, issues); minutes && *minutes > 0) {
      fact.end_at = *fact.start_at + std::chrono::minutes(*minutes);
    }
  }
  if (const auto last_day = last_day_without_time(row); last_day && !fact.start_at && *last_day > fact.day) {
    // Days without times, as on a claim: from the first midnight to the last, so that the days between are counted.
    fact.start_at = context.zone.start_of(fact.day);
    fact.end_at = context.zone.start_of(*last_day + 1);
  }
  if (fact.start_at && fact.end_at && *fact.end_at < *fact.start_at) {
    add_issue(issues, Severity::error, row.element_path(Field::end),
              "the service ends before it starts; correct it at the source");
  }

  fact.service_codes = read_service_codes(row);
  fact.quantity = read_quantity(row, Field::quantity, issues);
  fact.measure = read_measure(row);
  fact.provider = read_reference(row, Field::provider, context);
  fact.program = std::string(row.text(Field::program));
  fact.place = std::string(row.text(Field::place));
  fact.diagnosis_codes = read_codes(row, Field::diagnosis_codes);
  fact.authorization_number = std::string(row.raw(Field::authorization_number));
  fact.coverage = read_reference(row, Field::coverage, context);
  fact.order = read_reference(row, Field::order, context);
  fact.appointment = read_reference(row, Field::appointment, context);
  fact.encounter = read_reference(row, Field::encounter, context);
  fact.modifiers = read_codes(row, Field::modifiers);
  fact.amount = read_quantity(row, Field::amount, issues);
  if (fact.amount) fact.currency = std::string(row.raw(Field::currency));
  for (const std::string_view raw : row.raw_list(Field::replaces)) {
    const std::string replaced = normalize_reference(raw, context.resource.base_url);
    if (!replaced.empty()) fact.replaces.push_back(replaced);
  }

  // A part of a larger stay (a ward, an observation split) would count the stay twice, unless it names a procedure of
  // its own. Source: FHIR_FACTS b.
  if (row.has(Field::part_of) && !names_procedure(row)) fact.state = ServiceState::voided;

  std::vector<ServiceFact> services;
  for (std::string& patient : read_patients(row, context, issues)) {
    services.push_back(fact);
    services.back().patient = std::move(patient);
  }
  if (services.size() > 1) {
    // A group: which of them a number, a coverage or a price belongs to, the resource does not say.
    for (ServiceFact& service : services) {
      service.authorization_number = service.coverage = service.currency = "";
      service.amount = std::nullopt;
    }
  }
  return services;
}

// A link that is signed anew at each reading names the same attachment: what is stated of it tells it from others. Not
// without its size, since a title and a day are those of many letters.
std::string stated_hash(const Row& row) {
  if (!row.has(Field::attachment_size)) return "";
  std::string stated;
  for (const Field field : {Field::attachment_size, Field::attachment_creation, Field::attachment_title}) {
    stated += std::string(row.raw(field)) + "\n";
  }
  return std::string(kStatedHash) + base64(sha1(stated));
}

DocumentFact document_from_rows(std::span<const Row> rows, const RowContext& context, Issues& issues) {
  const std::string& base_url = context.resource.base_url;
  const Row& first = rows.front();
  DocumentFact fact;
  fact.patient = read_patient(first, context, issues);
  fact.status = std::string(first.text(Field::status));
  for (const Row& row : rows) {
    Attachment attachment{std::string(row.raw(Field::attachment_url)), std::string(row.raw(Field::attachment_hash))};
    if (attachment.hash.empty()) attachment.hash = stated_hash(row);
    if (attachment.hash.size() > kHashTextMax) {
      add_issue(issues, Severity::error, row.element_path(Field::attachment_hash),
                "hash: too long for one; correct it at the source");
    }
    if (attachment != Attachment{}) fact.attachments.push_back(std::move(attachment));
  }
  for (const std::string_view raw : first.raw_list(Field::related)) {
    std::string related = normalize_reference(raw, base_url);
    // Authorizations name their request by its absolute URL.
    if (related.starts_with("Claim/")) related = absolute_reference(related, base_url);
    if (!related.empty()) fact.related.push_back(std::move(related));
  }
  for (const std::string_view number : first.raw_list(Field::authorization_number)) {
    fact.authorization_numbers.emplace_back(number);
  }
  for (const std::string_view raw : first.raw_list(Field::replaces)) {
    std::string replaced = normalize_reference(raw, base_url);
    if (!replaced.empty()) fact.replaces.push_back(std::move(replaced));
  }
  fact.issued_at = read_instant(first, Field::issued_at, issues);
  return fact;
}

PartyFact party_from_rows(std::span<const Row> rows, const RowContext& context) {
  PartyFact fact;
  for (const Row& row : rows) {
    if (row.has(Field::identifier_value)) {
      fact.identifiers.push_back(
          {std::string(row.raw(Field::identifier_system)), std::string(row.raw(Field::identifier_value))});
    }
    for (const std::string_view raw : row.raw_list(Field::links)) {
      const std::string link = normalize_reference(raw, context.resource.base_url);
      if (!link.empty() && std::find(fact.links.begin(), fact.links.end(), link) == fact.links.end())
        fact.links.push_back(link);
    }
    if (fact.replaced_by.empty())
      fact.replaced_by = normalize_reference(row.raw(Field::replaced_by), context.resource.base_url);
    if (fact.display.empty()) fact.display = std::string(row.raw(Field::display));
    if (fact.home_state.empty()) fact.home_state = std::string(row.text(Field::home_state));
  }
  return fact;
}

}  // namespace authledger
