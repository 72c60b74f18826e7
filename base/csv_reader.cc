#include "base/csv_reader.h"

#include <csv.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <optional>

#include "base/text.h"
#include "base/text_encoding.h"

namespace authledger {
namespace {

constexpr size_t kBlockBytes = size_t{256} << 10;
constexpr std::array<char, 4> kSeparators = {',', ';', '\t', '|'};

constexpr const char* kBrokenQuotes =
    "the quotes of this row do not match; a field with a quote inside is written \"...\"\"...\"; mend it in the sheet "
    "and save it again";

// A field or a row has ended: what libcsv calls back.
struct ParsedRow {
  std::vector<std::string> fields;
  bool is_complete = false;
};

void take_field(void* text, size_t bytes, void* parsed) {
  static_cast<ParsedRow*>(parsed)->fields.emplace_back(static_cast<const char*>(text), bytes);
}

void end_row(int, void* parsed) {
  static_cast<ParsedRow*>(parsed)->is_complete = true;
}

class Parser {
 public:
  explicit Parser(char separator) {
    csv_init(&parser_, CSV_STRICT);
    csv_set_delim(&parser_, static_cast<unsigned char>(separator));
  }
  ~Parser() { csv_free(&parser_); }
  Parser(const Parser&) = delete;
  Parser& operator=(const Parser&) = delete;

  // False after a mistake; the parser is of no more use then.
  bool parse(std::string_view line, ParsedRow& row) {
    return csv_parse(&parser_, line.data(), line.size(), take_field, end_row, &row) == line.size();
  }

 private:
  csv_parser parser_{};
};

// The separator that stands most often outside of quotes in the header.
char separator_of(std::string_view header) {
  std::array<size_t, kSeparators.size()> counts{};
  bool is_quoted = false;
  for (const char c : header) {
    if (c == '"') is_quoted = !is_quoted;
    if (is_quoted) continue;
    for (size_t i = 0; i < kSeparators.size(); ++i) counts[i] += c == kSeparators[i] ? 1 : 0;
  }
  return kSeparators[static_cast<size_t>(std::max_element(counts.begin(), counts.end()) - counts.begin())];
}

}  // namespace

struct CsvReader::State {
  int file = -1;
  std::optional<Utf8Converter> converter;
  std::string buffer;  // Decoded, lines end in \n.
  size_t at = 0;       // What stands before it is done.
  bool is_at_end = false, ends_in_return = false;
  char separator = 0;
  size_t number = 0;
  int broken_rows = 0;
  std::string failure;

  ~State() {
    if (file >= 0) close(file);
  }

  // Appends the next block; a line break of any kind becomes \n.
  void read_block() {
    std::string block(kBlockBytes, '\0');
    ssize_t bytes;
    do {
      bytes = read(file, block.data(), block.size());
    } while (bytes < 0 && errno == EINTR);
    if (bytes < 0) failure = fmt::format("the file cannot be read on: {}", std::strerror(errno));
    if (bytes <= 0) {
      is_at_end = true;
      return;
    }
    block.resize(static_cast<size_t>(bytes));
    add(block);
  }

  void add(std::string_view block) {
    std::string text;
    if (converter) {
      converter->append(block, text);
    } else {
      text = block;
    }
    if (at > kBlockBytes) {
      buffer.erase(0, at);
      at = 0;
    }
    for (const char c : text) {
      if (c == '\n' && ends_in_return) {
        ends_in_return = false;
        continue;
      }
      ends_in_return = c == '\r';
      buffer.push_back(c == '\r' ? '\n' : c);
    }
  }

  // End (past the \n) of the line that begins at `from`; the end of the text for a last line without one; nullopt when
  // there is none, or none within a row's limit.
  std::optional<size_t> end_of_line(size_t& from) {
    size_t searched = from;
    while (true) {
      const size_t found = buffer.find('\n', searched);
      if (found != std::string::npos) return found + 1;
      if (buffer.size() - at > kCsvRowBytesMax) return std::nullopt;
      if (is_at_end) return from < buffer.size() ? std::optional(buffer.size()) : std::nullopt;
      searched = buffer.size();
      const size_t before = at;
      read_block();
      const size_t moved = before - at;
      from -= moved;
      searched -= moved;
    }
  }

  bool is_blank(std::string_view line) const {
    return std::all_of(line.begin(), line.end(),
                       [this](char c) { return c != separator && (c == ' ' || c == '\t' || c == '\n'); });
  }
};

CsvReader::CsvReader(std::unique_ptr<State> state) : state_(std::move(state)) {}
CsvReader::CsvReader(CsvReader&&) noexcept = default;
CsvReader& CsvReader::operator=(CsvReader&&) noexcept = default;
CsvReader::~CsvReader() = default;

Result<CsvReader> CsvReader::open(const std::string& file, const CsvOptions& options) {
  auto state = std::make_unique<State>();
  // O_NONBLOCK: a pipe is refused below, not waited for.
  state->file = ::open(file.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
  if (state->file < 0) {
    return Failure{errno == ELOOP ? fmt::format("{} is a link; name the file that it leads to", file)
                                  : fmt::format("{} cannot be read: {}", file, std::strerror(errno))};
  }
  struct stat status {};
  if (fstat(state->file, &status) != 0 || !S_ISREG(status.st_mode)) {
    return Failure{fmt::format("{} is no regular file; name a .csv file", file)};
  }
  std::string head(kBlockBytes, '\0');
  const ssize_t bytes = read(state->file, head.data(), head.size());
  head.resize(bytes > 0 ? static_cast<size_t>(bytes) : 0);
  if (head.starts_with("PK\x03\x04")) {
    return Failure{fmt::format("{} is a workbook or another archive; save the sheet as \"CSV UTF-8\"", file)};
  }
  std::string encoding = lower_case(options.encoding);
  if (head.starts_with("\xEF\xBB\xBF")) {
    head.erase(0, 3);
    encoding = "utf-8";
  } else if (head.starts_with("\xFF\xFE") || head.starts_with("\xFE\xFF")) {
    encoding = "utf-16";
  }
  if (!encoding.empty() && encoding != "utf-8") {
    auto converter = Utf8Converter::from(encoding);
    if (!converter) return converter.error();
    state->converter.emplace(std::move(*converter));
  }
  state->add(head);
  // Excel's own first line says which separator follows.
  if (state->buffer.starts_with("sep=") && state->buffer.size() > 5 && state->buffer[5] == '\n') {
    state->separator = state->buffer[4];
    state->at = 6;
    state->number = 1;
  }
  if (options.separator != 0) {
    state->separator = options.separator;
  } else if (state->separator == 0) {
    size_t from = state->at;
    for (int line = 1; line < options.header_line; ++line) from = state->end_of_line(from).value_or(from);
    const size_t end = state->end_of_line(from).value_or(state->buffer.size());
    state->separator = separator_of(std::string_view(state->buffer).substr(from, end - from));
  }
  return CsvReader(std::move(state));
}

bool CsvReader::next(CsvRow& row) {
  State& state = *state_;
  row = {};
  while (true) {
    size_t from = state.at;
    std::optional<size_t> first_end = state.end_of_line(from);
    if (!first_end && state.at >= state.buffer.size()) return false;
    ++state.number;
    row.number = state.number;
    Parser parser(state.separator);
    ParsedRow parsed;
    std::optional<size_t> end = first_end;
    bool is_first = true;
    while (end && *end - state.at <= kCsvRowBytesMax) {
      std::string line = state.buffer.substr(from, *end - from);
      if (line.back() != '\n') line.push_back('\n');
      if (is_first && state.is_blank(line)) break;
      if (!parser.parse(line, parsed) || parsed.is_complete) break;
      is_first = false;
      const size_t behind = state.at;
      from = *end;
      end = state.end_of_line(from);
      *first_end -= behind - state.at;
    }
    if (parsed.is_complete) {
      state.at = *end;
      row.fields = std::move(parsed.fields);
      for (size_t i = 0; i < row.fields.size() && row.problem.empty(); ++i) {
        const bool has_nul = row.fields[i].find('\0') != std::string::npos;
        if (is_utf8(row.fields[i]) && !has_nul) continue;
        row.bad_column = i + 1;
        row.problem = has_nul ? "a NUL character; save the sheet again as \"CSV UTF-8\""
                              : "characters that are not UTF-8; save the sheet as \"CSV UTF-8\", or say `encoding: "
                                "windows-1252` in the mapping if an old Excel wrote it";
      }
      return true;
    }
    if (first_end && is_first &&
        state.is_blank(std::string_view(state.buffer).substr(state.at, *first_end - state.at))) {
      state.at = *first_end;
      continue;
    }
    // Broken: its first line alone is given up, what follows is read anew.
    const size_t stop = first_end.value_or(state.buffer.size());
    row.text = state.buffer.substr(state.at, std::min(stop - state.at, kCsvRowBytesMax));
    row.problem = first_end ? kBrokenQuotes : "a row longer than 256 KB; mend it in the sheet and save it again";
    state.at = stop;
    if (++state.broken_rows >= kCsvBrokenRowsMax || !first_end) {
      state.failure = fmt::format("given up at row {}: this does not read as csv; is the separator right?", row.number);
      state.at = state.buffer.size();
      state.is_at_end = true;
    }
    return true;
  }
}

char CsvReader::separator() const {
  return state_->separator;
}

const std::string& CsvReader::failure() const {
  return state_->failure;
}

}  // namespace authledger
