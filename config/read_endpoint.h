#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "config/config.h"
#include "config/yaml_reader.h"

namespace authledger {

// Reads one entry of `endpoints:` over the preset that it names. Problems go to `map`; relative paths start at
// `folder`.
EndpointConfig read_endpoint(YamlMapReader& map, const std::string& folder);

// Reads `auth:`; refuse_secrets reports keys under which people write a secret into the file itself.
void read_auth(YamlMapReader& endpoint_map, EndpointConfig& endpoint, const std::string& folder);
void refuse_secrets(YamlMapReader& map);
// Reads the kind of auth that a preset's vendor uses.
void read_vendor_auth(YamlMapReader& preset_map, EndpointConfig& endpoint);

// Reads `subscriptions:`; the endpoint's feeds and name are known by then.
void read_subscriptions(YamlMapReader& endpoint_map, EndpointConfig& endpoint, const std::string& folder);

// Reads `feeds:` over the feeds that `endpoint` has (none in a preset file).
void read_feeds(YamlMapReader& map, EndpointConfig& endpoint, const std::string& folder);

// Keys that a preset may set as well: roster, page_size, limits, overlap, timeouts, headers, feeds, search.
void read_endpoint_defaults(YamlMapReader& map, EndpointConfig& endpoint, const std::string& folder);

// Fills feeds and limits of a shipped preset. False when there is none of that name.
bool apply_preset(const std::string& name, EndpointConfig& endpoint);

// Names of the files "config/<kind>/<name>.yaml" that ship with the program.
std::vector<std::string> shipped_names(std::string_view kind);

// A file below `folder`, unless it is absolute already; "" stays "".
std::string path_below(const std::string& folder, const std::string& path);

// What is wrong with an http(s) URL, or "".
std::string http_url_problem(const std::string& url);

// localhost, 127.0.0.0/8, [::1]: nothing leaves this machine. `host` is without port.
bool is_loopback_host(std::string_view host);
// An http:// URL of another machine: everybody on the way reads what is sent.
bool is_clear_text_abroad(std::string_view url);

}  // namespace authledger
