#include "ledger/trace.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <set>

namespace authledger {
namespace {

// "Claim/c1#2" → ("Claim/c1", "2").
std::pair<std::string_view, std::string_view> split_line(std::string_view reference) {
  const size_t hash = reference.find('#');
  if (hash == std::string_view::npos) return {reference, {}};
  return {reference.substr(0, hash), reference.substr(hash + 1)};
}

int64_t number_of(std::string_view text) {
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() ? number : 0;
}

bool is_claim(std::string_view resource) {
  return resource.starts_with("Claim/") || resource.starts_with("ExplanationOfBenefit/");
}

std::vector<TracedPosting> postings_of(const std::string& service_key, std::span<const JournalEntry> entries) {
  std::vector<TracedPosting> postings;
  for (const JournalEntry& entry : entries) {
    for (size_t i = 0; i < entry.transfers.size(); ++i) {
      const Transfer& transfer = entry.transfers[i];
      if (transfer.service_key != service_key) continue;
      if (transfer.is_reversal) {
        for (TracedPosting& former : postings) {
          if (former.transfer.book == transfer.book && former.transfer.to == transfer.from) former.is_standing = false;
        }
      }
      postings.push_back({entry.entry_seq, static_cast<int>(i) + 1, entry.posted_at, transfer, !transfer.is_reversal});
    }
  }
  return postings;
}

}  // namespace

std::vector<ServiceTrace> trace(std::string_view asked, const Consolidated& subject,
                                std::span<const JournalEntry> entries, std::span<const Fact> history) {
  std::map<std::pair<std::string, int64_t>, std::string> lines;  // By (source, fact_seq).
  for (const Fact& fact : history) {
    lines[{fact.source, fact.fact_seq}] = fact.fact_key.substr(fact.fact_key.rfind('/') + 1);
  }
  const auto [reference, line] = split_line(asked);
  std::set<std::string> posted;  // Services of the posting that is asked for.
  if (reference.starts_with("entry/")) {
    const int64_t seq = number_of(reference.substr(6)), no = number_of(line);
    for (const JournalEntry& entry : entries) {
      if (entry.entry_seq != seq) continue;
      for (size_t i = 0; i < entry.transfers.size(); ++i) {
        if (line.empty() || static_cast<int64_t>(i) + 1 == no) posted.insert(entry.transfers[i].service_key);
      }
    }
  }
  std::vector<ServiceTrace> traces;
  for (const Service& service : subject.services) {
    ServiceTrace found;
    bool is_asked = service.key == asked || posted.contains(service.key);
    for (const Provenance& source : service.sources) {
      const std::string of_source = source.source + ":" + source.resource;
      const auto known = lines.find({source.source, source.fact_seq});
      const std::string item = known == lines.end() ? std::string("1") : known->second;
      if (source.resource == reference && (line.empty() || item == line)) is_asked = true;
      if (is_claim(source.resource)) {
        found.claim_items.push_back(of_source + "#" + item);
      } else {
        found.visits.push_back(of_source);
      }
    }
    if (!is_asked) continue;
    found.service_key = service.key;
    found.postings = postings_of(service.key, entries);
    traces.push_back(std::move(found));
  }
  return traces;
}

}  // namespace authledger
