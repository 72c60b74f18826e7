#include "sync/import_resource.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/text.h"
#include "ledger/store/import_store.h"

namespace authledger {
namespace {

constexpr size_t kRowsPerPage = 1000;

std::string name_in_space(const ImportMapping& mapping, const std::string& patient) {
  constexpr std::string_view kType = "Patient/";
  return mapping.patient.endpoint.empty() ? patient.substr(kType.size()) : patient;
}

bool names_other_records(const ImportPatient& patient) {
  return !patient.endpoint.empty() || !patient.identifier_system.empty();
}

MappedResource resource_with_cells(const ImportReader& reader, const MappedRow& row, const ImportCells& cells) {
  MappedResource resource;
  resource.source = reader.source();
  resource.type = kImportResourceType;
  resource.id = row.id;
  resource.body = cells_json(reader, cells);
  resource.hash = sha256(resource.body);
  resource.patient = row.patient;
  resource.mapping_version = reader.version();
  return resource;
}

std::string place_of(size_t number, const std::string& column, const ImportReader& reader,
                     const std::vector<std::string>& letters) {
  if (column.empty()) return fmt::format("row {}", number);
  const auto found = std::find(reader.columns().begin(), reader.columns().end(), column);
  const auto at = static_cast<size_t>(found - reader.columns().begin());
  if (at >= letters.size()) return fmt::format("row {}, column \"{}\"", number, column);
  return fmt::format("row {}, column \"{}\" ({})", number, column, letters[at]);
}

// The rows of one sheet, page by page.
void retry_sheet(RoundContext& context, const ImportReader& reader, const std::vector<const StoredResource*>& stored,
                 RoundSummary& summary) {
  PgConnection& connection = context.session.connection();
  const int64_t tenant = context.session.tenant_id();
  for (size_t from = 0; from < stored.size(); from += kRowsPerPage) {
    struct Kept {
      ImportCells cells;
      std::string file;
      size_t number = 0;
    };
    std::vector<MappedRow> rows;
    std::vector<Kept> kept;
    JsonDocument document;
    for (size_t i = from; i < std::min(stored.size(), from + kRowsPerPage); ++i) {
      auto body = document.parse(stored[i]->body);
      // A row that was no csv, or had another row's key, must be mended in the sheet.
      if (!body || !(*body)["cells"].is_object()) {
        ++summary.facts.quarantined;
        continue;
      }
      Kept row{cells_of(reader, (*body)["cells"]), (*body)["file"].string(), 0};
      row.number = static_cast<size_t>(std::strtoull((*body)["row"].string().c_str(), nullptr, 10));
      rows.push_back(reader.map(row.cells));
      kept.push_back(std::move(row));
    }
    transact(connection, tenant, [&](Transaction& transaction) { refuse_unknown_patients(transaction, reader, rows); });
    std::vector<MappedResource> page;
    for (size_t i = 0; i < rows.size(); ++i) {
      page.push_back(rows[i].problems.empty()
                         ? resource_of_row(reader, rows[i], kept[i].cells)
                         : quarantined_row(reader, rows[i], kept[i].cells, kept[i].file, kept[i].number, {}));
    }
    const RecordCounts counts = record_page(connection, tenant, page, nullptr, context.clock.now());
    summary.facts.new_facts += counts.new_facts;
    summary.facts.unchanged += counts.unchanged;
    summary.facts.retracted += counts.retracted;
    summary.facts.quarantined += counts.quarantined;
  }
}

}  // namespace

std::string cells_json(const ImportReader& reader, const ImportCells& cells) {
  JsonWriter writer;
  writer.begin_object();
  for (size_t i = 0; i < cells.size(); ++i) writer.member(reader.columns()[i], cells[i]);
  return writer.end_object().take();
}

ImportCells cells_of(const ImportReader& reader, JsonView cells) {
  ImportCells read;
  for (const std::string& column : reader.columns()) read.push_back(cells[column].string());
  return read;
}

MappedResource resource_of_row(const ImportReader& reader, const MappedRow& row, const ImportCells& cells) {
  MappedResource resource = resource_with_cells(reader, row, cells);
  resource.facts = row.facts;
  const ImportPatient& patient = reader.mapping().patient;
  if (names_other_records(patient)) {
    const bool is_identifier = patient.endpoint.empty();
    resource.links.push_back({row.patient, is_identifier, is_identifier ? patient.identifier_system : patient.endpoint,
                              name_in_space(reader.mapping(), row.patient), false});
  } else if (!patient.numbering.empty()) {
    resource.links.push_back({row.patient, true, kImportSourcePrefix + patient.numbering,
                              name_in_space(reader.mapping(), row.patient), false});
  }
  return resource;
}

MappedResource quarantined_row(const ImportReader& reader, const MappedRow& row, const ImportCells& cells,
                               const std::string& file, size_t number, const std::vector<std::string>& header_letters) {
  MappedResource resource = resource_with_cells(reader, row, cells);
  if (resource.id.empty()) resource.id = fmt::format("{}:{}", file, number);
  resource.body = fmt::format("{{\"cells\":{},\"row\":{},\"file\":", resource.body, number);
  append_json_string(resource.body, file);
  resource.body += "}";
  for (const ImportProblem& problem : row.problems) {
    resource.issues.push_back(
        {Severity::error, place_of(number, problem.column, reader, header_letters), problem.message});
  }
  return resource;
}

std::string patient_failure(const Config& config, const ImportMapping& mapping) {
  const ImportPatient& patient = mapping.patient;
  if (config.endpoint(kImportSourcePrefix + mapping.name) != nullptr) {
    return fmt::format("an endpoint is named import:{}; rename one of the two", mapping.name);
  }
  if (!patient.endpoint.empty() && config.endpoint(patient.endpoint) == nullptr) {
    std::vector<std::string> names;
    for (const EndpointConfig& endpoint : config.endpoints) names.push_back(endpoint.name);
    return fmt::format("patient.endpoint of the mapping: the config has no endpoint {}; it has {}", patient.endpoint,
                       join(names, ", "));
  }
  if (patient.identifier_system.empty()) return {};
  for (const EndpointConfig& endpoint : config.endpoints) {
    const std::vector<std::string>& systems = endpoint.join_patients_by;
    if (std::find(systems.begin(), systems.end(), patient.identifier_system) != systems.end()) return {};
  }
  return "patient.identifier_system of the mapping: no endpoint lists it in join_patients_by; add it there, so that "
         "its "
         "patients are known by it (docs/configuration.md)";
}

void refuse_unknown_patients(Transaction& transaction, const ImportReader& reader, std::vector<MappedRow>& rows) {
  const ImportPatient& patient = reader.mapping().patient;
  if (!names_other_records(patient) || patient.is_unknown_kept) return;
  std::set<std::string> asked;
  for (const MappedRow& row : rows) {
    if (!row.patient.empty()) asked.insert(name_in_space(reader.mapping(), row.patient));
  }
  const std::vector<std::string> names(asked.begin(), asked.end());
  const std::set<std::string> known =
      find_known_patients(transaction, patient.endpoint, patient.identifier_system, names);
  for (MappedRow& row : rows) {
    if (row.patient.empty() || known.contains(name_in_space(reader.mapping(), row.patient))) continue;
    row.facts.clear();
    row.problems.push_back({patient.columns.front(),
                            "no endpoint knows a patient by this value; correct the cell, or sync first and retry "
                            "(`unknown: keep` in the mapping records such rows all the same)"});
  }
}

void retry_imported_rows(RoundContext& context, const std::vector<StoredResource>& stored, RoundSummary& summary) {
  std::map<std::string, std::vector<const StoredResource*>> by_source;
  for (const StoredResource& resource : stored) {
    if (resource.source.starts_with(kImportSourcePrefix) && resource.type == kImportResourceType) {
      by_source[resource.source].push_back(&resource);
    }
  }
  for (const auto& [source, rows] : by_source) {
    std::optional<std::string> text;
    transact(context.session.connection(), context.session.tenant_id(),
             [&](Transaction& transaction) { text = read_import_source(transaction, source); });
    if (!text) continue;
    auto mapping = read_import_mapping(*text, source);
    if (!mapping) {
      summary.failures.push_back(
          fmt::format("{}: the mapping that was used last is of another version of authledger; "
                      "import the file again",
                      source));
      continue;
    }
    if (const std::string failure = patient_failure(context.session.config(), *mapping); !failure.empty()) {
      summary.failures.push_back(fmt::format("{}: {}", source, failure));
      continue;
    }
    retry_sheet(context, ImportReader(std::move(*mapping), context.session.policy().zone), rows, summary);
  }
}

}  // namespace authledger
