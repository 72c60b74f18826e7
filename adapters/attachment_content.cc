#include "adapters/attachment_content.h"

#include "base/crypto.h"
#include "base/json.h"

namespace authledger {
namespace {

constexpr std::string_view kContent = "data";

void write_without_content(JsonView value, JsonWriter& writer) {
  if (value.is_array()) {
    writer.begin_array();
    for (JsonView element : value) write_without_content(element, writer);
    writer.end_array();
    return;
  }
  if (!value.is_object()) {
    writer.value(value);
    return;
  }
  writer.begin_object();
  for (JsonView member : value) {
    if (member.name() == kContent && member.is_string()) {
      const std::optional<std::string> bytes = from_base64(member.text());
      if (bytes && !value["hash"].exists()) writer.member("hash", base64(sha1(*bytes)));
      continue;
    }
    writer.key(member.name());
    write_without_content(member, writer);
  }
  writer.end_object();
}

}  // namespace

std::string without_attachment_content(std::string text) {
  if (text.find("\"data\"") == std::string::npos) return text;
  JsonDocument document;
  const auto root = document.parse(text);
  if (!root) return text;
  JsonWriter writer;
  write_without_content(*root, writer);
  return writer.take();
}

}  // namespace authledger
