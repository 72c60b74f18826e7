#include "ledger/fact_fields.h"

// The bytes behind content_hash: every field in its order, each with its length, each optional one with a mark of
// presence. A field that is added to a fact goes to the end of its list: stored hashes then differ once, which costs
// one new version per fact and nothing else.

namespace authledger {
namespace {

class FieldHash {
 public:
  void patient(const std::string& value) { input_.add(value); }
  void text(const char*, const std::string& value) { input_.add(value); }
  void flag(const char*, bool value) { add_presence(value); }
  void number(const char*, const std::optional<int>& value) {
    add_optional(value, [](int number) { return number; });
  }
  void day(const char*, const Day& value) { input_.add(int64_t{value.number}); }
  void day(const char*, const std::optional<Day>& value) {
    add_optional(value, [](const Day& day) { return day.number; });
  }
  void instant(const char*, const std::optional<Instant>& value) {
    add_optional(value, [](const Instant& instant) { return instant.time_since_epoch().count(); });
  }
  void quantity(const char*, const Quantity& value) { input_.add(value.milli()); }
  void quantity(const char*, const std::optional<Quantity>& value) {
    add_optional(value, [](const Quantity& quantity) { return quantity.milli(); });
  }
  template <typename Word, typename From>
  void word(const char*, const Word& value, From) {
    input_.add(static_cast<int64_t>(value));
  }
  template <typename Word, typename From>
  void word(const char*, const std::optional<Word>& value, From) {
    input_.add(value ? static_cast<int64_t>(*value) : int64_t{0});
  }
  void list(const char*, const std::vector<std::string>& values) {
    input_.add(static_cast<int64_t>(values.size()));
    for (const std::string& value : values) input_.add(value);
  }
  template <typename Element, typename... Members>
  void objects(const char*, const std::vector<Element>& values, const Members&... members) {
    input_.add(static_cast<int64_t>(values.size()));
    for (const Element& value : values) (part(value, members), ...);
  }

  void add_presence(bool value) { input_.add(int64_t{value ? 1 : 0}); }
  void add_kind(FactKind kind) { input_.add(static_cast<int64_t>(kind)); }
  Hash hash() const { return input_.sha256(); }

 private:
  template <typename Value, typename Number>
  void add_optional(const std::optional<Value>& value, Number number) {
    add_presence(value.has_value());
    if (value) input_.add(static_cast<int64_t>(number(*value)));
  }
  template <typename Element>
  void part(const Element& element, const TextMember<Element>& part) {
    input_.add(element.*part.member);
  }
  template <typename Element, typename Word>
  void part(const Element& element, const WordMember<Element, Word>& part) {
    input_.add(static_cast<int64_t>(element.*part.member));
  }

  HashInput input_;
};

}  // namespace

Hash content_hash(const Fact& fact) {
  FieldHash fields;
  fields.add_kind(kind_of(fact.body));
  fields.add_presence(fact.retracted);
  std::visit([&fields](const auto& body) { visit_fields(body, fields); }, fact.body);
  return fields.hash();
}

}  // namespace authledger
