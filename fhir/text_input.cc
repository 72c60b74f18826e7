#include "fhir/text_input.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/json.h"
#include "base/text.h"
#include "fhir/resource_reader.h"

namespace authledger {
namespace {

constexpr size_t kBlockBytes = size_t{256} << 10;
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

// NDJSON unless the first line is no JSON text of its own and the second does not begin one: then it is one text over
// several lines.
bool is_ndjson(std::string_view block) {
  if (block.starts_with(kByteOrderMark)) block.remove_prefix(kByteOrderMark.size());
  size_t start = block.find_first_not_of(" \t\r\n");
  if (start == std::string_view::npos) return true;
  block.remove_prefix(start);
  size_t end = block.find('\n');
  if (block.front() == '[') return false;
  JsonDocument document;
  if (document.parse(block.substr(0, end)).ok()) return true;
  return end != std::string_view::npos && block.substr(end + 1).starts_with('{');
}

}  // namespace

TextInput::TextInput(std::vector<std::string> files) : files_(std::move(files)) {}

bool TextInput::next(InputPart& part) {
  for (; at_ < files_.size(); ++at_, lines_.reset()) {
    const std::string& name = files_[at_];
    part.file = name == "-" ? "standard input" : name;
    part.is_lines = true;
    part.problem.clear();
    part.text.clear();
    if (!lines_) {
      is_first_ = true;
      is_broken_ = false;
      std::string lower = lower_case(name);
      if (lower.ends_with(".gz")) lower.resize(lower.size() - 3);
      is_known_ndjson_ = lower.ends_with(".ndjson");
      auto opened = name == "-" ? LineReader::open_standard_input() : LineReader::open(name);
      if (opened) {
        lines_.emplace(std::move(*opened));
      } else {
        part.is_lines = false;
        part.problem = opened.error().message;
        part.is_first = true;
        ++at_;
        return true;
      }
    }
    part.is_first = std::exchange(is_first_, false);
    read(part);
    if (!part.text.empty() || !part.problem.empty()) return true;
  }
  return false;
}

// Leaves both text and problem empty at the end of the file.
void TextInput::read(InputPart& part) {
  constexpr const char* kBroken = "cannot be read to its end: it is cut off or damaged; fetch it again";
  if (is_broken_) return;
  switch (lines_->next_block(part.text, kBlockBytes, kLineBytesMax)) {
    case LineReader::Status::end:
      return;
    case LineReader::Status::broken:
      part.is_lines = false;
      is_broken_ = true;
      part.problem = kBroken;
      return;
    case LineReader::Status::too_long:
      part.problem = fmt::format("the line is longer than the limit of {} MiB", kLineBytesMax >> 20);
      return;
    case LineReader::Status::line:
      break;
  }
  if (is_known_ndjson_ || is_ndjson(part.text)) {
    is_known_ndjson_ = true;
    return;
  }
  part.is_lines = false;
  std::string rest;
  switch (lines_->rest(rest, kJsonFileBytesMax - std::min(kJsonFileBytesMax, part.text.size()))) {
    case LineReader::Status::line:
    case LineReader::Status::end:
      part.text += rest;
      return;
    case LineReader::Status::broken:
      is_broken_ = true;
      part.problem = kBroken;
      return;
    case LineReader::Status::too_long:
      is_broken_ = true;
      part.problem = fmt::format("larger than the limit of {} MiB for JSON; split it, or write it as NDJSON",
                                 kJsonFileBytesMax >> 20);
      return;
  }
}

}  // namespace authledger
