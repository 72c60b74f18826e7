#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace authledger {

// ASCII only, all of them: FHIR codes, header names and keywords are ASCII.
std::string lower_case(std::string_view text);
std::string upper_case(std::string_view text);
std::string_view trim(std::string_view text);
std::vector<std::string> split(std::string_view text, char separator);
std::string join(const std::vector<std::string>& parts, std::string_view separator);
std::string replace_all(std::string text, std::string_view from, std::string_view to);

// One field of a csv line: RFC 4180 quoting. A leading =, +, -, @ or tab would be run as a formula by spreadsheets, so
// it gets an apostrophe, unless the field is a number of our own.
std::string csv_field(std::string_view text, bool is_number);

// The known word that is nearest to `word` by edit distance, or "" when none is near enough to be a likely slip.
std::string nearest_word(std::string_view word, const std::vector<std::string>& known);

// Whether every byte sequence is valid UTF-8 (RFC 3629: no overlong forms, no surrogates).
bool is_utf8(std::string_view text);

}  // namespace authledger
