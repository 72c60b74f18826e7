#include "config/read_channels.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "config/read_endpoint.h"

namespace authledger {
namespace {

std::vector<std::string> kind_words() {
  std::vector<std::string> words = {"utilization"};
  for (const auto& [kind, roles] : NoticeRules::default_recipients()) {
    if (kind != kPatientKind) words.push_back(kind);
  }
  return words;
}

std::vector<std::string> role_words() {
  std::vector<std::string> words;
  for (const Role role : {Role::clinician, Role::biller, Role::operations}) words.emplace_back(word_of(role));
  return words;
}

bool holds(const std::vector<std::string>& words, const std::string& word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

// "" when the word names whom a list of channels is for.
std::string scope_problem(const std::string& scope) {
  const std::vector<std::string> kinds = kind_words(), roles = role_words();
  if (scope == "all" || holds(kinds, scope) || holds(roles, scope)) return "";
  if (scope == kPatientKind) return "what goes to the patient stands in a Communication alone: leave it out";
  const size_t slash = scope.find('/');
  if (slash != std::string::npos) {
    const std::string kind = scope.substr(0, slash), role = scope.substr(slash + 1);
    if (!holds(kinds, kind)) return fmt::format("there is no notice kind `{}`{}", kind, suggestion(kind, kinds));
    if (!holds(roles, role)) return fmt::format("there is no role `{}`{}", role, suggestion(role, roles));
    return "";
  }
  std::vector<std::string> known = kinds;
  known.insert(known.end(), roles.begin(), roles.end());
  known.emplace_back("all");
  return fmt::format("`{}` is no notice kind and no role{}", scope, suggestion(scope, known));
}

class ChannelReader {
 public:
  ChannelReader(YamlMapReader& delivery_map, DeliveryConfig& delivery) : map_(delivery_map), delivery_(delivery) {}

  std::optional<std::vector<std::string>> run() {
    const YamlNode* node = map_.find("channels");
    if (node == nullptr) return std::nullopt;
    if (node->kind == YamlKind::map) {
      YamlMapReader scopes(*node, map_.path_of("channels"), map_.problems());
      for (const YamlMember& member : node->members) {
        if (const std::string problem = scope_problem(member.key); !problem.empty()) {
          scopes.problem(member.key, problem);
        } else {
          read(scopes, member.key, member.key);
        }
      }
    } else {
      read(map_, "channels", "all");
    }
    // Where only some notices were given another way, the others keep theirs.
    if (types_.empty() && !delivery_.channels.by_scope.contains("all")) return std::nullopt;
    return types_;
  }

 private:
  void read(YamlMapReader& map, const std::string& key, const std::string& scope) {
    std::vector<std::string> channels;
    map.text_list(key, channels);
    if (channels.empty()) map.problem(key, "expected at least one channel; rules.notices says who is told of nothing");
    for (const std::string& channel : channels) {
      if (!holds(channel_words(), channel)) {
        map.problem(key, fmt::format("there is no channel `{}`{}", channel, suggestion(channel, channel_words())));
      } else if (channel != kWorklist) {
        if (!holds(types_, channel)) types_.push_back(channel);
      } else if (delivery_.worklist_file.empty()) {
        map.problem(key, "the channel `worklist` needs worklist_file: the file that is written");
      }
    }
    delivery_.channels.by_scope[scope] = std::move(channels);
  }

  YamlMapReader& map_;
  DeliveryConfig& delivery_;
  std::vector<std::string> types_;
};

}  // namespace

std::optional<std::vector<std::string>> read_channels(YamlMapReader& delivery_map, const std::string& folder,
                                                      DeliveryConfig& delivery) {
  delivery_map.text("worklist_file", delivery.worklist_file);
  delivery.worklist_file = path_below(folder, delivery.worklist_file);
  delivery_map.text("recipient", delivery.recipient);
  if (!delivery.recipient.empty() && delivery.recipient.find('/') == std::string::npos) {
    delivery_map.problem("recipient", "expected a reference such as Group/authorizations or Practitioner/renewals");
  }
  return ChannelReader(delivery_map, delivery).run();
}

}  // namespace authledger
