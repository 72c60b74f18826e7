#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/day.h"
#include "base/json.h"
#include "base/result.h"
#include "fhir/client.h"

// What a Bulk Data export answers. Source: FHIR Bulk Data Access 2.0, export.html.

namespace authledger {

class FileDownload;

enum class ExportFileKind : int16_t { output = 1, deleted = 2, error = 3 };

struct ExportFile {
  ExportFileKind kind = ExportFileKind::output;
  std::string type;              // Of the resources in it.
  std::string url;               // Absolute.
  std::optional<int64_t> count;  // Resources in it, where the server says so.
};

struct ExportManifest {
  Instant transaction_at{};  // Of the files' state, as the server says; some mean when the job ended.
  bool requires_token = false;
  std::vector<ExportFile> files;
};

// Errors: not a manifest.
Result<ExportManifest> read_manifest(JsonView root);

// "Group/g1/$export?_outputFormat=…&_type=Patient,Encounter&_since=…"
std::string export_query(const std::string& path, const std::vector<std::string>& types, std::optional<Instant> since);

struct ExportStart {
  std::string status_url;              // Absolute: the place to ask how far it is.
  std::optional<Instant> server_time;  // The Date header: when it was asked for, by the server's clock.
};
// Asks for an export. Errors: as of a read; bad_answer and
// foreign_link when the server took the export and names no place for it, or one outside of the endpoint's origin.
Result<ExportStart, FhirError> start_export(FhirClient& client, const std::string& query);

struct ExportStatus {
  std::optional<ExportManifest> manifest;         // When it is ready.
  std::optional<std::chrono::milliseconds> wait;  // Before it is asked again, as the server says.
};
// Errors: not_found when the server keeps the export no longer.
Result<ExportStatus, FhirError> export_status(FhirClient& client, const std::string& status_url, Instant now);
// The files are not needed any more.
Result<Done, FhirError> end_export(FhirClient& client, const std::string& status_url);

struct ExportFileRequest {
  const std::string& url;
  bool requires_token = true;
  const std::vector<std::string>& other_origins;  // From which files may come, without the token.
};
// Fetches a file through `download`, with retries that go on where the last try ended. Errors: bad_answer when size or
// digest differ from what the server states; not_found; foreign_link for an origin that is not allowed.
std::optional<FhirError> fetch_export_file(FhirClient& client, const ExportFileRequest& request,
                                           FileDownload& download);

// References of a Bundle in a file of deletions, "Encounter/e1": one for each entry whose request is a DELETE.
std::vector<std::string> deletions_in(JsonView bundle);

}  // namespace authledger
