#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "sandbox/fault_switch.h"
#include "sandbox/resource_store.h"

// Bulk Data exports of the sandbox: what is exported stands still from the kick-off on. Source: FHIR Bulk Data Access
// 2.0, export.html.

namespace authledger {

struct SandboxRequest;
struct SandboxAnswer;

// Thread-safe.
class ExportDesk {
 public:
  ExportDesk(std::string base_url, int resources_per_file, bool needs_token, const ResourceStore& store,
             FaultSwitch& faults);

  // `group`: the Group resource whose members' records are exported; nothing: the whole system.
  SandboxAnswer kick_off(const SandboxRequest& request, const std::optional<std::string>& group, Instant now);
  SandboxAnswer status(const SandboxRequest& request, const std::string& id);
  SandboxAnswer file(const SandboxRequest& request, const std::string& id, const std::string& number);

 private:
  struct File {
    std::string kind;  // "output", "deleted" or "error".
    std::string type, body;
    size_t count = 0;
  };
  struct Export {
    std::string request;
    Instant transaction_at;
    std::vector<File> files;
  };

  std::string manifest(const std::string& id, const Export& found) const;

  const std::string base_url_;
  const int resources_per_file_;
  const bool needs_token_;
  const ResourceStore& store_;
  FaultSwitch& faults_;
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<const Export>> exports_;  // Shared with answers under way when it is deleted.
  int64_t next_id_ = 1;
};

}  // namespace authledger
