#include "config/import_mapping.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "base/text.h"
#include "config/config.h"
#include "config/yaml_reader.h"

namespace authledger {
namespace {

constexpr size_t kMappingBytesMax = size_t{1} << 20;

// The fields that a sheet can fill, by kind; ledger/facts.h says what each one is.
const std::map<std::string, std::vector<std::string>>& known_fields() {
  static const std::map<std::string, std::vector<std::string>> known = {
      {"authorization_line",
       {"payer",
        "member_id",
        "authorization_number",
        "previous_numbers",
        "line",
        "decision",
        "service_codes",
        "first_day",
        "last_day",
        "quantity",
        "measure",
        "rate_quantity",
        "rate_period",
        "diagnosis_codes",
        "provider",
        "program",
        "place",
        "issued_on",
        "payer_used_quantity",
        "supersedes"}},
      {"coverage", {"payer", "member_id", "status", "first_day", "last_day", "order", "plan_class", "kind"}},
      {"service",
       {"state", "start", "end", "minutes", "service_codes", "quantity", "measure", "provider", "program", "place",
        "diagnosis_codes", "authorization_number"}}};
  return known;
}

// Without these a fact says nothing.
const std::map<std::string, std::vector<std::string>>& needed_fields() {
  static const std::map<std::string, std::vector<std::string>> needed = {
      {"authorization_line", {"decision"}}, {"coverage", {"payer"}}, {"service", {"state", "start", "service_codes"}}};
  return needed;
}

const std::vector<std::pair<std::string, char>>& separators() {
  static const std::vector<std::pair<std::string, char>> known = {{"auto", '\0'},     {"comma", ','}, {",", ','},
                                                                  {"semicolon", ';'}, {";", ';'},     {"tab", '\t'},
                                                                  {"\t", '\t'},       {"|", '|'},     {"pipe", '|'}};
  return known;
}

bool is_source_name(std::string_view name) {
  return !name.empty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
}

class MappingReader {
 public:
  MappingReader(const YamlNode& root, YamlProblems& problems)
      : map_(root, "", problems), file_(problems.file()), problems_(problems) {}

  ImportMapping read() {
    map_.required("name", "a name for this sheet; its facts come from import:NAME");
    map_.text("name", mapping_.name);
    if (map_.has("name") && !is_source_name(mapping_.name)) {
      map_.problem("name", "expected small letters, digits, - and _, at most 64; it is no path");
    }
    map_.word("separator", mapping_.separator, separators());
    map_.text("encoding", mapping_.encoding);
    map_.integer("header_row", mapping_.header_row, 1, 1000);
    map_.required("key", "the columns that tell one row from every other");
    map_.text_list("key", mapping_.key);
    if (map_.has("key") && mapping_.key.empty()) map_.problem("key", "expected at least one column");
    map_.boolean("authoritative", mapping_.is_authoritative);
    map_.word("decimal", mapping_.decimal, std::vector<std::pair<std::string, char>>{{".", '.'}, {",", ','}});
    read_dates();
    read_unit_words();
    read_patient();
    for (const auto& [kind, fields] : known_fields()) read_fact(kind, fields);
    if (mapping_.facts.empty()) {
      problems_.add(map_.node(), "expected authorization_line, coverage or service: which columns give which fields");
    }
    map_.finish();
    return std::move(mapping_);
  }

 private:
  void read_dates() {
    std::vector<std::string> written = {"yyyy-mm-dd"};
    map_.text_list("dates", written);
    bool has_two_digits = false;
    for (const std::string& text : written) {
      auto pattern = DatePattern::compile(text);
      if (!pattern) {
        map_.problem("dates", fmt::format("{}: {}", text, pattern.error().message));
        continue;
      }
      has_two_digits = has_two_digits || pattern->has_two_digit_year();
      mapping_.dates.push_back(std::move(*pattern));
    }
    mapping_.dates_text = join(written, " or ");
    map_.integer("two_digit_years_from", mapping_.first_two_digit_year, 1900, 2099);
    if (has_two_digits && mapping_.first_two_digit_year == 0) {
      map_.problem("dates", "a year of two digits needs `two_digit_years_from`: with 1950, 49 is 2049 and 50 is 1950");
    }
  }

  void read_unit_words() {
    // "Units" are what the code counts in (config/rules), which `unknown` stands for.
    mapping_.unit_words = {{"visit", "visit"},
                           {"visits", "visit"},
                           {"session", "visit"},
                           {"sessions", "visit"},
                           {"encounter", "visit"},
                           {"encounters", "visit"},
                           {"day", "day"},
                           {"days", "day"},
                           {"hour", "hour"},
                           {"hours", "hour"},
                           {"hr", "hour"},
                           {"hrs", "hour"},
                           {"unit_15_minutes", "unit_15_minutes"},
                           {"other", "other"},
                           {"unit", "unknown"},
                           {"units", "unknown"},
                           {"unknown", "unknown"}};
    const std::vector<std::string> measures = {"visit", "day", "unit_15_minutes", "hour", "other", "unknown"};
    std::map<std::string, std::string> written;
    map_.text_map("unit_words", written);
    for (const auto& [spelling, measure] : written) {
      if (std::find(measures.begin(), measures.end(), measure) == measures.end()) {
        map_.problem("unit_words", fmt::format("`{}` is no measure{}", measure, suggestion(measure, measures)));
      }
      mapping_.unit_words[lower_case(trim(spelling))] = measure;
    }
  }

  void read_patient() {
    map_.required("patient", "the column that says whose a row is");
    const YamlNode* node = map_.find("patient");
    if (node == nullptr) return;
    if (node->kind == YamlKind::scalar) {
      mapping_.patient.columns = {node->text};
      return;
    }
    YamlMapReader inner(*node, "patient", problems_);
    inner.required("column", "the column that says whose a row is");
    inner.text_list("column", mapping_.patient.columns);
    if (inner.has("column") && mapping_.patient.columns.empty()) inner.problem("column", "expected a column");
    inner.text("endpoint", mapping_.patient.endpoint);
    inner.text("identifier_system", mapping_.patient.identifier_system);
    inner.text("numbering", mapping_.patient.numbering);
    inner.word("unknown", mapping_.patient.is_unknown_kept,
               std::vector<std::pair<std::string, bool>>{{"refuse", false}, {"keep", true}});
    const int ways = (mapping_.patient.endpoint.empty() ? 0 : 1) +
                     (mapping_.patient.identifier_system.empty() ? 0 : 1) +
                     (mapping_.patient.numbering.empty() ? 0 : 1);
    if (ways > 1) inner.problem("column", "expected one of `endpoint`, `identifier_system` and `numbering`");
    inner.finish();
  }

  void read_fact(const std::string& kind, const std::vector<std::string>& fields) {
    const YamlNode* node = map_.find(kind);
    if (node == nullptr) return;
    YamlMapReader inner(*node, kind, problems_);
    ImportFact fact{kind, {}, place_of(*node)};
    for (const std::string& name : fields) {
      if (const YamlNode* field = inner.find(name)) fact.fields.push_back(read_field(*field, kind, name));
    }
    for (const std::string& name : needed_fields().at(kind)) {
      inner.required(name, "a column, or `otherwise` with one word for every row");
    }
    inner.finish();
    mapping_.facts.push_back(std::move(fact));
  }

  ImportField read_field(const YamlNode& node, const std::string& kind, const std::string& name) {
    ImportField field;
    field.name = name;
    field.written_at = place_of(node);
    if (node.kind == YamlKind::scalar) {
      field.columns = {node.text};
      return field;
    }
    YamlMapReader inner(node, kind + "." + name, problems_);
    inner.text_list("column", field.columns);
    inner.text("otherwise", field.otherwise);
    inner.boolean("required", field.is_required);
    std::map<std::string, std::string> values;
    inner.text_map("values", values);
    for (const auto& [cell, word] : values) field.values[lower_case(trim(cell))] = word;
    if (field.columns.empty() && field.otherwise.empty()) {
      inner.problem("column", "expected `column`, or `otherwise` with one word for every row");
    }
    inner.finish();
    return field;
  }

  std::string place_of(const YamlNode& node) const { return fmt::format("{}:{}:{}", file_, node.line, node.column); }

  YamlMapReader map_;
  std::string file_;
  YamlProblems& problems_;
  ImportMapping mapping_;
};

Issues failed(const std::string& file, const std::string& message) {
  return {{Severity::error, file, message}};
}

}  // namespace

const ImportField* ImportFact::field(std::string_view name) const {
  for (const ImportField& field : fields) {
    if (field.name == name) return &field;
  }
  return nullptr;
}

std::vector<std::string> ImportMapping::columns() const {
  std::vector<std::string> all = key;
  all.insert(all.end(), patient.columns.begin(), patient.columns.end());
  for (const ImportFact& fact : facts) {
    for (const ImportField& field : fact.fields) all.insert(all.end(), field.columns.begin(), field.columns.end());
  }
  std::vector<std::string> once;
  for (std::string& column : all) {
    if (std::find(once.begin(), once.end(), column) == once.end()) once.push_back(std::move(column));
  }
  return once;
}

Result<ImportMapping, Issues> read_import_mapping(std::string_view text, const std::string& file) {
  YamlProblems problems(file);
  const YamlNode root = parse_yaml(text, problems);
  if (!problems.empty()) return problems.issues();
  ImportMapping mapping = MappingReader(root, problems).read();
  if (!problems.empty()) return problems.issues();
  auto canonical = yaml_to_json(text, file);
  if (!canonical) return failed(file, canonical.error().message);
  mapping.canonical = std::move(*canonical);
  return mapping;
}

Result<ImportMapping, Issues> load_import_mapping(const std::string& name_or_file) {
  if (is_source_name(name_or_file)) {
    const std::string path = "config/imports/" + name_or_file + ".yaml";
    if (const auto shipped = shipped_file(path)) return read_import_mapping(*shipped, path);
  }
  std::ifstream file(name_or_file, std::ios::binary);
  if (!file) {
    return failed(name_or_file, "cannot be read, and no mapping of this name ships with authledger (docs/import.md)");
  }
  std::ostringstream text;
  text << file.rdbuf();
  if (text.str().size() > kMappingBytesMax) return failed(name_or_file, "larger than 1 MB; a mapping is a small file");
  return read_import_mapping(text.str(), name_or_file);
}

}  // namespace authledger
