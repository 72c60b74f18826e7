#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "fhir/path/syntax.h"

namespace authledger {

enum class TokenKind : uint8_t {
  end,
  identifier,
  delimited_identifier,
  string,
  integer,
  long_integer,
  decimal,
  date,
  date_time,
  time,
  symbol,
  external,
  dollar
};

struct Token {
  TokenKind kind = TokenKind::end;
  std::string text;  // Unescaped; symbols and keywords as written; without @, % and $.
  uint32_t offset = 0;
};

// Source: FHIRPath 2.0, appendix B (grammar), with the 3.0 long literal.
// Errors: an unfinished string or comment, a bad escape, a character or date that is none.
Result<std::vector<Token>, PathError> read_tokens(std::string_view text);

}  // namespace authledger
