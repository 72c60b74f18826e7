#include <algorithm>
#include <tuple>

#include "ledger/statements.h"

namespace authledger {
namespace {

// A cancel of the whole request names no line.
bool speaks_of(const RequestLineFact& line, std::string_view name) {
  return line.line == name || line.line.empty();
}

}  // namespace

RequestChains::RequestChains(std::span<const Fact> facts) {
  for (const Fact& fact : facts) {
    const auto* line = std::get_if<RequestLineFact>(&fact.body);
    if (line == nullptr || line->request.empty()) continue;
    Request& request = requests_[line->request];
    // The lines of one request agree on these; the larger one makes a source that does not agree harmless.
    request.prior = std::max(request.prior, std::string_view(line->prior_request));
    if (line->requested_at) {
      request.requested_at = std::max(request.requested_at.value_or(*line->requested_at), *line->requested_at);
    }
    request.is_expedited = request.is_expedited || line->expedited;
    request.lines.push_back(line);
  }
  for (auto& [url, request] : requests_) {
    std::sort(request.lines.begin(), request.lines.end(), [](const RequestLineFact* a, const RequestLineFact* b) {
      return std::tie(a->line, a->change, a->quantity) < std::tie(b->line, b->change, b->quantity);
    });
    std::string_view at = url;
    size_t steps = 0;
    for (const Request* link = &request; link != nullptr && !link->prior.empty(); link = find(at)) {
      at = link->prior;
      if (++steps > requests_.size()) break;
    }
    if (steps > requests_.size()) {
      // Requests that name each other in a ring: the first in text order stands for all of them.
      std::string_view first = at;
      for (size_t i = 0; i < requests_.size(); ++i) {
        at = find(at)->prior;
        first = std::min(first, at);
      }
      at = first;
      steps = 0;
    }
    request.root = at;
    request.depth = static_cast<int>(steps);
  }
}

const RequestChains::Request* RequestChains::find(std::string_view request) const {
  const auto found = requests_.find(request);
  return found == requests_.end() ? nullptr : &found->second;
}

std::string_view RequestChains::root_of(std::string_view request) const {
  const Request* known = find(request);
  return known == nullptr ? request : known->root;
}

int RequestChains::depth_of(std::string_view request) const {
  const Request* known = find(request);
  return known == nullptr ? 0 : known->depth;
}

const RequestLineFact* RequestChains::line_of(std::string_view request, std::string_view line) const {
  const Request* at = find(request);
  for (size_t steps = 0; at != nullptr && steps <= requests_.size(); ++steps) {
    for (const RequestLineFact* asked : at->lines) {
      if (asked->line == line) return asked;
    }
    at = at->prior.empty() ? nullptr : find(at->prior);
  }
  return nullptr;
}

std::optional<Instant> RequestChains::requested_at(std::string_view request) const {
  const Request* known = find(request);
  return known == nullptr ? std::nullopt : known->requested_at;
}

bool RequestChains::is_expedited(std::string_view request) const {
  const Request* known = find(request);
  return known != nullptr && known->is_expedited;
}

const RequestLineFact* RequestChains::cancellation_of(std::string_view root, std::string_view line) const {
  const Request* last = nullptr;
  const RequestLineFact* last_word = nullptr;
  for (const auto& [url, request] : requests_) {
    if (request.root != root) continue;
    for (const RequestLineFact* asked : request.lines) {
      if (!speaks_of(*asked, line)) continue;
      if (last == nullptr ||
          std::tie(last->depth, last->requested_at) <= std::tie(request.depth, request.requested_at)) {
        last = &request;
        last_word = asked;
      }
    }
  }
  return last_word != nullptr && last_word->change == LineChange::cancelled ? last_word : nullptr;
}

bool RequestChains::cancels(std::string_view request, std::string_view line) const {
  const Request* known = find(request);
  if (known == nullptr) return false;
  return std::any_of(known->lines.begin(), known->lines.end(), [line](const RequestLineFact* asked) {
    return speaks_of(*asked, line) && asked->change == LineChange::cancelled;
  });
}

}  // namespace authledger
