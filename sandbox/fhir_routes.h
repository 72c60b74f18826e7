#pragma once

#include <atomic>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "sandbox/export_desk.h"
#include "sandbox/fault_switch.h"
#include "sandbox/resource_store.h"

// What the sandbox answers to which request, free of any HTTP library. Source: FHIR R4, http.html.

namespace authledger {

inline constexpr std::string_view kFhirJson = "application/fhir+json";

struct SandboxRequest {
  std::string method;
  std::string path;                            // As sent: "/fhir/Patient/1".
  std::string query;                           // As sent, without "?".
  std::map<std::string, std::string> headers;  // Names in lower case.
  std::string body;

  std::string header(const std::string& name) const {
    const auto found = headers.find(name);
    return found == headers.end() ? std::string() : found->second;
  }
};

struct SandboxAnswer {
  int status = 200;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  std::string content_type = std::string(kFhirJson);
};

class AuthorizationServer;

// Thread-safe; answers from memory and never waits.
class FhirRoutes {
 public:
  FhirRoutes(SandboxOptions options, std::string base_url, TimeZone zone, const Clock& clock, ResourceStore& store,
             FaultSwitch& faults, AuthorizationServer& authorization);

  SandboxAnswer handle(const SandboxRequest& request);
  // Loads a Bundle's entries, one resource, or NDJSON, keeping ids.
  Outcome load(const std::string& json_or_ndjson);
  // A new version as a person in the EHR would write it.
  Outcome put(const std::string& json);
  // The same, of the version in its meta only.
  Outcome edit(const std::string& json);
  int64_t writes() const { return writes_.load(); }
  Instant now() const;  // Whole milliseconds, as lastUpdated is kept.

 private:
  struct Target {  // What a path below the base names.
    std::string type, id, version;
    bool history = false;
    bool search = false;
  };

  SandboxAnswer route(const SandboxRequest& request);
  // What needs no token: the authorization server's own paths and /metadata.
  std::optional<SandboxAnswer> open_route(const SandboxRequest& request, const std::vector<std::string>& segments);
  std::optional<SandboxAnswer> refuse(const SandboxRequest& request, std::string_view type);
  SandboxAnswer inquire(const SandboxRequest& request);
  // Bulk Data, below "$export".
  SandboxAnswer export_route(const SandboxRequest& request, const std::vector<std::string>& segments);
  SandboxAnswer control(const SandboxRequest& request, std::string_view operation);
  SandboxAnswer read(const Target& target);
  SandboxAnswer read_history(const Target& target);
  SandboxAnswer read_type_history(const Target& target, const SandboxRequest& request);
  SandboxAnswer create(const Target& target, const SandboxRequest& request);
  // Why a create is not taken, or what a repeated one is answered.
  std::optional<SandboxAnswer> refuse_create(const Target& target, JsonView resource, const std::string& key);
  SandboxAnswer update(const Target& target, const SandboxRequest& request);
  SandboxAnswer remove(const Target& target);
  SandboxAnswer search(const Target& target, const SandboxRequest& request);
  SandboxAnswer written(const Target& target, const WriteResult& result, const SandboxRequest& request);
  SearchSettings search_settings() const;
  // Of a search, and of the condition of a create. Without a lag everything is seen, whatever the server's clock says.
  Instant visible_until(const SandboxFaults& faults) const;
  Outcome load_resource(JsonView resource);

  const SandboxOptions options_;
  const std::string base_url_;
  const TimeZone zone_;
  const Clock& clock_;
  ResourceStore& store_;
  FaultSwitch& faults_;
  AuthorizationServer& authorization_;
  ExportDesk exports_;
  std::atomic<int64_t> writes_{0};
  std::mutex originals_mutex_;
  std::map<std::string, std::string> originals_;  // Idempotency key → id.
};

// An OperationOutcome with one issue. Source: FHIR R4, issue-type value set.
SandboxAnswer outcome_answer(int status, std::string_view issue_code, std::string_view diagnostics);

std::string capability_statement(const SandboxOptions& options, const std::string& withheld,
                                 const std::string& base_url, Instant now, const std::string& token_url);

// A searchset page as JSON text, with the faults that pages can have.
struct SearchPageText {
  std::string type;
  std::string base_url;
  const SearchQuery& query;
  const SearchResult& result;
  const SandboxFaults& faults;
};
std::string search_bundle(const SearchPageText& page);

// A history Bundle of one resource; `versions` are oldest first.
std::string instance_history(const std::string& base_url, const std::string& type, const std::string& id,
                             const std::vector<HeldVersion>& versions);

// `text` as a JSON string, quoted.
std::string json_string(std::string_view text);

}  // namespace authledger
