#include "fhir/file_download.h"

#include <fmt/format.h>

#include <charconv>

#include "base/crypto.h"
#include "base/text.h"

namespace authledger {
namespace {

std::optional<int64_t> whole_number(std::string_view text) {
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// Where the bytes of a 206 begin: "bytes 100-199/200".
std::optional<int64_t> range_start(const std::string& content_range) {
  if (!content_range.starts_with("bytes ")) return std::nullopt;
  return whole_number(std::string_view(content_range).substr(6, content_range.find('-') - 6));
}

// The value of one algorithm in Repr-Digest or Content-Digest (RFC 9530: sha-256=:…:) or Digest (RFC 3230:
// SHA-256=…).
std::string stated_sha256(const HttpResponse& head) {
  for (const char* name : {"repr-digest", "content-digest", "digest"}) {
    for (const std::string& part : split(head.header(name), ',')) {
      const std::string_view item = trim(part);
      const size_t equals = item.find('=');
      if (equals == std::string_view::npos || lower_case(item.substr(0, equals)) != "sha-256") continue;
      std::string_view value = item.substr(equals + 1);
      if (value.size() >= 2 && value.front() == ':' && value.back() == ':') value = value.substr(1, value.size() - 2);
      return std::string(value);
    }
  }
  return "";
}

}  // namespace

FileDownload::FileDownload(int64_t from_byte, Take take)
    : take_(std::move(take)), at_(from_byte), is_hashed_(from_byte == 0), sha256_("SHA256"), md5_("MD5") {}

void FileDownload::begin_try(HttpRequest& request) {
  is_new_answer_ = true;
  if (at_ > 0) {
    request.headers.emplace_back("Range", fmt::format("bytes={}-", at_));
    if (!etag_.empty()) request.headers.emplace_back("If-Range", etag_);
    request.is_identity = true;  // A range counts the bytes as they are sent.
  }
  request.take_body = [this](const HttpResponse& head, std::string_view bytes) { return take_bytes(head, bytes); };
}

bool FileDownload::begin_answer(const HttpResponse& head) {
  is_new_answer_ = false;
  if (head.header("content-type").starts_with("text/html")) return false;  // A login page.
  if (head.status == 206) {
    skip_ = 0;
    return range_start(head.header("content-range")) == at_ && head.header("content-encoding").empty();
  }
  skip_ = at_;
  if (at_ > 0 && is_hashed_) {
    sha256_.finish();
    md5_.finish();
  }
  is_hashed_ = true;
  const std::string etag = head.header("etag");
  if (!etag.starts_with("W/")) etag_ = etag;
  return true;
}

bool FileDownload::take_bytes(const HttpResponse& head, std::string_view bytes) {
  if (is_new_answer_ && !begin_answer(head)) {
    was_refused_ = true;
    return false;
  }
  if (is_hashed_) {
    sha256_.add(bytes);
    md5_.add(bytes);
  }
  if (skip_ > 0) {
    const auto passed = static_cast<size_t>(std::min<int64_t>(skip_, static_cast<int64_t>(bytes.size())));
    skip_ -= static_cast<int64_t>(passed);
    bytes.remove_prefix(passed);
  }
  at_ += static_cast<int64_t>(bytes.size());
  return bytes.empty() || take_(bytes);
}

std::string FileDownload::problem(const HttpResponse& last) {
  if (skip_ > 0) return "it is shorter than it was";
  // What was sent compressed was hashed compressed.
  if (!is_hashed_ || !last.header("content-encoding").empty()) return "";
  const std::string sha256 = stated_sha256(last), md5 = last.header("content-md5");
  if (!sha256.empty() && sha256 != base64(sha256_.finish())) return "its SHA-256 differs from what the server states";
  if (!md5.empty() && md5 != base64(md5_.finish())) return "its MD5 differs from what the server states";
  return "";
}

}  // namespace authledger
