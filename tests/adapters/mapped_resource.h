#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "adapters/mapping.h"
#include "config/read_endpoint.h"

namespace authledger {

// An endpoint with the feeds of the shipped preset for folders; a test adds what it needs.
inline EndpointConfig shipped_endpoint() {
  EndpointConfig endpoint;
  endpoint.name = "ehr";
  endpoint.base_url = "https://ehr.example/fhir";
  EXPECT_TRUE(apply_preset("folder", endpoint));
  return endpoint;
}

inline std::string texts_of(const Issues& issues) {
  std::string text;
  for (const Issue& issue : issues) text += issue.element_path + ": " + issue.message + "\n";
  return text;
}

inline ResourceMapper compile_mapper(const EndpointConfig& endpoint = shipped_endpoint()) {
  auto mapper = ResourceMapper::compile(endpoint, "", TimeZone::find("America/New_York").value());
  EXPECT_TRUE(mapper.ok()) << (mapper.ok() ? "" : texts_of(mapper.error()));
  return std::move(mapper).value();
}

// Maps one resource given as JSON text.
inline MappedFacts map_text(const ResourceMapper& mapper, const std::string& json) {
  JsonDocument document;
  const auto root = document.parse(json);
  EXPECT_TRUE(root.ok()) << (root.ok() ? "" : root.error().message);
  return mapper.map(*root, {"ehr", "https://ehr.example/fhir"});
}

template <typename Body>
std::vector<Body> bodies(const MappedFacts& mapped) {
  std::vector<Body> found;
  for (const Fact& fact : mapped.facts) {
    if (const Body* body = std::get_if<Body>(&fact.body)) found.push_back(*body);
  }
  return found;
}

}  // namespace authledger
