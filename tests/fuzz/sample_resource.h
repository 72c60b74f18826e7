#pragma once

#include <string_view>

namespace authledger {

// One resource with what expressions look for: choices, extensions, `_name` siblings, references, contained resources.
inline constexpr std::string_view kSampleResource = R"json({"resourceType":"ClaimResponse","id":"r1",
  "_status":{"extension":[{"url":"http://example.org/why","valueCode":"unknown"}]},
  "contained":[{"resourceType":"Organization","id":"o1","name":"Payer"}],
  "identifier":[{"system":"urn:a","value":"A1"},{"system":"urn:b","value":"B2"}],
  "use":"preauthorization","patient":{"reference":"Patient/p1"},"insurer":{"reference":"#o1"},
  "created":"2026-01-03T10:00:00+02:00","outcome":"complete","preAuthRef":"AUTH1",
  "preAuthPeriod":{"start":"2026-01-05","end":"2026-12"},
  "item":[{"itemSequence":1,
    "extension":[{"url":"http://example.org/period","valuePeriod":{"start":"2026-01-05","end":"2026-12-31"}},
      {"url":"http://example.org/amount","valueQuantity":{"value":12.50,"unit":"mg","code":"mg",
        "system":"http://unitsofmeasure.org"}}],
    "adjudication":[{"category":{"coding":[{"system":"urn:c","code":"submitted"}]},"value":1.0},
      {"category":{"coding":[{"code":"eligible"}]},"amount":{"value":3,"currency":"USD"}}]}]})json";

}  // namespace authledger
