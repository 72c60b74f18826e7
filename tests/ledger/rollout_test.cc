#include "ledger/rollout.h"

#include <gtest/gtest.h>

namespace authledger {
namespace {

using enum RuleState;

Rollout after(std::vector<RuleStep> steps) {
  return rollout_of(steps);
}

TEST(Rollout, GoesByTheLastVersionThatBecameActive) {
  EXPECT_EQ(after({}).deciding, 0);
  EXPECT_EQ(after({{1, active}}).deciding, 1);
  const Rollout rollout = after({{1, active}, {2, dry_run}});
  EXPECT_EQ(rollout.deciding, 1);
  EXPECT_EQ(rollout.waiting, 2);
  EXPECT_EQ(after({{1, active}, {2, dry_run}, {2, active}}).deciding, 2);
  EXPECT_FALSE(after({{1, active}, {2, dry_run}, {2, active}}).waiting);
}

TEST(Rollout, ANewerVersionTakesThePlaceOfOneThatWaits) {
  const Rollout rollout = after({{1, active}, {2, canary, 10}, {3, dry_run}});
  EXPECT_EQ(rollout.waiting, 3);
  EXPECT_EQ(rollout.canary_percent, 0);
  EXPECT_FALSE(after({{1, active}, {2, dry_run}, {3, active}}).waiting);
}

TEST(Rollout, ARetractedVersionGivesWayToTheOneBefore) {
  const Rollout once = after({{1, active}, {2, active}, {3, active}, {3, retracted}});
  EXPECT_EQ(once.deciding, 2);
  EXPECT_TRUE(once.is_delivered);
  EXPECT_EQ(after({{1, active}, {2, active}, {3, active}, {2, retracted}, {3, retracted}}).deciding, 1);
  EXPECT_EQ(after({{1, active}, {2, active}, {2, retracted}, {2, active}}).deciding, 2);
  EXPECT_TRUE(after({{1, active}, {2, active}, {2, retracted}, {2, active}}).retracted.empty());
}

TEST(Rollout, TheLedgerGoesOnWhenEveryVersionWasRetractedButWantsNoNotice) {
  const Rollout rollout = after({{1, active}, {1, retracted}});
  EXPECT_EQ(rollout.deciding, 1);
  EXPECT_FALSE(rollout.is_delivered);
  EXPECT_FALSE(rollout.waiting);
}

TEST(Canary, HoldsItsShareAndOnlyGrows) {
  int tenth = 0, half = 0;
  for (int64_t subject = 1; subject <= 20000; ++subject) {
    const bool in_tenth = is_in_canary(subject, 2, 10), in_half = is_in_canary(subject, 2, 50);
    EXPECT_TRUE(in_half || !in_tenth) << subject;
    tenth += in_tenth;
    half += in_half;
    EXPECT_FALSE(is_in_canary(subject, 2, 0));
    EXPECT_TRUE(is_in_canary(subject, 2, 100));
  }
  EXPECT_NEAR(tenth, 2000, 200);
  EXPECT_NEAR(half, 10000, 400);
}

DesiredNotice notice(const std::string& topic, NoticeKind kind, const std::string& text) {
  DesiredNotice desired;
  desired.topic = topic;
  desired.kind = kind;
  desired.text = text;
  return desired;
}

TEST(NoticeDifferences, TellWhatAppearsChangesAndDisappears) {
  const std::vector<DesiredNotice> before = {notice("a", NoticeKind::units_low, "3 left"),
                                             notice("b", NoticeKind::units_low, "2 left"),
                                             notice("c", NoticeKind::expiring, "soon")};
  const std::vector<DesiredNotice> now = {notice("a", NoticeKind::units_low, "3 left"),
                                          notice("b", NoticeKind::units_low, "1 left"),
                                          notice("a", NoticeKind::exhausted, "none")};
  const std::vector<NoticeDifference> differences = compare_notices(before, now);
  ASSERT_EQ(differences.size(), 3U);
  EXPECT_EQ(differences[0].effect, NoticeEffect::disappears);
  EXPECT_EQ(differences[0].before->topic, "c");
  EXPECT_EQ(differences[1].effect, NoticeEffect::changes);
  EXPECT_EQ(differences[1].after->text, "1 left");
  EXPECT_EQ(differences[2].effect, NoticeEffect::appears);
  EXPECT_TRUE(compare_notices(now, now).empty());
}

}  // namespace
}  // namespace authledger
