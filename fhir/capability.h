#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/crypto.h"
#include "base/json.h"

// What an endpoint says it can do. Source: FHIR R4, CapabilityStatement.

namespace authledger {

struct TypeCapability {
  std::set<std::string> interactions;  // read, search-type, create, update, …
  std::set<std::string> search_parameters;
  bool conditional_create = false;
  bool conditional_update = false;
  std::set<std::string> operations = {};
  // A search must hold all of one of these sets; empty when the statement demands nothing.
  std::vector<std::set<std::string>> requires_one_of = {};
};

struct Capability {
  std::string fhir_version;
  std::string software;                   // Name and version, or else the publisher.
  std::string token_url;                  // SMART's oauth-uris extension, or empty.
  std::set<std::string> operations = {};  // Of the whole system: "export".
  std::map<std::string, TypeCapability> types;

  bool can(const std::string& type, const std::string& interaction) const;
  bool searches_by(const std::string& type, const std::string& parameter) const;
  // An operation of a type, or with type "" of the system, as servers spell it: "export", "group-export", "$export".
  bool offers_operation(const std::string& type, const std::string& name) const;
};

Capability read_capability(JsonView capability_statement);

// Of what is kept of a statement: equal when the server declares the same, whatever its date says.
Hash hash_of(const Capability& capability);

}  // namespace authledger
