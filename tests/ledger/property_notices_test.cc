#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "tests/ledger/random_facts.h"

namespace authledger {
namespace {

// Applies changes as the store does.
void remember(std::vector<NoticeRecord>& stored, const std::vector<NoticeChange>& changes) {
  for (const NoticeChange& change : changes) {
    std::erase_if(stored,
                  [&](const NoticeRecord& record) { return record.notice_key == change.notice_key && change.desired; });
    for (NoticeRecord& record : stored) {
      if (record.notice_key == change.notice_key) record.is_open = false;
    }
    if (!change.desired) continue;
    stored.push_back({change.notice_key, change.desired->topic, change.desired->kind, change.episode, true,
                      change.desired->severity, false, desired_hash(*change.desired), change.desired->role,
                      change.desired->is_copy, !change.desired->owner.empty(), change.desired->band,
                      change.desired->limit, Instant{}});
  }
}

TEST(NoticeProperty, StoredNoticesFollowTheDesiredOnes) {
  EXPECT_TRUE(holds("after a plan the open notices are the desired ones, and a second plan is empty", [] {
    std::vector<NoticeRecord> stored;
    const RandomSubject subject = *random_subject();
    const Policy& policy = subject.policy;
    const std::vector<Fact> history = recorded(subject.facts);
    for (int days : {0, 20, 90, 200}) {
      const Derived outcome = derive(history, policy, subject.today + days);
      remember(stored, plan_notices("clinic", 1, outcome.notices, stored));
      RC_ASSERT(plan_notices("clinic", 1, outcome.notices, stored).empty());
      std::set<Hash> open, wanted;
      for (const NoticeRecord& record : stored) {
        if (record.is_open) open.insert(record.desired_hash);
      }
      for (const DesiredNotice& notice : outcome.notices) wanted.insert(desired_hash(notice));
      RC_ASSERT((open == wanted));
      RC_ASSERT(wanted.size() == outcome.notices.size());
    }
  }));
}

TEST(NoticeProperty, NeverAsksForTheSameCauseTwice) {
  EXPECT_TRUE(holds("kind and topic are unique, texts are free of codes, severities are 1 to 3", [] {
    const RandomSubject subject = *random_subject();
    const Policy& policy = subject.policy;
    const Derived outcome = derive(recorded(subject.facts), policy, subject.today);
    std::set<std::pair<NoticeKind, std::string>> causes;
    for (const DesiredNotice& notice : outcome.notices) {
      RC_ASSERT(causes.emplace(notice.kind, notice.topic).second);
      RC_ASSERT(notice.severity >= 1 && notice.severity <= 3);
      RC_ASSERT_FALSE(notice.text.empty());
      for (const char* code : {"90837", "90834", "97110", "H0015"}) {
        RC_ASSERT(notice.text.find(code) == std::string::npos);
      }
    }
  }));
}

}  // namespace
}  // namespace authledger
