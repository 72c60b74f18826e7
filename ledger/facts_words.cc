#include <array>
#include <utility>

#include "base/check.h"
#include "ledger/facts.h"

// The words of the enumerations: one table each, read in both directions.

namespace authledger {
namespace {

template <typename Enum>
using Word = std::pair<Enum, std::string_view>;

constexpr std::array kFactKinds{
    Word<FactKind>{FactKind::coverage, "coverage"},
    Word<FactKind>{FactKind::request_line, "request_line"},
    Word<FactKind>{FactKind::authorization_line, "authorization_line"},
    Word<FactKind>{FactKind::order, "order"},
    Word<FactKind>{FactKind::service, "service"},
    Word<FactKind>{FactKind::patient, "patient"},
    Word<FactKind>{FactKind::organization, "organization"},
    Word<FactKind>{FactKind::pin, "pin"},
    Word<FactKind>{FactKind::payer_count, "payer_count"},
    Word<FactKind>{FactKind::benefit, "benefit"},
    Word<FactKind>{FactKind::document, "document"},
};
constexpr std::array kDecisions{
    Word<Decision>{Decision::pended, "pended"},
    Word<Decision>{Decision::approved, "approved"},
    Word<Decision>{Decision::approved_in_part, "approved_in_part"},
    Word<Decision>{Decision::approved_modified, "approved_modified"},
    Word<Decision>{Decision::denied, "denied"},
    Word<Decision>{Decision::cancelled, "cancelled"},
    Word<Decision>{Decision::not_required, "not_required"},
    Word<Decision>{Decision::unknown, "unknown"},
};
constexpr std::array kMeasures{
    Word<Measure>{Measure::visit, "visit"},
    Word<Measure>{Measure::day, "day"},
    Word<Measure>{Measure::unit_15_minutes, "unit_15_minutes"},
    Word<Measure>{Measure::hour, "hour"},
    Word<Measure>{Measure::other, "other"},
    Word<Measure>{Measure::unknown, "unknown"},
};
constexpr std::array kServiceStates{
    Word<ServiceState>{ServiceState::planned, "planned"},
    Word<ServiceState>{ServiceState::in_progress, "in_progress"},
    Word<ServiceState>{ServiceState::rendered, "rendered"},
    Word<ServiceState>{ServiceState::no_show, "no_show"},
    Word<ServiceState>{ServiceState::voided, "void"},
};
constexpr std::array kLineChanges{
    Word<LineChange>{LineChange::cancelled, "cancelled"},
    Word<LineChange>{LineChange::changed, "changed"},
    Word<LineChange>{LineChange::added, "added"},
};
constexpr std::array kNumberRoles{
    Word<NumberRole>{NumberRole::header, "header"},
    Word<NumberRole>{NumberRole::previous, "previous"},
    Word<NumberRole>{NumberRole::administration_reference, "administration_reference"},
    Word<NumberRole>{NumberRole::identifier, "identifier"},
};
constexpr std::array kPinKinds{
    Word<PinKind>{PinKind::human_override, "human_override"},
    Word<PinKind>{PinKind::billed_claim, "billed_claim"},
    Word<PinKind>{PinKind::closed_period, "closed_period"},
};

template <typename Table, typename Enum>
std::string_view word_in(const Table& table, Enum value) {
  for (const auto& [known, word] : table) {
    if (known == value) return word;
  }
  AUTHLEDGER_CHECK(false);  // A value outside of its enumeration: a number from storage was not checked.
  return {};
}

template <typename Enum, size_t Size>
std::optional<Enum> value_in(const std::array<Word<Enum>, Size>& table, std::string_view text) {
  for (const auto& [value, word] : table) {
    if (word == text) return value;
  }
  return std::nullopt;
}

}  // namespace

std::string_view word_of(FactKind kind) {
  return word_in(kFactKinds, kind);
}
std::string_view word_of(Decision decision) {
  return word_in(kDecisions, decision);
}
std::string_view word_of(Measure measure) {
  return word_in(kMeasures, measure);
}
std::string_view word_of(ServiceState state) {
  return word_in(kServiceStates, state);
}
std::string_view word_of(LineChange change) {
  return word_in(kLineChanges, change);
}
std::string_view word_of(NumberRole role) {
  return word_in(kNumberRoles, role);
}
std::string_view word_of(PinKind kind) {
  return word_in(kPinKinds, kind);
}

std::optional<FactKind> fact_kind_from(std::string_view word) {
  return value_in(kFactKinds, word);
}
std::optional<Decision> decision_from(std::string_view word) {
  return value_in(kDecisions, word);
}
std::optional<Measure> measure_from(std::string_view word) {
  return value_in(kMeasures, word);
}
std::optional<ServiceState> service_state_from(std::string_view word) {
  return value_in(kServiceStates, word);
}
std::optional<LineChange> line_change_from(std::string_view word) {
  return value_in(kLineChanges, word);
}
std::optional<NumberRole> number_role_from(std::string_view word) {
  return value_in(kNumberRoles, word);
}
std::optional<PinKind> pin_kind_from(std::string_view word) {
  return value_in(kPinKinds, word);
}

}  // namespace authledger
