#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/render.h"
#include "base/json.h"

// A resource as a list of members that we write, laid over what stands in the EHR. Pure.

namespace authledger {

enum class Claim : uint8_t {
  shared,  // Holds what others have there beside ours: always laid over.
  ours,    // A person's change is left. Where it is not known what we wrote last, ours is laid over.
  yields   // … what stands there is taken for a person's choice.
};

struct Member {
  std::string name;
  std::function<void(JsonWriter&)> write;  // Writes the value.
  Claim claim = Claim::ours;
  std::string part = {};  // Only this member of the value is ours: the rest of it stays as it stands.

  std::string path() const { return part.empty() ? name : name + "." + part; }
};
using Members = std::vector<Member>;

Member text_member(std::string name, std::string text);
// {"text": reason}
Member status_reason_member(std::string reason);

// The members alone, in their order.
std::string write_resource(const Members& members);
// `current` with ours in place of members of the same name; ours that it lacks come last.
std::string write_merged(JsonView current, const Members& ours, const std::vector<std::string>& removed_paths = {});

// `wanted` laid over `current`, by what of it was written last: a person's values stay, what is ours and not wanted any
// more goes.
RenderedUpdate merge(JsonView current, const Members& wanted, const WrittenMembers& written);

// meta with our tag (once) and, below it, everything that the current meta holds. With `is_closed`, with the tag of
// what we closed ourselves, too.
Member meta_member(const std::string& identifier_system, JsonView current_meta, bool is_closed = false);
bool has_closed_tag(const std::string& identifier_system, JsonView current_meta);
// Our identifier (once) beside those that others gave.
Member identifier_member(const std::string& system, const std::string& value, JsonView current_identifiers);
Member reference_member(std::string name, std::string reference, Claim claim = Claim::ours);
// {"coding": [{system, code}], "text": text}
Member concept_member(std::string name, std::string system, std::string code, std::string text);

}  // namespace authledger
