#pragma once

#include <string>
#include <type_traits>
#include <vector>

#include "ledger/facts.h"
#include "ledger/store/pg.h"

// The columns of the typed fact tables, named once for writing and for reading, in the order of the statements in
// fact_tables.cc. Inside of ledger/store only.

namespace authledger {

// Lists travel as one text per row, each element after this separator; facts that hold it are refused (see
// resource_check.cc).
inline constexpr char kListSeparator = '\x1f';

// One array parameter per column, a value per fact.
class ColumnWriter {
 public:
  explicit ColumnWriter(size_t columns) : columns_(columns) {}
  void start_row() { at_ = 0; }
  void add_to(Parameters& parameters) {
    for (ArrayBuilder& column : columns_) column.add_to(parameters);
  }

  void integer(int64_t value) { next().integer(value); }
  void required(const std::string& value) { next().text(value); }
  void text(const std::string& value) { next().optional_text(value); }
  void boolean(bool value) { next().boolean(value); }
  void day(Day value) { next().day(value); }
  void day(const std::optional<Day>& value) { next().optional_day(value); }
  void instant(const std::optional<Instant>& value) { next().optional_instant(value); }
  void hash(const Hash& value) { next().hash(value); }
  void number(const std::optional<int>& value) { value ? integer(*value) : next().null(); }
  void number(const std::optional<int64_t>& value) { next().optional_integer(value); }
  void quantity(Quantity value) { integer(value.milli()); }
  void quantity(const std::optional<Quantity>& value) { value ? integer(value->milli()) : next().null(); }
  template <typename Word>
  void word(Word value) {
    integer(static_cast<int64_t>(value));
  }
  template <typename Word>
  void word(const std::optional<Word>& value) {
    value ? word(*value) : next().null();
  }
  void list(const std::vector<std::string>& values) {
    list(values, [](const std::string& value) -> const std::string& { return value; });
  }
  template <typename Element, typename Part>
  void list(const std::vector<Element>& values, Part part) {
    list_.clear();
    for (const Element& value : values) {
      list_ += kListSeparator;
      list_ += part(value);
    }
    next().text(list_);
  }

 private:
  ArrayBuilder& next() { return columns_[at_++]; }

  std::vector<ArrayBuilder> columns_;
  size_t at_ = 0;
  std::string list_;
};

class ColumnReader {
 public:
  ColumnReader(const Rows& rows, size_t row, int first_column) : rows_(rows), row_(row), column_(first_column) {}

  void required(std::string& value) { value = rows_.string(row_, column_++); }
  void text(std::string& value) { value = rows_.string(row_, column_++); }
  void boolean(bool& value) { value = rows_.boolean(row_, column_++); }
  void day(Day& value) { value = rows_.day(row_, column_++); }
  void day(std::optional<Day>& value) { value = rows_.optional_day(row_, column_++); }
  void instant(std::optional<Instant>& value) { value = rows_.optional_instant(row_, column_++); }
  void number(std::optional<int>& value) {
    const std::optional<int64_t> number = rows_.optional_integer(row_, column_++);
    value = number ? std::optional(static_cast<int>(*number)) : std::nullopt;
  }
  void quantity(Quantity& value) { value = Quantity::of_milli(rows_.integer(row_, column_++)); }
  void quantity(std::optional<Quantity>& value) {
    const std::optional<int64_t> milli = rows_.optional_integer(row_, column_++);
    value = milli ? std::optional(Quantity::of_milli(*milli)) : std::nullopt;
  }
  template <typename Word>
  void word(Word& value) {
    value = static_cast<Word>(rows_.integer(row_, column_++));
  }
  template <typename Word>
  void word(std::optional<Word>& value) {
    const std::optional<int64_t> number = rows_.optional_integer(row_, column_++);
    value = number ? std::optional(static_cast<Word>(*number)) : std::nullopt;
  }
  void list(std::vector<std::string>& values) { values = rows_.text_array(row_, column_++); }
  void list(std::vector<int64_t>& values) { values = rows_.integer_array(row_, column_++); }

 private:
  const Rows& rows_;
  size_t row_;
  int column_;
};

// visit_columns(fact body, ColumnWriter or ColumnReader): Body is const for writing.
template <typename Body, typename Fields>
concept BodyOf = std::is_same_v<std::remove_const_t<Body>, Fields>;

template <BodyOf<CoverageFact> Body, typename Columns>
void visit_columns(Body& body, Columns& columns) {
  columns.required(body.patient);
  columns.text(body.payer);
  columns.text(body.payer_display);
  columns.text(body.member_id);
  columns.text(body.status);
  columns.day(body.first_day);
  columns.day(body.last_day);
  columns.number(body.order);
  columns.text(body.plan_class);
  columns.text(body.kind);
}

template <BodyOf<RequestLineFact> Body, typename Columns>
void visit_columns(Body& body, Columns& columns) {
  columns.required(body.patient);
  columns.text(body.request);
  columns.text(body.line);
  columns.text(body.payer);
  columns.text(body.coverage);
  columns.list(body.service_codes);
  columns.quantity(body.quantity);
  columns.word(body.measure);
  columns.day(body.first_day);
  columns.day(body.last_day);
  columns.list(body.diagnosis_codes);
  columns.text(body.provider);
  columns.text(body.prior_request);
  columns.instant(body.requested_at);
  columns.boolean(body.expedited);
  columns.word(body.change);
}

inline void visit_other_numbers(const std::vector<OtherNumber>& numbers, ColumnWriter& columns) {
  columns.list(numbers, [](const OtherNumber& other) { return std::to_string(static_cast<int>(other.role)); });
  columns.list(numbers, [](const OtherNumber& other) -> const std::string& { return other.number; });
}

inline void visit_other_numbers(std::vector<OtherNumber>& numbers, ColumnReader& columns) {
  std::vector<int64_t> roles;
  std::vector<std::string> texts;
  columns.list(roles);
  columns.list(texts);
  for (size_t i = 0; i < roles.size() && i < texts.size(); ++i) {
    numbers.push_back({static_cast<NumberRole>(roles[i]), std::move(texts[i])});
  }
}

template <BodyOf<AuthorizationLineFact> Body, typename Columns>
void visit_columns(Body& body, Columns& columns) {
  columns.required(body.patient);
  columns.text(body.payer);
  columns.text(body.payer_display);
  columns.text(body.member_id);
  columns.text(body.authorization_number);
  visit_other_numbers(body.other_numbers, columns);
  columns.text(body.line);
  columns.word(body.decision);
  columns.text(body.decision_code);
  columns.text(body.request);
  columns.list(body.service_codes);
  columns.day(body.first_day);
  columns.day(body.last_day);
  columns.quantity(body.quantity);
  columns.boolean(body.quantity_as_requested);
  columns.word(body.measure);
  columns.quantity(body.rate_quantity);
  columns.text(body.rate_period);
  columns.list(body.diagnosis_codes);
  columns.text(body.provider);
  columns.text(body.program);
  columns.text(body.place);
  columns.day(body.issued_on);
  columns.instant(body.issued_at);
  columns.quantity(body.payer_used_quantity);
  columns.text(body.supersedes);
  columns.list(body.modifiers);
  columns.quantity(body.amount);
  columns.text(body.currency);
}

template <BodyOf<OrderFact> Body, typename Columns>
void visit_columns(Body& body, Columns& columns) {
  columns.required(body.patient);
  columns.text(body.status);
  columns.list(body.service_codes);
  columns.quantity(body.quantity);
  columns.word(body.measure);
  columns.day(body.first_day);
  columns.day(body.last_day);
  columns.text(body.coverage);
  columns.instant(body.requested_at);
  columns.boolean(body.expedited);
  columns.text(body.authorization_number);
}

template <BodyOf<ServiceFact> Body, typename Columns>
void visit_columns(Body& body, Columns& columns) {
  columns.required(body.patient);
  columns.word(body.state);
  columns.day(body.day);
  columns.instant(body.start_at);
  columns.instant(body.end_at);
  columns.list(body.service_codes);
  columns.quantity(body.quantity);
  columns.word(body.measure);
  columns.text(body.provider);
  columns.text(body.program);
  columns.text(body.place);
  columns.list(body.diagnosis_codes);
  columns.text(body.authorization_number);
  columns.text(body.coverage);
  columns.text(body.order);
  columns.text(body.appointment);
  columns.text(body.encounter);
  columns.list(body.modifiers);
  columns.quantity(body.amount);
  columns.text(body.currency);
  columns.list(body.replaces);
}

inline void visit_identifiers(const std::vector<Identifier>& identifiers, ColumnWriter& columns) {
  columns.list(identifiers, [](const Identifier& identifier) -> const std::string& { return identifier.system; });
  columns.list(identifiers, [](const Identifier& identifier) -> const std::string& { return identifier.value; });
}

inline void visit_identifiers(std::vector<Identifier>& identifiers, ColumnReader& columns) {
  std::vector<std::string> systems, values;
  columns.list(systems);
  columns.list(values);
  for (size_t i = 0; i < systems.size() && i < values.size(); ++i) {
    identifiers.push_back({std::move(systems[i]), std::move(values[i])});
  }
}

template <typename Body, typename Columns>
requires std::is_base_of_v<PartyFact, std::remove_const_t<Body>>
void visit_columns(Body& body, Columns& columns) {
  visit_identifiers(body.identifiers, columns);
  columns.list(body.links);
  columns.text(body.replaced_by);
  columns.text(body.display);
  columns.text(body.home_state);
}

template <BodyOf<PinFact> Body, typename Columns>
void visit_columns(Body& body, Columns& columns) {
  columns.word(body.pin);
  columns.required(body.patient);
  columns.text(body.service);
  columns.text(body.authorization_number);
  columns.text(body.line);
  columns.day(body.closed_through);
  columns.text(body.reason);
  columns.text(body.role);
}

template <BodyOf<PayerCountFact> Body, typename Columns>
void visit_columns(Body& body, Columns& columns) {
  columns.required(body.patient);
  columns.text(body.authorization_number);
  columns.text(body.line);
  columns.quantity(body.used);
  columns.word(body.measure);
  columns.day(body.counted_on);
}

template <BodyOf<BenefitFact> Body, typename Columns>
void visit_columns(Body& body, Columns& columns) {
  columns.required(body.patient);
  columns.text(body.coverage);
  columns.text(body.payer);
  columns.text(body.category);
  columns.text(body.name);
  columns.text(body.period);
  columns.list(body.service_codes);
  columns.quantity(body.allowed);
  columns.quantity(body.used);
  columns.text(body.currency);
  columns.text(body.allowed_text);
  columns.day(body.first_day);
  columns.day(body.last_day);
  columns.day(body.stated_on);
}

inline void visit_attachments(const std::vector<Attachment>& attachments, ColumnWriter& columns) {
  columns.list(attachments, [](const Attachment& attachment) -> const std::string& { return attachment.url; });
  columns.list(attachments, [](const Attachment& attachment) -> const std::string& { return attachment.hash; });
}

inline void visit_attachments(std::vector<Attachment>& attachments, ColumnReader& columns) {
  std::vector<std::string> urls, hashes;
  columns.list(urls);
  columns.list(hashes);
  for (size_t i = 0; i < urls.size() && i < hashes.size(); ++i) {
    attachments.push_back({std::move(urls[i]), std::move(hashes[i])});
  }
}

template <BodyOf<DocumentFact> Body, typename Columns>
void visit_columns(Body& body, Columns& columns) {
  columns.required(body.patient);
  columns.text(body.status);
  visit_attachments(body.attachments, columns);
  columns.list(body.related);
  columns.list(body.authorization_numbers);
  columns.list(body.replaces);
  columns.instant(body.issued_at);
}

}  // namespace authledger
