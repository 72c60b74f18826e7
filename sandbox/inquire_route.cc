#include <fmt/format.h>

#include <set>

#include "sandbox/fhir_routes.h"

// Claim/$inquire as a payer answers it: the responses that have a number of the inquiry, each in a Bundle of a
// Parameters resource. Source: Da Vinci PAS 2.2, operation Claim-inquiry.

namespace authledger {
namespace {

// Every text that stands at `name` in the value, however deep.
void collect(JsonView value, std::string_view name, std::set<std::string>& found) {
  if (value.name() == name && value.is_string()) found.insert(value.string());
  if (!value.is_object() && !value.is_array()) return;
  for (const JsonView child : value) collect(child, name, found);
}

}  // namespace

SandboxAnswer FhirRoutes::inquire(const SandboxRequest& request) {
  if (!options_.inquiry) return outcome_answer(404, "not-supported", "this server answers no inquiries");
  const std::string refused = faults_.faults().inquiry_refused_for;
  if (!refused.empty() && request.body.find(refused) != std::string::npos) {
    return outcome_answer(422, "business-rule", "this inquiry is refused");
  }
  JsonDocument asked;
  const auto bundle = asked.parse(request.body);
  const JsonView claim = bundle ? (*bundle)["entry"].at(0)["resource"] : JsonView();
  if (claim["resourceType"].text() != "Claim")
    return outcome_answer(400, "invalid", "the first entry is to be the Claim");
  std::set<std::string> numbers;
  for (const JsonView item : claim["item"]) collect(item["extension"], "valueString", numbers);
  JsonWriter answer;
  answer.begin_object().member("resourceType", "Parameters").key("parameter").begin_array();
  for (const std::string& text : store_.bodies("ClaimResponse")) {
    JsonDocument document;
    const auto response = document.parse(text);
    if (!response) continue;
    std::set<std::string> theirs;
    collect(*response, "valueString", theirs);
    collect(*response, "preAuthRef", theirs);
    bool is_asked = false;
    for (const std::string& number : numbers) is_asked = is_asked || theirs.contains(number);
    if (!is_asked) continue;
    const auto patient = store_.current("Patient", (*response)["patient"]["reference"].string().substr(8));
    answer.begin_object().member("name", "return").key("resource").begin_object().member("resourceType", "Bundle");
    answer.member("type", "collection").key("entry").begin_array();
    if (patient && !patient->deleted) {
      JsonDocument holder;
      answer.begin_object().member("fullUrl", "urn:uuid:00000000-0000-4000-8000-000000000002").key("resource");
      answer.value(*holder.parse(patient->body)).end_object();
    }
    answer.begin_object().member("fullUrl", "urn:uuid:00000000-0000-4000-8000-000000000001").key("resource");
    answer.value(*response).end_object().end_array().end_object().end_object();
  }
  SandboxAnswer reply;
  reply.body = answer.end_array().end_object().take();
  return reply;
}

}  // namespace authledger
