#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "adapters/mapping.h"

namespace authledger {

// The shipped mappings, compiled for an endpoint of New York, with whatever a test adds to the endpoint.
inline EndpointConfig shipped_endpoint() {
  EndpointConfig endpoint;
  endpoint.name = "ehr";
  endpoint.base_url = "https://ehr.example/fhir";
  const std::pair<const char*, const char*> feeds[] = {{"Patient", "patient"},
                                                       {"Organization", "organization"},
                                                       {"Coverage", "coverage"},
                                                       {"ServiceRequest", "service_request"},
                                                       {"Claim", "pas_claim"},
                                                       {"ClaimResponse", "pas_claim_response"},
                                                       {"ExplanationOfBenefit", "pdex_explanation_of_benefit"},
                                                       {"Encounter", "encounter"},
                                                       {"Appointment", "appointment"}};
  for (const auto& [type, mapping] : feeds) {
    FeedConfig feed;
    feed.resource_type = type;
    feed.mappings = {mapping};
    endpoint.feeds.push_back(feed);
  }
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
