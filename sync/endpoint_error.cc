#include "sync/endpoint_error.h"

#include "fhir/retry.h"

namespace authledger {

bool is_about_endpoint(const FhirError& error) {
  switch (error.kind) {
    case FhirErrorKind::unreachable:
    case FhirErrorKind::unauthorized:
    case FhirErrorKind::throttled:
    case FhirErrorKind::stopped:
      return true;
    case FhirErrorKind::server_error:
    case FhirErrorKind::outcome_unknown:
      return error.status == 0 || error.status == 408 || is_no_service_status(error.status);
    case FhirErrorKind::not_found:
    case FhirErrorKind::conflict:
    case FhirErrorKind::refused:
    case FhirErrorKind::bad_answer:
    case FhirErrorKind::foreign_link:
    case FhirErrorKind::endless_paging:
      return false;
  }
  return false;
}

}  // namespace authledger
