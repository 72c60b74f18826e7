#include "adapters/mapping_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <optional>
#include <sstream>
#include <utility>

#include "adapters/view_override.h"
#include "base/crypto.h"
#include "base/text.h"

namespace authledger {
namespace {

constexpr size_t kMappingBytesMax = size_t{1} << 20;

const std::vector<std::pair<std::string, MappingKind>>& kinds() {
  static const std::vector<std::pair<std::string, MappingKind>> known = {
      {"coverage", MappingKind::coverage},         {"order", MappingKind::order},
      {"service", MappingKind::service},           {"patient", MappingKind::patient},
      {"organization", MappingKind::organization}, {"request_line", MappingKind::request},
      {"prior_auth", MappingKind::prior_auth},     {"benefit", MappingKind::benefit},
      {"document", MappingKind::document}};
  return known;
}

std::string suggestion(std::string_view word, const std::vector<std::string>& known) {
  const std::string nearest = nearest_word(word, known);
  return nearest.empty() ? fmt::format("; known: {}", join(known, ", ")) : fmt::format("; did you mean {}?", nearest);
}

bool is_path(const std::string& name) {
  return name.find('/') != std::string::npos || name.ends_with(".yaml") || name.ends_with(".yml") ||
         name.ends_with(".json");
}

Result<std::string> read_text(const std::string& name, const std::string& config_folder) {
  if (!is_path(name)) {
    const auto shipped = shipped_file("config/mappings/" + name + ".yaml");
    if (shipped) return std::string(*shipped);
    return Failure{fmt::format("no mapping named {} ships with authledger; a site's own file needs its path", name)};
  }
  const std::string path = name.starts_with("/") || config_folder.empty() ? name : config_folder + "/" + name;
  std::ifstream file(path, std::ios::binary);
  if (!file) return Failure{fmt::format("{}: cannot be read", path)};
  std::ostringstream text;
  text << file.rdbuf();
  if (text.str().size() > kMappingBytesMax)
    return Failure{fmt::format("{}: larger than {} bytes", path, kMappingBytesMax)};
  return text.str();
}

// One mapping while it is being compiled: collects every mistake.
class Compiler {
 public:
  Compiler(std::string file, const EndpointConfig& endpoint) : file_(std::move(file)), endpoint_(endpoint) {}

  void compile(JsonView root) {
    read_head(root);
    read_value_maps(root["value_maps"]);
    add_site_value_maps();
    read_bindings(root["bind"]);
    read_views(root["views"]);
  }

  CompiledMapping mapping;
  Issues issues;

 private:
  void fail(const std::string& path, std::string message) {
    add_issue(issues, Severity::error, path.empty() ? file_ : file_ + ": " + path, std::move(message));
  }

  void read_head(JsonView root) {
    static const std::vector<std::string> keys = {"name", "resource", "kind",       "value_maps",
                                                  "bind", "views",    "description"};
    for (JsonView member : root) {
      const std::string key(member.name());
      if (std::find(keys.begin(), keys.end(), key) == keys.end()) fail(key, "unknown key" + suggestion(key, keys));
    }
    mapping.name = root["name"].string();
    mapping.resource_type = root["resource"].string();
    if (mapping.name.empty()) fail("name", "missing: a mapping needs a name");
    if (mapping.resource_type.empty()) fail("resource", "missing: the FHIR resource type that the mapping reads");
    const std::string kind = root["kind"].string();
    const auto found =
        std::find_if(kinds().begin(), kinds().end(), [&](const auto& known) { return known.first == kind; });
    if (found != kinds().end()) {
      mapping.kind = found->second;
      return;
    }
    std::vector<std::string> words;
    for (const auto& known : kinds()) words.push_back(known.first);
    fail("kind", "not a fact kind that rows can become" + suggestion(kind, words));
  }

  ValueMap& map_named(const std::string& name) {
    const auto found = std::find(mapping.value_map_names.begin(), mapping.value_map_names.end(), name);
    if (found != mapping.value_map_names.end())
      return *mapping.value_maps[static_cast<size_t>(found - mapping.value_map_names.begin())];
    mapping.value_map_names.push_back(name);
    mapping.value_maps.push_back(std::make_unique<ValueMap>());
    return *mapping.value_maps.back();
  }

  void read_value_maps(JsonView maps) {
    for (JsonView map : maps) {
      ValueMap& target = map_named(std::string(map.name()));
      for (JsonView word : map) target.set(word.name(), word.string());
    }
  }

  // A site names a map of the mapping, or a column as "<mapping>.<column>".
  void add_site_value_maps() {
    for (const auto& [key, words] : endpoint_.value_maps) {
      std::string name = key;
      const std::string prefix = mapping.name + ".";
      if (key.starts_with(prefix)) {
        const auto field = field_from(key.substr(prefix.size()));
        if (!field) {
          fail("value_maps." + key, "no such column" + suggestion(key.substr(prefix.size()), field_names()));
          continue;
        }
        site_bindings_.emplace_back(*field, key);
      } else if (std::find(mapping.value_map_names.begin(), mapping.value_map_names.end(), key) ==
                 mapping.value_map_names.end()) {
        continue;  // Of another mapping: ResourceMapper::compile tells of maps that no mapping knows.
      }
      ValueMap& target = map_named(name);
      for (const auto& [code, word] : words) target.set(code, word);
    }
  }

  void read_bindings(JsonView bindings) {
    for (JsonView binding : bindings) {
      const std::string column(binding.name());
      const auto field = field_from(column);
      if (!field) {
        fail("bind." + column, "no such column" + suggestion(column, field_names()));
      } else if (std::find(mapping.value_map_names.begin(), mapping.value_map_names.end(), binding.string()) ==
                 mapping.value_map_names.end()) {
        fail("bind." + column, "no such value map" + suggestion(binding.text(), mapping.value_map_names));
      } else {
        bound_[static_cast<size_t>(*field)] = &map_named(binding.string());
      }
    }
    for (const auto& [field, name] : site_bindings_) {
      ValueMap& own = map_named(name);
      if (const ValueMap* shipped = bound_[static_cast<size_t>(field)]) {
        for (const auto& [code, word] : shipped->words()) {
          if (!own.words().contains(code)) own.set(code, word);
        }
      }
      bound_[static_cast<size_t>(field)] = &own;
    }
  }

  void read_views(JsonView views) {
    if (views.size() == 0) fail("views", "missing: at least one ViewDefinition");
    std::vector<ColumnOverride> overrides;
    for (const ColumnOverride& override_ : endpoint_.overrides) {
      if (override_.mapping != mapping.name) continue;
      if (field_from(override_.column)) {
        overrides.push_back(override_);
      } else {
        fail("overrides." + override_.column, "no such column" + suggestion(override_.column, field_names()));
      }
    }
    size_t index = 0;
    for (JsonView definition : views) read_view(definition, overrides, index++);
  }

  void read_view(JsonView definition, const std::vector<ColumnOverride>& overrides, size_t index) {
    const std::string place = fmt::format("views[{}]", index);
    JsonDocument changed;
    const auto parsed = changed.parse(override_columns(definition, overrides));
    if (!parsed) return fail(place, parsed.error().message);
    if ((*parsed)["resource"].text() != mapping.resource_type) {
      fail(place + ".resource", fmt::format("must be {}, the mapping's resource", mapping.resource_type));
    }
    auto view = View::compile(*parsed, true);
    if (!view) {
      for (const Issue& issue : view.error()) fail(place + "." + issue.element_path, issue.message);
      return;
    }
    RowLayout layout = make_layout(*view, single_for_each(*parsed), place);
    mapping.views.push_back({std::move(view).value(), std::move(layout)});
  }

  RowLayout make_layout(const View& view, const SingleForEach& for_each, const std::string& place) {
    RowLayout layout;
    layout.for_each = for_each.path;
    layout.resource_type = mapping.resource_type;
    layout.column.fill(-1);
    layout.map = bound_;
    int position = 0;
    for (const ViewColumn& column : view.columns()) {
      const auto field = field_from(column.name);
      if (field) {
        layout.column[static_cast<size_t>(*field)] = position;
        layout.path[static_cast<size_t>(*field)] = column.path;
        layout.is_each[static_cast<size_t>(*field)] = for_each.columns.contains(column.name);
      } else {
        fail(place + "." + column.name, "not a column that the ledger knows" + suggestion(column.name, field_names()));
      }
      ++position;
    }
    return layout;
  }

  std::string file_;
  const EndpointConfig& endpoint_;
  std::vector<std::pair<Field, std::string>> site_bindings_;
  std::array<const ValueMap*, kFieldCount> bound_{};
};

std::string version_of(const std::string& text, const EndpointConfig& endpoint, const CompiledMapping& mapping) {
  HashInput input;
  input.add(text);
  for (const ColumnOverride& override_ : endpoint.overrides) {
    if (override_.mapping == mapping.name) input.add(override_.column).add(override_.path);
  }
  for (const auto& map : mapping.value_maps) {
    for (const auto& [code, word] : map->words()) input.add(code).add(word);
  }
  return to_hex(input.sha256()).substr(0, 16);
}

}  // namespace

Result<CompiledMapping, Issues> compile_mapping(const std::string& name, const EndpointConfig& endpoint,
                                                const std::string& config_folder) {
  const std::string file = is_path(name) ? name : "config/mappings/" + name + ".yaml";
  const auto text = read_text(name, config_folder);
  if (!text) return Issues{{Severity::error, file, text.error().message}};
  const auto json = yaml_to_json(*text, file);
  if (!json) return Issues{{Severity::error, file, json.error().message}};
  JsonDocument document;
  const auto root = document.parse(*json);
  if (!root) return Issues{{Severity::error, file, root.error().message}};

  Compiler compiler(file, endpoint);
  compiler.compile(*root);
  if (has_error(compiler.issues)) return std::move(compiler.issues);
  compiler.mapping.version = version_of(*text, endpoint, compiler.mapping);
  return std::move(compiler.mapping);
}

}  // namespace authledger
