#include "ledger/facts.h"

// The bytes behind content_hash: every field in the order of its declaration, each with its length, each optional one
// with a mark of presence. A field that is added to a fact goes to the end of its function: stored hashes then differ
// once, which costs one new version per fact and nothing else.

namespace authledger {
namespace {

class FieldWriter {
 public:
  void text(std::string_view value) { input_.add(value); }
  void number(int64_t value) { input_.add(value); }
  void flag(bool value) { input_.add(int64_t{value ? 1 : 0}); }
  void day(const std::optional<Day>& value) {
    flag(value.has_value());
    if (value) number(value->number);
  }
  void instant(const std::optional<Instant>& value) {
    flag(value.has_value());
    if (value) number(value->time_since_epoch().count());
  }
  void quantity(const std::optional<Quantity>& value) {
    flag(value.has_value());
    if (value) number(value->milli());
  }
  void texts(const std::vector<std::string>& values) {
    number(static_cast<int64_t>(values.size()));
    for (const std::string& value : values) text(value);
  }
  template <typename Enum>
  void word(Enum value) {
    number(static_cast<int64_t>(value));
  }

  Hash hash() const { return input_.sha256(); }

 private:
  HashInput input_;
};

void write(FieldWriter& out, const CoverageFact& fact) {
  out.text(fact.patient);
  out.text(fact.payer);
  out.text(fact.payer_display);
  out.text(fact.member_id);
  out.text(fact.status);
  out.day(fact.first_day);
  out.day(fact.last_day);
  out.flag(fact.order.has_value());
  if (fact.order) out.number(*fact.order);
  out.text(fact.plan_class);
  out.text(fact.kind);
}

void write(FieldWriter& out, const RequestLineFact& fact) {
  out.text(fact.patient);
  out.text(fact.request);
  out.text(fact.line);
  out.text(fact.payer);
  out.text(fact.coverage);
  out.texts(fact.service_codes);
  out.quantity(fact.quantity);
  out.word(fact.measure);
  out.day(fact.first_day);
  out.day(fact.last_day);
  out.texts(fact.diagnosis_codes);
  out.text(fact.provider);
  out.text(fact.prior_request);
  out.instant(fact.requested_at);
  out.flag(fact.expedited);
  out.number(fact.change ? static_cast<int64_t>(*fact.change) : 0);
}

void write(FieldWriter& out, const AuthorizationLineFact& fact) {
  out.text(fact.patient);
  out.text(fact.payer);
  out.text(fact.payer_display);
  out.text(fact.member_id);
  out.text(fact.authorization_number);
  out.number(static_cast<int64_t>(fact.other_numbers.size()));
  for (const OtherNumber& other : fact.other_numbers) {
    out.word(other.role);
    out.text(other.number);
  }
  out.text(fact.line);
  out.word(fact.decision);
  out.text(fact.decision_code);
  out.text(fact.request);
  out.texts(fact.service_codes);
  out.day(fact.first_day);
  out.day(fact.last_day);
  out.quantity(fact.quantity);
  out.flag(fact.quantity_as_requested);
  out.word(fact.measure);
  out.quantity(fact.rate_quantity);
  out.text(fact.rate_period);
  out.texts(fact.diagnosis_codes);
  out.text(fact.provider);
  out.text(fact.program);
  out.text(fact.place);
  out.day(fact.issued_on);
  out.instant(fact.issued_at);
  out.quantity(fact.payer_used_quantity);
  out.text(fact.supersedes);
  out.texts(fact.modifiers);
  out.quantity(fact.amount);
  out.text(fact.currency);
}

void write(FieldWriter& out, const OrderFact& fact) {
  out.text(fact.patient);
  out.text(fact.status);
  out.texts(fact.service_codes);
  out.quantity(fact.quantity);
  out.word(fact.measure);
  out.day(fact.first_day);
  out.day(fact.last_day);
  out.text(fact.coverage);
  out.instant(fact.requested_at);
  out.flag(fact.expedited);
  out.text(fact.authorization_number);
}

void write(FieldWriter& out, const ServiceFact& fact) {
  out.text(fact.patient);
  out.word(fact.state);
  out.number(fact.day.number);
  out.instant(fact.start_at);
  out.instant(fact.end_at);
  out.texts(fact.service_codes);
  out.quantity(fact.quantity);
  out.word(fact.measure);
  out.text(fact.provider);
  out.text(fact.program);
  out.text(fact.place);
  out.texts(fact.diagnosis_codes);
  out.text(fact.authorization_number);
  out.text(fact.coverage);
  out.text(fact.order);
  out.text(fact.appointment);
  out.text(fact.encounter);
  out.texts(fact.modifiers);
  out.quantity(fact.amount);
  out.text(fact.currency);
  out.texts(fact.replaces);
}

void write(FieldWriter& out, const PartyFact& fact) {
  out.number(static_cast<int64_t>(fact.identifiers.size()));
  for (const Identifier& identifier : fact.identifiers) {
    out.text(identifier.system);
    out.text(identifier.value);
  }
  out.texts(fact.links);
  out.text(fact.replaced_by);
  out.text(fact.display);
  out.text(fact.home_state);
}

void write(FieldWriter& out, const PinFact& fact) {
  out.word(fact.pin);
  out.text(fact.patient);
  out.text(fact.service);
  out.text(fact.authorization_number);
  out.text(fact.line);
  out.day(fact.closed_through);
  out.text(fact.reason);
  out.text(fact.role);
}

void write(FieldWriter& out, const PayerCountFact& fact) {
  out.text(fact.patient);
  out.text(fact.authorization_number);
  out.text(fact.line);
  out.number(fact.used.milli());
  out.word(fact.measure);
  out.day(fact.counted_on);
}

void write(FieldWriter& out, const BenefitFact& fact) {
  out.text(fact.patient);
  out.text(fact.coverage);
  out.text(fact.payer);
  out.text(fact.category);
  out.text(fact.name);
  out.text(fact.period);
  out.texts(fact.service_codes);
  out.quantity(fact.allowed);
  out.quantity(fact.used);
  out.text(fact.currency);
  out.text(fact.allowed_text);
  out.day(fact.first_day);
  out.day(fact.last_day);
  out.day(fact.stated_on);
}

void write(FieldWriter& out, const DocumentFact& fact) {
  out.text(fact.patient);
  out.text(fact.status);
  out.number(static_cast<int64_t>(fact.attachments.size()));
  for (const Attachment& attachment : fact.attachments) {
    out.text(attachment.url);
    out.text(attachment.hash);
  }
  out.texts(fact.related);
  out.texts(fact.authorization_numbers);
  out.texts(fact.replaces);
  out.instant(fact.issued_at);
}

}  // namespace

Hash content_hash(const Fact& fact) {
  FieldWriter out;
  out.word(kind_of(fact.body));
  out.flag(fact.retracted);
  std::visit([&out](const auto& body) { write(out, body); }, fact.body);
  return out.hash();
}

}  // namespace authledger
