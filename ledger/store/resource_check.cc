#include "ledger/store/resource_check.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "ledger/store/fact_columns.h"

namespace authledger {

namespace {

bool holds(std::string_view text) {
  const auto is_refused = [](char byte) { return byte == '\0' || byte == kListSeparator; };
  return std::none_of(text.begin(), text.end(), is_refused) && is_utf8(text);
}

// Looks at every text of a body.
class TextCheck {
 public:
  bool is_good() const { return is_good_; }
  void patient(const std::string& value) { look(value); }
  void text(const char*, const std::string& value) { look(value); }
  void list(const char*, const std::vector<std::string>& values) {
    for (const std::string& value : values) look(value);
  }
  template <typename Element, typename... Members>
  void objects(const char*, const std::vector<Element>& values, const Members&... members) {
    for (const Element& value : values) (part(value, members), ...);
  }
  template <typename Value>
  void flag(const char*, const Value&) {}
  template <typename Value>
  void number(const char*, const Value&) {}
  template <typename Value>
  void day(const char*, const Value&) {}
  template <typename Value>
  void instant(const char*, const Value&) {}
  template <typename Value>
  void quantity(const char*, const Value&) {}
  template <typename Word, typename From>
  void word(const char*, const Word&, From) {}

 private:
  template <typename Element>
  void part(const Element& element, const TextMember<Element>& part) {
    look(element.*part.member);
  }
  template <typename Element, typename Word>
  void part(const Element&, const WordMember<Element, Word>&) {}
  void look(const std::string& value) { is_good_ = is_good_ && holds(value); }
  bool is_good_ = true;
};

bool holds(const Fact& fact) {
  TextCheck check;
  std::visit([&check](const auto& body) { visit_fields(body, check); }, fact.body);
  return check.is_good() && holds(fact.fact_key) && holds(fact.mapping);
}

}  // namespace

std::optional<Issue> storage_issue(const MappedResource& resource) {
  const auto issue = [&resource](std::string path, std::string message) {
    return Issue{Severity::error, storable(resource.type, kResourceIdBytesMax) + path, std::move(message)};
  };
  if (resource.id.empty() || resource.id.size() > kResourceIdBytesMax || resource.type.size() > kResourceIdBytesMax ||
      !holds(resource.id) || !holds(resource.type)) {
    return issue(".id", fmt::format("expected an id of 1 to {} bytes of valid text", kResourceIdBytesMax));
  }
  if (resource.facts.empty()) return std::nullopt;
  if (resource.patient.empty()) return issue("", "names no patient");
  if (resource.patient.size() > kReferenceBytesMax || !holds(resource.patient)) {
    return issue("", fmt::format("expected a patient reference of at most {} bytes of valid text", kReferenceBytesMax));
  }
  if (resource.facts.size() > kFactsPerResourceMax) {
    return issue("", fmt::format("gives {} facts, at most {} are taken", resource.facts.size(), kFactsPerResourceMax));
  }
  for (const Fact& fact : resource.facts) {
    if (fact.fact_key.size() > kFactKeyBytesMax || patient_of(fact.body).size() > kReferenceBytesMax || !holds(fact)) {
      return issue("", fmt::format("a {} fact holds text that is not valid UTF-8, a control character or a key that is "
                                   "too long",
                                   word_of(kind_of(fact.body))));
    }
  }
  return std::nullopt;
}

std::string storable(std::string_view text, size_t bytes_max) {
  const bool is_valid = is_utf8(text);
  std::string out;
  for (const char byte : text.substr(0, bytes_max)) {
    const auto value = static_cast<unsigned char>(byte);
    out += value < 0x20 || (!is_valid && value > 0x7e) ? '?' : byte;
  }
  // A character that was cut in its middle goes.
  while (!is_utf8(out)) out.pop_back();
  return out;
}

}  // namespace authledger
