#include "adapters/prior_auth_numbers.h"

#include <algorithm>

namespace authledger {
namespace {

using Numbers = std::vector<std::string>;

void keep(AuthorizationLineFact& line, NumberRole role, const Numbers& numbers) {
  for (const std::string& number : numbers) {
    if (number.empty() || number == line.authorization_number) continue;
    const OtherNumber other{role, number};
    if (std::find(line.other_numbers.begin(), line.other_numbers.end(), other) == line.other_numbers.end()) {
      line.other_numbers.push_back(other);
    }
  }
}

void choose(AuthorizationLineFact& line, const Numbers& numbers) {
  if (line.authorization_number.empty() && !numbers.empty()) line.authorization_number = numbers.front();
}

}  // namespace

void assign_numbers(const PayerAnswer& answer, const AnsweredItem& item, AuthorizationLineFact& line) {
  choose(line, item.numbers);
  choose(line, answer.numbers);
  if (line.decision != Decision::pended) {
    choose(line, answer.header_numbers);
    choose(line, answer.header_extension_numbers);
    choose(line, answer.identifier_numbers);
    choose(line, item.previous_numbers);
  }
  keep(line, NumberRole::header, answer.header_numbers);
  keep(line, NumberRole::header, answer.header_extension_numbers);
  keep(line, NumberRole::header, answer.numbers);
  keep(line, NumberRole::previous, item.numbers);
  keep(line, NumberRole::previous, item.previous_numbers);
  keep(line, NumberRole::administration_reference, item.administration_numbers);
  keep(line, NumberRole::administration_reference, answer.administration_numbers);
  keep(line, NumberRole::identifier, answer.identifier_numbers);

  const bool is_approved = line.decision == Decision::approved || line.decision == Decision::approved_in_part ||
                           line.decision == Decision::approved_modified;
  if (!is_approved) return;
  for (const std::string& number : item.previous_numbers) {
    if (number == line.authorization_number) continue;
    line.supersedes = number;
    break;
  }
}

}  // namespace authledger
