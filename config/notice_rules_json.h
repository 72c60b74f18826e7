#pragma once

#include "base/json.h"
#include "config/notice_rules.h"

namespace authledger {

// Parts of rules_json. What says no more than the defaults is left out, so that unchanged rules stay one policy
// version.
void write_notice_rules(JsonWriter& json, const NoticeRules& notices);
// One band as a number, as rules had it before there were several.
void write_bands(JsonWriter& json, const char* name, const std::vector<int>& bands);
void write_bands(JsonWriter& json, const char* name, const std::vector<Quantity>& bands);
void write_warnings(JsonWriter& json, const WarningRule& warnings);

}  // namespace authledger
