#include "config/read_endpoint.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "base/check.h"
#include "base/shipped_file.h"
#include "base/text.h"

namespace authledger {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

constexpr size_t kNameBytesMax = 64;
constexpr size_t kPageBytesMax = size_t{1} << 30;

const std::vector<std::pair<std::string, RosterKind>> kRosterKinds = {
    {"patient_search", RosterKind::patient_search}, {"group", RosterKind::group}, {"list_file", RosterKind::list_file}};

void read_roster(YamlMapReader& endpoint_map, EndpointConfig& endpoint, const std::string& folder) {
  const YamlNode* node = endpoint_map.find("roster");
  if (node == nullptr) return;
  YamlMapReader map(*node, endpoint_map.path_of("roster"), endpoint_map.problems());
  // The key that is there says the kind, when nothing else does.
  if (!map.has("kind") && map.has("group")) endpoint.roster.kind = RosterKind::group;
  if (!map.has("kind") && map.has("file")) endpoint.roster.kind = RosterKind::list_file;
  map.word("kind", endpoint.roster.kind, kRosterKinds);
  map.text("group", endpoint.roster.group);
  map.text("file", endpoint.roster.file);
  map.finish();
  endpoint.roster.file = path_below(folder, endpoint.roster.file);
}

void read_bulk(YamlMapReader& endpoint_map, EndpointConfig& endpoint) {
  const YamlNode* node = endpoint_map.find("bulk");
  if (node == nullptr) return;
  YamlMapReader map(*node, endpoint_map.path_of("bulk"), endpoint_map.problems());
  map.text("group", endpoint.bulk.group);
  map.text_list("files_at", endpoint.bulk.files_at);
  for (const std::string& origin : endpoint.bulk.files_at) {
    const std::string problem = http_url_problem(origin);
    if (!problem.empty()) map.problem("files_at", problem);
  }
  map.finish();
}

void read_overrides(YamlMapReader& map, EndpointConfig& endpoint) {
  const YamlNode* node = map.find("overrides");
  if (node == nullptr) return;
  if (node->kind != YamlKind::sequence) {
    map.problem("overrides", "expected a list of {mapping, column, path}");
    return;
  }
  for (size_t i = 0; i < node->items.size(); ++i) {
    YamlMapReader inner(node->items[i], fmt::format("{}[{}]", map.path_of("overrides"), i), map.problems());
    ColumnOverride override_;
    inner.required("mapping", "the name of a mapping");
    inner.text("mapping", override_.mapping);
    inner.required("column", "the column to replace");
    inner.text("column", override_.column);
    inner.required("path", "its FHIRPath text");
    inner.text("path", override_.path);
    inner.finish();
    std::vector<std::string> used;
    for (const FeedConfig& feed : endpoint.feeds) used.insert(used.end(), feed.mappings.begin(), feed.mappings.end());
    if (inner.has("mapping") && std::find(used.begin(), used.end(), override_.mapping) == used.end()) {
      inner.problem("mapping", fmt::format("no feed of this endpoint uses the mapping `{}`{}", override_.mapping,
                                           suggestion(override_.mapping, used)));
    }
    endpoint.overrides.push_back(std::move(override_));
  }
}

void read_value_maps(YamlMapReader& map, EndpointConfig& endpoint) {
  const YamlNode* node = map.find("value_maps");
  if (node == nullptr) return;
  YamlMapReader maps(*node, map.path_of("value_maps"), map.problems());
  for (const YamlMember& member : node->members) maps.text_map(member.key, endpoint.value_maps[member.key]);
}

void read_timeouts(YamlMapReader& endpoint_map, EndpointConfig& endpoint) {
  const YamlNode* node = endpoint_map.find("timeouts");
  if (node == nullptr) return;
  YamlMapReader map(*node, endpoint_map.path_of("timeouts"), endpoint_map.problems());
  map.duration("connect", endpoint.connect_timeout, seconds(1), seconds(300));
  map.duration("request", endpoint.request_timeout, seconds(1), hours(1));
  map.finish();
}

// Headers that authledger sets itself, and those that carry credentials, which never stand in this file.
constexpr const char* kOwnHeaders[] = {
    "authorization", "proxy-authorization", "cookie",   "host",          "accept",
    "content-type",  "content-length",      "if-match", "if-none-exist", "prefer",
    "connection",    "transfer-encoding",   "expect",   "user-agent",    "cache-control"};

void check_header_name(YamlMapReader& map, const std::string& key, const std::string& name) {
  const bool is_token =
      !name.empty() &&
      name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") == std::string::npos;
  if (!is_token) map.problem(key, fmt::format("`{}` is no header that can be sent", name));
  const std::string lower = lower_case(name);
  if (std::find(std::begin(kOwnHeaders), std::end(kOwnHeaders), lower) != std::end(kOwnHeaders)) {
    map.problem(key, fmt::format("`{}` is set by authledger itself; credentials belong in auth", name));
  }
}

void read_headers(YamlMapReader& map, EndpointConfig& endpoint) {
  map.text_map("headers", endpoint.headers);
  for (const auto& [name, value] : endpoint.headers) {
    const bool has_control =
        std::any_of(value.begin(), value.end(), [](unsigned char c) { return c < 0x20 || c == 0x7F; });
    if (has_control) map.problem("headers", fmt::format("`{}` is no header that can be sent", name));
    check_header_name(map, "headers", name);
  }
}

void read_writes(YamlMapReader& endpoint_map, WriteRules& writes) {
  const YamlNode* node = endpoint_map.find("writes");
  if (node == nullptr) return;
  YamlMapReader map(*node, endpoint_map.path_of("writes"), endpoint_map.problems());
  map.text_list("types", writes.types);
  for (const std::string& type : writes.types) {
    std::vector<std::string> known = channel_words();
    std::erase(known, kWorklist);
    if (std::find(known.begin(), known.end(), type) == known.end()) {
      map.problem("types", fmt::format("notices are not written as `{}`{}", type, suggestion(type, known)));
    }
  }
  map.word("if_match", writes.if_match,
           {{"when_known", WriteRules::IfMatch::when_known},
            {"required", WriteRules::IfMatch::required},
            {"never", WriteRules::IfMatch::never}});
  map.text_list("recipient_types", writes.recipient_types);
  map.text("idempotency_header", writes.idempotency_header);
  if (!writes.idempotency_header.empty()) check_header_name(map, "idempotency_header", writes.idempotency_header);
  map.duration("visibility_window", writes.visibility_window, seconds(0), hours(24));
  map.finish();
}

// `search` of the endpoint stands in every feed that does not set the parameter itself.
void read_common_search(YamlMapReader& map, EndpointConfig& endpoint) {
  std::map<std::string, std::string> common;
  map.text_map("search", common);
  for (const auto& [parameter, value] : common) {
    if (parameter == "_lastUpdated" || parameter == "_count" || parameter.empty()) {
      map.problem("search", fmt::format("`{}` is set by authledger itself", parameter));
    }
    for (FeedConfig& feed : endpoint.feeds) feed.search.emplace(parameter, value);
  }
}

void read_file(YamlMapReader& map, const std::string& key, const std::string& folder, std::string& path) {
  map.text(key, path);
  path = path_below(folder, path);
  std::error_code ignored;
  if (!path.empty() && !std::filesystem::is_regular_file(path, ignored)) {
    map.problem(key, fmt::format("there is no file {}", path));
  }
}

void read_transport(YamlMapReader& map, EndpointConfig& endpoint, const std::string& folder) {
  read_file(map, "ca_file", folder, endpoint.ca_file);
  read_file(map, "client_certificate_file", folder, endpoint.client_certificate_file);
  read_file(map, "client_key_file", folder, endpoint.client_key_file);
  if (endpoint.client_certificate_file.empty() != endpoint.client_key_file.empty()) {
    map.problem(map.has("client_key_file") ? "client_key_file" : "client_certificate_file",
                "mutual TLS needs both client_certificate_file and client_key_file (PEM)");
  }
  map.text("proxy", endpoint.proxy);
  if (endpoint.proxy.empty() || endpoint.proxy == "none") return;
  if (endpoint.proxy.starts_with("http://") && endpoint.proxy.find('@') != std::string::npos) {
    map.problem("proxy",
                "a user or password does not belong in this file: leave proxy out and set https_proxy in the "
                "environment of authledger");
  } else if (std::string problem = http_url_problem(endpoint.proxy); !problem.empty()) {
    map.problem("proxy", problem + ", or none to go around the proxy of the environment");
  }
}

void read_moved_from(YamlMapReader& map, EndpointConfig& endpoint) {
  map.text("moved_from", endpoint.moved_from);
  if (!map.has("moved_from")) return;
  while (endpoint.moved_from.ends_with('/')) endpoint.moved_from.pop_back();
  if (endpoint.base_url.empty()) {
    map.problem("moved_from", "is for servers: it says which base_url this one had before");
  } else if (const std::string problem = http_url_problem(endpoint.moved_from); !problem.empty()) {
    map.problem("moved_from", problem);
  } else if (endpoint.moved_from == endpoint.base_url) {
    map.problem("moved_from", "expected the base_url that the server had before, not the one that it has now");
  }
}

// Exactly one of base_url and folder.
void read_source(YamlMapReader& map, EndpointConfig& endpoint, const std::string& folder) {
  map.text("base_url", endpoint.base_url);
  map.text("folder", endpoint.folder);
  if (map.has("base_url") == map.has("folder")) {
    map.problem(map.has("folder") ? "folder" : "base_url",
                "expected exactly one of base_url (a FHIR server) and folder (files)");
  }
  if (map.has("base_url")) {
    std::string problem = http_url_problem(endpoint.base_url);
    if (!problem.empty()) map.problem("base_url", problem);
    while (endpoint.base_url.ends_with('/')) endpoint.base_url.pop_back();
  }
  read_moved_from(map, endpoint);
  if (map.has("folder") && endpoint.folder.empty()) map.problem("folder", "expected a path");
  endpoint.folder = path_below(folder, endpoint.folder);
  map.boolean("authoritative", endpoint.authoritative);
  if (endpoint.authoritative && endpoint.folder.empty()) {
    map.problem("authoritative", "is for folder sources: it says that a file that is gone is a deletion");
  }
}

void check_roster(YamlMapReader& map, const EndpointConfig& endpoint) {
  bool is_used = endpoint.folder.empty() &&
                 std::any_of(endpoint.feeds.begin(), endpoint.feeds.end(),
                             [](const FeedConfig& feed) { return feed.strategy == FeedConfig::Strategy::per_patient; });
  if (!is_used) return;
  if (endpoint.roster.kind == RosterKind::group && endpoint.roster.group.empty()) {
    map.problem("roster",
                fmt::format("its feeds go patient by patient, so it needs a roster: group: ID of a FHIR Group, or "
                            "kind: list_file with file: PATH, or kind: patient_search (preset {})",
                            endpoint.preset));
  }
  if (endpoint.roster.kind == RosterKind::list_file && endpoint.roster.file.empty()) {
    map.problem("roster", "kind list_file needs file: PATH, one patient id a line");
  }
}

}  // namespace

std::string path_below(const std::string& folder, const std::string& path) {
  if (path.empty()) return path;
  return (std::filesystem::path(folder) / path).lexically_normal().string();
}

std::string http_url_problem(const std::string& url) {
  size_t scheme = url.starts_with("https://") ? 8 : url.starts_with("http://") ? 7 : 0;
  if (scheme == 0) return "expected a URL that starts with https:// or http://";
  std::string_view authority = std::string_view(url).substr(scheme);
  authority = authority.substr(0, authority.find_first_of("/?#"));
  if (authority.empty()) return "expected a host name in the URL";
  if (authority.find('@') != std::string_view::npos) {
    return "a user or password does not belong in the URL: use auth, with secret_file or secret_env";
  }
  if (url.find_first_of("?#") != std::string::npos) return "expected a URL without ? and #";
  if (std::any_of(url.begin(), url.end(),
                  [](unsigned char c) { return c <= 0x20 || c >= 0x7F || c == '"' || c == '\\'; })) {
    return "expected a URL without spaces and special characters";
  }
  std::string_view host = authority;
  size_t colon = host.ends_with(']') ? std::string_view::npos : host.rfind(':');
  if (colon != std::string_view::npos) {
    std::string_view port = host.substr(colon + 1);
    bool is_number =
        !port.empty() && port.size() <= 5 && port.find_first_not_of("0123456789") == std::string_view::npos;
    if (!is_number || std::stoi(std::string(port)) < 1 || std::stoi(std::string(port)) > 65535) {
      return "expected a port from 1 to 65535 in the URL";
    }
    if (colon == 0) return "expected a host name in the URL";
  }
  return "";
}

bool is_loopback_host(std::string_view host) {
  if (host == "localhost" || host == "[::1]") return true;
  const std::vector<std::string> parts = split(std::string(host), '.');
  return parts.size() == 4 && parts[0] == "127" && std::all_of(parts.begin(), parts.end(), [](const std::string& part) {
           return !part.empty() && part.size() <= 3 && part.find_first_not_of("0123456789") == std::string::npos &&
                  std::stoi(part) < 256;
         });
}

bool is_clear_text_abroad(std::string_view url) {
  constexpr std::string_view kHttp = "http://";
  if (!url.starts_with(kHttp)) return false;
  const std::string_view authority = url.substr(kHttp.size(), url.find_first_of("/?#", kHttp.size()) - kHttp.size());
  const size_t colon = authority.ends_with(']') ? std::string_view::npos : authority.rfind(':');
  return !is_loopback_host(authority.substr(0, colon));
}

std::vector<std::string> shipped_names(std::string_view kind) {
  std::string prefix = fmt::format("config/{}/", kind);
  std::vector<std::string> names;
  for (unsigned long i = 0; i < k_shipped_files_count; ++i) {
    std::string_view path = k_shipped_files[i].path;
    if (!path.starts_with(prefix) || !path.ends_with(".yaml")) continue;
    names.emplace_back(path.substr(prefix.size(), path.size() - prefix.size() - 5));
  }
  return names;
}

void read_endpoint_defaults(YamlMapReader& map, EndpointConfig& endpoint, const std::string& folder) {
  read_roster(map, endpoint, folder);
  read_bulk(map, endpoint);
  map.duration("overlap", endpoint.overlap, seconds(0), hours(24 * 7));
  read_timeouts(map, endpoint);
  map.integer("page_size", endpoint.page_size, 1, 10'000);
  map.integer("pages_per_pull_max", endpoint.pages_per_pull_max, 1, 10'000'000);
  map.size_bytes("page_bytes_max", endpoint.page_bytes_max, 1024, kPageBytesMax);
  map.integer("requests_per_second_max", endpoint.requests_per_second_max, 0, 10'000);
  map.integer("requests_per_minute_max", endpoint.requests_per_minute_max, 0, 600'000);
  map.integer("requests_per_day_max", endpoint.requests_per_day_max, 0, 1'000'000'000);
  map.integer("requests_per_round_max", endpoint.requests_per_round_max, 0, 1'000'000'000);
  map.integer("retries_max", endpoint.retries_max, 0, 100);
  map.duration("retry_after_max", endpoint.retry_after_max, seconds(0), hours(24));
  map.duration("pause_after_429", endpoint.pause_after_429, seconds(0), hours(1));
  read_headers(map, endpoint);
  read_writes(map, endpoint.writes);
  read_feeds(map, endpoint, folder);
  read_common_search(map, endpoint);
}

bool apply_preset(const std::string& name, EndpointConfig& endpoint) {
  std::string path = fmt::format("config/presets/{}.yaml", name);
  auto text = shipped_file(path);
  if (!text) return false;
  YamlProblems problems(path);
  YamlNode root = parse_yaml(*text, problems);
  YamlMapReader map(root, "", problems);
  std::string base;
  map.text("based_on", base);
  if (!base.empty()) AUTHLEDGER_CHECK(apply_preset(base, endpoint));
  map.boolean("deliver", endpoint.deliver);
  read_vendor_auth(map, endpoint);
  read_endpoint_defaults(map, endpoint, "");
  map.finish();
  AUTHLEDGER_CHECK(problems.empty());
  return true;
}

void read_also_at(YamlMapReader& map, EndpointConfig& endpoint) {
  map.text_list("also_at", endpoint.also_at);
  for (std::string& url : endpoint.also_at) {
    while (url.ends_with('/')) url.pop_back();
    const std::string problem = http_url_problem(url);
    if (!problem.empty()) map.problem("also_at", problem);
  }
}

EndpointConfig read_endpoint(YamlMapReader& map, const std::string& folder) {
  EndpointConfig endpoint;
  map.required("name", "a name of a-z, 0-9, _ and -");
  map.text("name", endpoint.name);
  bool is_name = !endpoint.name.empty() && endpoint.name.size() <= kNameBytesMax &&
                 endpoint.name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_-") == std::string::npos;
  if (map.has("name") && !is_name) map.problem("name", "expected 1 to 64 characters of a-z, 0-9, _ and -");
  if (endpoint.name == "authledger")
    map.problem("name", "expected another name: authledger keeps its own facts (pins) under this one");
  refuse_secrets(map);
  read_source(map, endpoint, folder);
  if (!endpoint.folder.empty()) endpoint.preset = "folder";
  map.text("preset", endpoint.preset);
  if (!apply_preset(endpoint.preset, endpoint)) {
    std::vector<std::string> presets = shipped_names("presets");
    map.problem("preset",
                fmt::format("there is no preset `{}`{}", endpoint.preset, suggestion(endpoint.preset, presets)));
  }
  read_auth(map, endpoint, folder);
  read_endpoint_defaults(map, endpoint, folder);
  read_overrides(map, endpoint);
  read_value_maps(map, endpoint);
  map.text_list("join_patients_by", endpoint.join_patients_by);
  read_also_at(map, endpoint);
  read_transport(map, endpoint, folder);
  read_subscriptions(map, endpoint, folder);
  if (!endpoint.folder.empty()) endpoint.deliver = false;
  map.boolean("deliver", endpoint.deliver);
  if (endpoint.deliver && !endpoint.folder.empty()) map.problem("deliver", "a folder cannot receive notices");
  check_roster(map, endpoint);
  map.finish();
  return endpoint;
}

}  // namespace authledger
