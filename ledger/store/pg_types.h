#pragma once

#include <cstdint>

#include "base/day.h"

// What PostgreSQL's binary formats are made of. Inside of the door to libpq only.
// Source: PostgreSQL 15, src/include/catalog/pg_type.dat and the send and recv functions of each type.

namespace authledger {

// Object ids of built-in types, which they keep for ever.
inline constexpr uint32_t kBooleanType = 16;
inline constexpr uint32_t kByteaType = 17;
inline constexpr uint32_t kNameType = 19;
inline constexpr uint32_t kBigintType = 20;
inline constexpr uint32_t kTextType = 25;
inline constexpr uint32_t kUnknownLiteralType = 705;
inline constexpr uint32_t kVarcharType = 1043;
inline constexpr uint32_t kDateType = 1082;
inline constexpr uint32_t kTimestamptzType = 1184;

// Days and instants count from 2000-01-01.
inline constexpr Day kPostgresEpoch{10957};
inline constexpr Instant kPostgresEpochInstant{std::chrono::days(kPostgresEpoch.number)};

// An array of one dimension: dimensions, whether it may hold nulls, element type, length, lower bound; then the length
// and the bytes of each element. An empty array ends after the type.
inline constexpr uint32_t kArrayHeaderBytes = 20;
inline constexpr uint32_t kEmptyArrayBytes = 12;
inline constexpr uint32_t kNullLength = ~uint32_t{0};

}  // namespace authledger
