#include "ledger/store/rule_store.h"

#include <fmt/format.h>

#include "ledger/store/tenant_store.h"

namespace authledger {

namespace {

constexpr Statement kReadSteps{"read_rule_steps", R"(
  select step_no, rule_version, state, canary_percent
    from rule_step
   where tenant_id = $1
   order by step_no)"};

constexpr Statement kReadRuleSet{"read_rule_set", R"(
  select body
    from rule_set
   where tenant_id = $1
     and rule_version = $2)"};

constexpr Statement kNewestRuleSet{"newest_rule_set", R"(
  select rule_version, body
    from rule_set
   where tenant_id = $1
   order by rule_version desc
   limit 1)"};

constexpr Statement kInsertRuleSet{"insert_rule_set", R"(
  insert into rule_set (tenant_id, rule_version, body)
  values ($1, $2, $3))"};

constexpr Statement kInsertStep{"insert_rule_step", R"(
  insert into rule_step (tenant_id, step_no, rule_version, state, canary_percent, role, reason, stepped_at)
  select $1, coalesce(max(step_no), 0) + 1, $2, $3::smallint, $4::smallint, $5, $6, coalesce($7::timestamptz, now())
    from rule_step
   where tenant_id = $1)"};

constexpr Statement kHasDelivered{"has_delivered", R"(
  select exists (select from notice where tenant_id = $1 and (remote_id <> '' or create_begun_at is not null)))"};

constexpr Statement kClearPreviews{"clear_previews", R"(
  delete from rule_preview
   where tenant_id = $1)"};

constexpr Statement kRulesStamp{"rules_stamp", R"(
  select coalesce((select max(step_no) from rule_step where tenant_id = $1), 0),
         coalesce((select max(policy_version) from policy where tenant_id = $1), 0))"};

// What the EHR shows now of each version, and what the waiting one would change.
constexpr Statement kReadVersions{"read_rule_versions", R"(
  select step.rule_version, step.state, step.canary_percent, step.stepped_at, step.role, step.reason,
         (select count(*)
            from notice
           where notice.tenant_id = $1
             and notice.delivered_rule_version = step.rule_version
             and notice.remote_id <> ''
             and not notice.is_retired)
    from rule_step as step
   where step.tenant_id = $1
     and not exists (
           select
             from rule_step as later
            where later.tenant_id = $1
              and later.rule_version = step.rule_version
              and later.step_no > step.step_no)
   order by step.rule_version)"};

constexpr Statement kCountPreviews{"count_previews", R"(
  select effect, count(*)
    from rule_preview
   where tenant_id = $1
   group by effect)"};

void insert_step(Transaction& transaction, const RuleStep& step, const std::string& role, const std::string& reason,
                 std::optional<Instant> now) {
  Parameters parameters;
  parameters.integer(transaction.tenant_id()).integer(step.rule_version).integer(static_cast<int64_t>(step.state));
  parameters.integer(step.canary_percent).text(role).text(reason).optional_instant(now);
  transaction.execute(kInsertStep, parameters);
  transaction.execute(kClearPreviews, Parameters().integer(transaction.tenant_id()));
}

Rules rules_of(const std::string& body, int64_t rule_version) {
  Rules rules;
  const Issues issues = read_rules(body, fmt::format("rule version {}", rule_version), rules);
  if (has_error(issues)) {
    throw DbError("AL002", fmt::format("rule version {} cannot be read: {}", rule_version, issues.front().message));
  }
  return rules;
}

// The rules as one tenant has them recorded, and as the next round would record them.
class RuleBook {
 public:
  RuleBook(Transaction& transaction, const Rules& written, const std::vector<PayerOrganization>& organizations,
           const RolloutConfig& start, bool is_recorded)
      : transaction_(transaction),
        written_(written),
        organizations_(organizations),
        start_(start),
        is_recorded_(is_recorded) {
    const Parameters tenant = Parameters().integer(transaction.tenant_id());
    const Rows rows = transaction.execute(kReadSteps, tenant);
    for (size_t row = 0; row < rows.size(); ++row) {
      step_no_ = rows.integer(row, 0);
      steps_.push_back(
          {rows.integer(row, 1), static_cast<RuleState>(rows.integer(row, 2)), static_cast<int>(rows.integer(row, 3))});
    }
    const Rows newest = transaction.execute(kNewestRuleSet, tenant);
    if (newest.size() == 0) return;
    newest_version_ = newest.integer(0, 0);
    newest_body_ = newest.string(0, 1);
  }

  // The config's rules are the newest version from here on.
  void take_up_written() {
    std::string body = rules_json(written_);
    const Rollout rollout = rollout_of(steps_);
    if (newest_version_ == 0 || newest_body_ != body) {
      const bool is_first = newest_version_ == 0;
      ++newest_version_;
      newest_body_ = std::move(body);
      if (is_recorded_) {
        transaction_.execute(
            kInsertRuleSet, Parameters().integer(transaction_.tenant_id()).integer(newest_version_).text(newest_body_));
      }
      step(is_first ? RuleStep{newest_version_, RuleState::active, 0} : first_step(rollout));
    } else if (rollout.waiting && changes_nothing(rollout)) {
      step({newest_version_, RuleState::active, 0});
    }
  }

  void step(const RuleStep& step) {
    steps_.push_back(step);
    if (!is_recorded_) return;
    ++step_no_;
    insert_step(transaction_, step, "", "recorded by a round", std::nullopt);
    if (step.state != RuleState::dry_run) raise_all_subjects(transaction_);
  }

  RulesInForce in_force() {
    const Rollout rollout = rollout_of(steps_);
    std::optional<int64_t> canary;
    if (rollout.waiting && rollout.canary_percent > 0) canary = rollout.waiting;
    RulesInForce rules{.rule_version = rollout.deciding,
                       .policy = policy_of(rollout.deciding, canary),
                       .is_delivered = rollout.is_delivered,
                       .waiting = std::nullopt,
                       .retracted = rollout.retracted};
    if (rollout.waiting) {
      // Nothing is posted under a dry run: it needs no policy version.
      rules.waiting.emplace(WaitingRules{*rollout.waiting, rollout.canary_percent,
                                         canary ? policy_of(*canary, rollout.deciding)
                                                : policy_from(0, effective(rules_of_version(*rollout.waiting)))});
      // Every subject is to be previewed once.
      if (is_recorded_ && has_new_dry_run_) raise_all_subjects(transaction_);
    }
    rules.step_no = step_no_;
    rules.newest_policy = newest_policy_version(transaction_);
    return rules;
  }

 private:
  RuleStep first_step(const Rollout& rollout) {
    const RuleStep active{newest_version_, RuleState::active, 0};
    if (changes_nothing(rollout)) return active;
    // What was taken back comes back by nobody's slip: only a person releases what follows it.
    if (!rollout.retracted.contains(newest_version_ - 1)) {
      const Parameters tenant = Parameters().integer(transaction_.tenant_id());
      const bool has_delivered = transaction_.execute(kHasDelivered, tenant).boolean(0, 0);
      if (!has_delivered || start_.start == RolloutConfig::Start::active) return active;
      if (start_.start == RolloutConfig::Start::canary) {
        return {newest_version_, RuleState::canary, start_.canary_percent};
      }
    }
    has_new_dry_run_ = true;
    return {newest_version_, RuleState::dry_run, 0};
  }

  bool changes_nothing(const Rollout& rollout) {
    return rollout.is_delivered &&
           rules_json(effective(written_)) == rules_json(effective(rules_of_version(rollout.deciding)));
  }

  // Payers and days are as the sources and the tenant say, whatever the version.
  Rules effective(Rules rules) const {
    rules.time_zone = written_.time_zone;
    return with_payer_directory(std::move(rules), organizations_);
  }

  Rules rules_of_version(int64_t version) {
    if (version == newest_version_) return rules_of(newest_body_, version);
    const Rows rows =
        transaction_.execute(kReadRuleSet, Parameters().integer(transaction_.tenant_id()).integer(version));
    if (rows.size() == 0) throw DbError("AL002", fmt::format("there is no rule version {}", version));
    return rules_of(rows.string(0, 0), version);
  }

  Policy policy_of(int64_t rule_version, std::optional<int64_t> other) {
    return find_policy(transaction_, rule_version, other, effective(rules_of_version(rule_version)), is_recorded_);
  }

  Transaction& transaction_;
  const Rules& written_;
  const std::vector<PayerOrganization>& organizations_;
  const RolloutConfig& start_;
  bool is_recorded_;
  bool has_new_dry_run_ = false;
  std::vector<RuleStep> steps_;
  int64_t step_no_ = 0, newest_version_ = 0;
  std::string newest_body_;
};

}  // namespace

bool is_on_waiting_rules(const RulesInForce& rules, int64_t subject_id) {
  return rules.waiting && is_in_canary(subject_id, rules.waiting->rule_version, rules.waiting->canary_percent);
}

const Policy& policy_for(const RulesInForce& rules, int64_t subject_id) {
  return is_on_waiting_rules(rules, subject_id) ? rules.waiting->policy : rules.policy;
}

RulesInForce record_rules(PgConnection& connection, int64_t tenant_id, const Rules& written,
                          const std::vector<PayerOrganization>& organizations, const RolloutConfig& rollout) {
  std::optional<RulesInForce> rules;
  transact(connection, tenant_id, [&](Transaction& transaction) {
    lock_policies(transaction);
    RuleBook book(transaction, written, organizations, rollout, true);
    book.take_up_written();
    rules = book.in_force();
  });
  return std::move(*rules);
}

RulesInForce read_rules_in_force(PgConnection& connection, int64_t tenant_id, const Rules& written,
                                 const std::vector<PayerOrganization>& organizations, const RolloutConfig& rollout,
                                 std::optional<int64_t> retracted) {
  std::optional<RulesInForce> rules;
  transact(connection, tenant_id, [&](Transaction& transaction) {
    RuleBook book(transaction, written, organizations, rollout, false);
    if (retracted) book.step({*retracted, RuleState::retracted, 0});
    book.take_up_written();
    rules = book.in_force();
  });
  return std::move(*rules);
}

bool are_rules_current(Transaction& transaction, const RulesInForce& rules) {
  const Rows stamp = transaction.execute(kRulesStamp, Parameters().integer(transaction.tenant_id()));
  return stamp.integer(0, 0) == rules.step_no && stamp.integer(0, 1) == rules.newest_policy;
}

std::vector<RuleVersionRow> read_rule_versions(PgConnection& connection, int64_t tenant_id) {
  std::vector<RuleVersionRow> versions;
  transact(connection, tenant_id, [&](Transaction& transaction) {
    versions.clear();
    const Parameters tenant = Parameters().integer(tenant_id);
    const Rows rows = transaction.execute(kReadVersions, tenant);
    for (size_t row = 0; row < rows.size(); ++row) {
      RuleVersionRow version;
      version.step = {rows.integer(row, 0), static_cast<RuleState>(rows.integer(row, 1)),
                      static_cast<int>(rows.integer(row, 2))};
      version.since = rows.instant(row, 3);
      version.role = rows.string(row, 4);
      version.reason = rows.string(row, 5);
      version.standing = rows.integer(row, 6);
      versions.push_back(std::move(version));
    }
    if (versions.empty()) return;
    // Only the newest version can wait.
    RuleVersionRow& newest = versions.back();
    const Rows counts = transaction.execute(kCountPreviews, tenant);
    for (size_t row = 0; row < counts.size(); ++row) {
      const auto effect = static_cast<NoticeEffect>(counts.integer(row, 0));
      (effect == NoticeEffect::appears   ? newest.appears
       : effect == NoticeEffect::changes ? newest.changes
                                         : newest.disappears) = counts.integer(row, 1);
    }
  });
  return versions;
}

void step_rules(PgConnection& connection, int64_t tenant_id, const RuleStep& step, const std::string& role,
                const std::string& reason, Instant now) {
  transact(connection, tenant_id, [&](Transaction& transaction) {
    lock_policies(transaction);
    insert_step(transaction, step, role, reason, now);
    raise_all_subjects(transaction);
  });
}

}  // namespace authledger
