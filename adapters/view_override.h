#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "config/config.h"

namespace authledger {

// The ViewDefinition as JSON text with the site's columns in place of the shipped ones of the same name, wherever they
// stand. A column that the view lacks is added below its first select, so that a site can name fields that the shipped
// mapping leaves empty.
std::string override_columns(JsonView definition, const std::vector<ColumnOverride>& overrides);

// The path of the only forEach (or forEachOrNull) of a view when it is a plain element name; "" otherwise.
std::string single_for_each(JsonView definition);

}  // namespace authledger
