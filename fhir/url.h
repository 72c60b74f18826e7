#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

// URLs as far as trust depends on them: which origin a link leads to. Source: RFC 3986, RFC 6454.

namespace authledger {

struct Url {
  std::string scheme;  // "http" or "https"
  std::string host;    // Lower case; IPv6 in brackets.
  uint16_t port = 0;   // The scheme's default when the URL names none.
  std::string path;    // Starts with "/", or empty.
  std::string query;   // With its "?", or empty. A fragment is dropped.

  std::string origin() const;  // "https://ehr.example", the port only when it is not the default.
  std::string text() const;
};

// An absolute http or https URL. Errors → nullopt: other schemes, user information ("user@"), blanks, control
// characters or backslashes anywhere (parsers disagree about them, which is how links are smuggled), a bad port.
std::optional<Url> parse_url(std::string_view text);

bool same_origin(const Url& left, const Url& right);
bool is_loopback(const Url& url);  // localhost, 127.0.0.0/8, [::1]

// RFC 3986, section 5.2. nullopt when the result is no URL that parse_url takes.
std::optional<Url> resolve_url(const Url& base, std::string_view reference);

}  // namespace authledger
