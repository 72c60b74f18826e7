#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/day.h"
#include "base/json.h"

// Which search parameters the sandbox knows, and the values of a resource that they look at. The values are read once,
// when a version is stored, so that a search never parses JSON. Source: FHIR R4, search.html and the parameters
// listed with each resource type.

namespace authledger {

enum class SearchKind { token, reference, date };

struct SearchParameter {
  std::string_view name;
  SearchKind kind;
  std::string_view paths;   // Dotted element paths, "|" between alternatives.
  std::string_view target;  // For references: the only type that counts ("Patient"), or "" for any.
};

// Every R4 resource type.
bool is_resource_type(std::string_view type);
// The types that metadata declares.
const std::vector<std::string>& declared_types();
// The parameters of one known type, without _id and _lastUpdated. Lives as long as the process.
const std::vector<SearchParameter>& search_parameters(std::string_view type);

// A half-open range of time.
struct TimeRange {
  Instant from;
  Instant until;
};

struct SearchKeys {
  struct Token {
    std::string_view parameter;
    std::string system, code;
  };
  struct Reference {
    std::string_view parameter;
    std::string target;  // "Patient/1", or the absolute URL of another server's resource.
  };
  struct Date {
    std::string_view parameter;
    TimeRange range;
  };
  std::vector<Token> tokens;
  std::vector<Reference> references;
  std::vector<Date> dates;
};

// What a FHIR date, dateTime or instant covers at its own precision; a date without an offset is a day of `zone`.
std::optional<TimeRange> time_range(std::string_view text, const TimeZone& zone);
// "Patient/1" of a relative reference or of an absolute one below `base_url`, without version; else unchanged.
std::string relative_reference(std::string_view reference, std::string_view base_url);

SearchKeys read_search_keys(std::string_view type, JsonView resource, std::string_view base_url, const TimeZone& zone);

}  // namespace authledger
