#include "adapters/import_row.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "adapters/import_cell.h"
#include "base/crypto.h"
#include "base/text.h"

namespace authledger {
namespace {

// Raised when the same row would give other facts: part of every mapping's version.
constexpr int kImportVersion = 1;

constexpr std::string_view kDecisions =
    "pended, approved, approved_in_part, approved_modified, denied, cancelled, not_required, unknown";
constexpr std::string_view kStates = "planned, in_progress, rendered, no_show, void";

// Clocks change at night, before three: what is later is counted back from the next midnight.
Instant instant_of(const TimeZone& zone, Day day, int minute_of_day) {
  constexpr int kChangedMinutes = 180, kMinutesADay = 24 * 60;
  if (minute_of_day < kChangedMinutes) return zone.start_of(day) + std::chrono::minutes(minute_of_day);
  return zone.start_of(day + 1) - std::chrono::minutes(kMinutesADay - minute_of_day);
}

class RowReader {
 public:
  RowReader(const ImportMapping& mapping, const TimeZone& zone, const std::vector<std::string>& columns,
            const ImportCells& cells, MappedRow& row)
      : mapping_(mapping), zone_(zone), cells_(mapping, columns, cells, row.problems), row_(row) {}

  FactBody body(const ImportFact& fact) {
    if (fact.kind == "coverage") return coverage(fact);
    if (fact.kind == "service") return service(fact);
    return authorization_line(fact);
  }

 private:
  AuthorizationLineFact authorization_line(const ImportFact& from) {
    AuthorizationLineFact line;
    line.patient = row_.patient;
    line.payer = line.payer_display = cells_.text(from, "payer");
    line.member_id = cells_.text(from, "member_id");
    line.authorization_number = cells_.text(from, "authorization_number");
    for (std::string& number : cells_.list(from, "previous_numbers")) {
      line.other_numbers.push_back({NumberRole::previous, std::move(number)});
    }
    line.line = cells_.text(from, "line");
    if (line.line.empty()) line.line = "1";
    line.decision = decision(from);
    line.service_codes = cells_.list(from, "service_codes");
    read_days(from, line.first_day, line.last_day);
    line.measure = measure(from);
    line.quantity = cells_.quantity(from, "quantity", &line.measure);
    line.rate_quantity = cells_.quantity(from, "rate_quantity", nullptr);
    line.rate_period = lower_case(cells_.text(from, "rate_period"));
    if (!line.rate_period.empty() && line.rate_period != "day" && line.rate_period != "week" &&
        line.rate_period != "month") {
      cells_.problem(
          from, "rate_period",
          "a word that the mapping does not translate; add it to the field's `values` as day, week or month");
    }
    line.diagnosis_codes = cells_.list(from, "diagnosis_codes");
    line.provider = cells_.text(from, "provider");
    line.program = cells_.text(from, "program");
    line.place = cells_.text(from, "place");
    line.issued_on = cells_.day(from, "issued_on");
    line.payer_used_quantity = cells_.quantity(from, "payer_used_quantity", nullptr);
    line.supersedes = cells_.text(from, "supersedes");
    return line;
  }

  Decision decision(const ImportFact& from) {
    const auto found = cells_.word<Decision>(
        from, "decision", [](const std::string& word) { return decision_from(lower_case(word)); }, kDecisions);
    if (!found && cells_.text(from, "decision").empty()) {
      cells_.problem(from, "decision", "empty; what the payer decided is not known: fill it in, or state `otherwise`");
    }
    return found.value_or(Decision::unknown);
  }

  CoverageFact coverage(const ImportFact& from) {
    CoverageFact fact;
    fact.patient = row_.patient;
    fact.payer = fact.payer_display = cells_.text(from, "payer");
    if (fact.payer.empty()) cells_.problem(from, "payer", "empty; a coverage without a payer says nothing: fill it in");
    fact.member_id = cells_.text(from, "member_id");
    fact.status = cells_.text(from, "status");
    if (fact.status.empty()) fact.status = "active";
    read_days(from, fact.first_day, fact.last_day);
    fact.order = cells_.whole_number(from, "order");
    fact.plan_class = cells_.text(from, "plan_class");
    fact.kind = cells_.text(from, "kind");
    return fact;
  }

  ServiceFact service(const ImportFact& from) {
    ServiceFact fact;
    fact.patient = row_.patient;
    const auto state = cells_.word<ServiceState>(
        from, "state", [](const std::string& word) { return service_state_from(lower_case(word)); }, kStates);
    if (!state && cells_.text(from, "state").empty()) {
      cells_.problem(from, "state", "empty; whether the visit took place is not known: fill it in");
    }
    fact.state = state.value_or(ServiceState::planned);
    const auto start = cells_.time(from, "start"), end = cells_.time(from, "end");
    const auto minutes = cells_.whole_number(from, "minutes");
    if (start) {
      fact.day = start->day;
      if (start->minute_of_day || minutes)
        fact.start_at = instant_of(zone_, start->day, start->minute_of_day.value_or(0));
      if (end && end->minute_of_day) fact.end_at = instant_of(zone_, end->day, *end->minute_of_day);
      if (!fact.end_at && fact.start_at && minutes) fact.end_at = *fact.start_at + std::chrono::minutes(*minutes);
      if (fact.start_at && fact.end_at && *fact.end_at < *fact.start_at) {
        cells_.problem(from, "end", "the visit ends before it starts; correct the cell");
      }
    } else if (cells_.text(from, "start").empty()) {
      cells_.problem(from, "start", "empty; the day of the visit is not known: fill it in");
    }
    fact.service_codes = cells_.list(from, "service_codes");
    fact.measure = measure(from);
    fact.quantity = cells_.quantity(from, "quantity", &fact.measure);
    fact.provider = cells_.text(from, "provider");
    fact.program = cells_.text(from, "program");
    fact.place = cells_.text(from, "place");
    fact.diagnosis_codes = cells_.list(from, "diagnosis_codes");
    fact.authorization_number = cells_.text(from, "authorization_number");
    return fact;
  }

  Measure measure(const ImportFact& from) {
    const auto& words = mapping_.unit_words;
    return cells_
        .word<Measure>(
            from, "measure",
            [&words](const std::string& word) {
              const auto known = words.find(lower_case(trim(word)));
              return measure_from(known == words.end() ? word : known->second);
            },
            "visit, day, unit_15_minutes, hour, other, unknown; or to `unit_words`")
        .value_or(Measure::unknown);
  }

  void read_days(const ImportFact& from, std::optional<Day>& first, std::optional<Day>& last) {
    first = cells_.day(from, "first_day");
    last = cells_.day(from, "last_day");
    if (first && last && *last < *first) {
      cells_.problem(from, "last_day", "a date before the first day; correct one of the two");
    }
  }

  const ImportMapping& mapping_;
  const TimeZone& zone_;
  CellReader cells_;
  MappedRow& row_;
};

std::string header_key(std::string_view name) {
  std::string key;
  for (const char c : lower_case(name)) {
    if (c != ' ' && c != '\t' && c != '\n') key.push_back(c);
  }
  return key;
}

}  // namespace

ImportReader::ImportReader(ImportMapping mapping, TimeZone zone)
    : mapping_(std::move(mapping)),
      zone_(std::move(zone)),
      columns_(mapping_.columns()),
      source_(kImportSourcePrefix + mapping_.name) {
  version_ = to_hex(HashInput().add(kImportVersion).add(mapping_.canonical).add(zone_.name()).sha256()).substr(0, 32);
}

MappedRow ImportReader::map(const ImportCells& cells) const {
  MappedRow row;
  const auto cell = [&](const std::string& column) -> const std::string& {
    return cells[static_cast<size_t>(std::find(columns_.begin(), columns_.end(), column) - columns_.begin())];
  };
  HashInput key;
  key.add(source_);
  bool has_key = false;
  for (const std::string& column : mapping_.key) {
    key.add(cell(column));
    has_key = has_key || !cell(column).empty();
  }
  if (has_key) {
    row.id = to_hex(key.sha256()).substr(0, 32);
  } else {
    row.problems.push_back({mapping_.key.front(),
                            "empty, as are all columns of `key`: which row this is would not be "
                            "known in the next import; fill it in"});
  }
  for (const std::string& column : mapping_.patient.columns) {
    if (row.patient.empty() && !cell(column).empty()) row.patient = "Patient/" + cell(column);
  }
  if (row.patient.empty()) {
    row.problems.push_back({mapping_.patient.columns.front(), "empty; whose row this is is not known: fill it in"});
  }
  RowReader reader(mapping_, zone_, columns_, cells, row);
  const std::string resource = std::string(kImportResourceType) + "/" + row.id;
  for (const ImportFact& from : mapping_.facts) {
    Fact fact;
    fact.body = reader.body(from);
    fact.source = source_;
    fact.resource = resource;
    fact.fact_key = make_fact_key(source_, resource, kind_of(fact.body), "1");
    fact.mapping = fmt::format("{}/{}", source_, version_);
    row.facts.push_back(std::move(fact));
  }
  // A field that is asked for twice tells of its problem twice.
  std::vector<ImportProblem> once;
  for (ImportProblem& problem : row.problems) {
    if (std::find(once.begin(), once.end(), problem) == once.end()) once.push_back(std::move(problem));
  }
  row.problems = std::move(once);
  if (!row.problems.empty()) row.facts.clear();
  return row;
}

Result<std::vector<size_t>, std::vector<ImportProblem>> find_columns(const std::vector<std::string>& columns,
                                                                     const std::vector<std::string>& header) {
  std::vector<size_t> places;
  std::vector<ImportProblem> problems;
  for (const std::string& column : columns) {
    std::vector<size_t> found;
    for (size_t i = 0; i < header.size(); ++i) {
      if (header_key(header[i]) == header_key(column)) found.push_back(i);
    }
    if (found.size() == 1) {
      places.push_back(found.front());
    } else if (found.empty()) {
      const std::string near = nearest_word(column, header);
      problems.push_back(
          {column, fmt::format("the sheet has no such column{}", near.empty() ? "; its columns: " + join(header, ", ")
                                                                              : "; did you mean " + near + "?")});
    } else {
      problems.push_back(
          {column, fmt::format("the sheet has this column {} times ({} and {}); rename one", found.size(),
                               column_letters(found[0] + 1), column_letters(found[1] + 1))});
    }
  }
  if (!problems.empty()) return problems;
  return places;
}

std::string column_letters(size_t number) {
  std::string letters;
  for (; number > 0; number = (number - 1) / 26)
    letters.insert(letters.begin(), static_cast<char>('A' + (number - 1) % 26));
  return letters;
}

}  // namespace authledger
