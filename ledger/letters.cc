#include "ledger/letters.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "ledger/statements.h"

namespace authledger {
namespace {

using DocumentName = std::pair<std::string_view, std::string_view>;  // Source, resource.

DocumentName name_of(const Fact& fact) {
  return {fact.source, fact.resource};
}

const DocumentFact& document_of(const Fact& fact) {
  return std::get<DocumentFact>(fact.body);
}

enum class HashOf { content, stated };

std::set<std::string_view> hashes_of(const Fact& fact, HashOf what) {
  std::set<std::string_view> hashes;
  for (const Attachment& attachment : document_of(fact).attachments) {
    if (attachment.hash.empty() || attachment.hash.starts_with(kStatedHash) != (what == HashOf::stated)) continue;
    hashes.insert(attachment.hash);
  }
  return hashes;
}

// Of the same kind: that a source began to state hashes changes no letter.
bool is_comparable(const Fact& before, const Fact& after) {
  const auto both_have = [&](HashOf what) {
    return !hashes_of(before, what).empty() && !hashes_of(after, what).empty();
  };
  return both_have(HashOf::content) || both_have(HashOf::stated);
}

std::string_view new_hash_of(const Fact& before, const Fact& after, HashOf what) {
  const std::set<std::string_view> former = hashes_of(before, what), present = hashes_of(after, what);
  const auto lacks = [](const std::set<std::string_view>& hashes) {
    return [&hashes](std::string_view hash) { return !hashes.contains(hash); };
  };
  if (std::none_of(former.begin(), former.end(), lacks(present))) return "";
  const auto found = std::find_if(present.begin(), present.end(), lacks(former));
  return found == present.end() ? "" : *found;
}

// The first hash of `after` that `before` lacks, where one of `before` is gone; "" where nothing was replaced.
std::string_view new_hash(const Fact& before, const Fact& after) {
  const std::string_view found = new_hash_of(before, after, HashOf::content);
  return found.empty() ? new_hash_of(before, after, HashOf::stated) : found;
}

LetterChange change_to(const Fact& version, std::string_view mark) {
  return {std::string(mark), version.source_updated_at ? version.source_updated_at : document_of(version).issued_at};
}

// What the ledger held as current of each document, in the order in which it came to know it.
class HeldDocuments {
 public:
  explicit HeldDocuments(std::span<const Fact> history) {
    std::vector<const Fact*> versions;
    for (const Fact& fact : history) {
      if (std::holds_alternative<DocumentFact>(fact.body)) versions.push_back(&fact);
    }
    std::sort(versions.begin(), versions.end(), [](const Fact* a, const Fact* b) { return a->fact_seq < b->fact_seq; });
    std::map<DocumentName, const Fact*> newest;
    for (const Fact* version : versions) {
      const Fact*& last = newest[name_of(*version)];
      if (last != nullptr && !is_newer(*version, *last)) continue;
      last = version;
      if (!version->retracted) held_[name_of(*version)].push_back(version);
    }
  }

  std::optional<LetterChange> last_change(const DocumentName& name) const {
    std::set<DocumentName> seen;
    return last_change(name, seen);
  }

  // What it is about: in its own words, else in those of what it replaces.
  const DocumentFact* relations_of(const DocumentName& name) const {
    std::set<DocumentName> seen;
    return relations_of(name, seen);
  }

 private:
  // `seen`: the documents that were looked at before. Two may replace each other, and each revision all former ones.
  std::optional<LetterChange> last_change(const DocumentName& name, std::set<DocumentName>& seen) const {
    const auto found = held_.find(name);
    if (found == held_.end() || !seen.insert(name).second) return std::nullopt;
    const std::vector<const Fact*>& held = found->second;
    for (size_t i = held.size() - 1; i > 0; --i) {
      const std::string_view mark = new_hash(*held[i - 1], *held[i]);
      if (!mark.empty()) return change_to(*held[i], mark);
    }
    for (const std::string& replaced : document_of(*held.back()).replaces) {
      const auto former = held_.find({name.first, replaced});
      if (former == held_.end() || !was_current(former->second)) continue;
      const Fact &before = *former->second.back(), &after = *held.back();
      const std::string_view mark = is_comparable(before, after) ? new_hash(before, after) : name.second;
      if (!mark.empty()) return change_to(*held.front(), mark);
      if (std::optional<LetterChange> earlier = last_change(former->first, seen)) return earlier;
    }
    return std::nullopt;
  }

  const DocumentFact* relations_of(const DocumentName& name, std::set<DocumentName>& seen) const {
    const auto found = held_.find(name);
    if (found == held_.end() || !seen.insert(name).second) return nullptr;
    const DocumentFact& says = document_of(*found->second.back());
    if (!says.related.empty() || !says.authorization_numbers.empty()) return &says;
    for (const std::string& replaced : says.replaces) {
      if (const DocumentFact* relations = relations_of({name.first, replaced}, seen)) return relations;
    }
    return nullptr;
  }

  static bool was_current(const std::vector<const Fact*>& held) {
    return std::any_of(held.begin(), held.end(),
                       [](const Fact* version) { return document_of(*version).status == "current"; });
  }

  std::map<DocumentName, std::vector<const Fact*>> held_;
};

bool is_about(const DocumentFact& relations, std::string_view source, const AuthorizationLine& line,
              const RequestChains& chains) {
  const auto is_number_of_line = [&line](const std::string& number) {
    return std::binary_search(line.numbers.begin(), line.numbers.end(), number);
  };
  if (std::ranges::any_of(relations.authorization_numbers, is_number_of_line)) return true;
  return std::ranges::any_of(relations.related, [&](const std::string& related) {
    if (!line.request.empty() && chains.root_of(related) == chains.root_of(line.request)) return true;
    return std::ranges::any_of(
        line.sources, [&](const Provenance& answer) { return answer.source == source && answer.resource == related; });
  });
}

}  // namespace

void attach_letters(const ConsolidationInput& input, std::vector<AuthorizationLine>& lines) {
  std::vector<const Fact*> documents;
  std::set<DocumentName> replaced;
  for (const Fact& fact : input.facts) {
    const auto* says = std::get_if<DocumentFact>(&fact.body);
    if (says == nullptr) continue;
    documents.push_back(&fact);
    for (const std::string& former : says->replaces) {
      if (former != fact.resource) replaced.insert({fact.source, former});
    }
  }
  if (documents.empty()) return;
  std::sort(documents.begin(), documents.end(), [](const Fact* a, const Fact* b) { return name_of(*a) < name_of(*b); });
  const RequestChains chains(input.facts);
  const HeldDocuments held(input.history);
  for (const Fact* document : documents) {
    const DocumentFact* relations = held.relations_of(name_of(*document));
    if (relations == nullptr || replaced.contains(name_of(*document))) continue;
    const DocumentFact& says = document_of(*document);
    const Letter letter{provenance_of(*document), says.status, says.attachments, held.last_change(name_of(*document))};
    for (AuthorizationLine& line : lines) {
      if (is_about(*relations, document->source, line, chains)) line.letters.push_back(letter);
    }
  }
}

}  // namespace authledger
