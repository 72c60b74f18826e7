#pragma once

#include "config/config.h"
#include "config/yaml_reader.h"

namespace authledger {

// Reads `channels`, `worklist_file` and `recipient` of the `delivery:` map. `folder` is where relative paths start.
// Returns the resource types among the channels that the file names; null when it names no channel, or only the
// worklist for some of the notices.
std::optional<std::vector<std::string>> read_channels(YamlMapReader& delivery_map, const std::string& folder,
                                                      DeliveryConfig& delivery);

}  // namespace authledger
