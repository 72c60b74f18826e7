#pragma once

#include "base/json.h"
#include "config/notice_rules.h"

namespace authledger {

// Parts of rules_json. What says no more than the defaults is left out, so that unchanged rules stay one policy
// version.
void write_notice_rules(JsonWriter& json, const NoticeRules& notices);
void write_warnings(JsonWriter& json, const WarningRule& warnings);

}  // namespace authledger
