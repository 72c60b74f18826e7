#include "ledger/outcome_hash.h"

namespace authledger {
namespace {

// A missing value differs from every present one: its count of values is 0 instead of 1.
void add(HashInput& input, const std::optional<Day>& day) {
  input.add(int64_t{day.has_value()});
  if (day) input.add(int64_t{day->number});
}

void add(HashInput& input, const std::optional<Quantity>& quantity) {
  input.add(int64_t{quantity.has_value()});
  if (quantity) input.add(quantity->milli());
}

void add(HashInput& input, const std::vector<std::string>& texts) {
  input.add(static_cast<int64_t>(texts.size()));
  for (const std::string& text : texts) input.add(text);
}

// Without query and fragment: a link may be signed anew at each reading.
std::string_view place_of(std::string_view url) {
  return url.substr(0, url.find_first_of("?#"));
}

// The resources that say it, without their versions: a new version that says the same changes no belief.
void add(HashInput& input, const std::vector<Provenance>& sources) {
  input.add(static_cast<int64_t>(sources.size()));
  for (const Provenance& source : sources) input.add(source.source).add(source.resource);
}

void add(HashInput& input, const AuthorizationLine& line) {
  input.add(line.book).add(line.payer).add(line.payer_display).add(line.member_id).add(line.authorization_number);
  add(input, line.numbers);
  input.add(line.line).add(static_cast<int64_t>(line.decision));
  add(input, line.service_codes);
  add(input, line.first_day);
  add(input, line.last_day);
  add(input, line.usable_through);
  input.add(int64_t{line.is_usable});
  add(input, line.approved);
  input.add(static_cast<int64_t>(line.measure));
  add(input, line.sources);
  // Entries of before letters were known keep their hash.
  if (line.letters.empty()) return;
  input.add(static_cast<int64_t>(line.letters.size()));
  for (const Letter& letter : line.letters) {
    input.add(letter.source.source).add(letter.source.resource);
    for (const Attachment& attachment : letter.attachments) {
      input.add(attachment.hash.empty() ? place_of(attachment.url) : attachment.hash);
    }
  }
}

void add(HashInput& input, const Service& service) {
  input.add(service.key).add(int64_t{service.day.number}).add(static_cast<int64_t>(service.state));
  add(input, service.service_codes);
  input.add(service.quantity.milli()).add(static_cast<int64_t>(service.measure));
  add(input, service.sources);
}

void add(HashInput& input, const Draw& draw) {
  input.add(draw.book).add(draw.service_key).add(draw.quantity.milli()).add(static_cast<int64_t>(draw.measure));
  input.add(int64_t{draw.is_reserved}).add(draw.rule);
}

void add(HashInput& input, const UncoveredService& service) {
  input.add(service.service_key).add(service.code).add(service.quantity.milli());
  input.add(static_cast<int64_t>(service.measure)).add(int64_t{service.is_rendered});
  input.add(static_cast<int64_t>(service.reason)).add(service.nearest_book);
}

template <typename Values>
void add_each(HashInput& input, const Values& values) {
  input.add(static_cast<int64_t>(values.size()));
  for (const auto& value : values) add(input, value);
}

}  // namespace

Hash outcome_hash(const Consolidated& subject, const Allocation& allocation) {
  HashInput input;
  input.add("authledger.outcome").add(int64_t{1}).add(subject.patient);
  add_each(input, subject.lines);
  add_each(input, subject.services);
  add_each(input, allocation.draws);
  add_each(input, allocation.uncovered);
  return input.sha256();
}

}  // namespace authledger
