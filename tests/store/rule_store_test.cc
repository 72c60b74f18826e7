// Versions of the rules: which decides, and under which policy. FAULTS 80.

#include "ledger/store/rule_store.h"

#include <gtest/gtest.h>

#include "ledger/store/rule_preview_store.h"
#include "ledger/store/schema.h"
#include "tests/store/sample_facts.h"
#include "tests/support/test_database.h"

namespace authledger {
namespace {

constexpr char kDeliveredNotice[] = R"(
  set authledger.tenant_id = 1;
  insert into notice (tenant_id, notice_key, subject_id, topic, kind, episode, is_open, severity, notice_text,
                      desired_hash, remote_id, rule_version)
  values (1, 'k', 1, 't', 1, 1, true, 1, 'text', '\x00', 'f1', 1))";

Rules rules_of(int grace_days) {
  Rules rules;
  rules.reservation_grace_days = grace_days;
  return rules;
}

class RuleStore : public testing::Test {
 protected:
  RuleStore() { tenant = make_tenant(pg); }

  RulesInForce record(const Rules& rules, const RolloutConfig& rollout = {}) {
    return record_rules(pg, tenant, rules, payers, rollout);
  }
  void deliver() { database.owner_connection().execute_script(kDeliveredNotice); }
  void step(int64_t version, RuleState state, int percent = 0) {
    step_rules(pg, tenant, {version, state, percent}, "billing lead", "why", at_second(1));
  }

  TestDatabase database;
  PgConnection pg = database.connection();
  int64_t tenant = 0;
  std::vector<PayerOrganization> payers;
};

TEST_F(RuleStore, ActivatesChangesUntilSomethingWasDelivered) {
  EXPECT_EQ(record(rules_of(1)).rule_version, 1);
  EXPECT_EQ(record(rules_of(2)).rule_version, 2) << "nothing stands in the EHR yet";
  deliver();
  const RulesInForce waiting = record(rules_of(3));
  EXPECT_EQ(waiting.rule_version, 2);
  EXPECT_EQ(waiting.policy.rules.reservation_grace_days, 2);
  ASSERT_TRUE(waiting.waiting);
  EXPECT_EQ(waiting.waiting->rule_version, 3);
  EXPECT_EQ(waiting.waiting->policy.rules.reservation_grace_days, 3);
  EXPECT_EQ(record(rules_of(3)).waiting->rule_version, 3) << "the same again is no new version";
  EXPECT_EQ(record(rules_of(4), {RolloutConfig::Start::active, 0}).rule_version, 4);
  EXPECT_EQ(record(rules_of(5), {RolloutConfig::Start::canary, 10}).waiting->canary_percent, 10);
}

TEST_F(RuleStore, ANewPayerNameIsNoChangedRule) {
  record(rules_of(1));
  deliver();
  payers.push_back({"ehr", "Organization/o1", "Acme Health, Inc.", {}});
  const RulesInForce rules = record(rules_of(1));
  EXPECT_EQ(rules.rule_version, 1);
  EXPECT_FALSE(rules.waiting);
  EXPECT_EQ(rules.policy.version, 2) << "but another policy: a replay must know the same payers";
  EXPECT_FALSE(rules.policy.rules.payer_aliases.empty());
  // Rules that say what the sources say already change nothing.
  Rules written = rules_of(1);
  written.payer_aliases = rules.policy.rules.payer_aliases;
  const RulesInForce same = record(written);
  EXPECT_EQ(same.rule_version, 2);
  EXPECT_FALSE(same.waiting);
  EXPECT_EQ(same.policy.version, 2);
}

TEST_F(RuleStore, APolicyVersionNeverComesBackOnceOthersDecided) {
  record(rules_of(1));
  deliver();
  const RulesInForce canary = record(rules_of(2), {RolloutConfig::Start::canary, 50});
  EXPECT_EQ(canary.policy.version, 1);
  EXPECT_EQ(canary.waiting->policy.version, 2);
  EXPECT_EQ(record(rules_of(2)).policy.version, 1) << "both stand side by side";
  EXPECT_EQ(record(rules_of(2)).waiting->policy.version, 2);
  step(2, RuleState::retracted);
  EXPECT_EQ(record(rules_of(2)).policy.version, 3) << "the canary's subjects come back, under a version of its own";
  step(2, RuleState::active);
  EXPECT_EQ(record(rules_of(2)).policy.version, 4);
  EXPECT_EQ(record(rules_of(2)).rule_version, 2);
}

TEST_F(RuleStore, ADryRunThatIsWithdrawnLeavesThePolicyInForce) {
  record(rules_of(1));
  deliver();
  EXPECT_EQ(record(rules_of(2)).policy.version, 1);
  const RulesInForce back = record(rules_of(1));
  EXPECT_EQ(back.rule_version, 3);
  EXPECT_EQ(back.policy.version, 1) << "nobody was reckoned by other rules";
}

TEST_F(RuleStore, TellsThatAnotherProcessSteppedToOtherRules) {
  const RulesInForce rules = record(rules_of(1));
  const auto is_current = [&] {
    Transaction transaction(pg, tenant);
    return are_rules_current(transaction, rules);
  };
  EXPECT_TRUE(is_current());
  PgConnection other = database.connection();
  record_rules(other, tenant, rules_of(2), {}, {});
  EXPECT_FALSE(is_current());
}

TEST_F(RuleStore, KeepsWhoSteppedAndWhy) {
  record(rules_of(1));
  step(1, RuleState::retracted);
  const std::vector<RuleVersionRow> versions = read_rule_versions(pg, tenant);
  ASSERT_EQ(versions.size(), 1U);
  EXPECT_EQ(versions[0].step.state, RuleState::retracted);
  EXPECT_EQ(versions[0].role, "billing lead");
  EXPECT_EQ(versions[0].reason, "why");
  EXPECT_EQ(versions[0].since, at_second(1));
}

TEST_F(RuleStore, ReplacesThePreviewsOfASubjectAndDropsThemWithAStep) {
  record(rules_of(1));
  DesiredNotice notice;
  notice.kind = NoticeKind::expiring;
  notice.text = "ends soon";
  const std::array<int64_t, 1> ids = {7};
  transact(pg, tenant, [&](Transaction& transaction) {
    save_previews(transaction, ids, std::array{NoticePreview{7, "k1", NoticeEffect::appears, notice}});
    save_previews(transaction, ids,
                  std::array{NoticePreview{7, "k2", NoticeEffect::appears, notice},
                             NoticePreview{7, "k3", NoticeEffect::disappears, notice}});
    const std::vector<NoticePreview> previews = read_previews(transaction, ids);
    ASSERT_EQ(previews.size(), 1U) << "only what would appear";
    EXPECT_EQ(previews[0].notice_key, "k2");
    EXPECT_EQ(previews[0].notice.text, "ends soon");
  });
  EXPECT_EQ(read_rule_versions(pg, tenant)[0].disappears, 1);
  step(1, RuleState::retracted);
  EXPECT_EQ(read_rule_versions(pg, tenant)[0].disappears, 0);
}

// The migration before 0015_rule_versions.sql.
constexpr int kBeforeRuleVersions = 14;

TEST(RuleMigration, TakesWhatWasInForceAsTheFirstVersion) {
  EmptyDatabase database;
  PgConnection owner(database.url());
  migrate(owner, kBeforeRuleVersions);
  const PayerOrganization payer{"ehr", "Organization/o1", "Acme Health", {}};
  const std::string body = rules_json(with_payer_directory(rules_of(1), {payer}));
  owner.execute_script(
      "insert into tenant (name, time_zone) values ('clinic', 'UTC'); set authledger.tenant_id = 1;"
      "insert into policy values (1, 1, '{}', '\\x00'), (1, 2, '" +
      body +
      "', '\\x00');"
      "insert into notice (tenant_id, notice_key, subject_id, topic, kind, episode, is_open, severity,"
      " notice_text, desired_hash, remote_id)"
      " values (1, 'k', 1, 't', 1, 1, true, 1, 'text', '\\x00', 'f1')");
  migrate(owner);
  become_application(owner);
  const RulesInForce rules = record_rules(owner, 1, rules_of(1), {payer}, {});
  EXPECT_FALSE(rules.waiting) << "an upgrade is no changed rule";
  EXPECT_EQ(rules.policy.version, 2);
  EXPECT_EQ(record_rules(owner, 1, rules_of(9), {payer}, {}).waiting->rule_version, 3);
  EXPECT_EQ(read_rule_versions(owner, 1)[0].standing, 1) << "what stands was written by the first version";
}

}  // namespace
}  // namespace authledger
