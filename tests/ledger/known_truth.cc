#include "tests/ledger/known_truth.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/text.h"
#include "tests/ledger/dice.h"

namespace authledger {
namespace {

const Day kFirstDay = day_of(2027, 12, 1);

std::string sorted_join(std::vector<std::string> words) {
  std::sort(words.begin(), words.end());
  words.erase(std::unique(words.begin(), words.end()), words.end());
  return join(words, ",");
}

struct LineTruth {
  std::string payer, member, number, decision, code, period;
  int units = 0;
  std::vector<std::string> numbers, sources;
};

std::string text_of(const LineTruth& line) {
  return fmt::format("{} {} {} {} {} {} {} of {} from {}", line.payer, line.member, line.number, line.decision,
                     line.code, line.period, line.units, sorted_join(line.numbers), sorted_join(line.sources));
}

class TruthWriter {
 public:
  explicit TruthWriter(uint64_t seed) : dice_(seed) {}

  KnownTruth write() {
    truth_.statements = {"rule family 90837 accepts 90834", "on 2028-03-01"};
    for (const char* payer : {"P1", "P2"}) {
      for (const char* member : {"M1", "M2"}) {
        told_.push_back(fmt::format("coverage C{}{} payer {} member {}", payer, member, payer, member));
      }
    }
    const int authorizations = dice_.below(4), days = dice_.below(5);
    for (int i = 1; i <= authorizations; ++i) write_authorization(i);
    for (int i = 0; i < days; ++i) write_day(kFirstDay + 3 * i);
    dice_.shuffle(told_);
    // A stale version may come before or after the resource's own; both speak of versions that the resource has had.
    truth_.statements.insert(truth_.statements.end(), told_.begin(), told_.end());
    truth_.statements.insert(truth_.statements.end(), stale_.begin(), stale_.end());
    if (dice_.one_in(3)) truth_.statements.push_back("repeat");
    std::sort(truth_.lines.begin(), truth_.lines.end());
    std::sort(truth_.services.begin(), truth_.services.end());
    return std::move(truth_);
  }

 private:
  std::string some_period() {
    const Day first = kFirstDay + dice_.below(60);
    return format_day(first) + ".." + format_day(first + 30 + dice_.below(60));
  }

  // Says it, and sometimes an older word of the same resource that arrives late.
  void tell(const std::string& head, const std::string& said, const std::string& tail) {
    told_.push_back(head + said + tail);
    if (dice_.one_in(4)) {
      stale_.push_back(fmt::format("earlier {}{} pended 99 units{}", head, some_period(), tail));
    }
  }

  void write_authorization(int index) {
    LineTruth shared;
    shared.payer = dice_.word({"P1", "P2"});
    shared.member = dice_.word({"M1", "M2"});
    // One number at several payers or members is as many authorizations, and on unrelated requests as many lines.
    const bool is_reused = dice_.one_in(3);
    const int answers = !is_reused && dice_.one_in(4) ? 0 : 1 + dice_.below(3);
    const bool has_claims = answers > 0;
    const bool has_explanation = !has_claims || (!is_reused && dice_.one_in(2));
    const bool has_order = !is_reused && dice_.one_in(3);
    const std::vector<std::string> codes{"90837", "97153"};
    const int lines = 1 + dice_.below(2);
    const std::string last = is_reused ? "A0" : fmt::format("A{}", index);
    std::vector<std::string> numbers{last};
    for (int answer = 1; answer < answers; ++answer)
      numbers.push_back(dice_.one_in(2) ? last : fmt::format("A{}old", index));
    for (int line = 1; line <= lines; ++line) {
      LineTruth truth = shared;
      truth.number = last;
      truth.numbers = numbers;
      truth.code = codes[static_cast<size_t>(line - 1)];
      truth.period = some_period();
      truth.units = 1 + dice_.below(20);
      truth.decision = dice_.word({"approved", "approved", "denied"});
      for (int answer = 1; answer <= answers; ++answer) write_answer(index, line, answer, answers, numbers, truth);
      const std::string said = fmt::format("{} {} {} units", truth.period, truth.decision, truth.units);
      if (has_explanation) {
        const std::string id = fmt::format("eob{}", index);
        const std::string member = dice_.one_in(2) && has_claims ? "-" : truth.member;
        tell(fmt::format("authorization {} {} ", dice_.one_of(numbers), truth.code), said,
             fmt::format(" id {} line {} payer {} member {} from EOB", id, line, truth.payer, member));
        truth.sources.push_back("ExplanationOfBenefit/" + id);
      }
      if (has_order && line == 1 && truth.decision == "approved") {
        const std::string id = fmt::format("sr{}", index);
        told_.push_back(fmt::format("authorization {} {} {} id {} from ServiceRequest coverage C{}{}", last, truth.code,
                                    said, id, truth.payer, truth.member));
        truth.sources.push_back("ServiceRequest/" + id);
      }
      if (truth.decision == "denied") truth.units = 0;  // Whatever was asked for, nothing is granted.
      truth_.lines.push_back(text_of(truth));
    }
  }

  // One answer in the chain of requests; only the last one is true, and restates what the former said otherwise.
  void write_answer(int index, int line, int answer, int answers, const std::vector<std::string>& numbers,
                    LineTruth& truth) {
    const std::string request = fmt::format("R{}x{}", index, answer), id = fmt::format("cr{}x{}", index, answer);
    const std::string prior = answer == 1 ? "" : fmt::format(" prior R{}x{}", index, answer - 1);
    told_.push_back(fmt::format("request {} {} 20 units line {}{} at {} coverage C{}{}", request, truth.code, line,
                                prior, format_day(kFirstDay + answer), truth.payer, truth.member));
    const bool is_last = answer == answers;
    const std::string said = is_last ? fmt::format("{} {} {} units", truth.period, truth.decision, truth.units)
                                     : fmt::format("{} {} {} units", some_period(),
                                                   dice_.word({"approved", "denied", "pended"}), 30 + answer);
    const std::string number = is_last ? numbers.front() : numbers[static_cast<size_t>(answer)];
    // Issued in any order: the chain decides.
    tell(fmt::format("authorization {} {} ", number, truth.code), said,
         fmt::format(" id {} line {} payer {} member {} request {} issued {}", id, line, truth.payer, truth.member,
                     request, format_day(kFirstDay + dice_.below(20))));
    truth.sources.push_back("ClaimResponse/" + id);
  }

  // Visits of one day. Of twins only references tell apart what was recorded.
  void write_day(Day day) {
    const int visits = 1 + dice_.below(3);
    const bool are_twins = dice_.one_in(3);
    for (int visit = 0; visit < visits; ++visit) {
      const std::string provider = are_twins ? "d0" : fmt::format("d{}", visit);
      write_visit(day, provider, !are_twins && dice_.one_in(2), visits > 1);
    }
  }

  void write_visit(Day day, const std::string& provider, bool is_loose, bool has_neighbours) {
    const int index = ++visits_;
    const std::vector<std::string> by_precedence{"Claim", "ChargeItem", "Procedure", "Encounter", "Appointment"};
    std::vector<std::string> types;
    for (const std::string& type : by_precedence) {
      if (dice_.one_in(2)) types.push_back(type);
    }
    if (types.empty()) types = {dice_.one_of(by_precedence)};
    const bool is_planned = types.front() == "Appointment" && dice_.one_in(2);
    std::vector<std::string> sources;
    for (const std::string& type : types) {
      const std::string id = fmt::format("{}{}", type.substr(0, 2), index);
      const bool is_visit = type == "Encounter" || type == "Appointment";
      const bool is_silent = is_visit && dice_.one_in(3);
      // One code family, recorded as one and billed as the other.
      const bool is_downcoded = !has_neighbours && type == "Claim" && dice_.one_in(3);
      std::string said = fmt::format("service {} {} {} {} as {} provider {}", id,
                                     is_silent      ? "-"
                                     : is_downcoded ? "90834"
                                                    : "90837",
                                     format_day(day), is_planned ? "planned" : "rendered", type, provider);
      if (!is_loose && type != "Appointment") said += fmt::format(" appointment Ap{}", index);
      if (!is_loose && !is_visit) said += fmt::format(" encounter En{}", index);
      told_.push_back(said);
      sources.push_back(type + "/" + id);
    }
    const std::string state = is_planned ? "planned" : types.front() == "Appointment" ? "in_progress" : "rendered";
    truth_.services.push_back(
        fmt::format("{} {} {} from {}", sources.front(), format_day(day), state, sorted_join(sources)));
  }

  Dice dice_;
  KnownTruth truth_;
  std::vector<std::string> told_, stale_;
  int visits_ = 0;
};

std::vector<std::string> resources_of(const std::vector<Provenance>& sources) {
  std::vector<std::string> resources;
  for (const Provenance& source : sources) resources.push_back(source.resource);
  return resources;
}

}  // namespace

KnownTruth random_truth(uint64_t seed) {
  return TruthWriter(seed).write();
}

std::vector<std::string> line_texts(const Consolidated& subject) {
  std::vector<std::string> texts;
  auto day = [](const std::optional<Day>& value) { return value ? format_day(*value) : std::string(); };
  for (const AuthorizationLine& line : subject.lines) {
    LineTruth found{line.payer,
                    line.member_id,
                    line.authorization_number,
                    std::string(word_of(line.decision)),
                    join(line.service_codes, ","),
                    day(line.first_day) + ".." + day(line.last_day),
                    line.approved ? static_cast<int>(line.approved->milli() / 1000) : 0,
                    line.numbers,
                    resources_of(line.sources)};
    texts.push_back(text_of(found));
  }
  std::sort(texts.begin(), texts.end());
  return texts;
}

std::vector<std::string> service_texts(const Consolidated& subject) {
  std::vector<std::string> texts;
  for (const Service& service : subject.services) {
    texts.push_back(fmt::format("{} {} {} from {}", service.key, format_day(service.day), word_of(service.state),
                                sorted_join(resources_of(service.sources))));
  }
  std::sort(texts.begin(), texts.end());
  return texts;
}

}  // namespace authledger
