#include "ledger/facts.h"

#include <fmt/format.h>

#include <algorithm>

namespace authledger {
namespace {

template <typename... Visitors>
struct Overloaded : Visitors... {
  using Visitors::operator()...;
};

// What orders the versions of one fact.
struct VersionMark {
  std::optional<int64_t> source_version;
  std::optional<Instant> source_updated_at;
  int64_t fact_seq = 0;
};

VersionMark mark_of(const Fact& fact) {
  return {fact.source_version, fact.source_updated_at, fact.fact_seq};
}

bool is_newer_mark(const VersionMark& a, const VersionMark& b) {
  if (a.source_version && b.source_version && *a.source_version != *b.source_version) {
    return *a.source_version > *b.source_version;
  }
  if (a.source_updated_at && b.source_updated_at && *a.source_updated_at != *b.source_updated_at) {
    return *a.source_updated_at > *b.source_updated_at;
  }
  return a.fact_seq > b.fact_seq;
}

}  // namespace

FactKind kind_of(const FactBody& body) {
  return std::visit(Overloaded{
                        [](const CoverageFact&) { return FactKind::coverage; },
                        [](const RequestLineFact&) { return FactKind::request_line; },
                        [](const AuthorizationLineFact&) { return FactKind::authorization_line; },
                        [](const OrderFact&) { return FactKind::order; },
                        [](const ServiceFact&) { return FactKind::service; },
                        [](const PatientFact&) { return FactKind::patient; },
                        [](const OrganizationFact&) { return FactKind::organization; },
                        [](const PinFact&) { return FactKind::pin; },
                        [](const PayerCountFact&) { return FactKind::payer_count; },
                        [](const BenefitFact&) { return FactKind::benefit; },
                        [](const DocumentFact&) { return FactKind::document; },
                    },
                    body);
}

std::string_view patient_of(const FactBody& body) {
  return std::visit(
      [](const auto& fact) -> std::string_view {
        if constexpr (requires { fact.patient; }) {
          return fact.patient;
        } else {
          return {};
        }
      },
      body);
}

std::string make_fact_key(std::string_view source, std::string_view resource, FactKind kind, std::string_view line) {
  return fmt::format("{}/{}#{}/{}", source, resource, word_of(kind), line);
}

bool is_newer(const Fact& a, const Fact& b) {
  return is_newer_mark(mark_of(a), mark_of(b));
}

std::vector<Fact> current_facts(std::span<const Fact> versions) {
  std::vector<const Fact*> ordered;
  ordered.reserve(versions.size());
  for (const Fact& fact : versions) ordered.push_back(&fact);
  const auto is_before = [](const Fact* a, const Fact* b) {
    const int order = a->fact_key.compare(b->fact_key);
    return order != 0 ? order < 0 : a->fact_seq < b->fact_seq;
  };
  // Stores read facts in this order; long keys that are nearly alike make sorting again dear.
  if (!std::is_sorted(ordered.begin(), ordered.end(), is_before)) std::sort(ordered.begin(), ordered.end(), is_before);

  std::vector<Fact> current;
  current.reserve(ordered.size());
  for (size_t at = 0; at < ordered.size();) {
    const Fact* best = ordered[at];
    VersionMark best_mark = mark_of(*best);
    size_t next = at + 1;
    for (; next < ordered.size() && ordered[next]->fact_key == best->fact_key; ++next) {
      VersionMark mark = mark_of(*ordered[next]);
      if (!is_newer_mark(mark, best_mark)) continue;
      // A deletion (404, 410) has no version of its own. It ends the version that it found, so that an older one which
      // arrives late does not bring the fact back.
      if (ordered[next]->retracted && !mark.source_version) mark.source_version = best_mark.source_version;
      if (ordered[next]->retracted && !mark.source_updated_at) mark.source_updated_at = best_mark.source_updated_at;
      best = ordered[next];
      best_mark = mark;
    }
    if (!best->retracted) current.push_back(*best);
    at = next;
  }
  return current;
}

}  // namespace authledger
