#include "sync/pull_bulk.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/crypto.h"
#include "base/log.h"
#include "fhir/bulk.h"
#include "fhir/retry.h"
#include "ledger/store/bulk_store.h"
#include "sync/bulk_file_reader.h"
#include "sync/export_files.h"
#include "sync/feed_pages.h"

namespace authledger {
namespace {

// The lease of the endpoint's one export.
constexpr const char* kLeaseName = "$export";
// A server that does not say when to ask again.
constexpr std::chrono::seconds kPollPauseMin{1}, kPollPauseMax{30};
// Rounds that cannot read a file to its end, before the export is begun anew.
constexpr int64_t kFileFailuresMax = 3;
constexpr const char* kNoFile = "the export brought no file of this type";

// The file is what is wrong, and not the server, the network or this round.
bool is_of_the_file(const FhirError& end) {
  return end.kind == FhirErrorKind::not_found || end.kind == FhirErrorKind::bad_answer ||
         end.kind == FhirErrorKind::refused || end.kind == FhirErrorKind::unauthorized ||
         end.kind == FhirErrorKind::foreign_link;
}

class BulkPull {
 public:
  BulkPull(const BulkRun& run, std::map<std::string, FeedCertificate>& certificates)
      : run_(run),
        session_(run.context.session),
        connection_(session_.connection()),
        certificates_(certificates),
        token_(random_hex(16)) {}

  std::optional<std::string> pull() {
    auto stored = read_bulk_export(connection_, session_.tenant_id(), run_.endpoint.name);
    known_ = read_bulk_feeds(connection_, session_.tenant_id(), run_.endpoint.name);
    const std::vector<FeedState> wanted = wanted_feeds();
    if (stored && !is_wanted_still(*stored)) {
      end_bulk_export(connection_, session_.tenant_id(), run_.endpoint.name, {}, {});
      stored.reset();
    }
    if (!stored && wanted.empty()) return std::nullopt;
    certify(stored ? stored->types : types_of(wanted), stored ? stored->since : since_of(wanted));
    if (!hold_lease()) return note("another worker reads this export");
    auto end = stored ? go_on(std::move(*stored)) : begin(wanted);
    release_feed(connection_, session_.tenant_id(), run_.endpoint.name, kLeaseName, token_);
    for (auto& [type, certificate] : certificates_) certificate.ended_at = run_.context.clock.now();
    if (!end) return std::nullopt;
    note(end->message);
    return goes_on_later(*end) ? std::nullopt : std::optional(end->message);
  }

 private:
  // What is read by exports and is due: all that was never read, else what only exports can read.
  std::vector<FeedState> wanted_feeds() {
    std::vector<FeedState> first, changed;
    for (const SourcePlan& plan : run_.planned.plans) {
      if (plan.strategy != SourceStrategy::bulk) continue;
      FeedState state = read_feed(connection_, session_.tenant_id(), run_.endpoint.name, plan.resource_type);
      if (!state.watermark) {
        if (!is_left_to_its_road(plan)) first.push_back(std::move(state));
      } else if (plan.afterwards == SourceStrategy::bulk) {
        changed.push_back(std::move(state));
      }
    }
    return first.empty() ? changed : first;
  }

  // An export was complete and made no file of the type: it is read by its other road from the beginning.
  bool is_left_to_its_road(const SourcePlan& plan) const {
    return plan.afterwards != SourceStrategy::bulk && !was_brought(plan.resource_type);
  }

  const SourcePlan& plan_of(const std::string& type) const {
    return *std::find_if(run_.planned.plans.begin(), run_.planned.plans.end(),
                         [&](const SourcePlan& plan) { return plan.resource_type == type; });
  }

  // The config may have changed since the kick-off.
  bool is_wanted_still(const BulkExport& exported) const {
    return std::all_of(exported.types.begin(), exported.types.end(), [&](const std::string& type) {
      return std::any_of(run_.planned.plans.begin(), run_.planned.plans.end(), [&](const SourcePlan& plan) {
        return plan.resource_type == type && plan.strategy == SourceStrategy::bulk;
      });
    });
  }

  static std::vector<std::string> types_of(const std::vector<FeedState>& feeds) {
    std::vector<std::string> types;
    for (const FeedState& feed : feeds) types.push_back(feed.resource_type);
    return types;
  }
  // Nothing for a first load: everything.
  static std::optional<Instant> since_of(const std::vector<FeedState>& feeds) {
    std::optional<Instant> since;
    for (const FeedState& feed : feeds) {
      if (!feed.watermark) return std::nullopt;
      if (!since || *feed.watermark < *since) since = feed.watermark;
    }
    return since;
  }

  std::string mapping_versions(const std::vector<std::string>& types) const {
    std::string versions;
    for (const std::string& type : types) versions += type + "=" + run_.intake.mapping_version(type) + ";";
    return versions;
  }

  void certify(const std::vector<std::string>& types, std::optional<Instant> since) {
    for (const std::string& type : types) {
      FeedCertificate& certificate = certificates_[type];
      certificate.source = run_.endpoint.name;
      certificate.resource_type = type;
      certificate.strategy = "bulk";
      certificate.started_at = run_.context.clock.now();
      certificate.from_at = since;
    }
  }
  // In every certificate of the export.
  std::string note(const std::string& gap) {
    for (auto& [type, certificate] : certificates_) note_gap(certificate, gap);
    return gap;
  }

  bool hold_lease() {
    return lease_feed(connection_, session_.tenant_id(), run_.endpoint.name, kLeaseName, token_,
                      static_cast<int>(session_.config().delivery.lease.count()));
  }

  std::optional<FhirError> begin(const std::vector<FeedState>& wanted) {
    BulkExport exported;
    exported.source = run_.endpoint.name;
    exported.types = types_of(wanted);
    exported.since = since_of(wanted);
    exported.started_at = run_.context.clock.now();
    exported.mapping_versions = mapping_versions(exported.types);
    const std::string path = export_path(run_.endpoint, run_.planned.capability);
    auto status_url = start_export(run_.client, export_query(path, exported.types, exported.since));
    if (!status_url) return status_url.error();
    exported.status_url = std::move(*status_url);
    save_bulk_export(connection_, session_.tenant_id(), exported);
    log_info("export_begun", {{"endpoint", run_.endpoint.name}, {"types", exported.types.size()}});
    return go_on(std::move(exported));
  }

  std::optional<FhirError> go_on(BulkExport exported) {
    if (const std::string versions = mapping_versions(exported.types); versions != exported.mapping_versions) {
      // What was read was mapped otherwise: the files are read again.
      exported.mapping_versions = versions;
      for (BulkFile& file : exported.files) {
        file.bytes_read = file.lines_read = 0;
        file.is_done = false;
      }
      save_bulk_export(connection_, session_.tenant_id(), exported);
    }
    const bool has_failed = std::any_of(exported.files.begin(), exported.files.end(),
                                        [](const BulkFile& file) { return file.failures > 0 && !file.is_done; });
    if (!exported.transaction_at || has_failed) {
      if (auto end = await_manifest(exported)) return end;
    }
    return read_files(exported);
  }

  // Polls until the manifest is there, for as long as the endpoint's patience (retry_after_max) lasts.
  std::optional<FhirError> await_manifest(BulkExport& exported) {
    const auto deadline = std::chrono::steady_clock::now() + run_.endpoint.retry_after_max;
    for (std::chrono::milliseconds pause = kPollPauseMin;;
         pause = std::min<std::chrono::milliseconds>(pause * 2, kPollPauseMax)) {
      auto status = export_status(run_.client, exported.status_url, run_.context.clock.now());
      if (!status && status.error().kind == FhirErrorKind::not_found) {
        // FAULTS 31: the manifest has expired. The next round asks for an export of the same again.
        end_bulk_export(connection_, session_.tenant_id(), run_.endpoint.name, {}, {});
        log_warning("export_expired", {{"endpoint", run_.endpoint.name}});
        return later("the export had expired at the server before all of it was read: the next round begins it anew");
      }
      if (!status) return status.error();
      if (status->manifest) {
        take_manifest(*status->manifest, exported);
        return std::nullopt;
      }
      const std::chrono::milliseconds wait = status->wait.value_or(pause);
      if (std::chrono::steady_clock::now() + wait > deadline) {
        return later("the server is preparing the export; the next round asks again");
      }
      run_.context.progress(fmt::format("{}: the server is preparing the export", run_.endpoint.name));
      if (!wait_unless_stopped(wait, run_.context.stop))
        return stopped("stopped; the next round goes on with the export");
      if (!hold_lease()) return taken_over();
    }
  }

  static FhirError later(std::string why) { return {FhirErrorKind::throttled, 0, std::move(why)}; }

  void take_manifest(const ExportManifest& manifest, BulkExport& exported) {
    std::vector<BulkFile> files = files_of(manifest);
    keep_progress(exported.files, exported.transaction_at == manifest.transaction_at, files);
    exported.transaction_at = manifest.transaction_at;
    exported.requires_token = manifest.requires_token;
    exported.files = std::move(files);
    save_bulk_export(connection_, session_.tenant_id(), exported);
  }

  std::optional<FhirError> read_files(BulkExport& exported) {
    std::optional<FhirError> failed;
    for (BulkFile& file : exported.files) {
      if (file.stated_count && certificates_.contains(file.type)) {
        FeedCertificate& certificate = certificates_[file.type];
        certificate.stated_total = certificate.stated_total.value_or(0) + *file.stated_count;
      }
      if (file.is_done) continue;
      if (run_.context.stop.stop_requested()) return stopped("stopped; the next round goes on with the export");
      if (!hold_lease()) return taken_over();
      BulkFileReader reader({run_.context, run_.endpoint, run_.client, run_.intake, exported, token_, kLeaseName}, file,
                            certificates_);
      auto end = reader.read();
      if (!end) continue;
      if (!is_of_the_file(*end)) return end;
      ++file.failures;
      save_bulk_progress(connection_, session_.tenant_id(), run_.endpoint.name, file);
      log_warning("export_file_failed",
                  {{"endpoint", run_.endpoint.name}, {"file", file.number}, {"cause", end->message}});
      failed = std::move(end);
      if (file.failures < kFileFailuresMax) continue;
      end_bulk_export(connection_, session_.tenant_id(), run_.endpoint.name, {}, {});
      note(fmt::format("a file could not be read in {} rounds: the next round begins the export anew",
                       kFileFailuresMax));
      return failed;
    }
    if (failed) return failed;
    complete(exported);
    return std::nullopt;
  }

  // The watermark is the transaction's time: everything up to it was in the files. A type that no file was made of may
  // have nothing in it, or may not be exported at all (Bulk Data Access 2.0, output: "may be omitted"): what another
  // road reaches is read by that one, still in this round.
  void complete(const BulkExport& exported) {
    std::vector<FeedState> feeds;
    std::vector<BulkFeed> brought;
    for (const std::string& type : exported.types) {
      const SourcePlan& plan = plan_of(type);
      brought.push_back({type, has_file_of(exported, type) || (exported.since && was_brought(type))});
      if (!brought.back().has_file && plan.afterwards != SourceStrategy::bulk) {
        certificates_.erase(type);
        continue;
      }
      FeedState feed = read_feed(connection_, session_.tenant_id(), run_.endpoint.name, type);
      feed.watermark = *exported.transaction_at - run_.endpoint.overlap;
      feed.resume_link.clear();
      feed.run_started_at.reset();
      feed.last_success_at = run_.context.clock.now();
      feed.mapping_version = run_.intake.mapping_version(type);
      certificates_[type].to_at = feed.watermark;
      certificates_[type].is_complete = brought.back().has_file || must_hold(type);
      if (!brought.back().has_file) note_gap(certificates_[type], kNoFile);
      feeds.push_back(std::move(feed));
    }
    end_bulk_export(connection_, session_.tenant_id(), run_.endpoint.name, feeds, brought);
    // The server may keep the files; that it is told so early is a courtesy.
    if (auto ended = end_export(run_.client, exported.status_url); !ended) {
      log_info("export_not_deleted", {{"endpoint", run_.endpoint.name}, {"cause", ended.error().message}});
    }
  }

  // Also where nothing is known of exports that were before this was kept.
  bool was_brought(const std::string& type) const {
    const auto known = known_.find(type);
    return known == known_.end() || known->second.has_file;
  }
  static bool has_file_of(const BulkExport& exported, const std::string& type) {
    return std::any_of(exported.files.begin(), exported.files.end(), [&](const BulkFile& file) {
      return static_cast<ExportFileKind>(file.kind) == ExportFileKind::output && file.type == type;
    });
  }
  // An export without a file of the type says that there is nothing of it. One of patients' records does not say it of
  // what belongs to none.
  bool must_hold(const std::string& type) const {
    return export_path(run_.endpoint, run_.planned.capability) == "$export" || !belongs_to_no_patient(type);
  }

  const BulkRun& run_;
  TenantSession& session_;
  PgConnection& connection_;
  std::map<std::string, FeedCertificate>& certificates_;
  std::map<std::string, BulkFeed> known_;
  const std::string token_;
};

}  // namespace

std::optional<std::string> pull_bulk(const BulkRun& run, std::map<std::string, FeedCertificate>& certificates) {
  return BulkPull(run, certificates).pull();
}

}  // namespace authledger
