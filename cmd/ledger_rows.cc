#include "cmd/ledger_rows.h"

#include "base/json.h"
#include "base/text.h"

namespace authledger {

OutputCell cell_of(const std::optional<Quantity>& quantity) {
  return quantity ? OutputCell::of_number(format_quantity(*quantity)) : OutputCell{};
}

OutputCell cell_of(const std::optional<Day>& day) {
  return day ? OutputCell::of_text(format_day(*day)) : OutputCell{};
}

OutputCell cell_of(const std::vector<CoveredBy>& covered_by) {
  JsonWriter writer;
  std::vector<std::string> shown;
  writer.begin_array();
  for (const CoveredBy& covered : covered_by) {
    writer.begin_object();
    writer.key("authorization_number");
    covered.authorization_number.empty() ? writer.null() : writer.string(covered.authorization_number);
    writer.member("line", covered.line).key("quantity").number_text(format_quantity(covered.quantity));
    writer.member("rule", covered.rule).end_object();
    shown.push_back(format_quantity(covered.quantity) + " from " + covered.authorization_number + "/" + covered.line);
  }
  writer.end_array();
  return OutputCell::of_json(writer.take(), join(shown, ", "));
}

}  // namespace authledger
