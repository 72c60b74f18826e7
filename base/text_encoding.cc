#include "base/text_encoding.h"

#include <fmt/format.h>
#include <iconv.h>

#include <cerrno>

namespace authledger {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD

}  // namespace

struct Utf8Converter::State {
  iconv_t descriptor;
  std::string rest;  // The beginning of a character.
  ~State() { iconv_close(descriptor); }
};

Utf8Converter::Utf8Converter(std::unique_ptr<State> state) : state_(std::move(state)) {}
Utf8Converter::Utf8Converter(Utf8Converter&&) noexcept = default;
Utf8Converter& Utf8Converter::operator=(Utf8Converter&&) noexcept = default;
Utf8Converter::~Utf8Converter() = default;

Result<Utf8Converter> Utf8Converter::from(const std::string& encoding) {
  iconv_t descriptor = iconv_open("UTF-8", encoding.c_str());
  if (descriptor == reinterpret_cast<iconv_t>(-1)) {
    return Failure{
        fmt::format("the encoding {} is not known here; utf-8, windows-1252 and utf-16 always are", encoding)};
  }
  return Utf8Converter(std::unique_ptr<State>(new State{descriptor, {}}));
}

void Utf8Converter::append(std::string_view bytes, std::string& out) {
  std::string piece = std::move(state_->rest);
  state_->rest.clear();
  piece.append(bytes);
  char* in = piece.data();
  size_t left = piece.size();
  char buffer[8192];
  while (left > 0) {
    char* to = buffer;
    size_t room = sizeof(buffer);
    const size_t converted = iconv(state_->descriptor, &in, &left, &to, &room);
    const int cause = errno;
    out.append(buffer, sizeof(buffer) - room);
    if (converted != static_cast<size_t>(-1) || cause == E2BIG) continue;
    if (cause == EINVAL) {
      state_->rest.assign(in, left);
      return;
    }
    out.append(kReplacement);
    ++in;
    --left;
  }
}

}  // namespace authledger
