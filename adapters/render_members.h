#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"

// A resource as a list of members that we write, laid over what stands in the EHR. Pure.

namespace authledger {

struct Member {
  std::string name;
  std::function<void(JsonWriter&)> write;  // Writes the value; empty: the resource has no such member.
};
using Members = std::vector<Member>;

Member text_member(std::string name, std::string text);

// The members alone, in their order.
std::string write_resource(const Members& members);
// `current` with ours in place of members of the same name; ours that it lacks come last.
std::string write_merged(JsonView current, const Members& ours);

// meta with our tag (once) and, below it, everything that the current meta holds.
Member meta_member(const std::string& identifier_system, JsonView current_meta);
// Our identifier (once) beside those that others gave.
Member identifier_member(const std::string& system, const std::string& value, JsonView current_identifiers);
Member reference_member(std::string name, std::string reference);
// {"coding": [{system, code}], "text": text}
Member concept_member(std::string name, std::string system, std::string code, std::string text);

}  // namespace authledger
