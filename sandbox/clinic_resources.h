#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/day.h"

// The FHIR resources of the sample clinic, in the shapes that US Core, Da Vinci PAS 2.x and PDex give them. All people,
// payers and numbers are fictional; NPIs begin with 9999, which is never assigned.

namespace authledger {

struct ServiceCode {
  std::string_view code;
  std::string_view system;
  std::string_view display;  // In our own words.
  int minutes;
  bool per_diem;
  std::string_view revenue;  // NUBC revenue code, or "".
};
// One of the codes that the clinic bills. The code must be known.
const ServiceCode& service_code(std::string_view code);

struct ClinicPatient {
  std::string id, given, family;
  int birth_year = 1990;
  int payer = 1;  // Organization/payer-1 … payer-6.
};

struct ClinicVisit {
  std::string id, patient, code;
  int clinician = 1;  // Practitioner/clinician-01 … clinician-10.
  Day day;
  int hour = 9;
  std::string order = "";        // ServiceRequest id, or "".
  std::string appointment = "";  // Appointment id that an encounter fulfilled, or "".
};

struct RequestedService {
  std::string code;
  int quantity = 0;
};

// A request for authorization and the payer's decision on it.
struct ClinicAuthorization {
  std::string id;  // Claim/<id>-request, ClaimResponse/<id>-response, ServiceRequest/<id>-order.
  ClinicPatient patient;
  int clinician = 1;
  std::string number;         // Authorization number; for a pended request its administration reference number.
  std::string action = "A1";  // X12 306: A1, A3, A4, A6.
  std::vector<RequestedService> services;
  int approved_instead = 0;  // With A6: the quantity that addItem approves.
  Day first_day, last_day;
  Day requested_on, decided_on;
  bool renewal = false;         // X12 1322: R rather than I.
  bool as_explanation = false;  // A PDex ExplanationOfBenefit stands in place of the ClaimResponse.
  int payer_counted = 0;        // Units that the payer says were used; only an ExplanationOfBenefit can say so.
};

// Collects resources as NDJSON.
class ClinicResources {
 public:
  explicit ClinicResources(TimeZone zone) : zone_(std::move(zone)) {}

  void add_clinic();                               // The clinic's own Organization, six payers, ten clinicians.
  void add_patient(const ClinicPatient& patient);  // With Coverage.
  void add_authorization(const ClinicAuthorization& authorization);
  void add_encounter(const ClinicVisit& visit);  // Finished.
  // `status` is booked, fulfilled, noshow or cancelled.
  void add_appointment(const ClinicVisit& visit, std::string_view status);

  const std::string& ndjson() const { return ndjson_; }

 private:
  using Fields = std::vector<std::pair<std::string_view, std::string>>;

  void add(std::string_view json_template, const Fields& fields);
  void add_request(const ClinicAuthorization& authorization);
  void add_response(const ClinicAuthorization& authorization);
  void add_explanation(const ClinicAuthorization& authorization);
  std::string local_time(Day day, int minute_of_day) const;

  TimeZone zone_;
  std::string ndjson_;
};

std::string member_id(const ClinicPatient& patient);

}  // namespace authledger
