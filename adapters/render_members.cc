#include "adapters/render_members.h"

#include <algorithm>

namespace authledger {
namespace {

constexpr std::string_view kTagCode = "authledger";

void write_coding(JsonWriter& writer, const std::string& system, std::string_view code) {
  writer.begin_object().member("system", system).member("code", code).end_object();
}

}  // namespace

Member text_member(std::string name, std::string text) {
  return {std::move(name), [text = std::move(text)](JsonWriter& writer) { writer.string(text); }};
}

std::string write_resource(const Members& members) {
  JsonWriter writer;
  writer.begin_object();
  for (const Member& member : members) {
    if (!member.write) continue;
    writer.key(member.name);
    member.write(writer);
  }
  writer.end_object();
  return writer.take();
}

std::string write_merged(JsonView current, const Members& ours) {
  JsonWriter writer;
  writer.begin_object();
  for (JsonView member : current) {
    const auto own = std::find_if(ours.begin(), ours.end(), [&](const Member& m) { return m.name == member.name(); });
    if (own == ours.end()) {
      writer.key(member.name()).value(member);
    } else if (own->write) {
      writer.key(member.name());
      own->write(writer);
    }
  }
  for (const Member& member : ours) {
    if (!member.write || current[member.name].exists()) continue;
    writer.key(member.name);
    member.write(writer);
  }
  writer.end_object();
  return writer.take();
}

Member meta_member(const std::string& identifier_system, JsonView current_meta) {
  return {"meta", [system = identifier_system + "/tags", current_meta](JsonWriter& writer) {
            writer.begin_object();
            for (JsonView member : current_meta) {
              if (member.name() != "tag") writer.key(member.name()).value(member);
            }
            writer.key("tag").begin_array();
            for (JsonView tag : current_meta["tag"]) {
              if (tag["system"].text() != system) writer.value(tag);
            }
            write_coding(writer, system, kTagCode);
            writer.end_array().end_object();
          }};
}

Member identifier_member(const std::string& system, const std::string& value, JsonView current_identifiers) {
  return {"identifier", [system, value, current_identifiers](JsonWriter& writer) {
            writer.begin_array();
            writer.begin_object().member("system", system).member("value", value).end_object();
            for (JsonView identifier : current_identifiers) {
              if (identifier["system"].text() != system) writer.value(identifier);
            }
            writer.end_array();
          }};
}

Member reference_member(std::string name, std::string reference) {
  return {std::move(name), [reference = std::move(reference)](JsonWriter& writer) {
            writer.begin_object().member("reference", reference).end_object();
          }};
}

Member concept_member(std::string name, std::string system, std::string code, std::string text) {
  return {std::move(name),
          [system = std::move(system), code = std::move(code), text = std::move(text)](JsonWriter& writer) {
            writer.begin_object().key("coding").begin_array();
            write_coding(writer, system, code);
            writer.end_array();
            if (!text.empty()) writer.member("text", text);
            writer.end_object();
          }};
}

}  // namespace authledger
