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
#include "sync/remap.h"

namespace authledger {
namespace {

// The lease of the endpoint's one export.
constexpr const char* kLeaseName = "$export";
// A server that does not say when to ask again.
constexpr std::chrono::seconds kPollPauseMin{1}, kPollPauseMax{30};
// Rounds that cannot read a file to its end, or that get an error for its manifest, before the export is begun anew.
constexpr int64_t kFileFailuresMax = 3, kStatusFailuresMax = 3;
// The same where the answer says that nobody serves: the export may stand behind it.
constexpr int64_t kNoServiceMax = 100;
// After the second export in a row that came to nothing; twice as long after each further one.
constexpr std::chrono::minutes kAnewPauseFirst{15}, kAnewPauseMax{360};
// Who joins a Group shows in no export of what changed (Bulk Data Access 2.0, _since: "may"): all of it is asked for
// again after that.
constexpr std::chrono::hours kGroupWholeEvery{7 * 24};
constexpr const char* kNoFile = "the export brought no file of this type";

// The file or the export is what is wrong, and not the network or this round.
bool is_of_the_export(const FhirError& end) {
  return end.kind != FhirErrorKind::unreachable && end.kind != FhirErrorKind::throttled &&
         end.kind != FhirErrorKind::stopped;
}

std::chrono::minutes pause_after(int64_t failures) {
  if (failures <= 1) return std::chrono::minutes(0);
  return std::min(kAnewPauseMax, kAnewPauseFirst * (int64_t{1} << std::min<int64_t>(failures - 2, 10)));
}

class BulkPull {
 public:
  BulkPull(const BulkRun& run, std::map<std::string, FeedCertificate>& certificates)
      : run_(run),
        session_(run.context.session),
        connection_(session_.connection()),
        certificates_(certificates),
        path_(export_path(run.endpoint, run.planned.capability)),
        token_(random_hex(16)) {}

  std::optional<std::string> pull() {
    auto stored = read_bulk_export(connection_, session_.tenant_id(), run_.endpoint.name);
    known_ = read_bulk_feeds(connection_, session_.tenant_id(), run_.endpoint.name);
    const std::vector<FeedState> wanted = wanted_feeds();
    if (stored && !is_wanted_still(*stored, wanted)) {
      drop_bulk_export(connection_, session_.tenant_id(), run_.endpoint.name);
      tell_server(*stored);
      stored.reset();
    }
    if (!stored && wanted.empty()) return std::nullopt;
    certify(stored ? stored->types : types_of(wanted), stored ? stored->since : since_of(wanted));
    if (!hold_lease()) return note("another worker reads this export");
    auto end = map_kept_again(wanted);
    if (!end) end = stored ? go_on(std::move(*stored)) : begin(wanted);
    release_feed(connection_, session_.tenant_id(), run_.endpoint.name, kLeaseName, token_);
    for (auto& [type, certificate] : certificates_) certificate.ended_at = run_.context.clock.now();
    if (!end) return std::nullopt;
    note(end->message);
    return goes_on_later(*end) ? std::nullopt : std::optional(end->message);
  }

 private:
  // What is read by exports and is due: all that was never read, or has to be read again under another mapping, else
  // what only exports can read.
  std::vector<FeedState> wanted_feeds() {
    std::vector<FeedState> first, changed;
    for (const SourcePlan& plan : run_.planned.plans) {
      if (plan.strategy != SourceStrategy::bulk) continue;
      FeedState state = read_feed(connection_, session_.tenant_id(), run_.endpoint.name, plan.resource_type);
      if (!state.watermark) {
        if (!is_left_to_its_road(plan)) first.push_back(std::move(state));
      } else if (plan.afterwards == SourceStrategy::bulk) {
        const bool is_read_again =
            (is_mapped_otherwise(state) && !keeps_body(plan.resource_type)) || is_due_whole(plan.resource_type);
        (is_read_again ? first : changed).push_back(std::move(state));
      }
    }
    for (FeedState& state : first) state.watermark.reset();
    return first.empty() ? changed : first;
  }

  // The last export of all was of other patients, or may lack who joined the Group since.
  bool is_due_whole(const std::string& type) const {
    const auto known = known_.find(type);
    if (known != known_.end() && known->second.path != path_) return true;
    if (!keeps_to_group(type)) return false;
    const Instant now = run_.context.clock.now();
    return known == known_.end() || known->second.whole_at > now || now - known->second.whole_at >= kGroupWholeEvery;
  }
  bool keeps_to_group(const std::string& type) const {
    return !group_of_export(path_).empty() && !belongs_to_no_patient(type);
  }

  bool is_mapped_otherwise(const FeedState& state) const {
    return state.watermark && state.mapping_version != run_.intake.mapping_version(state.resource_type);
  }

  // A mapping that changed maps again what was read before, from the bodies that were kept; without them an export of
  // all is asked for (wanted_feeds). Feeds with another road do so there.
  std::optional<FhirError> map_kept_again(const std::vector<FeedState>& wanted) {
    for (const FeedState& state : wanted) {
      if (!is_mapped_otherwise(state)) continue;
      log_info("mapping_changed", {{"feed", run_.endpoint.name + "/" + state.resource_type}, {"from_store", true}});
      remap_stored(run_.context, run_.endpoint, state.resource_type, run_.intake);
      run_.intake.finish();
    }
    if (run_.context.stop.stop_requested()) return stopped("stopped; the next round goes on with the export");
    return std::nullopt;
  }

  // An export was complete and made no file of the type: it is read by its other road from the beginning.
  bool is_left_to_its_road(const SourcePlan& plan) const {
    return plan.afterwards != SourceStrategy::bulk && !was_brought(plan.resource_type);
  }

  const SourcePlan& plan_of(const std::string& type) const {
    return *std::find_if(run_.planned.plans.begin(), run_.planned.plans.end(),
                         [&](const SourcePlan& plan) { return plan.resource_type == type; });
  }

  // The config may have changed since the kick-off. Where all has to be read again, an export of what changed is not
  // enough any more.
  bool is_wanted_still(const BulkExport& exported, const std::vector<FeedState>& wanted) const {
    const bool must_be_whole = std::any_of(wanted.begin(), wanted.end(), [&](const FeedState& state) {
      return !state.watermark && std::count(exported.types.begin(), exported.types.end(), state.resource_type) > 0;
    });
    if ((exported.since && must_be_whole) || exported.path != path_) return false;
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
      const auto known = known_.find(type);
      if (!since || !keeps_to_group(type) || known == known_.end()) continue;
      const Instant whole_at = known->second.whole_at;
      note_gap(certificate, fmt::format("whoever joined the Group since {} is read whole with the export after {}",
                                        format_instant(whole_at), format_instant(whole_at + kGroupWholeEvery)));
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
    if (auto paused = pause_left()) return paused;
    BulkExport exported;
    exported.source = run_.endpoint.name;
    exported.types = types_of(wanted);
    exported.since = since_of(wanted);
    exported.started_at = run_.context.clock.now();
    exported.mapping_versions = mapping_versions(exported.types);
    exported.path = path_;
    auto started = start_export(run_.client, export_query(path_, exported.types, exported.since));
    if (!started) {
      // The server has begun what nobody can ask for: each further one would cost it as much.
      const bool is_begun = started.error().status >= 200 && started.error().status < 300;
      return is_begun ? give_up(started.error()) : started.error();
    }
    exported.status_url = std::move(started->status_url);
    exported.asked_at = started->server_time;
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
      if (!status) return status_failed(exported, status.error());
      if (exported.failures > 0) {
        exported.failures = 0;
        save_bulk_export(connection_, session_.tenant_id(), exported);
      }
      if (status->manifest) {
        is_there_ = true;
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

  // Bulk Data Access 2.0, "error status": the job has failed, or this poll; only time tells one from the other.
  FhirError status_failed(BulkExport& exported, const FhirError& error) {
    // FAULTS 31: the manifest has expired.
    if (error.kind == FhirErrorKind::not_found) {
      const bool is_first = read_bulk_pause(connection_, session_.tenant_id(), run_.endpoint.name).failures == 0;
      FhirError ended =
          give_up({error.kind, error.status, "the export had expired at the server before all of it was read"});
      return is_first ? later(std::move(ended.message)) : ended;
    }
    if (!is_of_the_export(error)) return error;
    ++exported.failures;
    save_bulk_export(connection_, session_.tenant_id(), exported);
    if (exported.failures < (is_no_service_status(error.status) ? kNoServiceMax : kStatusFailuresMax)) return error;
    tell_server(exported);
    return give_up(error);
  }

  // The export came to nothing; the next one is asked for at once, but not again and again.
  FhirError give_up(const FhirError& cause) {
    const Instant now = run_.context.clock.now();
    BulkPause pause = read_bulk_pause(connection_, session_.tenant_id(), run_.endpoint.name);
    ++pause.failures;
    pause.until = now + pause_after(pause.failures);
    pause.cause = cause.message;
    give_up_bulk_export(connection_, session_.tenant_id(), run_.endpoint.name, pause);
    log_warning("export_given_up", {{"endpoint", run_.endpoint.name}, {"failures", pause.failures}});
    const std::string when = pause.until > now ? "it is begun anew after " + format_instant(pause.until)
                                               : std::string("the next round begins it anew");
    FhirError error = cause;
    error.message = fmt::format("{}: {}", cause.message, when);
    return error;
  }

  // FAULTS 39: a pause that reaches further than any does is of a clock that went back since.
  std::optional<FhirError> pause_left() {
    const Instant now = run_.context.clock.now();
    const BulkPause pause = read_bulk_pause(connection_, session_.tenant_id(), run_.endpoint.name);
    if (pause.until <= now || pause.until > now + kAnewPauseMax) return std::nullopt;
    return FhirError{FhirErrorKind::refused, 0,
                     fmt::format("{} exports in a row came to nothing ({}): the next one is asked for after {}",
                                 pause.failures, pause.cause, format_instant(pause.until))};
  }

  // The server answers, though it does not give a file.
  bool is_there(const BulkExport& exported) {
    if (run_.client.is_paused()) return false;
    if (!is_there_) is_there_ = export_status(run_.client, exported.status_url, run_.context.clock.now()).ok();
    return is_there_;
  }

  // That the export is not needed any more: a courtesy.
  void tell_server(const BulkExport& exported) {
    if (auto ended = end_export(run_.client, exported.status_url); !ended) {
      log_info("export_not_deleted", {{"endpoint", run_.endpoint.name}, {"cause", ended.error().message}});
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
      const int64_t bytes_before = file.bytes_read;
      BulkFileReader reader({run_.context, run_.endpoint, run_.client, run_.intake, exported, token_, kLeaseName}, file,
                            certificates_);
      auto end = reader.read();
      if (!end) continue;
      if (!is_of_the_export(*end) && !(end->kind == FhirErrorKind::unreachable && is_there(exported))) return end;
      // A file that brings something in each round gets to its end.
      if (file.bytes_read <= bytes_before) ++file.failures;
      save_bulk_progress(connection_, session_.tenant_id(), run_.endpoint.name, file);
      log_warning("export_file_failed",
                  {{"endpoint", run_.endpoint.name}, {"file", file.number}, {"cause", end->message}});
      failed = std::move(end);
      if (file.failures < kFileFailuresMax) continue;
      failed->message = fmt::format("a file could not be read in {} rounds ({})", kFileFailuresMax, failed->message);
      tell_server(exported);
      return give_up(*failed);
    }
    if (failed) return failed;
    complete(exported);
    return std::nullopt;
  }

  // The watermark is the export's moment: everything up to it was in the files. A type that no file was made of may
  // have nothing in it, or may not be exported at all (Bulk Data Access 2.0, output: "may be omitted"): what another
  // road reaches is read by that one, still in this round.
  void complete(const BulkExport& exported) {
    std::vector<FeedState> feeds;
    std::vector<BulkFeed> brought;
    for (const std::string& type : exported.types) {
      const SourcePlan& plan = plan_of(type);
      const bool has_file = has_file_of(exported, type) || (exported.since && was_brought(type));
      const auto known = known_.find(type);
      const bool is_whole = !exported.since || known == known_.end();
      brought.push_back({type, exported.path, is_whole ? exported.started_at : known->second.whole_at, has_file});
      if (!brought.back().has_file && plan.afterwards != SourceStrategy::bulk) {
        certificates_.erase(type);
        continue;
      }
      FeedState feed = read_feed(connection_, session_.tenant_id(), run_.endpoint.name, type);
      feed.watermark = moment_of(exported) - run_.endpoint.overlap;
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
    tell_server(exported);
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
  bool must_hold(const std::string& type) const { return path_ == "$export" || !belongs_to_no_patient(type); }

  const BulkRun& run_;
  TenantSession& session_;
  PgConnection& connection_;
  std::map<std::string, FeedCertificate>& certificates_;
  std::map<std::string, BulkFeed> known_;
  bool is_there_ = false;  // The server gave the manifest in this round.
  const std::string path_;
  const std::string token_;
};

}  // namespace

std::optional<std::string> pull_bulk(const BulkRun& run, std::map<std::string, FeedCertificate>& certificates) {
  return BulkPull(run, certificates).pull();
}

}  // namespace authledger
