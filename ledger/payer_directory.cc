#include "ledger/payer_directory.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "base/text.h"

namespace authledger {
namespace {

constexpr std::string_view kLegalForms[] = {"inc",     "incorporated", "llc", "corp",    "corporation",
                                            "company", "co",           "ltd", "limited", "plc"};

struct Payer {
  std::vector<const PayerOrganization*> members;
};

bool have_common_identifier(const PayerOrganization& a, const PayerOrganization& b) {
  return std::any_of(a.identifiers.begin(), a.identifiers.end(), [&b](const Identifier& identifier) {
    return !identifier.system.empty() && !identifier.value.empty() &&
           std::find(b.identifiers.begin(), b.identifiers.end(), identifier) != b.identifiers.end();
  });
}

// Both have identifiers of one system, and none of them in common: two payers, whatever they are called.
bool contradict(const PayerOrganization& a, const PayerOrganization& b) {
  if (have_common_identifier(a, b)) return false;
  return std::any_of(a.identifiers.begin(), a.identifiers.end(), [&b](const Identifier& ours) {
    return !ours.system.empty() &&
           std::any_of(b.identifiers.begin(), b.identifiers.end(),
                       [&ours](const Identifier& theirs) { return theirs.system == ours.system; });
  });
}

bool belongs(const PayerOrganization& organization, const Payer& payer) {
  const auto& members = payer.members;
  if (std::any_of(members.begin(), members.end(), [&organization](const PayerOrganization* member) {
        return have_common_identifier(organization, *member);
      }))
    return true;
  const std::string name = plain_payer_name(organization.name);
  return !name.empty() && std::any_of(members.begin(), members.end(), [&](const PayerOrganization* member) {
    return plain_payer_name(member->name) == name;
  }) && std::none_of(members.begin(), members.end(), [&organization](const PayerOrganization* member) {
    return contradict(organization, *member);
  });
}

std::vector<Payer> group(const std::vector<PayerOrganization>& organizations) {
  std::vector<Payer> payers;
  for (const PayerOrganization& organization : organizations) {
    Payer merged{{&organization}};
    for (Payer& payer : payers) {
      if (!belongs(organization, payer)) continue;
      merged.members.insert(merged.members.end(), payer.members.begin(), payer.members.end());
      payer.members.clear();
    }
    std::erase_if(payers, [](const Payer& payer) { return payer.members.empty(); });
    payers.push_back(std::move(merged));
  }
  for (Payer& payer : payers) {
    std::sort(payer.members.begin(), payer.members.end(), [](const PayerOrganization* a, const PayerOrganization* b) {
      return std::tie(a->source, a->reference) < std::tie(b->source, b->reference);
    });
  }
  return payers;
}

// What each spelling means; two payers of one spelling make it mean nothing.
class Spellings {
 public:
  void add(std::string spelling, const std::string& payer) {
    if (spelling.empty()) return;
    const auto [found, is_new] = payers_.try_emplace(std::move(spelling), payer);
    if (!is_new && found->second != payer) found->second.clear();
  }
  void add_to(std::map<std::string, std::string>& aliases) const {
    for (const auto& [spelling, payer] : payers_) {
      if (!payer.empty()) aliases.emplace(spelling, payer);
    }
  }

 private:
  std::map<std::string, std::string> payers_;
};

const std::string* alias_of(const Rules& rules, const std::string& spelling) {
  const auto found = rules.payer_aliases.find(lower_case(trim(spelling)));
  return found == rules.payer_aliases.end() ? nullptr : &found->second;
}

}  // namespace

std::string plain_payer_name(std::string_view text) {
  std::vector<std::string> words;
  std::string word;
  const auto end_word = [&] {
    if (!word.empty()) words.push_back(std::move(word));
    word.clear();
  };
  const auto is_of_word = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || static_cast<unsigned char>(c) >= 0x80;
  };
  for (const char c : lower_case(text)) {
    if (is_of_word(c)) {
      word += c;
    } else if (c != '.' && c != '\'') {  // "L.L.C." and "People's" are one word each.
      end_word();
      if (c == '&') words.emplace_back("and");
    }
  }
  end_word();
  if (words.size() > 1 && words.front() == "the") words.erase(words.begin());
  while (words.size() > 1 &&
         std::find(std::begin(kLegalForms), std::end(kLegalForms), words.back()) != std::end(kLegalForms)) {
    words.pop_back();
  }
  return join(words, " ");
}

std::string payer_reference_key(std::string_view source, std::string_view reference) {
  return lower_case(std::string(source) + " " + std::string(reference));
}

Rules with_payer_directory(Rules rules, std::vector<PayerOrganization> organizations) {
  std::sort(organizations.begin(), organizations.end(), [](const PayerOrganization& a, const PayerOrganization& b) {
    return std::tie(a.source, a.reference) < std::tie(b.source, b.reference);
  });
  Spellings spellings;
  for (const auto& [spelling, payer] : rules.payer_aliases) spellings.add(plain_payer_name(spelling), payer);
  std::vector<Payer> payers = group(organizations);
  std::sort(payers.begin(), payers.end(), [](const Payer& a, const Payer& b) {
    return std::tie(a.members.front()->source, a.members.front()->reference) <
           std::tie(b.members.front()->source, b.members.front()->reference);
  });
  std::set<std::string> taken;
  for (const Payer& payer : payers) {
    const PayerOrganization& first = *payer.members.front();
    // The same id in two sources is two payers, unless something else says that they are one.
    std::string name = taken.contains(first.reference) ? first.reference + "@" + first.source : first.reference;
    for (const PayerOrganization* member : payer.members) {
      for (const std::string& spelling : {member->reference, member->name, plain_payer_name(member->name)}) {
        if (const std::string* alias = alias_of(rules, spelling)) name = *alias;
      }
    }
    taken.insert(name);
    for (const PayerOrganization* member : payer.members) {
      if (member->reference != name) spellings.add(payer_reference_key(member->source, member->reference), name);
      spellings.add(plain_payer_name(member->name), name);
      for (const Identifier& identifier : member->identifiers) spellings.add(plain_payer_name(identifier.value), name);
    }
  }
  spellings.add_to(rules.payer_aliases);
  return rules;
}

}  // namespace authledger
