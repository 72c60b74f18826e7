#include "tests/ledger/random_scenario.h"

#include <fmt/format.h>

#include <cstdlib>
#include <stdexcept>

#include "tests/ledger/dice.h"

namespace authledger {
namespace {

const Day kFirstDay = day_of(2027, 10, 15);
constexpr int kDays = 170;  // Over the year's end, 29 February and the changes of clocks.

const std::vector<std::string> kCodes{"90837", "90837", "90837", "90834", "90832", "97153", "97153",
                                      "H0015", "0906",  "H2012", "90853", "90785", "90791", "LOCAL7"};
const std::vector<std::string> kPrograms{"iop", "iop", "php", "outpatient", "clubhouse"};

class ScenarioWriter {
 public:
  explicit ScenarioWriter(uint64_t seed) : dice_(seed) {}

  std::vector<std::string> write() {
    choose_pools();
    write_rules();
    const int coverages = dice_.below(4), authorizations = dice_.one_in(12) ? 0 : 1 + dice_.below(5);
    const int services = dice_.below(13);
    for (int i = 1; i <= coverages; ++i) write_coverage(i);
    for (int i = 1; i <= authorizations; ++i) write_authorization(i);
    for (int i = 1; i <= services; ++i) write_service(i);
    write_pins(services);
    if (dice_.one_in(15)) say("close through " + format_day(some_day()));
    if (dice_.one_in(10)) say("repeat");
    return std::move(statements_);
  }

 private:
  void say(std::string statement) { statements_.push_back(std::move(statement)); }

  // A patient has few codes and few days, so that services meet authorizations and each other.
  void choose_pools() {
    const bool is_in_program = dice_.one_in(4);
    if (is_in_program) codes_ = {"H0015", "H0015", "0906", "90853"};
    for (int i = 1 + dice_.below(3); i > 0; --i) codes_.push_back(dice_.one_of(kCodes));
    const Day middle = some_wide_day();
    for (int i = 2 + dice_.below(12); i > 0; --i) days_.push_back(middle + dice_.below(40));
    if (is_in_program) days_.resize(2, middle);
  }

  Day some_day() { return dice_.one_in(10) ? some_wide_day() : dice_.one_of(days_); }
  Day some_wide_day() {
    if (dice_.one_in(6)) {
      return dice_.one_of(std::vector{day_of(2027, 11, 7), day_of(2027, 12, 31), day_of(2028, 1, 1),
                                      day_of(2028, 2, 28), day_of(2028, 2, 29), day_of(2028, 3, 1),
                                      day_of(2028, 3, 12)});
    }
    return kFirstDay + dice_.below(kDays);
  }

  void write_rules() {
    if (dice_.one_in(3)) say("rule zone " + dice_.word({"America/New_York", "America/Los_Angeles", "Pacific/Apia"}));
    if (dice_.one_in(2)) {
      say("rule family 90837 accepts " + dice_.word({"90834,90832", "90832-90834"}) + maybe_payer());
    }
    if (dice_.one_in(6)) say("rule family 97153 accepts LOCAL7" + maybe_payer());
    if (dice_.one_in(4)) say("rule no_show_draws " + on_off() + maybe_payer());
    if (dice_.one_in(4)) say(fmt::format("rule grace {}{}", dice_.below(8), maybe_payer()));
    if (dice_.one_in(5)) say("rule match_provider " + on_off() + maybe_payer());
    if (dice_.one_in(5)) say("rule match_place " + on_off() + maybe_payer());
    if (dice_.one_in(4)) say("rule match_diagnosis " + dice_.word({"on", "off", "off", "warn"}) + maybe_payer());
    if (dice_.one_in(8)) say("rule match_modifiers on" + maybe_payer());
    if (dice_.one_in(10)) say("rule authorization_required " + on_off() + maybe_payer());
    if (dice_.one_in(5)) say("rule code 97153 rounding " + dice_.word({"floor", "medicare_8_minute", "none"}));
    if (dice_.one_in(10)) say("rule code H0015 measure hour once_per_day off");
    if (dice_.one_in(10)) say("rule code 90785 add_on off");
    if (dice_.one_in(12)) say("rule no_programs");
    if (dice_.one_in(8)) say("rule alias p-two P2");
    for (int i = dice_.one_in(2) ? dice_.below(5) : 0; i > 0; --i) write_payer_rule(i);
    for (int i = dice_.one_in(3) ? 1 + dice_.below(2) : 0; i > 0; --i) {
      say(fmt::format("rule benefit b{}{} per {}{}", i,
                      some_amount(dice_.word({"visits", "visits", "days", "hours", "quarters"})),
                      dice_.word({"day", "week", "month", "calendar_year", "lifetime"}), some_scope()));
    }
    if (dice_.one_in(5)) {
      say("rule provider d1 type lpc enrolled " + some_payer() + " " + some_period());
      if (dice_.one_in(2)) say("rule provider d2 type md enrolled P1");
    }
    say("on " + format_day(some_day()));
  }

  std::string some_scope() {
    std::string text;
    if (!dice_.one_in(3)) text += " payer " + some_payer();
    if (dice_.one_in(3)) text += " codes " + dice_.word({"90832-90837", "97153", "H0015,0906", "90837"});
    if (dice_.one_in(5)) text += " program " + dice_.one_of(kPrograms);
    if (dice_.one_in(5)) text += " plan " + dice_.word({"gold", "silver"});
    if (dice_.one_in(3)) text += " " + some_period();
    return text;
  }
  void write_payer_rule(int number) {
    std::string text = fmt::format("rule payer_rule r{}{}", number, some_scope());
    switch (dice_.below(10)) {
      case 0:
        text += " carved_out_to " + some_payer();
        break;
      case 1:
        text += " telehealth_covered off";
        break;
      case 2:
        text += " enrollment_required on";
        break;
      case 3:
        text += " excluded_provider_types lpc";
        break;
      case 4:
        text += " referral_suffices on";
        break;
      case 5:
        text += " unit " + dice_.word({"measure hour rounding floor unit_minutes 60", "measure visit",
                                       "measure day once_per_day on"});
        break;
      case 6:
        text += fmt::format(" reservation_grace_days {}", dice_.below(8));
        break;
      case 7:
        text += " no_show_draws " + on_off();
        break;
      case 8:
        text += " match_provider " + on_off() + " match_place " + on_off();
        break;
      default:
        text += " authorization_required " + on_off();
    }
    say(text);
  }

  std::string on_off() { return dice_.word({"on", "on", "off"}); }
  std::string maybe_payer() { return dice_.one_in(2) ? "" : " payer " + some_payer(); }
  std::string some_payer() { return dice_.word({"P1", "P1", "P1", "P1", "P2"}); }
  std::string some_code() { return dice_.one_in(20) ? dice_.one_of(kCodes) : dice_.one_of(codes_); }
  std::string some_codes() {
    if (dice_.one_in(14)) return "-";
    std::string codes = some_code();
    while (dice_.one_in(6)) codes += "," + some_code();
    return codes;
  }

  std::string some_period() {
    const Day first = some_day() - dice_.below(25);
    const Day last = first + (dice_.one_in(12) ? 0 : 10 + dice_.below(90));
    const std::string from = dice_.one_in(9) ? "" : format_day(first);
    const std::string to = dice_.one_in(9) ? "" : dice_.one_in(14) ? "9999-12-31" : format_day(last);
    return from.empty() && to.empty() ? "always" : from + ".." + to;
  }

  // " 4 units": mostly few, so that they run out.
  std::string some_amount(const std::string& unit) {
    const std::string count = dice_.one_in(8)    ? dice_.word({"0", "0.5", "1.5", "0.333", "2.25"})
                              : dice_.one_in(30) ? "1000000000"
                                                 : fmt::to_string(1 + dice_.below(7));
    return " " + count + " " + unit;
  }

  void write_coverage(int number) {
    std::string text = fmt::format("coverage C{} payer {}", number, some_payer());
    if (!dice_.one_in(3)) text += " member " + dice_.word({"M1", "M1", "M2"});
    if (!dice_.one_in(5)) text += " " + some_period();
    if (dice_.one_in(3)) text += " plan " + dice_.word({"gold", "gold", "silver"});
    if (dice_.one_in(4)) text += " status " + dice_.word({"cancelled", "draft", "entered-in-error"});
    say(text);
    if (dice_.one_in(8)) say("later " + text + " status cancelled");
    if (dice_.one_in(6))
      say(fmt::format("order O{} {} {} {} coverage C{}", number, some_codes(), some_amount("units"), some_period(),
                      number));
  }

  std::string some_decision() {
    if (!dice_.one_in(3)) return "approved";
    return dice_.word({"approved_in_part", "approved_modified", "pended", "denied", "cancelled", "cancelled",
                       "not_required", "unknown"});
  }

  std::string attributes() {
    std::string text;
    if (dice_.one_in(8)) text += " provider " + dice_.word({"d1", "d2", "Organization/o1"});
    if (dice_.one_in(12)) text += " place " + dice_.word({"11", "10"});
    if (dice_.one_in(8)) text += " diagnosis " + dice_.word({"F41.1", "F411", "F320", "F41", "F411,F320"});
    if (dice_.one_in(5)) text += " program " + dice_.one_of(kPrograms);
    if (dice_.one_in(8)) text += " modifiers " + dice_.word({"95", "HQ", "GT,HQ", "HO"});
    return text;
  }

  void write_authorization(int index) {
    const std::string number = dice_.one_in(12) ? "A1" : fmt::format("A{}", index);
    const std::string payer = some_payer(), id = fmt::format("cr{}", index);
    std::string request;
    if (dice_.one_in(3)) {
      request = fmt::format("R{}", index);
      say(fmt::format("request {} {}{} at {}", request, some_codes(), some_amount("units"), format_day(some_day())));
    }
    const int lines = dice_.one_in(4) ? 2 : 1;
    for (int line = 1; line <= lines; ++line) {
      write_line(number, payer, id, request, line);
    }
    if (!request.empty() && dice_.one_in(4)) {
      say(fmt::format("request R{}b {} prior {} {} at {}", index, some_codes(), request,
                      dice_.word({"cancelled", "changed", "added"}), format_day(some_day())));
    }
  }

  void write_line(const std::string& number, const std::string& payer, const std::string& id,
                  const std::string& request, int line) {
    const std::string codes = some_codes();
    auto body = [&](const std::string& decision) {
      const std::string unit = dice_.one_in(8) ? dice_.word({"visits", "days", "hours", "quarters"}) : "units";
      std::string text = fmt::format("authorization {} {} {} {}", number, codes, some_period(), decision);
      if (!dice_.one_in(5)) text += some_amount(unit);
      text += fmt::format(" id {} line {} payer {}", id, line, payer);
      if (dice_.one_in(6)) text += " member " + dice_.word({"M2", "-"});
      if (!request.empty()) text += " request " + request;
      if (dice_.one_in(3)) text += " issued " + format_day(some_day());
      if (dice_.one_in(10)) text += " as_requested";
      if (dice_.one_in(10)) text += " previous A9";
      if (dice_.one_in(14)) text += " supersedes A1";
      if (dice_.one_in(6)) {
        text += fmt::format(" rate {} per {}", dice_.word({"1", "2", "3", "1.5"}),
                            dice_.word({"day", "week", "week", "month"}));
      }
      if (dice_.one_in(8)) text += " amount " + dice_.word({"100", "250.50", "400"});
      return text + attributes();
    };
    say(body(some_decision()));
    while (dice_.one_in(4)) say((dice_.one_in(4) ? "earlier " : "later ") + body(some_decision()));
    if (dice_.one_in(12)) {
      say("retract " + id);
      if (dice_.one_in(3)) say("later " + body(some_decision()));  // It is back.
    }
    if (dice_.one_in(9))
      say(fmt::format("{} id eob{}{} from EOB payer {}",
                      fmt::format("authorization {} {} {} {}{}", number, codes, some_period(), some_decision(),
                                  some_amount("units")),
                      id, line, payer));
  }

  void write_service(int index) {
    const std::string id = fmt::format("V{}", index);
    const std::string type = dice_.word(
        {"Encounter", "Encounter", "Encounter", "Encounter", "Appointment", "Appointment", "Procedure", "Claim"});
    const std::string codes = some_codes();
    std::string link;
    if (index > 1 && dice_.one_in(7)) {
      link = fmt::format(" {} V{}", dice_.word({"appointment", "encounter"}), 1 + dice_.below(index - 1));
    }
    Day day = some_day();
    auto body = [&] {
      if (dice_.one_in(3)) day = some_day();
      std::string text = fmt::format("service {} {} {}", id, codes, format_day(day));
      if (dice_.one_in(2)) text += "T" + dice_.word({"00:10", "02:30", "09:00", "09:00", "13:00", "23:50"});
      text += " " + dice_.word({"rendered", "rendered", "rendered", "rendered", "planned", "planned", "in_progress",
                                "no_show", "void"});
      if (dice_.one_in(4)) text += some_amount(dice_.one_in(6) ? dice_.word({"visits", "hours", "quarters"}) : "units");
      text += " as " + type;
      if (dice_.one_in(3)) text += fmt::format(" minutes {}", 5 * (1 + dice_.below(24)));
      if (dice_.one_in(5)) text += " number " + dice_.word({"A1", "A1", "A2", "A3", "A9", "NOBODY"});
      if (dice_.one_in(5)) text += " coverage " + dice_.word({"C1", "C1", "C2", "C3"});
      if (dice_.one_in(3)) text += " amount " + dice_.word({"80", "99.99", "140"});
      return text + link + attributes();
    };
    say(body());
    while (dice_.one_in(4)) say((dice_.one_in(4) ? "earlier " : "later ") + body());
    if (dice_.one_in(12)) {
      say("retract " + id);
      if (dice_.one_in(3)) say("later " + body());  // It is back.
    }
  }

  void write_pins(int services) {
    for (int i = 1; i <= services; ++i) {
      if (!dice_.one_in(9)) continue;
      const std::string line = dice_.one_in(3) ? fmt::format(" line {}", 1 + dice_.below(2)) : "";
      say(fmt::format("pin V{} to {}{}", i, dice_.word({"A1", "A2", "A3", "NOBODY"}), line));
    }
  }

  Dice dice_;
  std::vector<std::string> codes_;
  std::vector<Day> days_;
  std::vector<std::string> statements_;
};

bool is_still_wrong(const std::vector<std::string>& statements,
                    const std::function<bool(const ScenarioPatient&)>& is_wrong) {
  try {
    return is_wrong(read_patient(statements));
  } catch (const std::exception&) {
    return false;  // What is left is no scenario.
  }
}

std::string without_words(const std::string& statement, size_t from, size_t count) {
  Words words(statement);
  std::string text;
  for (size_t i = 0; !words.done(); ++i) {
    const std::string word = words.next();
    if (i < from || i >= from + count) text += (text.empty() ? "" : " ") + word;
  }
  return text;
}

}  // namespace

std::vector<std::string> random_scenario(uint64_t seed) {
  return ScenarioWriter(seed).write();
}

std::vector<std::string> random_interval_scenario(uint64_t seed) {
  Dice dice(seed);
  std::vector<std::string> statements{"on 2028-01-01"};
  const int lines = 1 + dice.below(6), visits = dice.below(16);
  for (int i = 1; i <= lines; ++i) {
    const Day first = kFirstDay + dice.below(30);
    const std::string last = dice.one_in(8) ? "" : format_day(first + dice.below(25));
    statements.push_back(fmt::format("authorization A{} 90837 {}..{} approved {} visits", i,
                                     dice.one_in(8) ? "" : format_day(first), last, 1 + dice.below(3)));
  }
  for (int i = 1; i <= visits; ++i) {
    statements.push_back(fmt::format("service V{:02} 90837 {} rendered", i, format_day(kFirstDay + dice.below(50))));
  }
  return statements;
}

ScenarioPatient read_patient(const std::vector<std::string>& statements) {
  static const Rules kShipped = shipped_rules();
  ScenarioHistory history{kShipped, {}, {}};
  for (const std::string& statement : statements) {
    Words words(statement);
    if (!words.done()) apply_statement(words, history);
  }
  Result<Policy> policy = make_policy(1, std::move(history.rules));
  if (!policy) throw std::runtime_error(policy.error().message);
  return {history.facts.versions(), std::move(policy).value(), history.today};
}

std::vector<std::string> shrunk(std::vector<std::string> statements,
                                const std::function<bool(const ScenarioPatient&)>& is_wrong) {
  for (bool is_smaller = true; is_smaller;) {
    is_smaller = false;
    for (size_t i = statements.size(); i-- > 0;) {
      std::vector<std::string> fewer = statements;
      fewer.erase(fewer.begin() + static_cast<ptrdiff_t>(i));
      if (!is_still_wrong(fewer, is_wrong)) continue;
      statements = std::move(fewer);
      is_smaller = true;
    }
  }
  for (std::string& statement : statements) {
    for (size_t count = 3; count > 0; --count) {
      for (size_t from = 1; !without_words(statement, from, count).empty() && from < 40; ++from) {
        std::string full = statement;
        statement = without_words(full, from, count);
        if (statement == full || !is_still_wrong(statements, is_wrong)) statement = std::move(full);
      }
    }
  }
  return statements;
}

std::string scenario_text(const std::vector<std::string>& statements) {
  std::string text;
  for (const std::string& statement : statements) text += statement + "\n";
  return text;
}

uint64_t seeds_to_try(uint64_t count) {
  const char* wanted = std::getenv("AUTHLEDGER_SEEDS");
  return wanted != nullptr ? std::strtoull(wanted, nullptr, 10) : count;
}

}  // namespace authledger
