#include "ledger/line_values.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "ledger/payer_rules.h"
#include "ledger/units.h"

namespace authledger {
namespace {

using Statements = std::vector<const SourceStatement*>;

// The newest word of each source and type; what a later answer of the same request chain replaced is silent.
Statements current_voices(const Statements& statements) {
  Statements voices;
  for (const SourceStatement* statement : statements) {
    const bool is_repeated = std::any_of(voices.begin(), voices.end(), [statement](const SourceStatement* voice) {
      return voice->rank == statement->rank && voice->fact->source == statement->fact->source;
    });
    if (!is_repeated && statement->lag == statements.front()->lag) voices.push_back(statement);
  }
  // A source that still waits does not outweigh one that has the payer's final word, unless that word is older.
  const auto final_voice = std::find_if(voices.begin(), voices.end(), [&voices](const SourceStatement* voice) {
    const bool is_older = voice->issued_at && voices.front()->issued_at && voice->issued_at < voices.front()->issued_at;
    return is_final(voice->says.decision) && !is_older;
  });
  if (!is_final(voices.front()->says.decision) && final_voice != voices.end()) {
    std::rotate(voices.begin(), final_voice, final_voice + 1);
  }
  return voices;
}

template <typename Value>
void fill(Value& value, const Value& other) {
  if (value == Value{}) value = other;
}

struct Amount {
  std::optional<Quantity> quantity;
  Measure measure = Measure::unknown;
};

Amount amount_of(const SourceStatement& statement, const RequestChains& chains) {
  const AuthorizationLineFact& says = statement.says;
  Amount amount{says.quantity, says.measure};
  const RequestLineFact* asked = chains.line_of(says.request, says.line);
  if (asked == nullptr) return amount;
  if (!amount.quantity && says.quantity_as_requested) amount.quantity = asked->quantity;
  if (amount.measure == Measure::unknown) amount.measure = asked->measure;
  return amount;
}

void fill_amount(AuthorizationLine& line, const Statements& sources, const ConsolidationInput& input,
                 const RequestChains& chains) {
  Amount amount;
  for (const SourceStatement* source : sources) {
    const Amount stated = amount_of(*source, chains);
    if (!amount.quantity && stated.quantity) {
      amount.quantity = stated.quantity;
      if (stated.measure != Measure::unknown) amount.measure = stated.measure;
    }
    if (amount.measure == Measure::unknown) amount.measure = stated.measure;
  }
  line.approved = amount.quantity;
  line.measure = amount.measure;
  if (line.measure == Measure::unknown) {
    const Day day = line.first_day.value_or(line.last_day.value_or(Day{}));
    const Occasion occasion{line.payer, {}, line.program, &line.service_codes, day};
    line.measure = default_measure(line.service_codes, line.program, input.policy.rules, occasion);
  }
}

void fill_text(AuthorizationLine& line, const SourceStatement& source) {
  const AuthorizationLineFact& says = source.says;
  fill(line.service_codes, says.service_codes);
  fill(line.diagnosis_codes, says.diagnosis_codes);
  fill(line.provider, says.provider);
  fill(line.program, says.program);
  fill(line.place, says.place);
  fill(line.modifiers, says.modifiers);
  if (!line.amount && says.amount) {
    line.amount = says.amount;
    line.currency = says.currency;
  }
  if (!line.rate_quantity && says.rate_quantity) {
    line.rate_quantity = says.rate_quantity;
    line.rate_period = says.rate_period;
  }
  if (!line.issued_on) line.issued_on = says.issued_on;
  if (!line.payer_used_quantity) line.payer_used_quantity = says.payer_used_quantity;
}

void fill_days(AuthorizationLine& line, const SourceStatement& source) {
  if (!line.first_day) line.first_day = source.says.first_day;
  if (!line.last_day) line.last_day = source.says.last_day;
}

void fill_from_request(AuthorizationLine& line, const RequestLineFact& asked) {
  line.requested = asked.quantity;
  fill(line.service_codes, asked.service_codes);
  std::sort(line.service_codes.begin(), line.service_codes.end());
  fill(line.diagnosis_codes, asked.diagnosis_codes);
  fill(line.provider, asked.provider);
  if (!line.first_day && !line.last_day) {
    line.first_day = asked.first_day;
    line.last_day = asked.last_day;
  }
}

void fill_identity(AuthorizationLine& line, const Statements& voices, const Statements& statements) {
  for (const Statements* from : {&voices, &statements}) {
    for (const SourceStatement* statement : *from) {
      fill(line.payer, statement->says.payer);
      fill(line.payer_display, statement->says.payer_display);
      fill(line.member_id, statement->says.member_id);
      fill(line.authorization_number, statement->says.authorization_number);
      fill(line.request, statement->says.request);
    }
  }
  for (const SourceStatement* statement : statements) {
    line.numbers.insert(line.numbers.end(), statement->numbers.begin(), statement->numbers.end());
    const Provenance source = provenance_of(*statement->fact);
    const bool is_known = std::any_of(line.sources.begin(), line.sources.end(), [&source](const Provenance& known) {
      return known.source == source.source && known.resource == source.resource;
    });
    if (is_known) continue;
    const bool is_lead = statement == voices.front();
    line.sources.insert(is_lead ? line.sources.begin() : line.sources.end(), source);
  }
  std::sort(line.numbers.begin(), line.numbers.end());
  line.numbers.erase(std::unique(line.numbers.begin(), line.numbers.end()), line.numbers.end());
}

void note_conflicts(const AuthorizationLine& line, const Statements& voices, const RequestChains& chains,
                    std::vector<Conflict>& conflicts) {
  const SourceStatement& lead = *voices.front();
  const auto note = [&](const SourceStatement& other, std::string_view what) {
    conflicts.push_back({line.book,
                         fmt::format("{} ({}) and {} ({}) state different {}; the first is used", lead.fact->resource,
                                     lead.fact->source, other.fact->resource, other.fact->source, what),
                         std::string(what)});
  };
  for (const SourceStatement* voice : voices) {
    if (voice == &lead) continue;
    const Decision ours = lead.says.decision, theirs = voice->says.decision;
    if (is_final(ours) && is_final(theirs) && ours != theirs && is_approval(ours) != is_approval(theirs)) {
      note(*voice, "decisions");
    }
    if (!is_approval(ours) || !is_approval(theirs)) continue;
    const Amount our_amount = amount_of(lead, chains), their_amount = amount_of(*voice, chains);
    const std::optional<Quantity> converted =
        their_amount.quantity ? convert_units(*their_amount.quantity, their_amount.measure, our_amount.measure)
                              : std::nullopt;
    if (our_amount.quantity && their_amount.quantity && converted != our_amount.quantity) {
      note(*voice, "quantities");
    }
    const auto differ = [](const auto& a, const auto& b) { return a && b && *a != *b; };
    if (differ(lead.says.first_day, voice->says.first_day) || differ(lead.says.last_day, voice->says.last_day)) {
      note(*voice, "days");
    }
  }
}

// The last approval before a line was cancelled: another answer, or a former version of the one that cancels.
std::optional<SourceStatement> former_approval(const Statements& statements, const RequestChains& chains,
                                               const ConsolidationInput& input) {
  for (const SourceStatement* statement : statements) {
    if (!is_approval(statement->says.decision)) continue;
    if (!chains.cancels(statement->says.request, statement->says.line)) return *statement;
  }
  const Fact* newest = nullptr;
  for (const Fact& version : input.history) {
    const auto* says = std::get_if<AuthorizationLineFact>(&version.body);
    if (says == nullptr || version.retracted || !is_approval(says->decision)) continue;
    if (chains.cancels(says->request, says->line)) continue;
    const bool is_ours = std::any_of(
        statements.begin(), statements.end(),
        [&version](const SourceStatement* statement) { return statement->fact->fact_key == version.fact_key; });
    if (!is_ours) continue;
    if (newest == nullptr ||
        (newest->fact_key == version.fact_key ? is_newer(version, *newest) : version.fact_key < newest->fact_key)) {
      newest = &version;
    }
  }
  return newest == nullptr ? std::nullopt : statement_of(*newest, input, chains);
}

std::optional<Day> cancelled_on(const SourceStatement& lead, const RequestLineFact* cancellation,
                                const TimeZone& zone) {
  if (cancellation != nullptr && cancellation->requested_at) return zone.day_of(*cancellation->requested_at);
  if (lead.says.issued_on) return lead.says.issued_on;
  if (lead.issued_at) return zone.day_of(*lead.issued_at);
  return std::nullopt;
}

std::string book_of(const AuthorizationLine& line, const Statements& statements) {
  const SourceStatement& lead = *statements.front();
  std::string_view name = line.authorization_number;
  if (name.empty()) name = lead.chain;
  if (name.empty() && !line.numbers.empty()) name = line.numbers.front();
  if (name.empty()) name = lead.fact->resource;
  return fmt::format("{}/{}/{}", line.payer, name, line.line);
}

}  // namespace

AuthorizationLine resolve_line(const Statements& statements, const RequestChains& chains,
                               const ConsolidationInput& input, std::vector<Conflict>& conflicts) {
  const Statements voices = current_voices(statements);
  const SourceStatement& lead = *voices.front();
  AuthorizationLine line;
  fill_identity(line, voices, statements);
  line.line = lead.says.line;
  line.decision = lead.says.decision;
  line.book = book_of(line, statements);
  note_conflicts(line, voices, chains, conflicts);

  const RequestLineFact* cancellation = lead.chain.empty() ? nullptr : chains.cancellation_of(lead.chain, line.line);
  if (cancellation != nullptr) line.decision = Decision::cancelled;
  Statements sources = voices;
  std::optional<SourceStatement> former;
  if (line.decision == Decision::cancelled) {
    former = former_approval(statements, chains, input);
    if (former) {
      sources.insert(sources.begin(), &*former);
      const std::optional<Day> day = cancelled_on(lead, cancellation, input.policy.zone);
      if (day) line.usable_through = *day - 1;
    }
  }
  line.is_usable = is_approval(line.decision) || line.usable_through.has_value();

  for (const SourceStatement* source : sources) {
    fill_text(line, *source);
    fill_days(line, *source);
  }
  // What an answer leaves out about the thing itself still holds from the former answer; days and quantity do not.
  for (const SourceStatement* statement : statements) fill(line.service_codes, statement->says.service_codes);
  if (const RequestLineFact* asked = chains.line_of(line.request, line.line)) fill_from_request(line, *asked);
  fill_amount(line, sources, input, chains);
  if (!line.is_usable) line.approved = std::nullopt;
  const bool is_changed = line.decision == Decision::approved_in_part || line.decision == Decision::approved_modified;
  if (is_changed && !line.approved) {
    conflicts.push_back(
        {line.book, "approved with changes, but no source says how many units: what is left is unknown"});
  }
  line.requested_at = chains.requested_at(line.request);
  line.expedited = chains.is_expedited(line.request);
  return line;
}

}  // namespace authledger
