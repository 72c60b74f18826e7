#include "fhir/line_reader.h"

#include <unistd.h>
#include <zlib.h>

#include <array>
#include <cstring>
#include <filesystem>
#include <utility>

namespace authledger {
namespace {

constexpr unsigned kBufferBytes = 256 << 10;
// zlib's own buffer: at half of ours or less, what is not compressed comes straight into ours.
constexpr unsigned kZlibBufferBytes = 64 << 10;

struct GzCloser {
  void operator()(gzFile file) const { gzclose(file); }
};

}  // namespace

struct LineReader::State {
  std::unique_ptr<gzFile_s, GzCloser> file;
  std::array<char, kBufferBytes> buffer;
  size_t begin = 0, end = 0;
  bool broken = false;
  bool is_skipping = false;  // The rest of a line that was too long stands next.
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
  gzbuffer(state->file.get(), kZlibBufferBytes);
  return LineReader(std::move(state));
}

Result<LineReader> LineReader::open_standard_input() {
  auto state = std::make_unique<State>();
  const int descriptor = dup(STDIN_FILENO);
  state->file.reset(descriptor < 0 ? nullptr : gzdopen(descriptor, "rb"));
  if (!state->file) return Failure{"standard input cannot be read"};
  gzbuffer(state->file.get(), kZlibBufferBytes);
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

// Drops the rest of a line. False when the file ends first.
bool LineReader::skip_line() {
  State& state = *state_;
  while (state.begin != state.end || fill()) {
    const char* start = state.buffer.data() + state.begin;
    const auto* line_break = static_cast<const char*>(std::memchr(start, '\n', state.end - state.begin));
    state.begin = line_break ? state.begin + static_cast<size_t>(line_break - start) + 1 : state.end;
    if (line_break) return true;
  }
  return false;
}

LineReader::Status LineReader::next_block(std::string& block, size_t bytes, size_t line_bytes_max) {
  State& state = *state_;
  block.clear();
  if (std::exchange(state.is_skipping, false)) {
    skip_line();
    return Status::too_long;
  }
  size_t line_start = 0;  // Where the line that is not whole yet begins in the block.
  while (state.begin != state.end || fill()) {
    const std::string_view available(state.buffer.data() + state.begin, state.end - state.begin);
    const size_t last_break = available.rfind('\n');
    if (last_break == std::string_view::npos) {
      block.append(available);
      state.begin = state.end;
      if (block.size() - line_start <= line_bytes_max) continue;
      if (line_start > 0) {
        // The lines before it go first.
        block.resize(line_start);
        state.is_skipping = true;
        return Status::line;
      }
      block.clear();
      skip_line();
      return Status::too_long;
    }
    block.append(available.substr(0, last_break + 1));
    state.begin += last_break + 1;
    line_start = block.size();
    if (block.size() >= bytes) return Status::line;
  }
  if (state.broken) block.resize(line_start);  // What came after is half a line.
  if (!block.empty()) return Status::line;
  return state.broken ? Status::broken : Status::end;
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
