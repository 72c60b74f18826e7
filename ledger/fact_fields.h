#pragma once

#include <string>
#include <type_traits>
#include <vector>

#include "ledger/facts.h"

// The fields of each kind of fact, named once, in one order: for its JSON (facts_json.cc), for the bytes that are
// hashed (facts_hash.cc) and for the columns of its table (store/fact_columns.h). A field that is added goes to the end
// of its list.

namespace authledger {

// A member of the objects in a list.
template <typename Element>
struct TextMember {
  const char* name;
  std::string Element::*member;
};
template <typename Element, typename Word>
struct WordMember {
  const char* name;
  Word Element::*member;
  std::optional<Word> (*from)(std::string_view);
};

// visit_fields(body, fields): `fields` has one function for each shape of field. Body is const for writing.
template <typename Body, typename Fields>
concept BodyOf = std::is_same_v<std::remove_const_t<Body>, Fields>;

template <BodyOf<CoverageFact> Body, typename Fields>
void visit_fields(Body& body, Fields& fields) {
  fields.patient(body.patient);
  fields.text("payer", body.payer);
  fields.text("payer_display", body.payer_display);
  fields.text("member_id", body.member_id);
  fields.text("status", body.status);
  fields.day("first_day", body.first_day);
  fields.day("last_day", body.last_day);
  fields.number("order", body.order);
  fields.text("plan_class", body.plan_class);
  fields.text("kind", body.kind);
}

template <BodyOf<RequestLineFact> Body, typename Fields>
void visit_fields(Body& body, Fields& fields) {
  fields.patient(body.patient);
  fields.text("request", body.request);
  fields.text("line", body.line);
  fields.text("payer", body.payer);
  fields.text("coverage", body.coverage);
  fields.list("service_codes", body.service_codes);
  fields.quantity("quantity_milli", body.quantity);
  fields.word("measure", body.measure, measure_from);
  fields.day("first_day", body.first_day);
  fields.day("last_day", body.last_day);
  fields.list("diagnosis_codes", body.diagnosis_codes);
  fields.text("provider", body.provider);
  fields.text("prior_request", body.prior_request);
  fields.instant("requested_at", body.requested_at);
  fields.flag("expedited", body.expedited);
  fields.word("change", body.change, line_change_from);
}

template <BodyOf<AuthorizationLineFact> Body, typename Fields>
void visit_fields(Body& body, Fields& fields) {
  fields.patient(body.patient);
  fields.text("payer", body.payer);
  fields.text("payer_display", body.payer_display);
  fields.text("member_id", body.member_id);
  fields.text("authorization_number", body.authorization_number);
  fields.objects("other_numbers", body.other_numbers, WordMember{"role", &OtherNumber::role, number_role_from},
                 TextMember{"number", &OtherNumber::number});
  fields.text("line", body.line);
  fields.word("decision", body.decision, decision_from);
  fields.text("decision_code", body.decision_code);
  fields.text("request", body.request);
  fields.list("service_codes", body.service_codes);
  fields.day("first_day", body.first_day);
  fields.day("last_day", body.last_day);
  fields.quantity("quantity_milli", body.quantity);
  fields.flag("quantity_as_requested", body.quantity_as_requested);
  fields.word("measure", body.measure, measure_from);
  fields.quantity("rate_quantity_milli", body.rate_quantity);
  fields.text("rate_period", body.rate_period);
  fields.list("diagnosis_codes", body.diagnosis_codes);
  fields.text("provider", body.provider);
  fields.text("program", body.program);
  fields.text("place", body.place);
  fields.day("issued_day", body.issued_on);
  fields.instant("issued_at", body.issued_at);
  fields.quantity("payer_used_quantity_milli", body.payer_used_quantity);
  fields.text("supersedes", body.supersedes);
  fields.list("modifiers", body.modifiers);
  fields.quantity("amount_milli", body.amount);
  fields.text("currency", body.currency);
}

template <BodyOf<OrderFact> Body, typename Fields>
void visit_fields(Body& body, Fields& fields) {
  fields.patient(body.patient);
  fields.text("status", body.status);
  fields.list("service_codes", body.service_codes);
  fields.quantity("quantity_milli", body.quantity);
  fields.word("measure", body.measure, measure_from);
  fields.day("first_day", body.first_day);
  fields.day("last_day", body.last_day);
  fields.text("coverage", body.coverage);
  fields.instant("requested_at", body.requested_at);
  fields.flag("expedited", body.expedited);
  fields.text("authorization_number", body.authorization_number);
}

template <BodyOf<ServiceFact> Body, typename Fields>
void visit_fields(Body& body, Fields& fields) {
  fields.patient(body.patient);
  fields.word("state", body.state, service_state_from);
  fields.day("day", body.day);
  fields.instant("start_at", body.start_at);
  fields.instant("end_at", body.end_at);
  fields.list("service_codes", body.service_codes);
  fields.quantity("quantity_milli", body.quantity);
  fields.word("measure", body.measure, measure_from);
  fields.text("provider", body.provider);
  fields.text("program", body.program);
  fields.text("place", body.place);
  fields.list("diagnosis_codes", body.diagnosis_codes);
  fields.text("authorization_number", body.authorization_number);
  fields.text("coverage", body.coverage);
  fields.text("order", body.order);
  fields.text("appointment", body.appointment);
  fields.text("encounter", body.encounter);
  fields.list("modifiers", body.modifiers);
  fields.quantity("amount_milli", body.amount);
  fields.text("currency", body.currency);
  fields.list("replaces", body.replaces);
}

template <typename Body, typename Fields>
requires std::is_base_of_v<PartyFact, std::remove_const_t<Body>>
void visit_fields(Body& body, Fields& fields) {
  fields.objects("identifiers", body.identifiers, TextMember{"system", &Identifier::system},
                 TextMember{"value", &Identifier::value});
  fields.list("links", body.links);
  fields.text("replaced_by", body.replaced_by);
  fields.text("display", body.display);
  fields.text("home_state", body.home_state);
}

template <BodyOf<PinFact> Body, typename Fields>
void visit_fields(Body& body, Fields& fields) {
  fields.word("pin", body.pin, pin_kind_from);
  fields.patient(body.patient);
  fields.text("service", body.service);
  fields.text("authorization_number", body.authorization_number);
  fields.text("line", body.line);
  fields.day("closed_through_day", body.closed_through);
  fields.text("reason", body.reason);
  fields.text("role", body.role);
}

template <BodyOf<PayerCountFact> Body, typename Fields>
void visit_fields(Body& body, Fields& fields) {
  fields.patient(body.patient);
  fields.text("authorization_number", body.authorization_number);
  fields.text("line", body.line);
  fields.quantity("used_milli", body.used);
  fields.word("measure", body.measure, measure_from);
  fields.day("counted_day", body.counted_on);
}

template <BodyOf<BenefitFact> Body, typename Fields>
void visit_fields(Body& body, Fields& fields) {
  fields.patient(body.patient);
  fields.text("coverage", body.coverage);
  fields.text("payer", body.payer);
  fields.text("category", body.category);
  fields.text("name", body.name);
  fields.text("period", body.period);
  fields.list("service_codes", body.service_codes);
  fields.quantity("allowed_milli", body.allowed);
  fields.quantity("used_milli", body.used);
  fields.text("currency", body.currency);
  fields.text("allowed_text", body.allowed_text);
  fields.day("first_day", body.first_day);
  fields.day("last_day", body.last_day);
  fields.day("stated_day", body.stated_on);
}

template <BodyOf<DocumentFact> Body, typename Fields>
void visit_fields(Body& body, Fields& fields) {
  fields.patient(body.patient);
  fields.text("status", body.status);
  fields.objects("attachments", body.attachments, TextMember{"url", &Attachment::url},
                 TextMember{"hash", &Attachment::hash});
  fields.list("related", body.related);
  fields.list("authorization_numbers", body.authorization_numbers);
  fields.list("replaces", body.replaces);
  fields.instant("issued_at", body.issued_at);
}

}  // namespace authledger
