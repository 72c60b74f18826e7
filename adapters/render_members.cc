#include "adapters/render_members.h"

#include <algorithm>

#include "base/check.h"

namespace authledger {
namespace {

constexpr std::string_view kTagCode = "authledger", kClosedTagCode = "authledger-closed";

std::string tag_system_of(const std::string& identifier_system) {
  return identifier_system + "/tags";
}

void write_coding(JsonWriter& writer, const std::string& system, std::string_view code) {
  writer.begin_object().member("system", system).member("code", code).end_object();
}

bool is_in(const std::vector<std::string>& paths, std::string_view path) {
  return std::find(paths.begin(), paths.end(), path) != paths.end();
}

void write_own(JsonWriter& writer, const Member& own, JsonView current) {
  if (own.part.empty()) return own.write(writer);
  writer.begin_object();
  for (const JsonView other : current) {
    if (other.name() != own.part) writer.key(other.name()).value(other);
  }
  writer.key(own.part);
  own.write(writer);
  writer.end_object();
}

// A member with what stays of it; nothing when nothing does, since FHIR knows no empty objects.
void write_rest(JsonWriter& writer, JsonView member, const std::vector<std::string>& removed_paths) {
  const auto is_removed = [&](JsonView part) {
    return is_in(removed_paths, std::string(member.name()) + "." + std::string(part.name()));
  };
  size_t removed = 0;
  if (member.is_object()) {
    for (const JsonView part : member) removed += is_removed(part) ? 1 : 0;
  }
  if (removed > 0 && removed == member.size()) return;
  writer.key(member.name());
  if (removed == 0) {
    writer.value(member);
    return;
  }
  writer.begin_object();
  for (const JsonView part : member) {
    if (!is_removed(part)) writer.key(part.name()).value(part);
  }
  writer.end_object();
}

std::string hash_of(const Member& member) {
  JsonWriter writer;
  member.write(writer);
  JsonDocument document;
  const auto value = document.parse(writer.take());
  AUTHLEDGER_CHECK(value.ok());
  return value_hash(*value);
}

bool is_ours(const Member& member, JsonView stands, const WrittenMembers& written) {
  const std::string path = member.path();
  if (written.stands(path, stands)) return true;
  if (!written.is_known()) return !stands.exists() || member.claim == Claim::ours;
  return !written.has(path) && !stands.exists();
}

}  // namespace

Member text_member(std::string name, std::string text) {
  return {std::move(name), [text = std::move(text)](JsonWriter& writer) { writer.string(text); }};
}

Member status_reason_member(std::string reason) {
  return {"statusReason", [reason = std::move(reason)](JsonWriter& writer) {
            writer.begin_object().member("text", reason).end_object();
          }};
}

std::string write_resource(const Members& members) {
  JsonWriter writer;
  writer.begin_object();
  for (const Member& member : members) {
    writer.key(member.name);
    write_own(writer, member, {});
  }
  writer.end_object();
  return writer.take();
}

std::string write_merged(JsonView current, const Members& ours, const std::vector<std::string>& removed_paths) {
  JsonWriter writer;
  writer.begin_object();
  for (const JsonView member : current) {
    const auto own = std::find_if(ours.begin(), ours.end(), [&](const Member& m) { return m.name == member.name(); });
    if (own != ours.end()) {
      writer.key(member.name());
      write_own(writer, *own, member);
    } else if (!is_in(removed_paths, member.name())) {
      write_rest(writer, member, removed_paths);
    }
  }
  for (const Member& member : ours) {
    if (current[member.name].exists()) continue;
    writer.key(member.name);
    write_own(writer, member, {});
  }
  writer.end_object();
  return writer.take();
}

RenderedUpdate merge(JsonView current, const Members& wanted, const WrittenMembers& written) {
  RenderedUpdate update;
  Members laid_over;
  std::vector<std::string> removed, named;
  for (const Member& member : wanted) {
    if (member.claim == Claim::shared) {
      laid_over.push_back(member);
      continue;
    }
    const std::string path = named.emplace_back(member.path());
    const JsonView stands = value_at(current, path);
    const bool is_as_wanted = stands.exists() && value_hash(stands) == hash_of(member);
    if (is_as_wanted || is_ours(member, stands, written)) {
      update.ours.push_back(path);
      if (!is_as_wanted) laid_over.push_back(member);
    } else {
      update.theirs.keep(path, written);
    }
  }
  for (const std::string& path : written.paths()) {
    if (is_in(named, path)) continue;
    if (written.stands(path, value_at(current, path))) {
      removed.push_back(path);
    } else {
      update.theirs.keep(path, written);
    }
  }
  update.body = write_merged(current, laid_over, removed);
  return update;
}

Member meta_member(const std::string& identifier_system, JsonView current_meta, bool is_closed) {
  return {"meta",
          [system = tag_system_of(identifier_system), current_meta, is_closed](JsonWriter& writer) {
            writer.begin_object();
            for (JsonView member : current_meta) {
              if (member.name() != "tag") writer.key(member.name()).value(member);
            }
            writer.key("tag").begin_array();
            for (JsonView tag : current_meta["tag"]) {
              if (tag["system"].text() != system) writer.value(tag);
            }
            write_coding(writer, system, kTagCode);
            if (is_closed) write_coding(writer, system, kClosedTagCode);
            writer.end_array().end_object();
          },
          Claim::shared};
}

bool has_closed_tag(const std::string& identifier_system, JsonView current_meta) {
  const std::string system = tag_system_of(identifier_system);
  for (const JsonView tag : current_meta["tag"]) {
    if (tag["system"].text() == system && tag["code"].text() == kClosedTagCode) return true;
  }
  return false;
}

Member identifier_member(const std::string& system, const std::string& value, JsonView current_identifiers) {
  return {"identifier",
          [system, value, current_identifiers](JsonWriter& writer) {
            writer.begin_array();
            writer.begin_object().member("system", system).member("value", value).end_object();
            for (JsonView identifier : current_identifiers) {
              if (identifier["system"].text() != system) writer.value(identifier);
            }
            writer.end_array();
          },
          Claim::shared};
}

Member reference_member(std::string name, std::string reference, Claim claim) {
  return {std::move(name),
          [reference = std::move(reference)](JsonWriter& writer) {
            writer.begin_object().member("reference", reference).end_object();
          },
          claim};
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
