#pragma once

#include "config/rules.h"
#include "config/yaml_reader.h"

namespace authledger {

// Reads the keys of a rules map over `rules` and leaves map.finish() to the caller, who may know further keys.
void read_rules_keys(YamlMapReader& map, Rules& rules);

}  // namespace authledger
