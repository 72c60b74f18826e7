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

// Visits a body's columns as a writer would, and looks at every text.
class TextCheck {
 public:
  bool is_good() const { return is_good_; }
  void required(const std::string& value) { look(value); }
  void text(const std::string& value) { look(value); }
  void list(const std::vector<std::string>& values) {
    for (const std::string& value : values) look(value);
  }
  void boolean(bool) {}
  void day(const std::optional<Day>&) {}
  void instant(const std::optional<Instant>&) {}
  void number(const std::optional<int>&) {}
  void quantity(const std::optional<Quantity>&) {}
  template <typename Word>
  void word(const Word&) {}

 private:
  void look(const std::string& value) { is_good_ = is_good_ && holds(value); }
  bool is_good_ = true;
};

void visit_other_numbers(const std::vector<OtherNumber>& numbers, TextCheck& check) {
  for (const OtherNumber& other : numbers) check.text(other.number);
}

void visit_identifiers(const std::vector<Identifier>& identifiers, TextCheck& check) {
  for (const Identifier& identifier : identifiers) {
    check.text(identifier.system);
    check.text(identifier.value);
  }
}

void visit_attachments(const std::vector<Attachment>& attachments, TextCheck& check) {
  for (const Attachment& attachment : attachments) {
    check.text(attachment.url);
    check.text(attachment.hash);
  }
}

bool holds(const Fact& fact) {
  TextCheck check;
  std::visit([&check](const auto& body) { visit_columns(body, check); }, fact.body);
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
