#include "tests/rotation/rotating_faults.h"

#include "base/clock.h"

namespace authledger {
namespace {

constexpr int kWholePhase = 1'000'000;

// Of some requests, or of those of one type.
std::string some_path(Dice& dice) {
  return dice.word({"", "", "Encounter", "Appointment", "ClaimResponse", "Flag", "Task"});
}

std::string some_feed(Dice& dice) {
  return dice.word({"Encounter?", "ClaimResponse?", "Patient?", "Coverage?"});
}

std::string dirty_json(Dice& dice) {
  const std::string inside =
      dice.one_of(std::vector<std::string>{std::string(100'000, '[') + std::string(100'000, ']'), R"({"a":1,"a":2})",
                                           R"("\u0000")", R"("\ud800")", "\"\xC0\xAF\"", "1e400", "\"cut"});
  return R"({"resourceType":"Bundle","type":"searchset","entry":[{"resource":{"resourceType":"Encounter","id":"dirty",)"
         R"("note":)" +
         inside + "}}]}";
}

Instant now() {
  return std::chrono::floor<std::chrono::seconds>(SystemClock().now());
}

using Faults = SandboxFaults;
using std::chrono::milliseconds;

}  // namespace

const std::vector<RotatingFault>& rotating_faults() {
  static const std::vector<RotatingFault> all = {
      {0, "nothing", [](Dice&, const std::string&) { return Faults{}; }},
      {2, "a request is neither done nor answered",
       [](Dice& dice, const std::string&) { return Faults{.hold_next = 1, .only_for = some_path(dice)}; }},
      {3, "a write is done and never answered",
       [](Dice& dice, const std::string&) { return Faults{.write_then_silent_next = 1 + dice.below(2)}; }},
      {3, "a connection is reset",
       [](Dice& dice, const std::string&) {
         return Faults{.reset_next = 1 + dice.below(8), .only_for = some_path(dice)};
       }},
      {4, "searches show the state of a moment ago",
       [](Dice& dice, const std::string&) { return Faults{.search_lag = milliseconds(200 + dice.below(700))}; }},
      {15, "next leads elsewhere",
       [](Dice& dice, const std::string& elsewhere) {
         return Faults{.foreign_next = elsewhere + "/Encounter?page=2", .only_for = some_feed(dice)};
       }},
      {16, "a redirect leads elsewhere",
       [](Dice& dice, const std::string& elsewhere) {
         return Faults{.redirect_to = elsewhere + "/Encounter", .only_for = some_path(dice)};
       }},
      {17, "429 for a second",
       [](Dice& dice, const std::string&) {
         return Faults{.throttle_next = 1 + dice.below(3), .retry_after = "1", .only_for = some_path(dice)};
       }},
      {17, "429 until a date",
       [](Dice& dice, const std::string&) {
         return Faults{.throttle_next = 1 + dice.below(2),
                       .retry_after = format_http_date(now() + std::chrono::seconds(2)),
                       .only_for = some_path(dice)};
       }},
      {17, "429 for longer than anybody waits",
       [](Dice&, const std::string&) { return Faults{.throttle_next = 1, .retry_after = "4"}; }},
      {18, "429 without a header",
       [](Dice& dice, const std::string&) {
         return Faults{.throttle_next = 1 + dice.below(9), .only_for = some_path(dice)};
       }},
      {19, "503 all the time",
       [](Dice& dice, const std::string&) {
         return Faults{.unavailable_next = kWholePhase, .only_for = some_path(dice)};
       }},
      {20, "next leads back",
       [](Dice& dice, const std::string&) { return Faults{.endless_next = true, .only_for = some_feed(dice)}; }},
      {21, "entries come again on the next page",
       [](Dice&, const std::string&) { return Faults{.repeat_entries = true}; }},
      {21, "entries come again in an older version",
       [](Dice&, const std::string&) { return Faults{.stale_repeat = true}; }},
      {22, "everything happens at one instant",
       [](Dice&, const std::string&) { return Faults{.clock_stands_at = format_instant(now())}; }},
      {23, "the server's clock goes back",
       [](Dice& dice, const std::string&) { return Faults{.clock_behind = milliseconds(1000 * dice.below(150))}; }},
      {24, "pages expire",
       [](Dice& dice, const std::string&) { return Faults{.expired_pages_next = 1 + dice.below(4)}; }},
      {27, "a wrong total, and outcomes between entries",
       [](Dice&, const std::string&) { return Faults{.outcome_in_searchset = true}; }},
      {28, "a login page",
       [](Dice& dice, const std::string&) {
         return Faults{.html_next = 1 + dice.below(8), .only_for = some_path(dice)};
       }},
      {28, "bodies end half way",
       [](Dice& dice, const std::string&) {
         return Faults{.truncate_next = 1 + dice.below(8), .only_for = some_path(dice)};
       }},
      {29, "answers are slow",
       [](Dice& dice, const std::string&) {
         return Faults{.slow_next = kWholePhase, .slow_for = milliseconds(20 + dice.below(200))};
       }},
      {29, "a body drips",
       [](Dice& dice, const std::string&) { return Faults{.drip_next = 1, .only_for = some_path(dice)}; }},
      {29, "a body of ten gigabytes",
       [](Dice& dice, const std::string&) { return Faults{.oversized_next = 1, .only_for = some_path(dice)}; }},
      {30, "JSON that is none",
       [](Dice& dice, const std::string&) {
         return Faults{.body_next = 1 + dice.below(8), .body = dirty_json(dice), .only_for = some_path(dice)};
       }},
      {34, "what stands there is not found for a moment",
       [](Dice& dice, const std::string&) {
         return Faults{.fail_next = 1 + dice.below(8),
                       .fail_status = 404,
                       .only_for = dice.word({"Flag/", "Task/"}),
                       .only_method = "GET"};
       }},
      {79, "another patient's records come along", [](Dice& dice, const std::string&) {
         return Faults{.strangers_patient = dice.word({"p1", "p2", "p3"}), .only_for = "Appointment"};
       }}};
  return all;
}

SandboxFaults export_faults() {
  return {.retry_after = "1",
          .export_polls_pending = 1,
          .export_status_gone_next = 1,
          .export_file_missing_next = 1,
          .export_wrong_digest_next = 1};
}

}  // namespace authledger
