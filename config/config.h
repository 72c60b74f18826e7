#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/issue.h"
#include "base/result.h"
#include "config/channels.h"
#include "config/rules.h"

// The typed form of the one YAML file that configures authledger. Every key is documented where it is declared;
// docs/configuration.md is the reader's version of this file.

namespace authledger {

struct TenantConfig {
  std::string name;
  std::string time_zone;  // IANA name; required: service instants become civil days in it.
};

struct DatabaseConfig {
  std::string url;          // libpq URL or key=value string; empty = embedded. One with a password comes from url_file
                            // or url_env only.
  std::string data_folder;  // Embedded cluster; default "authledger-data" beside the config file.
};

enum class AuthKind { none, bearer, basic, client_secret, smart_backend };
// Where a client secret stands in a token request (RFC 6749, 2.3.1): client_secret_basic or client_secret_post.
enum class SecretPlace { header, body };

struct AuthConfig {
  AuthKind kind = AuthKind::none;
  std::string user;                             // basic
  std::string client_id;                        // client_secret, smart_backend
  SecretPlace secret_in = SecretPlace::header;  // client_secret
  std::string key_id;                           // smart_backend: `kid`; empty = the key's own.
  std::string jwks_url;                         // smart_backend: `jku`, where our public keys stand; empty = none.
  std::string token_url;                        // Empty = discovered: smart-configuration, then /metadata.
  std::string scope;                            // smart_backend: empty = what the feeds and notices need.
  std::string secret_file;                      // Token, password, client secret or private key: a file …
  std::string secret_env;                       // … or an environment variable. Never in the YAML itself.
  // A base URL of http:// beyond this machine: everybody on the way reads secret, token and records.
  bool secrets_and_patients_in_clear_text = false;
};

enum class RosterKind { patient_search, group, list_file };

struct RosterConfig {
  RosterKind kind = RosterKind::patient_search;
  std::string group;  // Group id
  std::string file;   // One patient id or reference a line.
};

// How a Bulk Data export is asked for, where a feed has strategy bulk.
struct BulkConfig {
  std::string group;  // Group id; empty = the roster's, else of the whole system.
  // Origins other than the endpoint's own from which files may be fetched, without the token ("https://files.example").
  std::vector<std::string> files_at;
};

// How the resources of one type are pulled. Presets give defaults; a site overrides single keys.
struct FeedConfig {
  std::string resource_type;
  // `bulk`: a Bulk Data export reads everything first, then what changed. `inquire`: Claim/$inquire for each open
  // request that waits for its decision.
  enum class Strategy { last_updated, per_patient, off, bulk, inquire };
  Strategy strategy = Strategy::last_updated;
  std::map<std::string, std::string> search = {};  // Extra search parameters, e.g. use=preauthorization.
  std::vector<std::string> mappings = {};          // Names of shipped mappings or paths of site files.
  // The endpoint answers a search of this type only when it holds all parameters of one of these ("date+patient").
  // Empty = none are known; what the CapabilityStatement adds is found by `probe`.
  std::vector<std::string> requires_one_of = {};
  // inquire: the payers that the endpoint answers for, in any spelling that Rules::payer_aliases or the payer directory
  // know. Requests of others are never sent to it.
  std::vector<std::string> payers = {};
};

std::string_view word_of(FeedConfig::Strategy strategy);

// One column of a shipped mapping replaced: mapping "encounter", column "service_codes", FHIRPath text.
struct ColumnOverride {
  std::string mapping, column, path;
};

// How an EHR wakes authledger when something changed; without `hook_url` it is only asked at intervals.
struct SubscriptionsConfig {
  std::string hook_url;  // Where the EHR reaches us: ends in /hooks/<endpoint>.
  std::string secret_file, secret_env;
  std::map<std::string, std::string> topics = {};  // Resource type → SubscriptionTopic URL (R5 Backport); else R4.
};

// What an endpoint asks of whoever writes to it. Vendors' needs are data of the presets; FHIR_FACTS c.
struct WriteRules {
  enum class IfMatch { when_known, required, never };
  // The types whose rights the token is asked for, where authledger names the scopes itself. delivery.channels decides
  // where it is written.
  std::vector<std::string> types = {"Flag", "Task"};
  IfMatch if_match = IfMatch::when_known;    // required: without a version nothing is written; never: it is not sent.
  std::vector<std::string> recipient_types;  // Communication.recipient must be one of these; empty: any, or none.
  std::string idempotency_header;  // Carries a UUID of each create; repeated: 409 with the original. Or empty.
  std::chrono::seconds visibility_window{30};  // Default of DeliveryConfig::visibility_window.
};

struct EndpointConfig {
  std::string name;
  std::string base_url;              // FHIR base without trailing slash; empty for a folder source.
  std::string folder;                // Folder of .ndjson, .json (resource or Bundle) files; empty for HTTP.
  std::string moved_from;            // Where the same server stood before; else another base_url is refused.
  std::vector<std::string> also_at;  // Other base URLs under which references name this endpoint's resources.
  // Systems of identifiers by which its patients are one person with those of other endpoints that name them too.
  std::vector<std::string> join_patients_by;
  bool authoritative = false;  // Folder: a file or resource that is gone is a deletion.
  std::string preset = "generic";
  AuthConfig auth;
  AuthKind vendor_auth = AuthKind::none;  // Of the preset: how its vendor lets a backend in, for a plan without config.
  RosterConfig roster;
  BulkConfig bulk;
  std::vector<FeedConfig> feeds;  // Resolved: preset, then the site's `feeds:`.
  std::vector<ColumnOverride> overrides;
  std::map<std::string, std::map<std::string, std::string>> value_maps;  // Site additions: map → code → word.
  std::chrono::seconds overlap{300};                                     // Re-read before the watermark.
  std::chrono::seconds connect_timeout{10}, request_timeout{60};
  int page_size = 200;
  int pages_per_pull_max = 100000;
  size_t page_bytes_max = size_t{64} << 20;
  int requests_per_second_max = 0;  // 0 = no own limit. All workers of a process share each limit.
  int requests_per_minute_max = 0;
  int requests_per_day_max = 0;
  int requests_per_round_max = 0;  // What a round reads beyond it, the next one goes on with; 0 = all in one round.
  int retries_max = 5;
  std::chrono::seconds retry_after_max{120};
  std::chrono::seconds pause_after_429{0};     // After a 429 without Retry-After; 0 = exponential back-off.
  std::map<std::string, std::string> headers;  // Sent with every FHIR request.
  std::string ca_file;                         // Private certificate authority (PEM).
  std::string client_certificate_file;         // Mutual TLS (PEM), with its key.
  std::string client_key_file;
  std::string proxy;  // URL of an HTTP proxy, "none", or empty: as the environment says (https_proxy, no_proxy).
  SubscriptionsConfig subscriptions;
  bool deliver = true;  // Notices are written here; in a loaded config true of one endpoint at most.
  WriteRules writes;
};

struct DeliveryConfig {
  bool enabled = true;
  std::string endpoint;                        // Where notices are written; default the first HTTP endpoint.
  std::string identifier_system;               // Base of our identifiers, e.g. "https://clinic.example/authledger".
  std::string owner;                           // Task.owner reference (work queue), may be empty.
  int writes_per_run_max = 10000;              // Blast radius: a run that would write more is held.
  double patients_share_max = 0.5;             // … or to more than this share of patients (from 50 patients on).
  std::chrono::seconds visibility_window{30};  // How long an EHR's search may lag behind its writes.
  std::chrono::seconds lease{120};
  ChannelOrder channels;
  std::string worklist_file;  // What has no road into the EHR is written here, as CSV; empty: nowhere.
  std::string recipient;      // Communication.recipient where the owner is none that the endpoint takes; may be empty.
};

// How a changed set of rules starts where notices stand in the EHR already; see ledger/rollout.h.
struct RolloutConfig {
  enum class Start { dry_run, canary, active };
  Start start = Start::dry_run;
  int canary_percent = 0;  // Of the patients; 1 to 99 for a canary.
};

struct ServerConfig {
  std::string listen = "127.0.0.1:8089";  // Loopback only.
  std::chrono::seconds sync_interval{300};
};

struct Config {
  std::string file;    // Where it came from.
  std::string folder;  // Relative paths start here.
  TenantConfig tenant;
  DatabaseConfig database;
  std::vector<EndpointConfig> endpoints;
  Rules rules;  // Shipped rules, then rule files, then the `rules:` block.
  RolloutConfig rollout;
  DeliveryConfig delivery;
  ServerConfig server;

  const EndpointConfig* endpoint(const std::string& name) const;
};

// Reads and validates a config file. Errors: all of them at once; element_path is "file:line:column", the message says
// what was expected and names the nearest known key.
Result<Config, Issues> load_config(const std::string& file);

// Reads a secret named by `secret_file` or `secret_env`, without its final newline.
Result<std::string> read_secret(const std::string& secret_file, const std::string& secret_env,
                                const std::string& folder);

// Text of a file that ships inside the program ("config/mappings/encounter.yaml"), or nullopt.
std::optional<std::string_view> shipped_file(std::string_view path);

// YAML (or JSON) text as JSON text, for files that other layers read with JsonDocument. Plain scalars follow YAML 1.2
// core: true/false, null, integers and decimals keep their text, all else is a string. A number that JSON cannot write
// as it stands (0905, +1, 0x1F, .inf) becomes a string, so that no code loses its leading zero.
// Errors: one line a problem, "file:line:column: …".
Result<std::string> yaml_to_json(std::string_view yaml_text, const std::string& file);

}  // namespace authledger
