#include "config/channels.h"

#include <algorithm>

namespace authledger {

const std::vector<std::string>& channel_words() {
  static const std::vector<std::string> kWords = {"Flag", "Task", "Communication", "DocumentReference",
                                                  std::string(kWorklist)};
  return kWords;
}

std::vector<std::string> channels_for(const ChannelOrder& order, std::string_view kind, std::string_view role) {
  if (kind == kPatientKind) return {"Communication"};
  const auto named = [&](const std::string& scope) { return order.by_scope.find(scope); };
  for (const std::string& scope : {std::string(kind) + "/" + std::string(role), std::string(kind)}) {
    if (const auto found = named(scope); found != order.by_scope.end()) return found->second;
  }
  auto found = named(std::string(role));
  if (found == order.by_scope.end()) found = named("all");
  std::vector<std::string> channels = found == order.by_scope.end() ? channel_words() : found->second;
  std::erase(channels, kind == "utilization" ? "Task" : "Flag");
  return channels;
}

}  // namespace authledger
