#include "ledger/facts_json.h"

#include <fmt/format.h>

#include <type_traits>

#include "base/check.h"
#include "ledger/journal_json.h"

namespace authledger {
namespace {

class BodyWriter {
 public:
  explicit BodyWriter(JsonWriter& writer) : writer_(writer) {}

  void text(const char* name, const std::string& value) {
    if (!value.empty()) writer_.member(name, value);
  }
  void flag(const char* name, bool value) {
    if (value) writer_.key(name).boolean(true);
  }
  void number(const char* name, const std::optional<int>& value) {
    if (value) writer_.key(name).number(*value);
  }
  void day(const char* name, const std::optional<Day>& value) {
    if (value) writer_.member(name, format_day(*value));
  }
  void day(const char* name, const Day& value) { writer_.member(name, format_day(value)); }
  void instant(const char* name, const std::optional<Instant>& value) {
    if (value) writer_.member(name, format_instant(*value));
  }
  void quantity(const char* name, const std::optional<Quantity>& value) {
    if (value) writer_.key(name).number(value->milli());
  }
  void quantity(const char* name, const Quantity& value) { writer_.key(name).number(value.milli()); }
  template <typename Word, typename From>
  void word(const char* name, const Word& value, From) {
    writer_.member(name, word_of(value));
  }
  template <typename Word, typename From>
  void word(const char* name, const std::optional<Word>& value, From) {
    if (value) writer_.member(name, word_of(*value));
  }
  void list(const char* name, const std::vector<std::string>& values) {
    if (values.empty()) return;
    writer_.key(name).begin_array();
    for (const std::string& value : values) writer_.string(value);
    writer_.end_array();
  }
  template <typename Element, typename Visit>
  void objects(const char* name, const std::vector<Element>& values, Visit visit) {
    if (values.empty()) return;
    writer_.key(name).begin_array();
    for (const Element& value : values) {
      writer_.begin_object();
      visit(value, *this);
      writer_.end_object();
    }
    writer_.end_array();
  }

 private:
  JsonWriter& writer_;
};

class BodyReader {
 public:
  BodyReader(JsonView object, std::string& failed) : object_(object), failed_(failed) {}

  void text(const char* name, std::string& value) {
    if (const JsonView found = object_[name])
      keep(name, value, found.is_string() ? std::optional(found.string()) : std::nullopt);
  }
  void flag(const char* name, bool& value) {
    if (const JsonView found = object_[name]) {
      keep(name, value, found.is_boolean() ? std::optional(found.boolean()) : std::nullopt);
    }
  }
  template <typename Value>
  void number(const char* name, std::optional<Value>& value) {
    if (object_[name]) keep(name, value, integer_from(object_[name]));
  }
  template <typename Value>
  void day(const char* name, Value& value) {
    if (object_[name]) keep(name, value, parse_day(object_[name].text()));
  }
  void instant(const char* name, std::optional<Instant>& value) {
    if (object_[name]) keep(name, value, parse_instant(object_[name].text()));
  }
  template <typename Value>
  void quantity(const char* name, Value& value) {
    if (!object_[name]) return;
    const auto milli = integer_from(object_[name]);
    keep(name, value, milli ? std::optional(Quantity::of_milli(*milli)) : std::nullopt);
  }
  template <typename Value, typename From>
  void word(const char* name, Value& value, From from) {
    if (object_[name]) keep(name, value, from(object_[name].text()));
  }
  void list(const char* name, std::vector<std::string>& values) {
    for (JsonView value : object_[name]) {
      std::string text;
      keep(name, text, value.is_string() ? std::optional(value.string()) : std::nullopt);
      values.push_back(std::move(text));
    }
  }
  template <typename Element, typename Visit>
  void objects(const char* name, std::vector<Element>& values, Visit visit) {
    for (JsonView value : object_[name]) {
      BodyReader parts(value, failed_);
      visit(values.emplace_back(), parts);
    }
  }

 private:
  template <typename Value, typename Read>
  void keep(const char* name, Value& value, const std::optional<Read>& read) {
    if (read) {
      if constexpr (std::is_same_v<Value, std::optional<int>>) {
        value = static_cast<int>(*read);
      } else {
        value = *read;
      }
    } else if (failed_.empty()) {
      failed_ = name;
    }
  }

  JsonView object_;
  std::string& failed_;
};

// visit_fields(body, BodyWriter or BodyReader): Body is const for writing.
template <typename Body, typename Fields>
concept BodyOf = std::is_same_v<std::remove_const_t<Body>, Fields>;

template <BodyOf<CoverageFact> Body, typename Fields>
void visit_fields(Body& body, Fields& fields) {
  fields.text("patient", body.patient);
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
  fields.text("patient", body.patient);
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
  fields.text("patient", body.patient);
  fields.text("payer", body.payer);
  fields.text("payer_display", body.payer_display);
  fields.text("member_id", body.member_id);
  fields.text("authorization_number", body.authorization_number);
  fields.objects("other_numbers", body.other_numbers, [](auto& other, auto& parts) {
    parts.word("role", other.role, number_role_from);
    parts.text("number", other.number);
  });
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
  fields.text("patient", body.patient);
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
  fields.text("patient", body.patient);
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
  fields.objects("identifiers", body.identifiers, [](auto& identifier, auto& parts) {
    parts.text("system", identifier.system);
    parts.text("value", identifier.value);
  });
  fields.list("links", body.links);
  fields.text("replaced_by", body.replaced_by);
  fields.text("display", body.display);
  fields.text("home_state", body.home_state);
}

template <BodyOf<PinFact> Body, typename Fields>
void visit_fields(Body& body, Fields& fields) {
  fields.word("pin", body.pin, pin_kind_from);
  fields.text("patient", body.patient);
  fields.text("service", body.service);
  fields.text("authorization_number", body.authorization_number);
  fields.text("line", body.line);
  fields.day("closed_through_day", body.closed_through);
  fields.text("reason", body.reason);
  fields.text("role", body.role);
}

template <BodyOf<PayerCountFact> Body, typename Fields>
void visit_fields(Body& body, Fields& fields) {
  fields.text("patient", body.patient);
  fields.text("authorization_number", body.authorization_number);
  fields.text("line", body.line);
  fields.quantity("used_milli", body.used);
  fields.word("measure", body.measure, measure_from);
  fields.day("counted_day", body.counted_on);
}

template <BodyOf<BenefitFact> Body, typename Fields>
void visit_fields(Body& body, Fields& fields) {
  fields.text("patient", body.patient);
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
  fields.text("patient", body.patient);
  fields.text("status", body.status);
  fields.objects("attachments", body.attachments, [](auto& attachment, auto& parts) {
    parts.text("url", attachment.url);
    parts.text("hash", attachment.hash);
  });
  fields.list("related", body.related);
  fields.list("authorization_numbers", body.authorization_numbers);
  fields.list("replaces", body.replaces);
  fields.instant("issued_at", body.issued_at);
}

}  // namespace

FactBody empty_body(FactKind kind) {
  switch (kind) {
    case FactKind::coverage:
      return CoverageFact{};
    case FactKind::request_line:
      return RequestLineFact{};
    case FactKind::authorization_line:
      return AuthorizationLineFact{};
    case FactKind::order:
      return OrderFact{};
    case FactKind::service:
      return ServiceFact{};
    case FactKind::patient:
      return PatientFact{};
    case FactKind::organization:
      return OrganizationFact{};
    case FactKind::pin:
      return PinFact{};
    case FactKind::payer_count:
      return PayerCountFact{};
    case FactKind::benefit:
      return BenefitFact{};
    case FactKind::document:
      return DocumentFact{};
  }
  AUTHLEDGER_CHECK(false);
}

void write_body(JsonWriter& writer, const FactBody& body) {
  writer.begin_object();
  BodyWriter fields(writer);
  std::visit([&fields](const auto& own) { visit_fields(own, fields); }, body);
  writer.end_object();
}

Result<FactBody> body_from(FactKind kind, JsonView object) {
  FactBody body = empty_body(kind);
  std::string failed;
  BodyReader fields(object, failed);
  std::visit([&fields](auto& own) { visit_fields(own, fields); }, body);
  if (!failed.empty()) return Failure{fmt::format("a fact's member `{}` has another form", failed)};
  return body;
}

}  // namespace authledger
