#include "ledger/store/notice_store.h"

#include <gtest/gtest.h>

#include "ledger/store/feed_store.h"
#include "tests/store/sample_facts.h"
#include "tests/support/lease_time.h"
#include "tests/support/test_database.h"

namespace authledger {
namespace {

constexpr std::chrono::seconds kLease{30};

class NoticeStore : public testing::Test {
 protected:
  DesiredNotice desired(const std::string& text) {
    DesiredNotice notice;
    notice.topic = "payer-1/AUTH-1";
    notice.text = text;
    notice.severity = 2;
    notice.due_day = day_of(2026, 4, 1);
    notice.authorization_number = "AUTH-1";
    notice.focus = "ClaimResponse/cr1";
    notice.focus_source = "ehr";
    return notice;
  }
  void save(const std::string& key, std::optional<DesiredNotice> notice, int64_t episode = 1,
            Instant now = at_second(0)) {
    const std::vector<SubjectNoticeChanges> changes{{subject, {{key, episode, std::move(notice), "done"}}}};
    transact(pg, tenant, [&](Transaction& transaction) { save_notice_changes(transaction, changes, now); });
  }
  std::vector<StoredNotice> stored() {
    Transaction transaction(pg, tenant);
    return read_notices_of(transaction, std::vector<int64_t>{subject}).front();
  }
  std::vector<StoredNotice> lease(const std::string& token, int64_t second) {
    return lease_due_notices(pg, tenant, at_second(second), kLease, 10, token);
  }
  void end_leases() {
    PgConnection owner = database.owner_connection();
    pass_lease_time(owner, tenant, kLease);
  }
  DeliveryResult created(const std::string& key, const Hash& hash) {
    DeliveryResult result;
    result.notice_key = key;
    result.action = DeliveryAction::create;
    result.channel = "Flag";
    result.remote_id = "f1";
    result.etag = "W/\"1\"";
    result.delivered_hash = hash;
    return result;
  }

  TestDatabase database;
  PgConnection pg = database.connection();
  int64_t tenant = make_tenant(pg);
  int64_t subject = (record(pg, tenant, {encounter("e1", "Patient/p1", 1)}), subject_of(pg, tenant, "p1"));
};

TEST_F(NoticeStore, WalksFromWantedToRetired) {
  save("k1", desired("7 of 12"));
  ASSERT_EQ(stored().size(), 1U);
  EXPECT_EQ(stored()[0].state, NoticeState::wanted);
  EXPECT_EQ(*stored()[0].desired, desired("7 of 12"));
  ASSERT_EQ(lease("w1", 1).size(), 1U);
  EXPECT_TRUE(mark_create_begun(pg, tenant, "k1", "w1", {"Flag"}, false, at_second(1)));
  EXPECT_EQ(stored()[0].state, NoticeState::creating);
  save_delivery(pg, tenant, created("k1", desired_hash(desired("7 of 12"))), "w1", at_second(2));
  EXPECT_EQ(stored()[0].state, NoticeState::current);
  EXPECT_TRUE(lease("w1", 1000).empty());
  save("k1", desired("8 of 12"));
  EXPECT_EQ(stored()[0].state, NoticeState::stale);
  save("k1", desired("7 of 12"));
  EXPECT_EQ(stored()[0].state, NoticeState::current);
  EXPECT_TRUE(lease("w1", 1000).empty());
  save("k1", std::nullopt);
  EXPECT_EQ(stored()[0].state, NoticeState::retiring);
  EXPECT_EQ(stored()[0].remote_id, "f1");
  ASSERT_EQ(lease("w1", 1001).size(), 1U);
  DeliveryResult retired;
  retired.notice_key = "k1";
  retired.action = DeliveryAction::retire;
  retired.is_retired = true;
  save_delivery(pg, tenant, retired, "w1", at_second(1002));
  EXPECT_EQ(stored()[0].state, NoticeState::retired);
  Transaction transaction(pg, tenant);
  const std::vector<DeliveryRow> log = read_deliveries(transaction, "k1");
  ASSERT_EQ(log.size(), 2U);
  EXPECT_EQ(log[0].action, DeliveryAction::create);
  EXPECT_EQ(log[1].no, 2);
  EXPECT_EQ(read_notices(transaction, "p1").at(0).patient, "Patient/p1");
}

TEST_F(NoticeStore, RetiresAtOnceWhatWasNeverBegunAndSearchesForWhatWas) {
  save("k1", desired("a"));
  save("k2", desired("b"), 2);
  lease("w1", 1);
  mark_create_begun(pg, tenant, "k2", "w1", {"Flag"}, false, at_second(1));
  save("k1", std::nullopt);
  save("k2", std::nullopt, 2);
  const std::vector<StoredNotice> now = stored();
  ASSERT_EQ(now.size(), 1U);  // The first episode is retired and not the latest.
  EXPECT_EQ(now[0].state, NoticeState::orphaned);
}

TEST_F(NoticeStore, LeasesEachNoticeToOneWorkerAndAgainWhenTheLeaseEnds_Fault7) {
  save("k1", desired("a"));
  EXPECT_EQ(lease("w1", 1).size(), 1U);
  EXPECT_TRUE(lease("w2", 2).empty());
  end_leases();
  EXPECT_EQ(lease("w2", 40).size(), 1U);
  EXPECT_FALSE(mark_create_begun(pg, tenant, "k1", "w1", {"Flag"}, false, at_second(41)));
  try {
    save_delivery(pg, tenant, created("k1", desired_hash(desired("a"))), "w1", at_second(41));
    FAIL() << "a stale lease was taken";
  } catch (const DbError& error) {
    EXPECT_EQ(error.sqlstate(), "AL003");
  }
  EXPECT_TRUE(stored()[0].remote_id.empty());
  Transaction transaction(pg, tenant);
  EXPECT_EQ(read_deliveries(transaction, "k1").size(), 1U);
}

TEST_F(NoticeStore, WhetherALeaseHasEndedIsForTheDatabasesClockToSay_Fault39) {
  constexpr int64_t kHour = 3600;
  save("k1", desired("a"));
  ASSERT_EQ(lease("w1", 1).size(), 1U);
  EXPECT_TRUE(lease("w2", kHour + 1).empty()) << "the clock of the second is an hour ahead";
  EXPECT_EQ(count_pending_writes(pg, tenant, at_second(kHour + 1)).notices, 0);
  EXPECT_TRUE(holds_lease(pg, tenant, "k1", "w1", kLease / 2));
  EXPECT_FALSE(holds_lease(pg, tenant, "k1", "w1", kLease)) << "a write that takes as long would outlast it";
  EXPECT_TRUE(mark_create_begun(pg, tenant, "k1", "w1", {"Flag"}, false, at_second(kHour)));
  end_leases();
  EXPECT_FALSE(holds_lease(pg, tenant, "k1", "w1", std::chrono::seconds(0)));
  EXPECT_EQ(count_pending_writes(pg, tenant, at_second(-kHour)).notices, 1);
  EXPECT_EQ(lease("w2", -kHour).size(), 1U) << "the clock of the second is an hour behind: what is left is not late";
  EXPECT_FALSE(holds_lease(pg, tenant, "k1", "w1", std::chrono::seconds(0)));
  EXPECT_TRUE(holds_lease(pg, tenant, "k1", "w2", std::chrono::seconds(0)));
}

TEST_F(NoticeStore, BeginsNoCreateOnceItsCauseIsGone) {
  save("k1", desired("a"));
  lease("w1", 1);
  save("k1", std::nullopt, 1, at_second(2));
  EXPECT_FALSE(mark_create_begun(pg, tenant, "k1", "w1", {"Flag"}, false, at_second(3)))
      << "nobody would ever retire it";
  DeliveryResult nothing;
  nothing.notice_key = "k1";
  nothing.retry_at = at_second(3);
  save_delivery(pg, tenant, nothing, "w1", at_second(3));
  EXPECT_EQ(stored()[0].state, NoticeState::retired);
  EXPECT_TRUE(lease("w2", 1000).empty());
}

TEST_F(NoticeStore, IsLookedForTwiceAfterAWorkerThatKeptItsLease_Fault7) {
  save("k1", desired("a"));
  lease("w1", 1);
  mark_create_begun(pg, tenant, "k1", "w1", {"Flag"}, false, at_second(1));
  end_leases();
  ASSERT_EQ(lease("w2", 40).at(0).looks_due, 2) << "the first may write yet";
  DeliveryResult looked = created("k1", desired_hash(desired("a")));
  looked.has_looked = true;
  looked.look_again_at = at_second(70);
  save_delivery(pg, tenant, looked, "w2", at_second(41));
  EXPECT_TRUE(lease("w2", 69).empty());
  ASSERT_EQ(lease("w2", 70).at(0).looks_due, 1);
  // The first wakes up and has written.
  EXPECT_THROW(save_delivery(pg, tenant, created("k1", desired_hash(desired("a"))), "w1", at_second(71)), DbError);
  looked.look_again_at = at_second(100);
  save_delivery(pg, tenant, looked, "w2", at_second(72));
  ASSERT_EQ(lease("w2", 72).at(0).looks_due, 1);
  save_delivery(pg, tenant, looked, "w2", at_second(73));
  EXPECT_TRUE(lease("w2", 1000).empty());
}

TEST_F(NoticeStore, KeepsANoticeDueThatChangedDuringItsDelivery) {
  save("k1", desired("a"));
  lease("w1", 1);
  save("k1", desired("b"), 1, at_second(2));
  save_delivery(pg, tenant, created("k1", desired_hash(desired("a"))), "w1", at_second(3));
  const std::vector<StoredNotice> due = lease("w1", 4);
  ASSERT_EQ(due.size(), 1U);
  EXPECT_EQ(due[0].state, NoticeState::stale);
}

TEST_F(NoticeStore, RetriesAFailureLaterAndParksTheLastOne) {
  save("k1", desired("a"));
  lease("w1", 1);
  DeliveryResult failed;
  failed.notice_key = "k1";
  failed.action = DeliveryAction::failed;
  failed.failure = "503";
  failed.retry_at = at_second(100);
  save_delivery(pg, tenant, failed, "w1", at_second(2));
  EXPECT_TRUE(lease("w1", 99).empty());
  ASSERT_EQ(lease("w1", 100).size(), 1U);
  EXPECT_EQ(stored()[0].attempts, 1);
  failed.park = true;
  save_delivery(pg, tenant, failed, "w1", at_second(101));
  EXPECT_TRUE(lease("w1", 10'000).empty());
  EXPECT_EQ(stored()[0].state, NoticeState::parked);
}

TEST_F(NoticeStore, TriesAgainWhatIsParkedOnceADayOnDemandAndWhenItChanges) {
  DeliveryResult refused;
  refused.notice_key = "k1";
  refused.action = DeliveryAction::failed;
  refused.failure = "400";
  refused.park = true;
  int64_t second = 0;
  const auto park = [&] {
    ASSERT_EQ(lease("w1", second).size(), 1U);
    save_delivery(pg, tenant, refused, "w1", at_second(second));
    ASSERT_EQ(stored()[0].state, NoticeState::parked);
  };
  save("k1", desired("a"));
  park();
  second += 24 * 3600;
  EXPECT_TRUE(lease("w1", second - 1).empty());
  park();
  EXPECT_EQ(retry_parked(pg, tenant, at_second(++second)), 1);
  park();
  save("k1", desired("b"), 1, at_second(++second));
  EXPECT_EQ(stored()[0].state, NoticeState::wanted);
  park();
  save("k1", std::nullopt);
  EXPECT_EQ(stored()[0].state, NoticeState::retired) << "nothing of it was ever begun";
}

TEST_F(NoticeStore, DoesNotTakeTheFormerTextForDeliveredAfterAWriteOfUnknownOutcome_Fault3) {
  save("k1", desired("a"));
  lease("w1", 1);
  save_delivery(pg, tenant, created("k1", desired_hash(desired("a"))), "w1", at_second(2));
  save("k1", desired("b"), 1, at_second(3));
  ASSERT_EQ(lease("w1", 3).size(), 1U);
  DeliveryResult failed;
  failed.notice_key = "k1";
  failed.action = DeliveryAction::failed;
  failed.failure = "the connection broke";
  failed.is_outcome_unknown = true;
  failed.retry_at = at_second(10);
  save_delivery(pg, tenant, failed, "w1", at_second(4));
  save("k1", desired("a"), 1, at_second(5));
  EXPECT_EQ(stored()[0].state, NoticeState::stale);
  EXPECT_EQ(lease("w1", 10).size(), 1U) << "the EHR may show b";
}

TEST_F(NoticeStore, LeavesANoticeThatAPersonClosedAlone_Fault34) {
  save("k1", desired("a"));
  lease("w1", 1);
  DeliveryResult closed = created("k1", desired_hash(desired("a")));
  closed.action = DeliveryAction::closed_by_person;
  closed.closed_by_person = true;
  save_delivery(pg, tenant, closed, "w1", at_second(2));
  EXPECT_EQ(stored()[0].state, NoticeState::closed_by_person);
  save("k1", desired("b"));
  EXPECT_TRUE(lease("w1", 100).empty());
  save("k1", std::nullopt);
  EXPECT_EQ(stored()[0].state, NoticeState::retired);
}

TEST_F(NoticeStore, WaitsForTheTimeAtWhichARoleIsTold) {
  DesiredNotice notice = desired("a");
  notice.role = Role::biller;
  notice.is_copy = true;
  notice.owner = "Organization/billing";
  notice.band = 2;
  notice.limit = Quantity::of_units(12);
  NoticeChange change{"k1", 1, notice, "", Resolution::none, at_second(500)};
  std::vector<SubjectNoticeChanges> changes{{subject, {change}}};
  transact(pg, tenant, [&](Transaction& transaction) { save_notice_changes(transaction, changes, at_second(0)); });
  EXPECT_EQ(*stored()[0].desired, notice);
  EXPECT_TRUE(stored()[0].record.has_owner);
  EXPECT_EQ(stored()[0].record.opened_at, at_second(0));
  EXPECT_TRUE(lease("w1", 499).empty());
  EXPECT_EQ(count_pending_writes(pg, tenant, at_second(499)).notices, 0);
  ASSERT_EQ(lease("w1", 500).size(), 1U) << "the digest wakes it by itself";
}

TEST_F(NoticeStore, AChangeDoesNotPutOffWhatIsDue) {
  const auto save_for = [&](const std::string& text, Role role, int64_t second, int64_t deliver_at) {
    DesiredNotice notice = desired(text);
    notice.role = role;
    const NoticeChange change{"k1", 1, notice, "", Resolution::none, at_second(deliver_at)};
    const std::vector<SubjectNoticeChanges> changes{{subject, {change}}};
    transact(pg, tenant,
             [&](Transaction& transaction) { save_notice_changes(transaction, changes, at_second(second)); });
  };
  // A digest a day, and a count that changes each day, in the round that delivers.
  save_for("1 of 12", Role::biller, 0, 500);
  save_for("2 of 12", Role::biller, 501, 900);
  ASSERT_EQ(lease("w1", 501).size(), 1U);
  // Under the lease the next time is the next digest's, and stays it.
  save_for("3 of 12", Role::biller, 502, 900);
  save_for("4 of 12", Role::biller, 503, 1300);
  save_delivery(pg, tenant, created("k1", desired_hash(desired("2 of 12"))), "w1", at_second(504));
  EXPECT_TRUE(lease("w1", 899).empty());
  ASSERT_EQ(lease("w1", 900).size(), 1U);
  release_notices(pg, tenant, "w1", at_second(900));
  save_for("4 of 12", Role::operations, 901, 1300);
  EXPECT_TRUE(lease("w1", 1299).empty()) << "another role is told at its own time";
  save_for("4 of 12", Role::operations, 902, 910);
  EXPECT_EQ(lease("w1", 910).size(), 1U) << "an earlier time is taken";
}

TEST_F(NoticeStore, KeepsWhyANoticeEndedAndWhatWasWritten) {
  save("k1", desired("a"));
  lease("w1", 1);
  DeliveryResult written = created("k1", desired_hash(desired("a")));
  written.written_members = "owner=0a";
  save_delivery(pg, tenant, written, "w1", at_second(2));
  EXPECT_EQ(stored()[0].written_members, "owner=0a");
  NoticeChange change{"k1", 1, std::nullopt, "a new authorization starts 2026-07-01", Resolution::renewed};
  std::vector<SubjectNoticeChanges> changes{{subject, {change}}};
  transact(pg, tenant, [&](Transaction& transaction) { save_notice_changes(transaction, changes, at_second(3)); });
  EXPECT_EQ(stored()[0].resolved_by, Resolution::renewed);
  EXPECT_EQ(stored()[0].closed_at, at_second(3));
  ASSERT_EQ(lease("w1", 4).size(), 1U);
  DeliveryResult retired;
  retired.notice_key = "k1";
  retired.is_retired = true;
  retired.closed_status = "completed";
  save_delivery(pg, tenant, retired, "w1", at_second(5));
  EXPECT_EQ(stored()[0].person_status, "completed") << "a person was quicker";
  save("k1", desired("a"));
  EXPECT_EQ(stored()[0].resolved_by, Resolution::none) << "what is wanted again has not ended";
  EXPECT_FALSE(stored()[0].closed_at);
}

TEST_F(NoticeStore, HoldsAndReleasesWhatARunWouldWrite_Fault80) {
  save("k1", desired("a"));
  save("k2", desired("b"), 2);
  const PendingWrites pending = count_pending_writes(pg, tenant, at_second(1));
  EXPECT_EQ(pending.notices, 2);
  EXPECT_EQ(pending.subjects, 1);
  EXPECT_EQ(pending.subjects_total, 1);
  EXPECT_EQ(hold_pending(pg, tenant, at_second(1), "too many"), 2);
  EXPECT_TRUE(lease("w1", 1).empty());
  EXPECT_EQ(stored()[0].state, NoticeState::held);
  EXPECT_EQ(stored()[0].held_reason, "too many");
  EXPECT_EQ(release_held(pg, tenant, at_second(2)), 2);
  EXPECT_EQ(count_pending_writes(pg, tenant, at_second(2)).notices, 2);
  EXPECT_EQ(count_pending_writes(pg, tenant, at_second(2)).unreleased, 0) << "no limit counts them again";
  EXPECT_EQ(hold_pending(pg, tenant, at_second(2), "too many"), 0);
  save("k2", desired("c"), 2, at_second(2));
  EXPECT_EQ(count_pending_writes(pg, tenant, at_second(2)).unreleased, 1) << "another text was not released";
  EXPECT_EQ(lease("w1", 2).size(), 2U);
}

TEST_F(NoticeStore, FencesAFeedByItsLease_Fault7) {
  EXPECT_TRUE(lease_feed(pg, tenant, kSource, "Encounter", "w1", 60));
  EXPECT_FALSE(lease_feed(pg, tenant, kSource, "Encounter", "w2", 60));
  EXPECT_TRUE(renew_feed(pg, tenant, kSource, "Encounter", "w1", 60));
  EXPECT_FALSE(renew_feed(pg, tenant, kSource, "Encounter", "w2", 60));
  release_feed(pg, tenant, kSource, "Encounter", "w2");
  EXPECT_FALSE(lease_feed(pg, tenant, kSource, "Encounter", "w2", 60));
  release_feed(pg, tenant, kSource, "Encounter", "w1");
  EXPECT_FALSE(renew_feed(pg, tenant, kSource, "Encounter", "w1", 60)) << "somebody else may have had it";
  EXPECT_TRUE(lease_feed(pg, tenant, kSource, "Encounter", "w2", 60));

  FeedState feed;
  feed.source = kSource;
  feed.resource_type = "Encounter";
  feed.watermark = at_second(7);
  feed.resume_link = "https://ehr.example/page2";
  feed.lease_token = "w1";
  const std::vector<MappedResource> page{encounter("e5", "Patient/p1", 1)};
  EXPECT_THROW(record_page(pg, tenant, page, &feed, at_second(1)), DbError);
  EXPECT_EQ(facts_of(pg, tenant, "p1").size(), 1U);  // The stale worker's page is gone with its feed state.
  feed.lease_token = "w2";
  record_page(pg, tenant, page, &feed, at_second(1));
  EXPECT_EQ(facts_of(pg, tenant, "p1").size(), 2U);
  const FeedState read = read_feed(pg, tenant, kSource, "Encounter");
  EXPECT_EQ(read.watermark, at_second(7));
  EXPECT_EQ(read.resume_link, feed.resume_link);
  EXPECT_EQ(read_feeds(pg, tenant).size(), 1U);
}

TEST_F(NoticeStore, AMessageIsDueAgainOnlyWhenItGetsMoreSevereAndIsNeverRetiring) {
  save("k1", desired("7 of 12"));
  lease("w1", 1);
  ASSERT_TRUE(mark_create_begun(pg, tenant, "k1", "w1", {"Communication", true}, false, at_second(1)));
  EXPECT_EQ(stored()[0].state, NoticeState::creating);
  DeliveryResult sent = created("k1", desired_hash(desired("7 of 12")));
  sent.channel = "Communication";
  sent.delivered_severity = 2;
  save_delivery(pg, tenant, sent, "w1", at_second(2));
  EXPECT_EQ(stored()[0].state, NoticeState::sent);
  save("k1", desired("8 of 12"));
  EXPECT_EQ(stored()[0].state, NoticeState::sent);
  EXPECT_TRUE(lease("w1", 1000).empty()) << "a changed count is no message";
  DesiredNotice urgent = desired("12 of 12");
  urgent.severity = 3;
  save("k1", urgent);
  EXPECT_EQ(stored()[0].state, NoticeState::stale);
  EXPECT_EQ(lease("w1", 1000).size(), 1U);
  release_notices(pg, tenant, "w1", at_second(1001));
  save("k1", std::nullopt);
  EXPECT_EQ(stored()[0].state, NoticeState::retired);
  EXPECT_TRUE(lease("w1", 2000).empty());
}

TEST_F(NoticeStore, ARowOfTheWorklistIsNoMessageThatWasSent) {
  save("k1", desired("7 of 12"));
  lease("w1", 1);
  DeliveryResult listed = created("k1", desired_hash(desired("7 of 12")));
  listed.channel = "worklist";
  listed.delivered_severity = 2;
  save_delivery(pg, tenant, listed, "w1", at_second(2));
  save("k1", desired("8 of 12"));
  ASSERT_EQ(lease("w1", 3).size(), 1U);
  ASSERT_TRUE(mark_create_begun(pg, tenant, "k1", "w1", {"Communication", true}, false, at_second(3)));
  DeliveryResult refused;
  refused.notice_key = "k1";
  refused.action = DeliveryAction::failed;
  refused.failure = "throttled";
  refused.create_is_void = true;
  refused.retry_at = at_second(4);
  save_delivery(pg, tenant, refused, "w1", at_second(3));
  EXPECT_EQ(stored()[0].state, NoticeState::wanted) << "nobody has the message";
  ASSERT_EQ(lease("w1", 5).size(), 1U);
  save_delivery(pg, tenant, listed, "w1", at_second(6));
  EXPECT_EQ(stored()[0].state, NoticeState::stale) << "back on the worklist with its former text";
}

TEST_F(NoticeStore, WhatHasNoRoadIsPlannedAgainUnderAnotherPlanAlone) {
  const Hash plan = sha256("plan"), other = sha256("other plan");
  save("k1", desired("a"));
  lease("w1", 1);
  DeliveryResult none;
  none.notice_key = "k1";
  none.undeliverable_reason = "no create on Task";
  none.road_hash = plan;
  save_delivery(pg, tenant, none, "w1", at_second(2));
  EXPECT_EQ(stored()[0].state, NoticeState::undeliverable);
  EXPECT_TRUE(lease("w1", 1000).empty());
  EXPECT_EQ(count_open_notices(pg, tenant).undeliverable, 1);
  const auto decided_otherwise = [&](const Hash& hash) {
    Transaction transaction(pg, tenant);
    return read_decided_otherwise(transaction, hash).size();
  };
  EXPECT_EQ(decided_otherwise(plan), 0U);
  EXPECT_EQ(decided_otherwise(other), 1U);
  const auto save_road = [&](const Road& road) {
    const std::vector<Road> roads{road};
    transact(pg, tenant, [&](Transaction& transaction) { save_roads(transaction, roads, other, at_second(3)); });
  };
  save_road({"k1", "no create on Flag", false});
  EXPECT_EQ(stored()[0].undeliverable_reason, "no create on Flag");
  EXPECT_TRUE(lease("w1", 1000).empty()) << "only noted";
  EXPECT_EQ(decided_otherwise(other), 0U);
  save_road({"k1", "", true});
  EXPECT_EQ(stored()[0].state, NoticeState::wanted);
  EXPECT_EQ(lease("w1", 1000).size(), 1U);
}

TEST_F(NoticeStore, AnUndeliverableNoticeThatChangesIsTriedAgainAndOneThatEndsIsRetired) {
  save("k1", desired("a"));
  lease("w1", 1);
  DeliveryResult none;
  none.notice_key = "k1";
  none.undeliverable_reason = "no road";
  save_delivery(pg, tenant, none, "w1", at_second(2));
  save("k1", desired("b"));
  ASSERT_EQ(lease("w1", 10).size(), 1U);
  release_notices(pg, tenant, "w1", at_second(11));
  save("k1", std::nullopt);
  EXPECT_EQ(stored()[0].state, NoticeState::retired);
  EXPECT_FALSE(has_notices_outside_ehr(pg, tenant));
}

}  // namespace
}  // namespace authledger
