#include "sync/inquiry_builder.h"

#include "adapters/mapping.h"
#include "ledger/store/resource_body.h"

namespace authledger {
namespace {

// Absolute: another endpoint reads it.
std::string absolute(const EndpointConfig& endpoint, JsonView reference) {
  return absolute_reference(reference["reference"].text(), endpoint.base_url);
}

void take_if_empty(std::string& url, std::string other) {
  if (url.empty()) url = std::move(other);
}

// Of the response or of any of its items (FHIR_FACTS a.1: the key to inquire on later).
void take_administration_reference(JsonView element, Inquiry& inquiry) {
  if (!inquiry.administration_reference.empty()) return;
  for (const JsonView extension : element["extension"]) {
    if (extension["url"].text().ends_with("/extension-administrationReferenceNumber")) {
      inquiry.administration_reference = extension["valueString"].string();
    }
  }
  for (const JsonView item : element["item"]) take_administration_reference(item, inquiry);
}

}  // namespace

Inquiry InquiryBuilder::draft(const OpenRequest& open) {
  Inquiry inquiry;
  inquiry.authorization_number = open.line.authorization_number;
  inquiry.request = open.line.request;
  inquiry.member_id = open.line.member_id;
  take_claim(open, inquiry);
  take_responses(open, inquiry);
  if (inquiry.insurer.url.empty()) {
    inquiry.insurer.display = open.line.payer_display.empty() ? open.line.payer : open.line.payer_display;
  }
  return inquiry;
}

void InquiryBuilder::complete(Inquiry& inquiry) {
  inquiry.asked_at = context_.clock.now();
  for (InquiryParty* party : {&inquiry.patient, &inquiry.insurer, &inquiry.provider, &inquiry.coverage}) {
    party->json = read_url(party->url);
  }
}

const EndpointConfig* InquiryBuilder::endpoint_of(const std::string& url) const {
  for (const EndpointConfig& endpoint : session_.config().endpoints) {
    if (!endpoint.base_url.empty() && url.starts_with(endpoint.base_url + "/")) return &endpoint;
  }
  return nullptr;
}

void InquiryBuilder::take_claim(const OpenRequest& open, Inquiry& inquiry) {
  const EndpointConfig* endpoint = endpoint_of(open.line.request);
  if (endpoint == nullptr) return;
  const std::string reference = open.line.request.substr(endpoint->base_url.size() + 1);
  if (!reference.starts_with("Claim/")) return;
  inquiry.claim =
      read_stored_body(session_.connection(), session_.tenant_id(), endpoint->name, "Claim", reference.substr(6));
  const auto claim = document_.parse(inquiry.claim);
  if (!claim) return;
  inquiry.patient.url = absolute(*endpoint, (*claim)["patient"]);
  inquiry.insurer.url = absolute(*endpoint, (*claim)["insurer"]);
  inquiry.provider.url = absolute(*endpoint, (*claim)["provider"]);
  inquiry.coverage.url = absolute(*endpoint, (*claim)["insurance"].at(0)["coverage"]);
}

// What the Claim does not say, a response does.
void InquiryBuilder::take_responses(const OpenRequest& open, Inquiry& inquiry) {
  for (const Provenance& source : open.line.sources) {
    const EndpointConfig* endpoint = session_.config().endpoint(source.source);
    const size_t slash = source.resource.find('/');
    if (endpoint == nullptr || slash == std::string::npos) continue;
    const std::string body = read_stored_body(session_.connection(), session_.tenant_id(), source.source,
                                              source.resource.substr(0, slash), source.resource.substr(slash + 1));
    const auto response = document_.parse(body);
    if (!response) continue;
    take_if_empty(inquiry.patient.url, absolute(*endpoint, (*response)["patient"]));
    take_if_empty(inquiry.insurer.url, absolute(*endpoint, (*response)["insurer"]));
    take_if_empty(inquiry.provider.url, absolute(*endpoint, (*response)["requestor"]));
    take_administration_reference(*response, inquiry);
  }
}

// "" when it cannot be read: the inquiry goes without.
std::string InquiryBuilder::read_url(const std::string& url) {
  const EndpointConfig* endpoint = endpoint_of(url);
  if (endpoint == nullptr) return "";
  const std::string reference = url.substr(endpoint->base_url.size() + 1);
  const size_t slash = reference.find('/');
  if (slash == std::string::npos) return "";
  std::unique_ptr<FhirClient>& client = clients_[endpoint->name];
  if (!client) {
    auto opened = context_.open_client(*endpoint);
    if (!opened) return "";
    client = std::move(*opened);
  }
  const auto read = client->read(reference.substr(0, slash), reference.substr(slash + 1));
  return read ? read->body : "";
}

}  // namespace authledger
