#include "tests/adapters/fact_text.h"

#include "base/json.h"

namespace authledger {
namespace {

class FactWriter {
 public:
  std::string write(const Fact& fact) {
    writer_.begin_object();
    text("resource", fact.resource);
    writer_.member("kind", word_of(kind_of(fact.body)));
    std::visit([this](const auto& body) { add(body); }, fact.body);
    return writer_.end_object().take();
  }

 private:
  void text(std::string_view name, std::string_view value) {
    if (!value.empty()) writer_.member(name, value);
  }
  void list(std::string_view name, const std::vector<std::string>& values) {
    if (values.empty()) return;
    writer_.key(name).begin_array();
    for (const std::string& value : values) writer_.string(value);
    writer_.end_array();
  }
  void flag(std::string_view name, bool value) {
    if (value) writer_.key(name).boolean(true);
  }
  void day(std::string_view name, const std::optional<Day>& value) {
    if (value) writer_.member(name, format_day(*value));
  }
  void instant(std::string_view name, const std::optional<Instant>& value) {
    if (value) writer_.member(name, format_instant(*value));
  }
  void quantity(std::string_view name, const std::optional<Quantity>& value) {
    if (value) writer_.key(name).number_text(format_quantity(*value));
  }
  void measure(Measure value) { writer_.member("measure", word_of(value)); }

  void add(const CoverageFact& fact) {
    text("patient", fact.patient);
    text("payer", fact.payer);
    text("payer_display", fact.payer_display);
    text("member_id", fact.member_id);
    text("status", fact.status);
    day("first_day", fact.first_day);
    day("last_day", fact.last_day);
    if (fact.order) writer_.key("order").number(*fact.order);
    text("plan_class", fact.plan_class);
    text("coverage_kind", fact.kind);
  }

  void add(const RequestLineFact& fact) {
    text("patient", fact.patient);
    text("request", fact.request);
    text("line", fact.line);
    text("payer", fact.payer);
    text("coverage", fact.coverage);
    list("service_codes", fact.service_codes);
    quantity("quantity", fact.quantity);
    measure(fact.measure);
    day("first_day", fact.first_day);
    day("last_day", fact.last_day);
    list("diagnosis_codes", fact.diagnosis_codes);
    text("provider", fact.provider);
    text("prior_request", fact.prior_request);
    instant("requested_at", fact.requested_at);
    flag("expedited", fact.expedited);
    if (fact.change) writer_.member("change", word_of(*fact.change));
  }

  void add(const AuthorizationLineFact& fact) {
    text("patient", fact.patient);
    text("payer", fact.payer);
    text("payer_display", fact.payer_display);
    text("member_id", fact.member_id);
    text("authorization_number", fact.authorization_number);
    std::vector<std::string> others;
    for (const OtherNumber& other : fact.other_numbers) {
      others.push_back(std::string(word_of(other.role)) + " " + other.number);
    }
    list("other_numbers", others);
    text("line", fact.line);
    writer_.member("decision", word_of(fact.decision));
    text("decision_code", fact.decision_code);
    text("request", fact.request);
    list("service_codes", fact.service_codes);
    day("first_day", fact.first_day);
    day("last_day", fact.last_day);
    quantity("quantity", fact.quantity);
    flag("quantity_as_requested", fact.quantity_as_requested);
    measure(fact.measure);
    quantity("rate_quantity", fact.rate_quantity);
    text("rate_period", fact.rate_period);
    list("diagnosis_codes", fact.diagnosis_codes);
    text("provider", fact.provider);
    text("program", fact.program);
    text("place", fact.place);
    day("issued_on", fact.issued_on);
    instant("issued_at", fact.issued_at);
    quantity("payer_used_quantity", fact.payer_used_quantity);
    text("supersedes", fact.supersedes);
    list("modifiers", fact.modifiers);
    quantity("amount", fact.amount);
    text("currency", fact.currency);
  }

  void add(const OrderFact& fact) {
    text("patient", fact.patient);
    text("status", fact.status);
    list("service_codes", fact.service_codes);
    quantity("quantity", fact.quantity);
    measure(fact.measure);
    day("first_day", fact.first_day);
    day("last_day", fact.last_day);
    text("coverage", fact.coverage);
    instant("requested_at", fact.requested_at);
    flag("expedited", fact.expedited);
    text("authorization_number", fact.authorization_number);
  }

  void add(const ServiceFact& fact) {
    text("patient", fact.patient);
    writer_.member("state", word_of(fact.state));
    day("day", fact.day);
    instant("start_at", fact.start_at);
    instant("end_at", fact.end_at);
    list("service_codes", fact.service_codes);
    quantity("quantity", fact.quantity);
    measure(fact.measure);
    text("provider", fact.provider);
    text("program", fact.program);
    text("place", fact.place);
    list("diagnosis_codes", fact.diagnosis_codes);
    text("authorization_number", fact.authorization_number);
    text("coverage", fact.coverage);
    text("order", fact.order);
    text("appointment", fact.appointment);
    text("encounter", fact.encounter);
    list("modifiers", fact.modifiers);
    quantity("amount", fact.amount);
    text("currency", fact.currency);
    list("replaces", fact.replaces);
  }

  void add(const PartyFact& fact) {
    writer_.key("identifiers").begin_array();
    for (const Identifier& identifier : fact.identifiers) writer_.string(identifier.system + "|" + identifier.value);
    writer_.end_array();
    list("links", fact.links);
    text("replaced_by", fact.replaced_by);
    text("display", fact.display);
    text("home_state", fact.home_state);
  }

  void add(const PinFact& fact) { text("patient", fact.patient); }

  void add(const PayerCountFact& fact) {
    text("patient", fact.patient);
    text("authorization_number", fact.authorization_number);
    text("line", fact.line);
    quantity("used", fact.used);
    measure(fact.measure);
    day("counted_on", fact.counted_on);
  }

  void add(const BenefitFact& fact) {
    text("patient", fact.patient);
    text("coverage", fact.coverage);
    text("payer", fact.payer);
    text("category", fact.category);
    text("name", fact.name);
    text("period", fact.period);
    list("service_codes", fact.service_codes);
    quantity("allowed", fact.allowed);
    quantity("used", fact.used);
    text("currency", fact.currency);
    text("allowed_text", fact.allowed_text);
    day("first_day", fact.first_day);
    day("last_day", fact.last_day);
    day("stated_on", fact.stated_on);
  }

  void add(const DocumentFact& fact) {
    text("patient", fact.patient);
    text("status", fact.status);
    writer_.key("attachments").begin_array();
    for (const Attachment& attachment : fact.attachments) writer_.string(attachment.url + "|" + attachment.hash);
    writer_.end_array();
    list("related", fact.related);
    list("authorization_numbers", fact.authorization_numbers);
    list("replaces", fact.replaces);
    instant("issued_at", fact.issued_at);
  }

  JsonWriter writer_;
};

}  // namespace

std::string fact_text(const Fact& fact) {
  return FactWriter().write(fact);
}

}  // namespace authledger
