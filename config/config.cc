#include "config/config.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "base/day.h"
#include "base/text.h"
#include "config/read_channels.h"
#include "config/read_endpoint.h"
#include "config/read_rules.h"

namespace authledger {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

constexpr size_t kTenantNameBytesMax = 64;
constexpr const char* kLoopbackHint =
    "expected a loopback address and port such as 127.0.0.1:8089; other machines come in "
    "through nginx (authledger proxy-config nginx)";

Result<std::string> read_text(const std::string& path) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) return Failure{"is a folder"};
  std::ifstream file(path, std::ios::binary);
  if (!file) return Failure{"cannot be read: does it exist, and may this user read it?"};
  std::string text(kYamlBytesMax + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<size_t>(file.gcount()));
  return text;
}

void read_tenant(YamlMapReader& root, TenantConfig& tenant) {
  root.required("tenant", "tenant: {name, time_zone}");
  const YamlNode* node = root.find("tenant");
  if (node == nullptr) return;
  YamlMapReader map(*node, "tenant", root.problems());
  map.required("name", "a short name such as riverside");
  map.text("name", tenant.name);
  bool is_name = !tenant.name.empty() && tenant.name.size() <= kTenantNameBytesMax &&
                 std::all_of(tenant.name.begin(), tenant.name.end(), [](char c) {
                   return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
                          c == '-' || c == '.';
                 });
  if (map.has("name") && !is_name) map.problem("name", "expected 1 to 64 characters of A-Z, a-z, 0-9, _, - and .");
  map.required("time_zone", "an IANA time zone such as America/Chicago: it decides which day a visit falls on");
  map.text("time_zone", tenant.time_zone);
  if (!tenant.time_zone.empty()) {
    if (auto zone = TimeZone::find(tenant.time_zone); !zone) map.problem("time_zone", zone.error().message);
  }
  map.finish();
}

// A password in a libpq URL or key=value string, in any of the places that libpq takes one from.
bool holds_password(const std::string& url) {
  std::string lower = lower_case(url);
  if (lower.find("password") != std::string::npos) return true;
  size_t scheme = url.find("://");
  if (scheme == std::string::npos) return false;
  std::string authority = url.substr(scheme + 3);
  authority = authority.substr(0, authority.find_first_of("/?#"));
  size_t at = authority.rfind('@');
  return at != std::string::npos && authority.substr(0, at).find(':') != std::string::npos;
}

void read_database(YamlMapReader& root, DatabaseConfig& database, const std::string& folder) {
  database.data_folder = path_below(folder, "authledger-data");
  const YamlNode* node = root.find("database");
  if (node == nullptr) return;
  YamlMapReader map(*node, "database", root.problems());
  if (map.has("password")) {
    map.problem("password",
                "a password does not belong in this file: put the whole database URL into a file (url_file: PATH) "
                "or an environment variable (url_env: NAME)");
  }
  std::string url_file, url_env;
  map.text("url", database.url);
  map.text("url_file", url_file);
  map.text("url_env", url_env);
  int ways = (map.has("url") ? 1 : 0) + (map.has("url_file") ? 1 : 0) + (map.has("url_env") ? 1 : 0);
  if (ways > 1)
    map.problem(map.has("url_env") ? "url_env" : "url_file", "expected only one of url, url_file and url_env");
  if (ways == 1 && holds_password(database.url)) {
    map.problem("url",
                "a password does not belong in this file: put the whole URL into a file (url_file: PATH) or an "
                "environment variable (url_env: NAME)");
  } else if (ways == 1 && !map.has("url")) {
    auto url = read_secret(url_file, url_env, folder);
    if (url) {
      database.url = *url;
    } else {
      map.problem(map.has("url_file") ? "url_file" : "url_env", url.error().message);
    }
  }
  if (!database.url.empty() && database.url.find("://") != std::string::npos &&
      !database.url.starts_with("postgresql://") && !database.url.starts_with("postgres://")) {
    map.problem(map.has("url")        ? "url"
                : map.has("url_file") ? "url_file"
                                      : "url_env",
                "expected a URL that starts with postgresql://");
  }
  if (map.has("data_folder")) {
    std::string data_folder;
    map.text("data_folder", data_folder);
    if (data_folder.empty()) map.problem("data_folder", "expected a path");
    database.data_folder = path_below(folder, data_folder);
    if (ways > 0) map.problem("data_folder", "is for the embedded database; a URL is given too: keep one of them");
  }
  map.finish();
}

void read_endpoints(YamlMapReader& root, Config& config) {
  root.required("endpoints", "a list of FHIR servers and folders");
  const YamlNode* node = root.find("endpoints");
  if (node == nullptr) return;
  if (node->kind != YamlKind::sequence || node->items.empty()) {
    root.problem("endpoints", "expected a list with at least one endpoint");
    return;
  }
  for (size_t i = 0; i < node->items.size(); ++i) {
    YamlMapReader map(node->items[i], fmt::format("endpoints[{}]", i), root.problems());
    EndpointConfig endpoint = read_endpoint(map, config.folder);
    if (!endpoint.name.empty() && config.endpoint(endpoint.name) != nullptr) {
      map.problem("name", fmt::format("there is an endpoint `{}` already", endpoint.name));
    }
    config.endpoints.push_back(std::move(endpoint));
  }
}

// Problems of the site's own rule files: each at its own position.
void read_rule_files(YamlMapReader& map, const std::string& folder, Rules& rules, Issues& issues) {
  std::vector<std::string> files;
  map.text_list("files", files);
  for (const std::string& file : files) {
    std::string path = path_below(folder, file);
    auto text = read_text(path);
    if (!text) {
      map.problem("files", fmt::format("{} {}", path, text.error().message));
      continue;
    }
    std::string zone = rules.time_zone;
    Issues found = read_rules(*text, path, rules);
    issues.insert(issues.end(), found.begin(), found.end());
    if (rules.time_zone != zone)
      map.problem("files", fmt::format("{} sets time_zone: that belongs to tenant.time_zone", path));
  }
}

// "dry_run", "active" or "canary 10%".
void read_rollout(YamlMapReader& map, RolloutConfig& rollout) {
  std::string text;
  map.text("rollout", text);
  if (!map.has("rollout")) return;
  const std::vector<std::string> words = split(text, ' ');
  if (text == "dry_run") {
    rollout.start = RolloutConfig::Start::dry_run;
  } else if (text == "active") {
    rollout.start = RolloutConfig::Start::active;
  } else if (words.size() == 2 && words[0] == "canary" && words[1].ends_with('%')) {
    rollout.start = RolloutConfig::Start::canary;
    const std::optional<Quantity> percent = parse_quantity(words[1].substr(0, words[1].size() - 1));
    const int64_t milli = percent ? percent->milli() : 0;
    rollout.canary_percent = static_cast<int>(milli / 1000);
    if (milli % 1000 != 0 || milli < 1000 || milli > 99000) {
      map.problem("rollout", "expected a whole percentage of the patients from 1 to 99: canary 10%");
    }
  } else {
    map.problem("rollout", "expected dry_run, active or canary N%: how changed rules start");
  }
}

void read_rules_block(YamlMapReader& root, Config& config, Issues& issues) {
  config.rules = shipped_rules();
  if (const YamlNode* node = root.find("rules")) {
    YamlMapReader map(*node, "rules", root.problems());
    read_rule_files(map, config.folder, config.rules, issues);
    read_rules_keys(map, config.rules);
    read_rollout(map, config.rollout);
    map.finish();
  }
  config.rules.time_zone = config.tenant.time_zone;
  const Issues found = rule_conflicts(config.rules);
  issues.insert(issues.end(), found.begin(), found.end());
}

void read_delivery(YamlMapReader& root, Config& config) {
  DeliveryConfig& delivery = config.delivery;
  auto can_receive = [](const EndpointConfig& endpoint) { return endpoint.folder.empty() && endpoint.deliver; };
  auto first = std::find_if(config.endpoints.begin(), config.endpoints.end(), can_receive);
  if (first != config.endpoints.end()) delivery.endpoint = first->name;
  delivery.identifier_system = "urn:authledger:" + config.tenant.name;
  static const YamlNode kNothing{};
  const YamlNode* node = root.find("delivery");
  YamlMapReader map(node != nullptr ? *node : kNothing, "delivery", root.problems());
  map.boolean("enabled", delivery.enabled);
  if (delivery.endpoint.empty() && !map.has("endpoint")) {
    if (map.has("enabled") && delivery.enabled) map.problem("enabled", "no endpoint of this file can receive notices");
    delivery.enabled = false;
  }
  if (map.has("endpoint")) {
    map.text("endpoint", delivery.endpoint);
    const EndpointConfig* endpoint = config.endpoint(delivery.endpoint);
    std::vector<std::string> names;
    for (const EndpointConfig& each : config.endpoints) names.push_back(each.name);
    if (endpoint == nullptr) {
      map.problem("endpoint",
                  fmt::format("there is no endpoint `{}`{}", delivery.endpoint, suggestion(delivery.endpoint, names)));
    } else if (!can_receive(*endpoint)) {
      map.problem("endpoint", fmt::format("the endpoint `{}` is a folder, or says deliver: false", delivery.endpoint));
    }
  }
  if (map.has("identifier_system")) {
    map.text("identifier_system", delivery.identifier_system);
    while (delivery.identifier_system.ends_with('/')) delivery.identifier_system.pop_back();
    bool is_uri =
        delivery.identifier_system.starts_with("urn:") || http_url_problem(delivery.identifier_system).empty();
    bool is_clean = delivery.identifier_system.find_first_of(" |,\\\"\t\n") == std::string::npos;
    if (!is_uri || !is_clean)
      map.problem("identifier_system", "expected a URI such as https://clinic.example/authledger");
  }
  map.text("owner", delivery.owner);
  if (!delivery.owner.empty() && delivery.owner.find('/') == std::string::npos) {
    map.problem("owner", "expected a reference such as Organization/billing or PractitionerRole/renewals");
  }
  map.integer("writes_per_run_max", delivery.writes_per_run_max, 1, 10'000'000);
  if (const YamlNode* share = map.find("patients_share_max")) {
    auto quantity = share->kind == YamlKind::scalar ? parse_quantity(share->text) : std::nullopt;
    if (quantity && quantity->is_positive() && quantity->milli() <= 1000) {
      delivery.patients_share_max = static_cast<double>(quantity->milli()) / 1000;
    } else {
      map.problem("patients_share_max", "expected a share above 0 and up to 1, such as 0.5");
    }
  }
  if (const EndpointConfig* endpoint = config.endpoint(delivery.endpoint)) {
    delivery.visibility_window = endpoint->writes.visibility_window;
  }
  map.duration("visibility_window", delivery.visibility_window, seconds(0), hours(24));
  map.duration("lease", delivery.lease, seconds(10), hours(1));
  const std::optional<std::vector<std::string>> types = read_channels(map, config.folder, delivery);
  map.finish();
  // Notices go to one endpoint: no other needs the right to write.
  for (EndpointConfig& endpoint : config.endpoints) {
    endpoint.deliver = endpoint.deliver && delivery.enabled && endpoint.name == delivery.endpoint;
    if (endpoint.deliver && types) endpoint.writes.types = *types;
  }
}

bool is_loopback(const std::string& listen) {
  size_t colon = listen.rfind(':');
  if (colon == std::string::npos) return false;
  std::string host = listen.substr(0, colon), port = listen.substr(colon + 1);
  if (port.empty() || port.size() > 5 || port.find_first_not_of("0123456789") != std::string::npos) return false;
  if (std::stoi(port) > 65535) return false;
  return is_loopback_host(host);
}

void read_server(YamlMapReader& root, ServerConfig& server) {
  const YamlNode* node = root.find("server");
  if (node == nullptr) return;
  YamlMapReader map(*node, "server", root.problems());
  map.text("listen", server.listen);
  if (!is_loopback(server.listen)) map.problem("listen", kLoopbackHint);
  map.duration("sync_interval", server.sync_interval, seconds(1), hours(24 * 7));
  map.finish();
}

}  // namespace

const EndpointConfig* Config::endpoint(const std::string& name) const {
  for (const EndpointConfig& each : endpoints) {
    if (each.name == name) return &each;
  }
  return nullptr;
}

Result<Config, Issues> load_config(const std::string& file) {
  auto text = read_text(file);
  if (!text) return Issues{{Severity::error, file + ":1:1", "the config file " + text.error().message}};
  Config config;
  config.file = file;
  std::error_code ignored;
  std::filesystem::path absolute = std::filesystem::absolute(file, ignored);
  config.folder = absolute.lexically_normal().parent_path().string();

  YamlProblems problems(file);
  YamlNode tree = parse_yaml(*text, problems);
  Issues issues;
  if (tree.kind == YamlKind::null) {
    if (problems.empty()) problems.add(1, 1, "the config file is empty");
    return problems.issues();
  }
  YamlMapReader root(tree, "", problems);
  if (tree.kind != YamlKind::map) return problems.issues();
  read_tenant(root, config.tenant);
  read_database(root, config.database, config.folder);
  read_endpoints(root, config);
  read_rules_block(root, config, issues);
  read_delivery(root, config);
  read_server(root, config.server);
  root.finish();
  Issues own = problems.issues();
  issues.insert(issues.begin(), own.begin(), own.end());
  if (!issues.empty()) return issues;
  return config;
}

}  // namespace authledger
