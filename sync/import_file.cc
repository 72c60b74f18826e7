#include "sync/import_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <unordered_map>

#include "base/csv_reader.h"
#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "ledger/store/import_store.h"
#include "sync/import_resource.h"

namespace authledger {
namespace {

constexpr size_t kRowsPerPage = 1000;

// A row of the page, from the sheet to what becomes of it.
struct SheetRow {
  size_t number = 0;
  ImportCells cells;
  MappedRow mapped;
  std::string text;              // Of a row that is out of place.
  bool is_out_of_place = false;  // No csv, or the key of another row: it cannot be tried again from what is kept.
};

class FileImport {
 public:
  FileImport(RoundContext& context, const ImportReader& reader, const ImportOptions& options, const ImportVisit& visit)
      : context_(context),
        reader_(reader),
        options_(options),
        visit_(visit),
        file_name_(std::filesystem::path(options.file).filename().string()) {}

  Result<ImportSummary> run() {
    const ImportMapping& mapping = reader_.mapping();
    if (std::string failure = patient_failure(context_.session.config(), mapping); !failure.empty()) {
      return Failure{std::move(failure)};
    }
    auto csv = CsvReader::open(options_.file, {mapping.separator, mapping.encoding, mapping.header_row});
    if (!csv) return csv.error();
    if (auto failure = read_header(*csv)) return Failure{std::move(*failure)};
    if (!options_.is_dry_run) begin();
    CsvRow row;
    while (!context_.stop.stop_requested() && csv->next(row)) {
      take(row);
      if (page_.size() >= kRowsPerPage) record();
    }
    record();
    if (!csv->failure().empty()) summary_.failures.push_back(csv->failure());
    if (context_.stop.stop_requested()) {
      summary_.failures.push_back("stopped; run the import again: what is recorded is found unchanged");
    } else if (options_.is_authoritative || mapping.is_authoritative) {
      retract_missing(csv->failure().empty());
    }
    if (!options_.is_dry_run) finish();
    return std::move(summary_);
  }

 private:
  std::optional<std::string> read_header(CsvReader& csv) {
    CsvRow header;
    do {
      if (!csv.next(header)) {
        return fmt::format("{} has no row {}, where the mapping expects the names of the columns", file_name_,
                           reader_.mapping().header_row);
      }
    } while (header.number < static_cast<size_t>(reader_.mapping().header_row));
    if (!header.problem.empty()) return fmt::format("row {}: {}", header.number, header.problem);
    auto found = find_columns(reader_.columns(), header.fields);
    if (!found) {
      std::vector<std::string> lines;
      for (const ImportProblem& problem : found.error()) {
        lines.push_back(fmt::format("column \"{}\": {}", problem.column, problem.message));
      }
      return join(lines, "\n");
    }
    places_ = std::move(*found);
    header_size_ = header.fields.size();
    for (const size_t place : places_) letters_.push_back(column_letters(place + 1));
    return std::nullopt;
  }

  void begin() {
    transact(context_.session.connection(), context_.session.tenant_id(), [&](Transaction& transaction) {
      save_import_source(transaction, reader_.source(), reader_.mapping().canonical, reader_.version(),
                         context_.clock.now());
      clear_placed_rows(transaction, reader_.source(), kImportResourceType, file_name_);
    });
  }

  void take(CsvRow& row) {
    while (row.fields.size() > header_size_ && row.fields.back().empty()) row.fields.pop_back();
    const bool is_blank = row.problem.empty() && std::all_of(row.fields.begin(), row.fields.end(),
                                                             [](const std::string& field) { return field.empty(); });
    if (is_blank) return;
    ++summary_.rows;
    SheetRow taken;
    taken.number = row.number;
    if (row.problem.empty() && row.fields.size() != header_size_) {
      row.problem = fmt::format("{} fields where the header has {}: a quote or a separator is missing or too many",
                                row.fields.size(), header_size_);
      row.text = join(row.fields, "\t");
    }
    if (!row.problem.empty()) {
      taken.is_out_of_place = has_nameless_row_ = true;
      taken.text = row.text.empty() ? join(row.fields, "\t") : row.text;
      taken.cells.resize(places_.size());
      std::string column;
      for (size_t i = 0; i < places_.size(); ++i) {
        if (places_[i] + 1 == row.bad_column) column = reader_.columns()[i];
      }
      if (column.empty() && row.bad_column > 0) {
        row.problem = fmt::format("column {}: {}", column_letters(row.bad_column), row.problem);
      }
      taken.mapped.problems.push_back({std::move(column), std::move(row.problem)});
      page_.push_back(std::move(taken));
      return;
    }
    for (const size_t place : places_) taken.cells.emplace_back(trim(row.fields[place]));
    taken.mapped = reader_.map(taken.cells);
    if (taken.mapped.id.empty()) {
      has_nameless_row_ = true;
    } else {
      const auto [first, is_first] = seen_.emplace(taken.mapped.id, row.number);
      if (!is_first) {
        taken.is_out_of_place = true;
        taken.text = join(row.fields, "\t");
        taken.mapped.facts.clear();
        taken.mapped.problems = {{reader_.mapping().key.front(),
                                  fmt::format("the same key as row {}: only that one is read. Remove one of the two, "
                                              "or add a column to the mapping's `key`",
                                              first->second)}};
      }
    }
    page_.push_back(std::move(taken));
  }

  void record() {
    if (page_.empty()) return;
    refuse_unknown();
    std::vector<ResourceHash> asked;
    std::vector<SheetRow*> sound;
    for (SheetRow& row : page_) {
      if (!row.mapped.problems.empty()) continue;
      const Hash hash = sha256(cells_json(reader_, row.cells));
      asked.push_back({kImportResourceType, row.mapped.id, hash, reader_.version()});
      sound.push_back(&row);
    }
    PgConnection& connection = context_.session.connection();
    const int64_t tenant = context_.session.tenant_id();
    const std::vector<StoredVersion> stored = find_stored(connection, tenant, reader_.source(), asked);
    std::vector<std::string> sound_ids, changed_ids;
    for (size_t i = 0; i < sound.size(); ++i) {
      sound_ids.push_back(asked[i].id);
      if (stored[i].as == StoredAs::other) changed_ids.push_back(asked[i].id);
    }
    std::map<std::string, std::string> bodies;
    transact(connection, tenant, [&](Transaction& transaction) {
      bodies = read_current_bodies(transaction, reader_.source(), kImportResourceType, changed_ids);
    });
    std::vector<MappedResource> resources;
    size_t at = 0;
    for (SheetRow& row : page_) {
      if (!row.mapped.problems.empty()) {
        report_broken(row);
        resources.push_back(broken_resource(row));
        continue;
      }
      const StoredAs as = stored[at++].as;
      report(row, as, bodies);
      if (as != StoredAs::same) resources.push_back(resource_of_row(reader_, row.mapped, row.cells));
    }
    if (!options_.is_dry_run) write(resources, sound_ids);
    page_.clear();
    context_.progress(fmt::format("{}: {} rows read", file_name_, summary_.rows));
  }

  void refuse_unknown() {
    std::vector<MappedRow> rows;
    std::vector<SheetRow*> asked;
    for (SheetRow& row : page_) {
      if (row.is_out_of_place) continue;
      rows.push_back(std::move(row.mapped));
      asked.push_back(&row);
    }
    transact(context_.session.connection(), context_.session.tenant_id(),
             [&](Transaction& transaction) { refuse_unknown_patients(transaction, reader_, rows); });
    for (size_t i = 0; i < rows.size(); ++i) asked[i]->mapped = std::move(rows[i]);
  }

  MappedResource broken_resource(const SheetRow& row) const {
    MappedResource resource = quarantined_row(reader_, row.mapped, row.cells, file_name_, row.number, letters_);
    if (row.is_out_of_place) {
      resource.id = fmt::format("{}:{}", file_name_, row.number);
      resource.body = JsonWriter().begin_object().member("text", row.text).end_object().take();
      resource.hash = sha256(resource.body);
    }
    return resource;
  }

  void report(const SheetRow& row, StoredAs as, const std::map<std::string, std::string>& bodies) {
    ImportRowReport report;
    report.row = row.number;
    const auto body = bodies.find(row.mapped.id);
    if (as == StoredAs::same) {
      report.state = ImportRowState::unchanged;
    } else if (body != bodies.end()) {
      auto former = former_.parse(body->second);
      const ImportCells was = former ? cells_of(reader_, *former) : ImportCells(row.cells.size());
      for (size_t i = 0; i < row.cells.size(); ++i) {
        if (was[i] == row.cells[i]) continue;
        report.changes.push_back(
            {reader_.columns()[i], cell_of(reader_.columns()[i], row.number), was[i], row.cells[i]});
      }
      report.state = report.changes.empty() ? ImportRowState::reread : ImportRowState::changed;
    }
    count(report.state);
    visit_(report);
  }

  void report_broken(const SheetRow& row) {
    ImportRowReport report;
    report.row = row.number;
    report.state = ImportRowState::broken;
    for (const ImportProblem& problem : row.mapped.problems) {
      report.problems.push_back({problem.column, cell_of(problem.column, row.number), problem.message});
    }
    count(report.state);
    visit_(report);
  }

  // "F17"
  std::string cell_of(const std::string& column, size_t row) const {
    const auto found = std::find(reader_.columns().begin(), reader_.columns().end(), column);
    if (found == reader_.columns().end()) return {};
    return fmt::format("{}{}", letters_[static_cast<size_t>(found - reader_.columns().begin())], row);
  }

  void count(ImportRowState state) {
    switch (state) {
      case ImportRowState::fresh:
        ++summary_.fresh;
        return;
      case ImportRowState::changed:
        ++summary_.changed;
        return;
      case ImportRowState::reread:
        ++summary_.reread;
        return;
      case ImportRowState::unchanged:
        ++summary_.unchanged;
        return;
      case ImportRowState::gone:
        ++summary_.gone;
        return;
      case ImportRowState::broken:
        ++summary_.broken;
        return;
    }
  }

  void write(const std::vector<MappedResource>& resources, const std::vector<std::string>& sound_ids) {
    PgConnection& connection = context_.session.connection();
    const int64_t tenant = context_.session.tenant_id();
    const RecordCounts counts = record_page(connection, tenant, resources, nullptr, context_.clock.now());
    summary_.round.facts.new_facts += counts.new_facts;
    summary_.round.facts.unchanged += counts.unchanged;
    summary_.round.facts.retracted += counts.retracted;
    summary_.round.facts.quarantined += counts.quarantined;
    transact(connection, tenant, [&](Transaction& transaction) {
      clear_imported(transaction, reader_.source(), kImportResourceType, sound_ids);
    });
  }

  // Rows that stood in an earlier sheet. A row of this sheet whose key cannot be read could be any of them.
  void retract_missing(bool is_whole) {
    if (!is_whole || has_nameless_row_) {
      summary_.failures.push_back(
          "rows that are gone from the sheet were kept: some rows cannot be told by their key; "
          "mend those first");
      return;
    }
    std::vector<std::string> seen;
    for (const auto& [id, number] : seen_) seen.push_back(std::string(kImportResourceType) + "/" + id);
    PgConnection& connection = context_.session.connection();
    const int64_t tenant = context_.session.tenant_id();
    const std::vector<ResourceHash> missing = find_missing(connection, tenant, reader_.source(), seen);
    for (size_t from = 0; from < missing.size(); from += kRowsPerPage) {
      std::vector<MappedResource> resources;
      std::vector<std::string> ids;
      for (size_t i = from; i < std::min(missing.size(), from + kRowsPerPage); ++i) {
        MappedResource gone;
        gone.source = reader_.source();
        gone.type = missing[i].type;
        gone.id = missing[i].id;
        gone.hash = missing[i].hash;
        gone.is_deleted = true;
        gone.updated_at = context_.clock.now();
        gone.mapping_version = reader_.version();
        ids.push_back(gone.id);
        resources.push_back(std::move(gone));
      }
      report_gone(ids);
      if (!options_.is_dry_run) write(resources, {});
    }
  }

  void report_gone(const std::vector<std::string>& ids) {
    std::map<std::string, std::string> bodies;
    transact(context_.session.connection(), context_.session.tenant_id(), [&](Transaction& transaction) {
      bodies = read_current_bodies(transaction, reader_.source(), kImportResourceType, ids);
    });
    for (const std::string& id : ids) {
      ImportRowReport report;
      report.state = ImportRowState::gone;
      auto former = former_.parse(bodies[id]);
      for (const std::string& column : reader_.mapping().key) {
        report.changes.push_back({column, "", former ? (*former)[column].string() : std::string(), ""});
      }
      count(report.state);
      visit_(report);
    }
  }

  void finish() {
    RoundOptions round_options = context_.options;
    round_options.pull = round_options.deliver = false;
    round_options.on_day = options_.on_day;
    RoundContext round{context_.session, context_.clock, round_options, context_.stop, context_.progress};
    RoundSummary done = run_round(round);
    done.facts = summary_.round.facts;
    summary_.round = std::move(done);
    log_info("import_finished", {{"source", reader_.source()},
                                 {"rows", summary_.rows},
                                 {"new", summary_.fresh},
                                 {"changed", summary_.changed},
                                 {"unchanged", summary_.unchanged},
                                 {"broken", summary_.broken},
                                 {"gone", summary_.gone}});
  }

  RoundContext& context_;
  const ImportReader& reader_;
  const ImportOptions& options_;
  const ImportVisit& visit_;
  std::string file_name_;
  std::vector<size_t> places_;  // Of the mapping's columns in the sheet.
  std::vector<std::string> letters_;
  size_t header_size_ = 0;
  std::unordered_map<std::string, size_t> seen_;  // Id → row.
  bool has_nameless_row_ = false;
  std::vector<SheetRow> page_;
  JsonDocument former_;
  ImportSummary summary_;
};

}  // namespace

std::string_view word_of(ImportRowState state) {
  switch (state) {
    case ImportRowState::fresh:
      return "new";
    case ImportRowState::changed:
      return "changed";
    case ImportRowState::reread:
      return "mapped_again";
    case ImportRowState::unchanged:
      return "unchanged";
    case ImportRowState::gone:
      return "gone";
    case ImportRowState::broken:
      return "error";
  }
  return "";
}

Result<ImportSummary> import_file(RoundContext& context, const ImportReader& reader, const ImportOptions& options,
                                  const ImportVisit& visit) {
  return FileImport(context, reader, options, visit).run();
}

}  // namespace authledger
