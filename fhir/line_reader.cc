#include "fhir/line_reader.h"

#include <zlib.h>

#include <array>
#include <cstring>
#include <filesystem>

namespace authledger {
namespace {

constexpr unsigned kBufferBytes = 256 << 10;

struct GzCloser {
  void operator()(gzFile file) const { gzclose(file); }
};

}  // namespace

struct LineReader::State {
  std::unique_ptr<gzFile_s, GzCloser> file;
  std::array<char, kBufferBytes> buffer;
  size_t begin = 0, end = 0;
  bool broken = false;
};

LineReader::LineReader(std::unique_ptr<State> state) : state_(std::move(state)) {}
LineReader::LineReader(LineReader&&) noexcept = default;
LineReader::~LineReader() = default;

Result<LineReader> LineReader::open(const std::string& path) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) return Failure{"no such file"};
  auto state = std::make_unique<State>();
  state->file.reset(gzopen(path.c_str(), "rb"));
  if (!state->file) return Failure{"the file cannot be opened; check its permissions"};
  gzbuffer(state->file.get(), kBufferBytes);
  return LineReader(std::move(state));
}

// False at the end, and when the file cannot be read on.
bool LineReader::fill() {
  State& state = *state_;
  if (state.broken) return false;
  const int count = gzread(state.file.get(), state.buffer.data(), kBufferBytes);
  int code = Z_OK;
  gzerror(state.file.get(), &code);
  // Data that end inside a compressed block come as Z_BUF_ERROR beside the last bytes.
  state.broken = count < 0 || (code != Z_OK && code != Z_STREAM_END);
  state.begin = 0;
  state.end = count > 0 ? static_cast<size_t>(count) : 0;
  return state.end > 0;
}

LineReader::Status LineReader::next(std::string& line, size_t line_bytes_max) {
  State& state = *state_;
  line.clear();
  bool found = false;
  bool too_long = false;
  for (;;) {
    if (state.begin == state.end && !fill()) {
      if (state.broken) return Status::broken;  // What came before is half a line.
      if (!found) return Status::end;
      break;
    }
    found = true;
    const char* start = state.buffer.data() + state.begin;
    const size_t available = state.end - state.begin;
    const auto* line_break = static_cast<const char*>(std::memchr(start, '\n', available));
    const size_t count = line_break ? static_cast<size_t>(line_break - start) : available;
    too_long = too_long || line.size() + count > line_bytes_max;
    if (!too_long) line.append(start, count);
    state.begin += count + (line_break ? 1 : 0);
    if (line_break) break;
  }
  if (too_long) {
    line.clear();
    return Status::too_long;
  }
  if (line.ends_with('\r')) line.pop_back();
  return Status::line;
}

LineReader::Status LineReader::rest(std::string& text, size_t bytes_max) {
  State& state = *state_;
  text.clear();
  while (state.begin != state.end || fill()) {
    if (text.size() + (state.end - state.begin) > bytes_max) return Status::too_long;
    text.append(state.buffer.data() + state.begin, state.end - state.begin);
    state.begin = state.end;
  }
  return state.broken ? Status::broken : Status::line;
}

}  // namespace authledger
