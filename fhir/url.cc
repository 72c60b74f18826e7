#include "fhir/url.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <vector>

#include "base/text.h"

namespace authledger {
namespace {

uint16_t default_port(std::string_view scheme) {
  return scheme == "https" ? 443 : 80;
}

bool is_clean(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte > 0x20 && byte != 0x7f && c != '\\' && c != '<' && c != '>' && c != '"';
  });
}

bool is_host(std::string_view host) {
  if (host.starts_with('[')) {
    return host.size() > 3 && host.ends_with(']') &&
           host.substr(1, host.size() - 2).find_first_not_of("0123456789abcdef:.") == std::string_view::npos;
  }
  return !host.empty() && host.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-._") == std::string_view::npos;
}

// The scheme of a reference, lower case, or empty when it is relative.
std::string scheme_of(std::string_view text) {
  const size_t end = text.find_first_of(":/?#");
  if (end == std::string_view::npos || end == 0 || text[end] != ':') return {};
  return lower_case(text.substr(0, end));
}

// RFC 3986, section 5.2.4.
std::string remove_dot_segments(std::string_view path) {
  std::vector<std::string> kept;
  const auto segments = split(path, '/');
  for (size_t i = 1; i < segments.size(); ++i) {
    const bool last = i + 1 == segments.size();
    if (segments[i] == "..") {
      if (!kept.empty()) kept.pop_back();
      if (last) kept.emplace_back();
    } else if (segments[i] == ".") {
      if (last) kept.emplace_back();
    } else {
      kept.push_back(segments[i]);
    }
  }
  return "/" + join(kept, "/");
}

}  // namespace

std::string Url::origin() const {
  return port == default_port(scheme) ? fmt::format("{}://{}", scheme, host)
                                      : fmt::format("{}://{}:{}", scheme, host, port);
}

std::string Url::text() const {
  return origin() + path + query;
}

std::optional<Url> parse_url(std::string_view text) {
  if (!is_clean(text)) return std::nullopt;
  Url url;
  url.scheme = scheme_of(text);
  if (url.scheme != "http" && url.scheme != "https") return std::nullopt;
  std::string_view rest = text.substr(url.scheme.size() + 1);
  if (!rest.starts_with("//")) return std::nullopt;
  rest.remove_prefix(2);
  rest = rest.substr(0, rest.find('#'));
  const size_t authority_end = rest.find_first_of("/?");
  std::string_view authority = rest.substr(0, authority_end);
  rest = authority_end == std::string_view::npos ? std::string_view() : rest.substr(authority_end);
  if (authority.find('@') != std::string_view::npos) return std::nullopt;

  url.port = default_port(url.scheme);
  const size_t colon = authority.find(':', authority.starts_with('[') ? authority.find(']') : 0);
  if (colon != std::string_view::npos) {
    const std::string_view digits = authority.substr(colon + 1);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), url.port);
    if (error != std::errc() || end != digits.data() + digits.size() || url.port == 0) return std::nullopt;
    authority = authority.substr(0, colon);
  }
  url.host = lower_case(authority);
  if (!is_host(url.host)) return std::nullopt;
  const size_t question = rest.find('?');
  url.path = std::string(rest.substr(0, question));
  if (question != std::string_view::npos) url.query = std::string(rest.substr(question));
  return url;
}

bool same_origin(const Url& left, const Url& right) {
  return left.scheme == right.scheme && left.host == right.host && left.port == right.port;
}

bool is_loopback(const Url& url) {
  return url.host == "localhost" || url.host == "[::1]" ||
         (url.host.starts_with("127.") && url.host.find_first_not_of("0123456789.") == std::string::npos);
}

std::optional<Url> resolve_url(const Url& base, std::string_view reference) {
  if (!is_clean(reference)) return std::nullopt;
  std::optional<Url> target;
  if (!scheme_of(reference).empty()) {
    target = parse_url(reference);
  } else if (reference.starts_with("//")) {
    target = parse_url(fmt::format("{}:{}", base.scheme, reference));
  } else {
    reference = reference.substr(0, reference.find('#'));
    const size_t question = reference.find('?');
    const std::string_view path = reference.substr(0, question);
    target = base;
    if (question != std::string_view::npos)
      target->query = std::string(reference.substr(question));
    else if (!path.empty())
      target->query.clear();
    if (path.starts_with('/')) {
      target->path = std::string(path);
    } else if (!path.empty()) {
      target->path = base.path.substr(0, base.path.rfind('/') + 1) + std::string(path);
      if (!target->path.starts_with('/')) target->path.insert(0, "/");
    }
  }
  if (target && !target->path.empty()) target->path = remove_dot_segments(target->path);
  return target;
}

}  // namespace authledger
