#include <gtest/gtest.h>

#include "adapters/render.h"
#include "base/text.h"

// What a person changed in a resource of ours stays; what is ours, and is not wanted any more, goes. FAULTS 33.

namespace authledger {
namespace {

DesiredNotice low(const std::string& text) {
  DesiredNotice notice;
  notice.kind = NoticeKind::units_low;
  notice.severity = 1;
  notice.text = text;
  notice.due_day = day_of(2026, 12, 20);
  notice.authorization_number = "A1";
  notice.role = Role::biller;
  return notice;
}

RenderContext context() {
  return {.identifier_system = "https://clinic.example/authledger",
          .owner = "Organization/queue",
          .patient = "Patient/p1",
          .authored_at = *parse_instant("2026-11-02T08:00:00Z"),
          .source = "ehr",
          .same_patient = {"Patient/p1", "Patient/p7"}};
}

// A parsed resource that lives as long as the test.
struct Parsed {
  explicit Parsed(const std::string& text) : root(document.parse(text).value()) {}
  JsonDocument document;
  JsonView root;
};

// A Task as we wrote it, what the EHR made of it, and what we know of that.
struct Standing {
  Standing(const std::string& type, const DesiredNotice& notice) : body(render_new({type}, notice, "k", context())) {
    written = written_new(notice, "k", context(), Parsed(body).root);
  }
  void replace(const std::string& from, const std::string& to) {
    ASSERT_NE(body.find(from), std::string::npos) << from << " in " << body;
    body = replace_all(body, from, to);
  }
  RenderedUpdate update(const DesiredNotice& notice) const {
    RenderContext again = context();
    again.written = written;
    return render_update(notice, "k", again, Parsed(body).root);
  }

  std::string body;
  WrittenMembers written;
};

TEST(RenderUpdate, Fault33LeavesEachValueThatAPersonChanged) {
  Standing task("Task", low("2 of 12 visits left"));
  task.replace("\"priority\":\"routine\"", "\"priority\":\"stat\"");
  task.replace("2 of 12 visits left", "Payer called, wait until Friday");
  task.replace("2026-12-20", "2026-12-01");
  DesiredNotice worse = low("1 of 12 visits left");
  worse.severity = 3;
  worse.due_day = day_of(2026, 12, 10);
  worse.role = Role::operations;
  const Parsed changed(task.update(worse).body);
  EXPECT_EQ(changed.root["priority"].text(), "stat");
  EXPECT_EQ(changed.root["description"].text(), "Payer called, wait until Friday");
  EXPECT_EQ(changed.root["restriction"]["period"]["end"].text(), "2026-12-01");
  EXPECT_EQ(changed.root["performerType"].at(0)["coding"].at(0)["code"].text(), "operations") << "nobody touched it";
}

TEST(RenderUpdate, LeavesItAlsoTheTimeAfterThat) {
  Standing task("Task", low("2 of 12 visits left"));
  task.replace("2 of 12 visits left", "Payer called");
  const RenderedUpdate once = task.update(low("1 of 12 visits left"));
  task.body = once.body;
  task.written = WrittenMembers(written_by(once, Parsed(once.body).root).text());
  DesiredNotice later = low("0 of 12 visits left");
  later.severity = 3;
  const Parsed twice(task.update(later).body);
  EXPECT_EQ(twice.root["description"].text(), "Payer called");
  EXPECT_EQ(twice.root["priority"].text(), "asap");
  task.replace("Payer called", "2 of 12 visits left");  // The person takes the change back.
  EXPECT_EQ(Parsed(task.update(later).body).root["description"].text(), "0 of 12 visits left");
}

TEST(RenderUpdate, WhatAPersonTookAwayStaysAway) {
  Standing task("Task", low("2 of 12 visits left"));
  task.replace(R"("restriction":{"period":{"end":"2026-12-20"}},)", "");
  DesiredNotice later = low("1 of 12 visits left");
  later.due_day = day_of(2026, 12, 10);
  const Parsed changed(task.update(later).body);
  EXPECT_FALSE(changed.root["restriction"].exists());
  EXPECT_EQ(changed.root["description"].text(), "1 of 12 visits left");
}

TEST(RenderUpdate, TakesAwayWhatIsOursAndNotWantedAnyMore) {
  Standing task("Task", low("2 of 12 visits left"));
  DesiredNotice bare = low("A service has no authorization");
  bare.due_day.reset();
  bare.authorization_number.clear();
  bare.role = Role::none;
  const Parsed changed(task.update(bare).body);
  for (const char* gone : {"restriction", "focus", "performerType"}) {
    EXPECT_FALSE(changed.root[gone].exists()) << gone;
  }
  task.replace(R"("restriction":{"period")", R"("restriction":{"repetitions":2,"period")");
  const Parsed with_repetitions(task.update(bare).body);
  EXPECT_EQ(to_json_text(with_repetitions.root["restriction"]), R"({"repetitions":2})") << "a person's";
}

TEST(RenderUpdate, WritesWhatIsWantedForTheFirstTime) {
  DesiredNotice bare = low("2 of 12 visits left");
  bare.due_day.reset();
  Standing task("Task", bare);
  EXPECT_EQ(Parsed(task.update(low("2 of 12 visits left")).body).root["restriction"]["period"]["end"].text(),
            "2026-12-20");
  task.replace("\"intent\"", R"("restriction":{"period":{"end":"2027-01-31"}},"intent")");
  EXPECT_EQ(Parsed(task.update(low("2 of 12 visits left")).body).root["restriction"]["period"]["end"].text(),
            "2027-01-31")
      << "a person's";
}

// Servers add displays, and answer members in an order of their own.
TEST(RenderUpdate, WhatTheServerMadeOfItIsStillOurs) {
  Standing task("Task", low("2 of 12 visits left"));
  task.replace(R"({"reference":"Organization/queue"})",
               R"({"display":"Queue","reference":"Organization/queue","type":"Organization"})");
  task.written = written_new(low("2 of 12 visits left"), "k", context(), Parsed(task.body).root);
  task.replace(R"({"display":"Queue","reference":"Organization/queue","type":"Organization"})",
               R"({"type":"Organization","reference":"Organization/queue","display":"The Queue"})");
  DesiredNotice owned = low("2 of 12 visits left");
  owned.owner = "Practitioner/d1";
  EXPECT_EQ(Parsed(task.update(owned).body).root["owner"]["reference"].text(), "Practitioner/d1");
}

TEST(RenderUpdate, WhereItIsNotKnownWhatWasWrittenOurTextIsWritten) {
  Standing task("Task", low("2 of 12 visits left"));
  task.replace("2 of 12 visits left", "an older text of ours, or a person's");
  task.written = {};
  EXPECT_EQ(Parsed(task.update(low("1 of 12 visits left")).body).root["description"].text(), "1 of 12 visits left");
}

// An update that was not answered may have been done: either value is ours, a third one is a person's.
TEST(RenderUpdate, AfterAnUnansweredUpdateBothValuesAreOurs) {
  DesiredNotice owned = low("2 of 12 visits left");
  owned.owner = "Practitioner/d1";
  Standing task("Task", owned);
  DesiredNotice passed_on = low("1 of 12 visits left");
  passed_on.owner = "Practitioner/d2";
  const RenderedUpdate unanswered = task.update(passed_on);
  const std::string undone = task.body;
  task.written = WrittenMembers(written_perhaps(unanswered, task.written).text());
  DesiredNotice later = low("0 of 12 visits left");
  later.owner = "Practitioner/d3";
  for (const std::string& stands : {undone, unanswered.body}) {
    task.body = stands;
    const Parsed changed(task.update(later).body);
    EXPECT_EQ(changed.root["owner"]["reference"].text(), "Practitioner/d3");
    EXPECT_EQ(changed.root["description"].text(), "0 of 12 visits left");
  }
  task.replace("Practitioner/d2", "Practitioner/d9");
  task.replace("1 of 12 visits left", "Payer called");
  const Parsed kept(task.update(later).body);
  EXPECT_EQ(kept.root["owner"]["reference"].text(), "Practitioner/d9");
  EXPECT_EQ(kept.root["description"].text(), "Payer called");
}

TEST(RenderUpdate, WhereAnotherWorkerMayHaveWrittenAnOwnerThatStandsAsRecordedIsStillOurs) {
  DesiredNotice owned = low("2 of 12 visits left");
  owned.owner = "Practitioner/d1";
  Standing task("Task", owned);
  task.written = task.written.as_uncertain();
  owned.owner = "Practitioner/d2";
  EXPECT_EQ(Parsed(task.update(owned).body).root["owner"]["reference"].text(), "Practitioner/d2");
}

TEST(RenderUpdate, ANoteAndAFlagFollowTheSameRule) {
  for (const char* type : {"Flag", "Communication", "DocumentReference"}) {
    Standing standing(type, low("2 of 12 visits left"));
    const DesiredNotice later = low("1 of 12 visits left");
    EXPECT_NE(standing.update(later).body.find("1 of 12"), std::string::npos) << type;
    standing.replace("2 of 12 visits left", "Payer called");
    EXPECT_EQ(standing.update(later).body.find("1 of 12"), std::string::npos) << type;
  }
}

TEST(IsMoved, WhatStandsAtAnotherPatientIsNotWrittenBack) {
  Standing task("Task", low("2 of 12 visits left"));
  RenderContext again = context();
  again.written = task.written;
  EXPECT_FALSE(is_moved(Parsed(task.body).root, again));
  for (const char* same : {"Patient/p7", "https://ehr.example/fhir/Patient/p7", "Patient/p7/_history/4"}) {
    Standing moved = task;
    moved.replace("Patient/p1", same);
    EXPECT_FALSE(is_moved(Parsed(moved.body).root, again)) << same;
    EXPECT_EQ(Parsed(moved.update(low("1 of 12 visits left")).body).root["for"]["reference"].text(), same);
  }
  Standing moved = task;
  moved.replace("Patient/p1", "Patient/p2");
  EXPECT_TRUE(is_moved(Parsed(moved.body).root, again));
  again.written = {};
  EXPECT_TRUE(is_moved(Parsed(moved.body).root, again));
}

// After patients were joined wrongly and parted again, what we wrote ourselves goes to whom it belongs.
TEST(IsMoved, WhatWeWroteThereOurselvesFollowsThePatient) {
  Standing task("Task", low("2 of 12 visits left"));
  RenderContext parted = context();
  parted.patient = "Patient/p2";
  parted.same_patient = {"Patient/p2"};
  parted.written = task.written;
  EXPECT_FALSE(is_moved(Parsed(task.body).root, parted));
  const RenderedUpdate update = render_update(low("2 of 12 visits left"), "k", parted, Parsed(task.body).root);
  EXPECT_EQ(Parsed(update.body).root["for"]["reference"].text(), "Patient/p2");
}

TEST(RenderDuplicate, Fault04IsEnteredInError) {
  for (const char* type : {"Task", "Flag", "Communication", "DocumentReference"}) {
    const Parsed made(render_new({type}, low("2 of 12 visits left"), "k", context()));
    const Parsed closed(render_duplicate(made.root, context().identifier_system));
    EXPECT_EQ(closed.root["status"].text(), "entered-in-error") << type;
    EXPECT_TRUE(is_closed(closed.root)) << type;
  }
}

// A ledger that went back finds what it had closed, and wants it again.
TEST(RenderReopened, WhatWeClosedStandsAgainAndWhatAPersonClosedIsTold) {
  const RenderContext now = context();
  for (const char* type : {"Task", "Flag", "Communication", "DocumentReference"}) {
    const Parsed made(render_new({type}, low("2 of 12 visits left"), "k", now));
    const Parsed closed(render_retired(made.root, "units were added", now.authored_at, now.identifier_system));
    EXPECT_TRUE(is_closed_by_us(closed.root, now.identifier_system)) << type;
    EXPECT_FALSE(is_closed_by_us(made.root, now.identifier_system)) << type;
    const Parsed again(render_reopened(low("1 of 12 visits left"), "k", now, closed.root).body);
    EXPECT_FALSE(is_closed(again.root)) << type;
    EXPECT_FALSE(again.root["statusReason"].exists()) << type;
    EXPECT_EQ(again.root["meta"]["tag"].size(), 1U) << type;
    EXPECT_EQ(to_json_text(again.root["period"]), to_json_text(made.root["period"])) << type;
  }
}

}  // namespace
}  // namespace authledger
