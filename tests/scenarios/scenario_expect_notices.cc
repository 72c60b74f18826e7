#include <algorithm>
#include <stdexcept>

#include "base/text.h"
#include "tests/scenarios/scenario_runner.h"

// The `expect` statements of a scenario about notices: whether they stand, whose they are, when they are delivered, how
// they ended.

namespace authledger {
namespace {

struct NoticeName {
  NoticeKind kind = NoticeKind::utilization;
  std::string about;
  Role role = Role::none;
};

// "KIND [for NAME] [to ROLE]"
NoticeName read_notice_name(Words& words) {
  NoticeName name;
  const std::string word = words.next();
  const std::optional<NoticeKind> kind = notice_kind_from(word);
  if (!kind) throw std::runtime_error("unknown notice " + word);
  name.kind = *kind;
  if (words.take("for")) name.about = words.next();
  if (words.take("to")) {
    const std::optional<Role> role = role_from(words.next());
    if (!role) throw std::runtime_error("expected to ROLE");
    name.role = *role;
  }
  return name;
}

std::string time_text(Instant instant, const TimeZone& zone) {
  const Day day = zone.day_of(instant);
  const auto minutes = std::chrono::duration_cast<std::chrono::minutes>(instant - zone.start_of(day)).count();
  return format_day(day) + "T" + format_minute(static_cast<int>(minutes));
}

}  // namespace

bool ScenarioRunner::expect_of_notices(const std::string& first, Words& words) {
  if (first == "notice") {
    expect_notice(words, true);
  } else if (first == "no") {
    if (!words.take("notice")) throw std::runtime_error("expected no notice KIND");
    expect_notice(words, false);
  } else if (first == "notices") {
    const std::optional<Role> role = words.take("to") ? role_from(words.next()) : Role::none;
    words.take("=");
    expect_equal(first, std::to_string(notices_.count_open(role.value_or(Role::none))), words.next());
  } else if (first == "most_in_a_week") {
    const std::optional<Role> role = role_from(words.next());
    words.take("=");
    expect_equal(first, std::to_string(notices_.most_in_a_week(role.value_or(Role::none))), words.next());
  } else if (first == "outcomes") {
    for (const NoticeOutcome outcome : {NoticeOutcome::acted, NoticeOutcome::came_true, NoticeOutcome::unneeded}) {
      if (!words.take(std::string(word_of(outcome)))) continue;
      words.take("=");
      std::string wanted = words.next();
      if (wanted.ends_with(',')) wanted.pop_back();
      expect_equal(std::string(word_of(outcome)), std::to_string(notices_.count(outcome)), wanted);
    }
    if (!words.done()) throw std::runtime_error("unexpected: " + words.rest());
  } else if (first == "escalates") {
    words.take("=");
    const std::optional<Instant> at = notices_.escalates_at(policy_.rules, now());
    expect_equal(first, at ? time_text(*at, policy_.zone) : "never", words.next());
  } else if (first == "episode" || first == "owner" || first == "severity" || first == "delivery" ||
             first == "resolved" || first == "due" || first == "text") {
    expect_of_one_notice(first, words);
  } else {
    return false;
  }
  return true;
}

void ScenarioRunner::expect_notice(Words& words, bool is_wanted) {
  const std::string what = words.rest();
  Words again(what);
  const NoticeName name = read_notice_name(again);
  const ScenarioNotices::Kept* kept = notices_.find(name.kind, name.about, name.role);
  // The event of a role none is for anybody: a copy tells of it too.
  const bool stands = kept != nullptr && ScenarioNotices::is_open(*kept);
  if (stands == is_wanted) return;
  std::string standing;
  for (const ScenarioNotices::Kept& one : notices_.all()) {
    if (!ScenarioNotices::is_open(one)) continue;
    standing += "\n  " + std::string(word_of(one.record.kind)) + " " + one.record.topic + " to " +
                std::string(word_of(one.record.role)) + ": " + one.desired.text;
  }
  note(std::string("expected ") + (is_wanted ? "" : "no ") + "notice " + what + ", found" +
       (standing.empty() ? " none" : standing));
}

void ScenarioRunner::expect_of_one_notice(const std::string& field, Words& words) {
  const NoticeName name = read_notice_name(words);
  if (!words.take("=")) throw std::runtime_error("expected = VALUE");
  const std::string wanted = words.rest();
  const ScenarioNotices::Kept* kept = notices_.find(name.kind, name.about, name.role);
  const std::string what = field + " " + std::string(word_of(name.kind));
  if (kept == nullptr) return expect_equal(what, field == "episode" ? "0" : "no such notice", wanted);
  std::string actual;
  if (field == "episode") actual = kept->record.is_open ? std::to_string(kept->record.episode) : "0";
  if (field == "owner") actual = kept->desired.owner.empty() ? "none" : kept->desired.owner;
  if (field == "severity") actual = std::to_string(kept->record.severity);
  if (field == "delivery") actual = time_text(kept->deliver_at, policy_.zone);
  if (field == "due") actual = kept->desired.due_day ? format_day(*kept->desired.due_day) : "none";
  if (field == "text") actual = kept->desired.text;
  if (field == "resolved") {
    actual = !kept->person_status.empty()            ? kept->person_status
             : kept->resolved_by == Resolution::none ? "open"
                                                     : std::string(word_of(kept->resolved_by));
  }
  expect_equal(what, actual, wanted);
}

}  // namespace authledger
