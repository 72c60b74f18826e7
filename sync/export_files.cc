#include "sync/export_files.h"

#include <algorithm>
#include <string_view>

namespace authledger {
namespace {

using Files = std::vector<BulkFile>;

std::string_view without_query(std::string_view url) {
  return url.substr(0, url.find('?'));
}

bool is_of_same_kind(const BulkFile& left, const BulkFile& right) {
  return left.kind == right.kind && left.type == right.type;
}

// The one among `files` that `is_it` holds for; nothing when there are several: some servers tell files by the query.
template <typename Test>
const BulkFile* only_one(const Files& files, const Test& is_it) {
  const auto found = std::find_if(files.begin(), files.end(), is_it);
  if (found == files.end() || std::any_of(found + 1, files.end(), is_it)) return nullptr;
  return &*found;
}

const BulkFile* known_by_url(const Files& known, const Files& files, const BulkFile& file) {
  const auto has_url = [&](const BulkFile& each) { return is_of_same_kind(each, file) && each.url == file.url; };
  if (const BulkFile* same = only_one(known, has_url)) return same;
  const auto has_path = [&](const BulkFile& each) {
    return is_of_same_kind(each, file) && without_query(each.url) == without_query(file.url);
  };
  return only_one(files, has_path) ? only_one(known, has_path) : nullptr;
}

const BulkFile* known_by_place(const Files& known, const Files& files, size_t number) {
  const auto is_like = [&](const BulkFile& each) { return is_of_same_kind(each, files[number]); };
  auto place = std::count_if(files.begin(), files.begin() + static_cast<std::ptrdiff_t>(number), is_like);
  for (const BulkFile& each : known) {
    if (is_like(each) && place-- == 0) return &each;
  }
  return nullptr;
}

}  // namespace

std::vector<BulkFile> files_of(const ExportManifest& manifest) {
  Files files;
  for (const ExportFile& file : manifest.files) {
    BulkFile each;
    each.number = static_cast<int64_t>(files.size());
    each.kind = static_cast<int16_t>(file.kind);
    each.type = file.type;
    each.url = file.url;
    each.stated_count = file.count;
    files.push_back(std::move(each));
  }
  return files;
}

void keep_progress(const Files& known, bool is_same_moment, Files& files) {
  for (size_t i = 0; i < files.size(); ++i) {
    const BulkFile* before = known_by_url(known, files, files[i]);
    if (before != nullptr && is_same_moment) {
      files[i].bytes_read = before->bytes_read;
      files[i].lines_read = before->lines_read;
      files[i].is_done = before->is_done;
    }
    if (before == nullptr) before = known_by_place(known, files, i);
    if (before != nullptr) files[i].failures = before->failures;
  }
}

Instant moment_of(const BulkExport& exported) {
  return std::min(*exported.transaction_at, exported.asked_at.value_or(*exported.transaction_at));
}

}  // namespace authledger
