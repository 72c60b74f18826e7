#include "ledger/facts_json.h"

#include <fmt/format.h>

#include <type_traits>

#include "base/check.h"
#include "ledger/fact_fields.h"
#include "ledger/journal_json.h"

namespace authledger {
namespace {

class BodyWriter {
 public:
  explicit BodyWriter(JsonWriter& writer) : writer_(writer) {}

  void patient(const std::string& value) { text("patient", value); }
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
  template <typename Element, typename... Members>
  void objects(const char* name, const std::vector<Element>& values, const Members&... members) {
    if (values.empty()) return;
    writer_.key(name).begin_array();
    for (const Element& value : values) {
      writer_.begin_object();
      (part(value, members), ...);
      writer_.end_object();
    }
    writer_.end_array();
  }

 private:
  template <typename Element>
  void part(const Element& element, const TextMember<Element>& part) {
    text(part.name, element.*part.member);
  }
  template <typename Element, typename Word>
  void part(const Element& element, const WordMember<Element, Word>& part) {
    word(part.name, element.*part.member, part.from);
  }

  JsonWriter& writer_;
};

class BodyReader {
 public:
  BodyReader(JsonView object, std::string& failed) : object_(object), failed_(failed) {}

  void patient(std::string& value) { text("patient", value); }
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
  template <typename Element, typename... Members>
  void objects(const char* name, std::vector<Element>& values, const Members&... members) {
    for (JsonView value : object_[name]) {
      BodyReader reader(value, failed_);
      Element& element = values.emplace_back();
      (reader.part(element, members), ...);
    }
  }

 private:
  template <typename Element>
  void part(Element& element, const TextMember<Element>& part) {
    text(part.name, element.*part.member);
  }
  template <typename Element, typename Word>
  void part(Element& element, const WordMember<Element, Word>& part) {
    word(part.name, element.*part.member, part.from);
  }

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
