#include "sync/bulk_file_reader.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/crypto.h"
#include "base/text.h"
#include "fhir/bulk.h"
#include "fhir/file_download.h"
#include "fhir/outcome.h"
#include "fhir/resource_reader.h"
#include "ledger/store/quarantine_store.h"
#include "sync/export_files.h"
#include "sync/feed_pages.h"

namespace authledger {
namespace {

constexpr int64_t kBatchesPerCheckpoint = 16;
constexpr size_t kUnreadableLinesMax = 1000;  // Of one batch.
constexpr const char* kNotTheFile =
    "the answer holds no resource of the type that the manifest names: it is not the file";

}  // namespace

BulkFileReader::BulkFileReader(const Run& run, BulkFile& file, std::map<std::string, FeedCertificate>& certificates)
    : run_(run),
      file_(file),
      certificates_(certificates),
      batch_hash_("SHA256"),
      bytes_at_(file.bytes_read),
      lines_at_(file.lines_read),
      is_the_file_(file.bytes_read > 0) {}

std::optional<FhirError> BulkFileReader::read() {
  FileDownload download(file_.bytes_read, [this](std::string_view bytes) { return take(bytes); });
  ExportFileRequest request{file_.url, run_.exported.requires_token, run_.endpoint.bulk.files_at};
  auto end = fetch_export_file(run_.client, request, download);
  if (thrown_) std::rethrow_exception(thrown_);
  if (!end && !end_) return finish();
  if (end_) end = std::move(end_);
  flush();
  checkpoint();
  if (end->kind == FhirErrorKind::bad_answer) {
    // A digest that differs: nothing of the file can be trusted.
    file_.bytes_read = file_.lines_read = 0;
  }
  count_into_certificate();
  note(fmt::format("a file of the export could not be read to its end: {}", end->message));
  return end;
}

bool BulkFileReader::take(std::string_view bytes) {
  // Called from inside of libcurl: nothing may be thrown through it.
  try {
    while (!bytes.empty()) {
      const size_t line_end = bytes.find('\n');
      if (line_end == std::string_view::npos) {
        rest_ += bytes;
        if (rest_.size() <= kLineBytesMax) return true;
        end_ = FhirError{FhirErrorKind::bad_answer, 200, "a line of an export file is longer than a resource can be"};
        return false;
      }
      std::string_view line = bytes.substr(0, line_end);
      bytes.remove_prefix(line_end + 1);
      bytes_at_ += static_cast<int64_t>(rest_.size() + line.size() + 1);
      if (rest_.empty()) {
        take_line(line);
      } else {
        rest_ += line;
        take_line(rest_);
        rest_.clear();
      }
      if (received_.size() + deleted_.size() < kResourcesPerPageMax && unreadable_.size() < kUnreadableLinesMax)
        continue;
      if (!is_the_file_) {
        end_ = FhirError{FhirErrorKind::bad_answer, 200, kNotTheFile};
        return false;
      }
      flush();
      const bool is_held = renew_feed(run_.context.session.connection(), run_.context.session.tenant_id(),
                                      run_.endpoint.name, run_.lease_name, run_.lease_token,
                                      static_cast<int>(run_.context.session.config().delivery.lease.count()));
      if (!is_held) end_ = taken_over();
      if (run_.context.stop.stop_requested()) end_ = stopped("stopped; the next round goes on with the export");
      if (end_) return false;
    }
    return true;
  } catch (...) {
    thrown_ = std::current_exception();
    return false;
  }
}

void BulkFileReader::take_line(std::string_view line) {
  if (trim(line).empty()) return;
  ++lines_at_;
  batch_hash_.add(line);
  const auto root = document_.parse(line);
  std::string problem = problem_of(root);
  ends_well_ = problem.empty();
  if (!ends_well_) {
    unreadable_.push_back({Severity::error, fmt::format("export:{}:{}", file_.type, lines_at_), std::move(problem)});
    return;
  }
  is_the_file_ = true;
  switch (static_cast<ExportFileKind>(file_.kind)) {
    case ExportFileKind::output:
      received_.push_back({(*root)["resourceType"].string(), (*root)["id"].string(), to_json_text(*root),
                           run_.client.base_url(), "", run_.exported.started_at});
      return;
    case ExportFileKind::deleted:
      take_deletions(*root);
      return;
    case ExportFileKind::error: {
      const std::string codes = outcome_codes(*root);
      note("the server reports a problem of its export" + (codes.empty() ? "" : " (" + codes + ")"));
      return;
    }
  }
}

// Why a line is nothing that the file should hold, or "".
std::string BulkFileReader::problem_of(const Result<JsonView>& root) const {
  if (!root) return root.error().message;
  const std::string_view type = root->is_object() ? (*root)["resourceType"].text() : "";
  if (type.empty()) return "it is no resource";
  const bool is_output = static_cast<ExportFileKind>(file_.kind) == ExportFileKind::output;
  return is_output && type != file_.type ? "it is a resource of another type than the manifest says of its file" : "";
}

void BulkFileReader::take_deletions(JsonView bundle) {
  for (const std::string& reference : deletions_in(bundle)) {
    const size_t slash = reference.find('/');
    const std::string type = reference.substr(0, slash);
    const auto found = certificates_.find(type);
    if (found == certificates_.end()) continue;  // Of a type that was not asked for.
    ++found->second.deleted;
    deleted_.push_back(deletion_of(type, reference.substr(slash + 1)));
  }
}

// All that was given to the intake is committed: that far the file is read.
void BulkFileReader::checkpoint() {
  run_.intake.finish();
  if (!is_the_file_) return;
  file_.bytes_read = bytes_at_;
  file_.lines_read = lines_at_;
  TenantSession& session = run_.context.session;
  save_bulk_progress(session.connection(), session.tenant_id(), run_.endpoint.name, file_);
}

void BulkFileReader::flush() {
  TenantSession& session = run_.context.session;
  if (!is_the_file_) unreadable_.clear();
  if (!unreadable_.empty()) {
    record_unreadable(session.connection(), session.tenant_id(), run_.endpoint.name, unreadable_,
                      run_.context.clock.now());
    note(
        fmt::format("{} lines of an export file are no resources: see authledger quarantine list", unreadable_.size()));
    unreadable_.clear();
  }
  if (received_.empty() && deleted_.empty()) return;
  const auto certificate = certificates_.find(file_.type);
  if (certificate != certificates_.end()) {
    FeedCertificate& of_type = certificate->second;
    ++of_type.pages;
    of_type.pages_hash = HashInput().add(bytes_of(of_type.pages_hash)).add(batch_hash_.finish()).sha256();
  }
  run_.context.progress(fmt::format("{}: {} of {} in the export", run_.endpoint.name, lines_at_, file_.type));
  if (!received_.empty()) run_.intake.record(std::exchange(received_, {}), nullptr);
  if (!deleted_.empty()) {
    // What is written after the export's moment stands; HTTP dates count whole seconds.
    const Instant known_at =
        std::min(*run_.exported.transaction_at, moment_of(run_.exported) + std::chrono::seconds(1));
    run_.intake.record_deleted(std::exchange(deleted_, {}), known_at);
  }
  if (++batches_ % kBatchesPerCheckpoint == 0) checkpoint();
}

std::optional<FhirError> BulkFileReader::finish() {
  if (!trim(rest_).empty()) {
    bytes_at_ += static_cast<int64_t>(rest_.size());
    take_line(rest_);
  }
  if (lines_at_ > 0 && !is_the_file_) return begin_again(kNotTheFile);
  const std::string doubted = doubt();
  const bool is_read_again = !doubted.empty() && file_.failures == 0;
  // What a cut line was is read again with the file.
  if (is_read_again && !ends_well_ && !unreadable_.empty()) unreadable_.pop_back();
  flush();
  checkpoint();
  if (is_read_again) return begin_again(doubted + "; the next round reads it again");
  count_into_certificate();
  if (!doubted.empty()) note(doubted);
  file_.is_done = true;
  TenantSession& session = run_.context.session;
  save_bulk_progress(session.connection(), session.tenant_id(), run_.endpoint.name, file_);
  return std::nullopt;
}

// Why a file that came to its end may not be all of it, or "".
std::string BulkFileReader::doubt() const {
  if (static_cast<ExportFileKind>(file_.kind) != ExportFileKind::output) return "";
  if (file_.stated_count && *file_.stated_count != lines_at_) {
    return fmt::format("the manifest says {} resources, the file holds {}", *file_.stated_count, lines_at_);
  }
  return ends_well_ ? ""
                    : "the last line of an export file is no resource of its type: the file may have been cut short";
}

FhirError BulkFileReader::begin_again(std::string why) {
  file_.bytes_read = file_.lines_read = 0;
  count_into_certificate();
  note(why);
  return {FhirErrorKind::bad_answer, 200, std::move(why)};
}

void BulkFileReader::count_into_certificate() {
  const ResourceTally tally = run_.intake.take_tally();
  const auto found = certificates_.find(file_.type);
  if (found == certificates_.end()) return;
  FeedCertificate& certificate = found->second;
  certificate.read += tally.read;
  certificate.added += tally.added;
  certificate.changed += tally.changed;
  certificate.unchanged += tally.unchanged;
  certificate.quarantined += tally.quarantined;
}

void BulkFileReader::note(const std::string& gap) {
  for (auto& [type, certificate] : certificates_) {
    if (type == file_.type || !certificates_.contains(file_.type)) note_gap(certificate, gap);
  }
}

}  // namespace authledger
