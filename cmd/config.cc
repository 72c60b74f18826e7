#include "config/config.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <filesystem>

#include "adapters/mapping.h"
#include "base/jose.h"
#include "base/json.h"
#include "cmd/commands.h"

namespace authledger {
namespace {

const char* strategy_word(FeedConfig::Strategy strategy) {
  switch (strategy) {
    case FeedConfig::Strategy::last_updated:
      return "last_updated";
    case FeedConfig::Strategy::per_patient:
      return "per_patient";
    case FeedConfig::Strategy::bulk:
      return "bulk";
    case FeedConfig::Strategy::inquire:
      return "inquire";
    case FeedConfig::Strategy::off:
      return "off";
  }
  return "";
}

// What the file names and a machine may lack: a check on the machine that will run it finds these before the first
// round.
Issues missing_on_this_machine(const Config& config) {
  Issues issues;
  std::error_code ignored;
  auto add = [&](const EndpointConfig& endpoint, const std::string& message) {
    issues.push_back({Severity::error, config.file, fmt::format("endpoint {}: {}", endpoint.name, message)});
  };
  for (const EndpointConfig& endpoint : config.endpoints) {
    if (endpoint.auth.kind != AuthKind::none) {
      auto secret = read_secret(endpoint.auth.secret_file, endpoint.auth.secret_env, config.folder);
      if (!secret) add(endpoint, secret.error().message);
      if (secret && endpoint.auth.kind == AuthKind::smart_backend) {
        const auto key = SigningKey::read(*secret, endpoint.auth.key_id);
        if (!key) add(endpoint, key.error().message);
      }
    }
    if (!endpoint.folder.empty() && !std::filesystem::is_directory(endpoint.folder, ignored)) {
      add(endpoint, fmt::format("there is no folder {}", endpoint.folder));
    }
    if (endpoint.roster.kind == RosterKind::list_file &&
        !std::filesystem::is_regular_file(endpoint.roster.file, ignored)) {
      add(endpoint, fmt::format("there is no roster file {}", endpoint.roster.file));
    }
  }
  return issues;
}

// Never the URL itself: it may hold a password.
std::string database_text(const Config& config) {
  return config.database.url.empty() ? "embedded PostgreSQL in " + config.database.data_folder
                                     : "PostgreSQL server by URL";
}

void print_problems(const Issues& issues, Format format) {
  if (format == Format::table || format == Format::csv) {
    for (const Issue& issue : issues) fmt::print("{}: {}\n", issue.element_path, issue.message);
    fmt::print("{} {}; docs/configuration.md lists every key\n", issues.size(),
               issues.size() == 1 ? "problem" : "problems");
    return;
  }
  JsonWriter json;
  json.begin_object().key("ok").boolean(false);
  json.key("problems").begin_array();
  for (const Issue& issue : issues)
    json.begin_object().member("at", issue.element_path).member("message", issue.message).end_object();
  json.end_array().end_object();
  fmt::print("{}\n", json.take());
}

void print_summary(const Config& config) {
  fmt::print("{} is valid\n", config.file);
  fmt::print("tenant     {}, days in {}\n", config.tenant.name, config.tenant.time_zone);
  fmt::print("database   {}\n", database_text(config));
  for (const EndpointConfig& endpoint : config.endpoints) {
    fmt::print("endpoint   {}: {} (preset {})\n", endpoint.name,
               endpoint.folder.empty() ? endpoint.base_url : endpoint.folder, endpoint.preset);
    for (const FeedConfig& feed : endpoint.feeds) {
      if (feed.strategy == FeedConfig::Strategy::off) continue;
      fmt::print("             {} ({}) by {}\n", feed.resource_type, fmt::join(feed.mappings, ", "),
                 endpoint.folder.empty() ? strategy_word(feed.strategy) : "file");
    }
  }
  const Rules& rules = config.rules;
  fmt::print("rules      {} codes, {} families, {} programs, {} payers, {} payer aliases\n", rules.codes.size(),
             rules.families.size(), rules.programs.size(), rules.payers.size(), rules.payer_aliases.size());
  fmt::print("warnings   {} days or {} units before the end\n", rules.warnings.days_left,
             format_quantity(rules.warnings.units_left));
  fmt::print("delivery   {}\n", config.delivery.enabled ? "to " + config.delivery.endpoint : "off");
  fmt::print("server     http://{}, a round every {} seconds\n", config.server.listen,
             config.server.sync_interval.count());
}

void print_summary_json(const Config& config) {
  JsonWriter json;
  json.begin_object().key("ok").boolean(true);
  json.key("problems").begin_array().end_array();
  json.member("tenant", config.tenant.name).member("time_zone", config.tenant.time_zone);
  json.member("database", config.database.url.empty() ? "embedded" : "url");
  json.key("endpoints").begin_array();
  for (const EndpointConfig& endpoint : config.endpoints) {
    json.begin_object()
        .member("name", endpoint.name)
        .member("base_url", endpoint.base_url)
        .member("folder", endpoint.folder);
    json.member("preset", endpoint.preset).key("feeds").begin_array();
    for (const FeedConfig& feed : endpoint.feeds) {
      json.begin_object().member("resource_type", feed.resource_type).member("strategy", strategy_word(feed.strategy));
      json.key("mappings").begin_array();
      for (const std::string& mapping : feed.mappings) json.string(mapping);
      json.end_array().end_object();
    }
    json.end_array().end_object();
  }
  json.end_array();
  json.key("rules").begin_object();
  json.key("codes").number(static_cast<int64_t>(config.rules.codes.size()));
  json.key("families").number(static_cast<int64_t>(config.rules.families.size()));
  json.key("programs").number(static_cast<int64_t>(config.rules.programs.size()));
  json.key("payers").number(static_cast<int64_t>(config.rules.payers.size()));
  json.key("payer_aliases").number(static_cast<int64_t>(config.rules.payer_aliases.size()));
  json.end_object();
  json.key("delivery").begin_object().key("enabled").boolean(config.delivery.enabled);
  json.member("endpoint", config.delivery.endpoint).end_object();
  json.end_object();
  fmt::print("{}\n", json.take());
}

// Every mapping as the endpoint changes it: a slip in a column or a path is found here and not by the first round.
void add_mapping_problems(const Config& config, Issues& issues) {
  const auto zone = TimeZone::find(config.tenant.time_zone);
  if (!zone) return;  // load_config has refused it.
  for (const EndpointConfig& endpoint : config.endpoints) {
    const auto mapper = ResourceMapper::compile(endpoint, config.folder, *zone);
    if (!mapper) issues.insert(issues.end(), mapper.error().begin(), mapper.error().end());
  }
}

int check_config(const GlobalOptions& options) {
  auto config = load_config(options.config_file);
  Issues issues = config ? missing_on_this_machine(*config) : config.error();
  if (config) add_mapping_problems(*config, issues);
  if (config && !options.tenant.empty() && options.tenant != config->tenant.name) {
    issues.push_back({Severity::error, options.config_file,
                      fmt::format("--tenant {} is not the tenant of this file", options.tenant)});
  }
  if (!issues.empty()) {
    print_problems(issues, options.format);
    return kExitBadUsage;
  }
  if (options.format == Format::table || options.format == Format::csv) {
    print_summary(*config);
  } else {
    print_summary_json(*config);
  }
  return kExitDone;
}

int print_rules(const GlobalOptions& options) {
  const auto config = load_config(options.config_file);
  if (!config) {
    print_problems(config.error(), options.format);
    return kExitBadUsage;
  }
  const std::vector<std::string> lines = describe_rules(config->rules);
  if (options.format == Format::table || options.format == Format::csv) {
    for (const std::string& line : lines) fmt::print("{}\n", line);
    return kExitDone;
  }
  JsonWriter json;
  json.begin_object().key("rules").begin_array();
  for (const std::string& line : lines) json.string(line);
  json.end_array().end_object();
  fmt::print("{}\n", json.take());
  return kExitDone;
}

}  // namespace

void add_config_command(CommandLine line) {
  CLI::App* config = line.app.add_subcommand("config", "look at the config file");
  config->require_subcommand(1);
  CLI::App* check =
      config->add_subcommand("check", "print every problem of the config file, or a short summary (exit 0 or 2)");
  check->callback([line] { line.run = [&options = line.options] { return check_config(options); }; });
  CLI::App* rules = config->add_subcommand("rules", "print the rules in force, in plain English");
  rules->callback([line] { line.run = [&options = line.options] { return print_rules(options); }; });
}

}  // namespace authledger
