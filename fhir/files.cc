#include "fhir/files.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <optional>

#include "base/text.h"
#include "fhir/line_reader.h"
#include "fhir/resource_reader.h"

namespace authledger {
namespace {

namespace fs = std::filesystem;

constexpr size_t kFilesMax = 1'000'000;
constexpr size_t kIssuesPerFileMax = 10'000;
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

enum class FileKind { none, json, ndjson };

FileKind kind_of(const std::string& name) {
  std::string lower = lower_case(name);
  if (lower.ends_with(".gz")) lower.resize(lower.size() - 3);
  if (lower.ends_with(".ndjson")) return FileKind::ndjson;
  return lower.ends_with(".json") ? FileKind::json : FileKind::none;
}

bool is_inside(const fs::path& root, const fs::path& path) {
  const auto [root_end, unused] = std::mismatch(root.begin(), root.end(), path.begin(), path.end());
  return root_end == root.end();
}

// Where a file really is, when that is below the folder.
std::optional<fs::path> path_inside(const std::string& folder, const fs::path& file) {
  std::error_code error;
  const fs::path root = fs::canonical(folder, error);
  if (error) return std::nullopt;
  const fs::path path = fs::canonical(root / file, error);
  if (error || !is_inside(root, path)) return std::nullopt;
  return path;
}

class FileReader {
 public:
  FileReader(const std::string& file, const std::function<bool(const FileResource&)>& visit)
      : file_(file), visit_(visit) {}

  void read_lines(LineReader& reader) {
    std::string line;
    for (line_ = 1; is_open_; ++line_) {
      const auto status = reader.next(line, kLineBytesMax);
      if (status == LineReader::Status::end) return;
      if (status == LineReader::Status::broken) return report_broken();
      if (status == LineReader::Status::too_long) {
        report(fmt::format("the line is longer than the limit of {} MiB", kLineBytesMax >> 20));
        continue;
      }
      std::string_view text = trim(line);
      if (line_ == 1 && text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
      if (!text.empty()) read_value(text, kLineBytesMax);
    }
  }

  void read_whole(LineReader& reader) {
    std::string text;
    const auto status = reader.rest(text, kJsonFileBytesMax);
    if (status == LineReader::Status::broken) return report_broken();
    if (status == LineReader::Status::too_long) {
      return report(fmt::format("the file is larger than the limit of {} MiB; split it, or write it as NDJSON",
                                kJsonFileBytesMax >> 20));
    }
    std::string_view value = text;
    if (value.starts_with(kByteOrderMark)) value.remove_prefix(kByteOrderMark.size());
    read_value(trim(value), kJsonFileBytesMax);
  }

  void report(std::string message) {
    if (issues_.size() >= kIssuesPerFileMax) return;
    issues_.push_back({Severity::error, line_ > 0 ? fmt::format("{}:{}", file_, line_) : file_, std::move(message)});
  }

  Issues take_issues() { return std::move(issues_); }

 private:
  void report_broken() { report("the file cannot be read to its end: it is cut off or damaged"); }

  void read_value(std::string_view text, size_t bytes_max) {
    std::string problem = reader_.read(text, bytes_max, [&](const FoundResource& found) {
      is_open_ = visit_({found.resource, found.text, std::string(found.full_url), file_, line_});
      return is_open_;
    });
    if (!problem.empty()) report(std::move(problem));
  }

  const std::string& file_;
  const std::function<bool(const FileResource&)>& visit_;
  ResourceReader reader_;
  Issues issues_;
  size_t line_ = 0;
  bool is_open_ = true;
};

}  // namespace

Result<std::vector<std::string>> list_resource_files(const std::string& folder) {
  std::error_code error;
  const fs::path root = fs::canonical(folder, error);
  if (error || !fs::is_directory(root, error)) return Failure{fmt::format("{} is no readable folder", folder)};
  std::vector<std::string> files;
  fs::recursive_directory_iterator entry(root, fs::directory_options::skip_permission_denied, error);
  if (error) return Failure{fmt::format("{} cannot be listed", folder)};
  for (; entry != fs::recursive_directory_iterator(); entry.increment(error)) {
    if (error) return Failure{fmt::format("{} cannot be listed", folder)};
    if (entry->path().filename().string().starts_with('.')) {
      entry.disable_recursion_pending();
      continue;
    }
    std::error_code ignored;
    if (kind_of(entry->path().filename().string()) == FileKind::none || !entry->is_regular_file(ignored)) continue;
    const fs::path relative = entry->path().lexically_relative(root);
    if (!path_inside(folder, relative)) continue;
    if (files.size() == kFilesMax) return Failure{fmt::format("{} holds more than {} files", folder, kFilesMax)};
    files.push_back(relative.string());
  }
  std::sort(files.begin(), files.end());
  return files;
}

Issues read_resource_file(const std::string& folder, const std::string& file,
                          const std::function<bool(const FileResource&)>& visit) {
  FileReader file_reader(file, visit);
  const auto path = path_inside(folder, file);
  const FileKind kind = kind_of(file);
  if (!path || kind == FileKind::none) {
    file_reader.report(path ? "not a .json or .ndjson file" : "no such file below the folder");
    return file_reader.take_issues();
  }
  auto lines = LineReader::open(path->string());
  if (!lines)
    file_reader.report(lines.error().message);
  else if (kind == FileKind::ndjson)
    file_reader.read_lines(*lines);
  else
    file_reader.read_whole(*lines);
  return file_reader.take_issues();
}

}  // namespace authledger
