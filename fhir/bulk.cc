#include "fhir/bulk.h"

#include <fmt/format.h>

#include <charconv>

#include "base/text.h"
#include "fhir/file_download.h"
#include "fhir/retry.h"
#include "fhir/url.h"

namespace authledger {
namespace {

std::optional<int64_t> count_of(JsonView value) {
  const std::string_view text = value.text();
  int64_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (text.empty() || error != std::errc() || end != text.data() + text.size() || count < 0) return std::nullopt;
  return count;
}

}  // namespace

Result<ExportManifest> read_manifest(JsonView root) {
  ExportManifest manifest;
  const auto transaction_at = parse_instant(root["transactionTime"].text());
  if (!transaction_at || !root["output"].is_array()) return Failure{"the answer is no export manifest"};
  manifest.transaction_at = *transaction_at;
  manifest.requires_token = root["requiresAccessToken"].boolean();
  const std::pair<const char*, ExportFileKind> lists[] = {
      {"output", ExportFileKind::output}, {"deleted", ExportFileKind::deleted}, {"error", ExportFileKind::error}};
  for (const auto& [name, kind] : lists) {
    for (const JsonView file : root[name]) {
      if (!parse_url(file["url"].text())) return Failure{"the export manifest names a file by what is no URL"};
      manifest.files.push_back({kind, file["type"].string(), file["url"].string(), count_of(file["count"])});
    }
  }
  return manifest;
}

std::string export_query(const std::string& path, const std::vector<std::string>& types, std::optional<Instant> since) {
  // "application/fhir+ndjson" is the default that every server must know; some know no other spelling.
  std::string query = path + "?_outputFormat=" + query_value("application/fhir+ndjson") + "&_type=" + join(types, ",");
  if (since) query += "&_since=" + query_value(format_instant(*since));
  return query;
}

Result<ExportStart, FhirError> start_export(FhirClient& client, const std::string& query) {
  OperationRequest request;
  request.name = "$export";
  request.url = query;
  request.headers = {{"Accept", "application/fhir+json"}, {"Prefer", "respond-async"}};
  auto answer = client.operate(request);
  if (!answer) return answer.error();
  const std::string place = answer->header("content-location");
  const auto asked = parse_url(client.base_url() + "/" + query);
  const auto target = place.empty() || !asked ? std::nullopt : resolve_url(*asked, place);
  if (!target) {
    return FhirError{FhirErrorKind::bad_answer, answer->status,
                     "the server took the export and names no place to ask for it (Content-Location)"};
  }
  if (!same_origin(*target, *asked)) {
    return FhirError{FhirErrorKind::foreign_link, answer->status,
                     fmt::format("the server took the export and wants to be asked for it at {}, which is not the "
                                 "endpoint's origin {}; behind a proxy it has to be told the address that clients use",
                                 target->origin(), asked->origin())};
  }
  return ExportStart{target->text(), parse_http_date(answer->header("date"))};
}

Result<ExportStatus, FhirError> export_status(FhirClient& client, const std::string& status_url, Instant now) {
  OperationRequest request;
  request.name = "export status";
  request.url = status_url;
  request.headers = {{"Accept", "application/json"}};
  const auto answer = client.operate(request);
  if (!answer) return answer.error();
  ExportStatus status;
  if (answer->status == 202) {
    status.wait = stated_wait(*answer, now);
    return status;
  }
  JsonDocument document;
  const auto root = document.parse(answer->body);
  auto manifest = root ? read_manifest(*root) : Result<ExportManifest>(root.error());
  if (!manifest) return FhirError{FhirErrorKind::bad_answer, answer->status, manifest.error().message};
  status.manifest = std::move(*manifest);
  return status;
}

Result<Done, FhirError> end_export(FhirClient& client, const std::string& status_url) {
  OperationRequest request;
  request.name = "export status";
  request.method = "DELETE";
  request.url = status_url;
  const auto answer = client.operate(request);
  if (!answer) return answer.error();
  return Done{};
}

std::optional<FhirError> fetch_export_file(FhirClient& client, const ExportFileRequest& request,
                                           FileDownload& download) {
  OperationRequest asked;
  asked.name = "export file";
  asked.url = request.url;
  asked.headers = {{"Accept", "application/fhir+ndjson"}};
  asked.with_token = request.requires_token;
  asked.other_origins = request.other_origins;
  asked.prepare = [&](HttpRequest& each) { download.begin_try(each); };
  const auto answer = client.operate(asked);
  if (!answer) {
    // A file that was read to its end before: nothing is left of it (RFC 9110, 15.5.17).
    if (answer.error().status == 416 && download.bytes_taken() > 0) return std::nullopt;
    if (!download.was_refused()) return answer.error();
    return FhirError{FhirErrorKind::bad_answer, 200,
                     "the answer is not the file (a login page?), or not the part of it that was asked for"};
  }
  const std::string problem = download.problem(*answer);
  if (problem.empty()) return std::nullopt;
  return FhirError{FhirErrorKind::bad_answer, 200, "a file of the export: " + problem};
}

std::vector<std::string> deletions_in(JsonView bundle) {
  std::vector<std::string> references;
  for (const JsonView entry : bundle["entry"]) {
    if (entry["request"]["method"].text() != "DELETE") continue;
    std::string_view url = entry["request"]["url"].text();
    url = url.substr(0, url.find_first_of("?#"));
    const size_t id = url.rfind('/');
    if (id == std::string_view::npos || id == 0) continue;
    const size_t type = url.rfind('/', id - 1);
    references.emplace_back(type == std::string_view::npos ? url : url.substr(type + 1));
  }
  return references;
}

}  // namespace authledger
