#pragma once

#include <set>
#include <string>
#include <vector>

#include "base/json.h"
#include "config/config.h"

namespace authledger {

// The ViewDefinition as JSON text with the site's columns in place of the shipped ones of the same name, wherever they
// stand. A column that the view lacks is added below its first select, so that a site can name fields that the shipped
// mapping leaves empty.
std::string override_columns(JsonView definition, const std::vector<ColumnOverride>& overrides);

// The only forEach (or forEachOrNull) of a view, and the columns below it.
struct SingleForEach {
  std::string path;  // Empty where there are several, or where it is no plain element name.
  std::set<std::string> columns;
};
SingleForEach single_for_each(JsonView definition);

}  // namespace authledger
