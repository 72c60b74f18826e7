#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/issue.h"
#include "ledger/store/fact_store.h"

// What the tables cannot hold is found before it reaches them: one such value would fail its whole page. Inside of
// ledger/store only.

namespace authledger {

inline constexpr size_t kResourceIdBytesMax = 512;  // FHIR allows 64; index rows end at about 2,700.
inline constexpr size_t kReferenceBytesMax = 1024;
inline constexpr size_t kFactKeyBytesMax = 2048;
inline constexpr size_t kFactsPerResourceMax = 10'000;

// Why the resource cannot be stored, or nullopt. Never quotes a value.
std::optional<Issue> storage_issue(const MappedResource& resource);

// `text` as PostgreSQL can hold it: no NUL or other control character, valid UTF-8 (else ASCII only), cut to
// `bytes_max`.
std::string storable(std::string_view text, size_t bytes_max);

}  // namespace authledger
