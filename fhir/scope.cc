#include "fhir/scope.h"

#include <algorithm>
#include <map>
#include <optional>

#include "base/text.h"

namespace authledger {
namespace {

struct Scope {
  std::string context;      // "system", "patient", "user"
  std::string type;         // "Encounter" or "*"
  std::string permissions;  // Of "cruds".
  std::string query;        // What a version 2 scope is narrowed by.
};

std::optional<std::string> permissions_of(std::string_view word) {
  if (word == "read") return "rs";
  if (word == "write") return "cud";
  if (word == "*") return "cruds";
  if (word.empty() || word.find_first_not_of("cruds") != word.npos) return std::nullopt;
  return std::string(word);
}

std::optional<Scope> parse_scope(std::string_view text) {
  const size_t slash = text.find('/'), dot = text.find('.', slash == text.npos ? 0 : slash);
  if (slash == text.npos || dot == text.npos) return std::nullopt;
  std::string_view rest = text.substr(dot + 1);
  const size_t question = rest.find('?');
  const auto permissions = permissions_of(rest.substr(0, question));
  if (!permissions) return std::nullopt;
  return Scope{std::string(text.substr(0, slash)), std::string(text.substr(slash + 1, dot - slash - 1)), *permissions,
               question == rest.npos ? "" : std::string(rest.substr(question))};
}

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words = split(text, ' ');
  std::erase(words, "");
  return words;
}

bool covers(const Scope& granted, const Scope& wanted, char permission) {
  return granted.context == wanted.context && (granted.type == "*" || granted.type == wanted.type) &&
         (granted.query.empty() || granted.query == wanted.query) &&
         granted.permissions.find(permission) != std::string::npos;
}

bool is_granted(const std::string& wanted, const std::vector<std::string>& granted) {
  if (std::find(granted.begin(), granted.end(), wanted) != granted.end()) return true;
  const auto scope = parse_scope(wanted);
  if (!scope) return false;
  return std::all_of(scope->permissions.begin(), scope->permissions.end(), [&](char permission) {
    return std::any_of(granted.begin(), granted.end(), [&](const std::string& text) {
      const auto each = parse_scope(text);
      return each && covers(*each, *scope, permission);
    });
  });
}

}  // namespace

std::string needed_scope(const EndpointConfig& endpoint, ScopeVersion version) {
  std::map<std::string, bool> writes;  // Type → whether it is written too.
  bool needs_roster = false;
  for (const FeedConfig& feed : endpoint.feeds) {
    if (feed.strategy == FeedConfig::Strategy::off) continue;
    writes.emplace(feed.resource_type, false);
    needs_roster |= feed.strategy == FeedConfig::Strategy::per_patient;
  }
  // A feed of what changed falls to a sweep where the server cannot say it: a Group that is named is needed then.
  needs_roster |= !endpoint.roster.group.empty() || !endpoint.bulk.group.empty();
  if (needs_roster && (endpoint.roster.kind == RosterKind::group || !endpoint.bulk.group.empty()))
    writes.emplace("Group", false);
  if (needs_roster && endpoint.roster.kind == RosterKind::patient_search) writes.emplace("Patient", false);
  if (endpoint.deliver) {
    for (const std::string& type : endpoint.writes.types) writes[type] = true;
  }
  // `subscriptions create` looks for what is there, creates what is missing and asks again for what is in error.
  if (!endpoint.subscriptions.hook_url.empty()) writes["Subscription"] = true;
  std::vector<std::string> scopes;
  for (const auto& [type, is_written] : writes) {
    const std::string system = "system/" + type;
    if (version == ScopeVersion::v2) {
      scopes.push_back(system + (is_written ? ".crus" : ".rs"));
    } else {
      scopes.push_back(system + ".read");
      if (is_written) scopes.push_back(system + ".write");
    }
  }
  return join(scopes, " ");
}

std::vector<std::string> scopes_not_granted(std::string_view wanted, std::string_view granted) {
  const std::vector<std::string> given = words_of(granted);
  std::vector<std::string> missing;
  for (const std::string& scope : words_of(wanted)) {
    if (!is_granted(scope, given)) missing.push_back(scope);
  }
  return missing;
}

}  // namespace authledger
