#include "adapters/render.h"

#include <gtest/gtest.h>

#include "base/crypto.h"
#include "base/text.h"

namespace authledger {
namespace {

const std::string kSystem = "https://clinic.example/authledger";

DesiredNotice flag_notice() {
  DesiredNotice notice;
  notice.kind = NoticeKind::utilization;
  notice.text = "Authorization A1: 7 of 12 visits used, 2 booked, ends 2026-12-31";
  notice.first_day = day_of(2026, 1, 1);
  notice.last_day = day_of(2026, 12, 31);
  notice.authorization_number = "A1";
  return notice;
}

DesiredNotice task_notice(NoticeKind kind = NoticeKind::units_low) {
  DesiredNotice notice = flag_notice();
  notice.kind = kind;
  notice.severity = 2;
  notice.text = "Authorization A1: 2 of 12 visits left, ends 2026-12-31";
  notice.due_day = day_of(2026, 12, 20);
  return notice;
}

RenderContext context() {
  return {.identifier_system = kSystem,
          .owner = "Organization/queue",
          .patient = "Patient/p1",
          .authored_at = *parse_instant("2026-11-02T08:00:00Z"),
          .source = "ehr",
          .same_patient = {"Patient/p1"}};
}

// A parsed resource that lives as long as the test.
struct Parsed {
  explicit Parsed(const std::string& text) : root(document.parse(text).value()) {}
  JsonDocument document;
  JsonView root;
};

TEST(RenderFlag, WritesAFlagThatABannerCanShow) {
  const Parsed flag(render_new({"Flag"}, flag_notice(), "k1", context()));
  EXPECT_EQ(flag.root["resourceType"].text(), "Flag");
  EXPECT_EQ(flag.root["status"].text(), "active");
  EXPECT_EQ(flag.root["identifier"].at(0)["system"].text(), kSystem + "/flag");
  EXPECT_EQ(flag.root["identifier"].at(0)["value"].text(), "k1");
  EXPECT_EQ(flag.root["meta"]["tag"].at(0)["system"].text(), kSystem + "/tags");
  EXPECT_EQ(flag.root["meta"]["tag"].at(0)["code"].text(), "authledger");
  EXPECT_EQ(flag.root["category"].at(0)["coding"].at(0)["code"].text(), "admin");
  EXPECT_EQ(flag.root["code"]["text"].text(), flag_notice().text);
  EXPECT_EQ(flag.root["subject"]["reference"].text(), "Patient/p1");
  EXPECT_EQ(flag.root["period"]["start"].text(), "2026-11-02T08:00:00Z");
  EXPECT_EQ(flag.root["period"]["end"].text(), "2027-01-30");
}

TEST(RenderFlag, EndsAfterItStartsAlsoWhenItIsMadeOnOrAfterItsLastDay) {
  DesiredNotice notice = flag_notice();
  for (const Day last_day : {day_of(2026, 10, 3), day_of(2026, 9, 1)}) {  // 30 days before it is made, and more.
    notice.last_day = last_day;
    const Parsed made(render_new({"Flag"}, notice, "k1", context()));
    EXPECT_EQ(made.root["period"]["end"].text(), "2026-11-03");
    const Parsed changed(render_update(notice, "k1", context(), made.root).body);
    EXPECT_EQ(changed.root["period"]["start"].text(), "2026-11-02T08:00:00Z");
    EXPECT_EQ(changed.root["period"]["end"].text(), "2026-11-03");
  }
  notice.last_day = day_of(2026, 10, 4);
  EXPECT_EQ(Parsed(render_new({"Flag"}, notice, "k1", context())).root["period"]["end"].text(), "2026-11-03");
}

TEST(RenderTask, WritesATaskThatAWorklistCanShow) {
  const Parsed task(render_new({"Task"}, task_notice(), "k2", context()));
  EXPECT_EQ(task.root["resourceType"].text(), "Task");
  EXPECT_EQ(task.root["status"].text(), "requested");
  EXPECT_EQ(task.root["intent"].text(), "order");
  EXPECT_EQ(task.root["priority"].text(), "urgent");
  EXPECT_EQ(task.root["identifier"].at(0)["system"].text(), kSystem + "/task");
  EXPECT_EQ(task.root["code"]["coding"].at(0)["code"].text(), "auth-units-low");
  EXPECT_EQ(task.root["description"].text(), task_notice().text);
  EXPECT_EQ(task.root["for"]["reference"].text(), "Patient/p1");
  EXPECT_EQ(task.root["focus"]["identifier"]["value"].text(), "A1");
  EXPECT_EQ(task.root["authoredOn"].text(), "2026-11-02T08:00:00Z");
  EXPECT_EQ(task.root["owner"]["reference"].text(), "Organization/queue");
  EXPECT_EQ(task.root["restriction"]["period"]["end"].text(), "2026-12-20");
  EXPECT_FALSE(task.root["lastModified"].exists());
}

TEST(RenderTask, NamesEachKindAndRanksSeverity) {
  const std::pair<NoticeKind, const char*> kinds[] = {{NoticeKind::expiring, "auth-expiring"},
                                                      {NoticeKind::units_low, "auth-units-low"},
                                                      {NoticeKind::exhausted, "auth-exhausted"},
                                                      {NoticeKind::booked_beyond, "auth-booked-beyond"},
                                                      {NoticeKind::uncovered_service, "auth-missing"},
                                                      {NoticeKind::decision_overdue, "auth-pended-overdue"},
                                                      {NoticeKind::count_differs, "auth-count-differs"},
                                                      {NoticeKind::submit, "auth-submit"},
                                                      {NoticeKind::letter_changed, "auth-letter-changed"}};
  for (const auto& [kind, code] : kinds) {
    const Parsed task(render_new({"Task"}, task_notice(kind), "k", context()));
    EXPECT_EQ(task.root["code"]["coding"].at(0)["code"].text(), code);
  }
  DesiredNotice notice = task_notice();
  for (const auto& [severity, priority] : {std::pair(1, "routine"), std::pair(2, "urgent"), std::pair(3, "asap")}) {
    notice.severity = severity;
    const Parsed task(render_new({"Task"}, notice, "k", context()));
    EXPECT_EQ(task.root["priority"].text(), priority);
  }
}

TEST(RenderTask, LeavesOutWhatIsNotKnown) {
  DesiredNotice notice = task_notice(NoticeKind::uncovered_service);
  notice.authorization_number.clear();
  notice.due_day.reset();
  RenderContext without_owner = context();
  without_owner.owner.clear();
  const Parsed task(render_new({"Task"}, notice, "k", without_owner));
  for (const char* absent : {"focus", "restriction", "owner"}) EXPECT_FALSE(task.root[absent].exists()) << absent;
}

TEST(RenderTask, PointsAtTheLeadingSourceOnlyWhenTheEndpointHoldsIt) {
  DesiredNotice notice = task_notice();
  notice.focus = "ClaimResponse/cr1";
  notice.focus_source = "ehr";
  const Parsed task(render_new({"Task"}, notice, "k", context()));
  EXPECT_EQ(task.root["focus"]["reference"].text(), "ClaimResponse/cr1");
  for (const char* elsewhere : {"payer", ""}) {
    notice.focus_source = elsewhere;
    const Parsed by_number(render_new({"Task"}, notice, "k", context()));
    EXPECT_FALSE(by_number.root["focus"]["reference"].exists()) << elsewhere;
    EXPECT_EQ(by_number.root["focus"]["identifier"]["value"].text(), "A1") << elsewhere;
  }
  notice.authorization_number.clear();
  EXPECT_FALSE(Parsed(render_new({"Task"}, notice, "k", context())).root["focus"].exists());
}

TEST(RenderUpdate, TakesBackAFocusOfAnotherEndpoint) {
  DesiredNotice notice = task_notice();
  notice.focus = "ClaimResponse/cr1";
  notice.focus_source = "ehr";
  const Parsed standing(render_new({"Task"}, notice, "k", context()));
  RenderContext again = context();
  again.written = written_new(notice, "k", context(), standing.root);
  notice.focus_source = "payer";
  const Parsed by_number(render_update(notice, "k", again, standing.root).body);
  EXPECT_FALSE(by_number.root["focus"]["reference"].exists());
  EXPECT_EQ(by_number.root["focus"]["identifier"]["value"].text(), "A1");
  notice.authorization_number.clear();
  const std::string without = render_update(notice, "k", again, standing.root).body;
  const Parsed gone(without);
  EXPECT_FALSE(gone.root["focus"].exists());
  EXPECT_EQ(gone.root["description"].text(), notice.text);
  EXPECT_EQ(render_update(notice, "k", again, gone.root).body, without);
}

TEST(RenderUpdate, KeepsWhatAPersonDidToATask) {
  const Parsed current(
      R"({"resourceType":"Task","id":"t1","meta":{"versionId":"3","tag":[{"system":"urn:other","code":"x"}]},
      "identifier":[{"system":"urn:theirs","value":"9"},{"system":"https://clinic.example/authledger/task","value":"k2"}],
      "status":"in-progress","intent":"order","description":"old","owner":{"reference":"Practitioner/anna"},
      "note":[{"text":"called the payer"}],"authoredOn":"2026-10-01T00:00:00Z",
      "restriction":{"repetitions":1,"period":{"end":"2026-11-01"}}})");
  const Parsed updated(render_update(task_notice(), "k2", context(), current.root).body);
  EXPECT_EQ(updated.root["id"].text(), "t1");
  EXPECT_EQ(updated.root["status"].text(), "in-progress");
  EXPECT_EQ(updated.root["owner"]["reference"].text(), "Practitioner/anna");
  EXPECT_EQ(updated.root["note"].at(0)["text"].text(), "called the payer");
  EXPECT_EQ(updated.root["authoredOn"].text(), "2026-10-01T00:00:00Z");
  EXPECT_EQ(updated.root["description"].text(), task_notice().text);
  EXPECT_EQ(updated.root["restriction"]["period"]["end"].text(), "2026-12-20");
  EXPECT_EQ(updated.root["restriction"]["repetitions"].text(), "1");
  EXPECT_EQ(updated.root["identifier"].size(), 2u);
  EXPECT_EQ(updated.root["meta"]["tag"].size(), 2u);
}

TEST(RenderUpdate, RepeatedChangesNothingMore) {
  const Parsed created(render_new({"Task"}, task_notice(), "k2", context()));
  const std::string once = render_update(task_notice(), "k2", context(), created.root).body;
  const Parsed again(once);
  EXPECT_EQ(render_update(task_notice(), "k2", context(), again.root).body, once);
  EXPECT_EQ(render_new({"Task"}, task_notice(), "k2", context()), render_new({"Task"}, task_notice(), "k2", context()));
}

TEST(RenderUpdate, MovesTheEndOfAFlagAndKeepsItsStart) {
  const Parsed created(render_new({"Flag"}, flag_notice(), "k1", context()));
  DesiredNotice extended = flag_notice();
  extended.last_day = day_of(2027, 3, 31);
  RenderContext later = context();
  later.authored_at = *parse_instant("2026-12-01T00:00:00Z");
  const Parsed updated(render_update(extended, "k1", later, created.root).body);
  EXPECT_EQ(updated.root["period"]["start"].text(), "2026-11-02T08:00:00Z");
  EXPECT_EQ(updated.root["period"]["end"].text(), "2027-04-30");
}

TEST(RenderRetired, CancelsATaskWithAReasonAndInactivatesAFlagWithAnEnd) {
  const Instant now = *parse_instant("2026-12-05T10:00:00Z");
  const Parsed task(render_new({"Task"}, task_notice(), "k2", context()));
  const Parsed cancelled(render_retired(task.root, "12 units were added on 2026-12-04", now, kSystem));
  EXPECT_EQ(cancelled.root["status"].text(), "cancelled");
  EXPECT_EQ(cancelled.root["statusReason"]["text"].text(), "12 units were added on 2026-12-04");
  EXPECT_EQ(cancelled.root["description"].text(), task_notice().text);
  EXPECT_TRUE(is_closed(cancelled.root));

  const Parsed flag(render_new({"Flag"}, flag_notice(), "k1", context()));
  EXPECT_FALSE(is_closed(flag.root));
  const Parsed inactive(render_retired(flag.root, "ended", now, kSystem));
  EXPECT_EQ(inactive.root["status"].text(), "inactive");
  EXPECT_EQ(inactive.root["period"]["start"].text(), "2026-11-02T08:00:00Z");
  EXPECT_EQ(inactive.root["period"]["end"].text(), "2026-12-05T10:00:00Z");
  EXPECT_TRUE(is_closed(inactive.root));
}

TEST(RenderRetired, NeverEndsAFlagBeforeItStarted) {
  const Parsed flag(render_new({"Flag"}, flag_notice(), "k1", context()));
  const Parsed inactive(render_retired(flag.root, "ended", *parse_instant("2026-11-01T00:00:00Z"), kSystem));
  EXPECT_EQ(inactive.root["period"]["end"].text(), "2026-11-02T08:00:00Z");
}

TEST(IsClosed, TellsWhatAPersonEndedFromWhatIsOpen) {
  for (const char* status : {"completed", "rejected", "cancelled", "failed", "entered-in-error"}) {
    const Parsed task(std::string(R"({"resourceType":"Task","status":")") + status + R"("})");
    EXPECT_TRUE(is_closed(task.root)) << status;
  }
  for (const char* status : {"requested", "accepted", "in-progress", "on-hold", "received"}) {
    const Parsed task(std::string(R"({"resourceType":"Task","status":")") + status + R"("})");
    EXPECT_FALSE(is_closed(task.root)) << status;
  }
}

TEST(IdentifierQuery, IsPercentEncodedForHeadersAndSearch) {
  EXPECT_EQ(identifier_query({"Task"}, "abc", kSystem),
            "identifier=https%3A%2F%2Fclinic.example%2Fauthledger%2Ftask%7Cabc");
}

TEST(RenderTask, BelongsToTheOwnerThatTheNoticeNamesOnTheDeliveringEndpoint) {
  DesiredNotice notice = task_notice();
  notice.role = Role::clinician;
  notice.owner = "Practitioner/d1";
  notice.owner_source = "ehr";
  const Parsed task(render_new({"Task"}, notice, "k", context()));
  EXPECT_EQ(task.root["owner"]["reference"].text(), "Practitioner/d1");
  EXPECT_EQ(task.root["performerType"].at(0)["coding"].at(0)["code"].text(), "clinician");
  notice.owner_source = "payer";
  EXPECT_EQ(Parsed(render_new({"Task"}, notice, "k", context())).root["owner"]["reference"].text(),
            "Organization/queue");
  notice.owner_source = "ehr";
  notice.owner = "Dr. Who";
  EXPECT_EQ(Parsed(render_new({"Task"}, notice, "k", context())).root["owner"]["reference"].text(),
            "Organization/queue")
      << "a name is no reference";
}

TEST(RenderTask, FollowsTheOwnerUnlessAPersonChoseAnother) {
  DesiredNotice notice = task_notice();
  notice.owner = "Practitioner/d1";
  const Parsed current(render_new({"Task"}, notice, "k", context()));
  RenderContext again = context();
  again.written = written_new(notice, "k", context(), current.root);
  notice.owner = "Practitioner/d2";
  const Parsed moved(render_update(notice, "k", again, current.root).body);
  EXPECT_EQ(moved.root["owner"]["reference"].text(), "Practitioner/d2");
  const Parsed by_person(replace_all(to_json_text(current.root), "Practitioner/d1", "Practitioner/d9"));
  const Parsed kept(render_update(notice, "k", again, by_person.root).body);
  EXPECT_EQ(kept.root["owner"]["reference"].text(), "Practitioner/d9");
  again.written = {};  // As after an upgrade: whose it is, is not known.
  EXPECT_EQ(Parsed(render_update(notice, "k", again, current.root).body).root["owner"]["reference"].text(),
            "Practitioner/d1");
}

TEST(RenderCommunication, TellsThePatientAndIsStoppedWithAReason) {
  DesiredNotice notice;
  notice.kind = NoticeKind::benefit_for_patient;
  notice.severity = 2;
  notice.text = "The plan pays for 190 days in a lifetime: 181 used, 9 left.";
  const Parsed sent(render_new({"Communication"}, notice, "k3", context()));
  EXPECT_EQ(sent.root["resourceType"].text(), "Communication");
  EXPECT_EQ(sent.root["status"].text(), "in-progress");
  EXPECT_EQ(sent.root["identifier"].at(0)["system"].text(), kSystem + "/communication");
  EXPECT_EQ(sent.root["subject"]["reference"].text(), "Patient/p1");
  EXPECT_EQ(sent.root["recipient"].at(0)["reference"].text(), "Patient/p1");
  EXPECT_EQ(sent.root["payload"].at(0)["contentString"].text(), notice.text);
  EXPECT_FALSE(is_closed(sent.root));
  const Parsed stopped(render_retired(sent.root, "more is left", *parse_instant("2026-12-01T08:00:00Z"), kSystem));
  EXPECT_EQ(stopped.root["status"].text(), "stopped");
  EXPECT_EQ(stopped.root["statusReason"]["text"].text(), "more is left");
  EXPECT_TRUE(is_closed(stopped.root));
}

TEST(RenderCommunication, GoesToTheOwnerOrToTheSitesRecipientWhereTheEndpointTakesOnlySome) {
  DesiredNotice notice = task_notice();
  RenderContext to_queue = context();
  EXPECT_EQ(recipient_of(notice, to_queue), "Organization/queue");
  to_queue.recipient_types = {"Practitioner", "Group"};
  EXPECT_EQ(recipient_of(notice, to_queue), "") << "an Organization is none that is taken";
  to_queue.recipient = "Group/renewals";
  EXPECT_EQ(recipient_of(notice, to_queue), "Group/renewals");
  notice.owner = "Practitioner/d1";
  EXPECT_EQ(recipient_of(notice, to_queue), "Practitioner/d1");
  notice.kind = NoticeKind::benefit_for_patient;
  EXPECT_EQ(recipient_of(notice, to_queue), "") << "the patient cannot be written to there";
}

TEST(RenderCommunication, KeepsTheRecipientThatAPersonChose) {
  const Parsed made(render_new({"Communication"}, task_notice(), "k", context()));
  DesiredNotice moved = task_notice();
  moved.owner = "Practitioner/d2";
  RenderContext again = context();
  again.written = written_new(task_notice(), "k", context(), made.root);
  EXPECT_EQ(Parsed(render_update(moved, "k", again, made.root).body).root["recipient"].at(0)["reference"].text(),
            "Practitioner/d2");
  const Parsed by_person(replace_all(to_json_text(made.root), "Organization/queue", "Organization/desk"));
  EXPECT_EQ(Parsed(render_update(moved, "k", again, by_person.root).body).root["recipient"].at(0)["reference"].text(),
            "Organization/desk");
}

TEST(RenderMessage, IsCompletedOnceItIsSentAndHasAnIdentifierForEachSeverity) {
  const NoticePlace message{"Communication", true};
  DesiredNotice notice = task_notice();
  const Parsed sent(render_new(message, notice, "k", context()));
  EXPECT_EQ(sent.root["status"].text(), "completed");
  EXPECT_EQ(sent.root["sent"].text(), "2026-11-02T08:00:00Z");
  EXPECT_EQ(sent.root["identifier"].at(0)["system"].text(), kSystem + "/message");
  EXPECT_EQ(sent.root["identifier"].at(0)["value"].text(), "k.2");
  notice.severity = 3;
  EXPECT_EQ(Parsed(render_new(message, notice, "k", context())).root["identifier"].at(0)["value"].text(), "k.3");
}

TEST(RenderDocument, WritesANoteOfTheSameWordsAndSupersedesIt) {
  const Parsed note(render_new({"DocumentReference"}, task_notice(), "k4", context()));
  EXPECT_EQ(note.root["status"].text(), "current");
  EXPECT_EQ(note.root["identifier"].at(0)["system"].text(), kSystem + "/documentreference");
  EXPECT_EQ(note.root["subject"]["reference"].text(), "Patient/p1");
  EXPECT_EQ(note.root["description"].text(), task_notice().text);
  EXPECT_EQ(note.root["category"].at(0)["coding"].at(0)["code"].text(), "clinical-note");
  const JsonView attachment = note.root["content"].at(0)["attachment"];
  EXPECT_EQ(from_base64url(replace_all(replace_all(attachment["data"].string(), "+", "-"), "/", "_")),
            task_notice().text + "\nDue: 2026-12-20\n");
  EXPECT_FALSE(is_closed(note.root));
  EXPECT_EQ(render_update(task_notice(), "k4", context(), note.root).body, to_json_text(note.root))
      << "nothing changed";
  const Parsed ended(render_retired(note.root, "units were added", *parse_instant("2026-12-01T08:00:00Z"), kSystem));
  EXPECT_EQ(ended.root["status"].text(), "superseded");
  EXPECT_TRUE(is_closed(ended.root));
}

TEST(IdempotencyKey, IsAUuidOfPlaceAndValue) {
  const std::string key = idempotency_key_of({"Task"}, "abc");
  EXPECT_EQ(key.size(), 36U);
  EXPECT_EQ(key, idempotency_key_of({"Task"}, "abc"));
  EXPECT_NE(key, idempotency_key_of({"Flag"}, "abc"));
  EXPECT_NE(key, idempotency_key_of({"Task"}, "abd"));
}

}  // namespace
}  // namespace authledger
