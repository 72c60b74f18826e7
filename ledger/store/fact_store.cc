#include "ledger/store/fact_store.h"

#include <thread>

#include "base/check.h"
#include "ledger/store/page_plan.h"
#include "ledger/store/quarantine_rows.h"
#include "ledger/store/resource_check.h"
#include "ledger/store/subject_alias.h"
#include "ledger/store/subject_link.h"
#include "ledger/store/subject_lock.h"

namespace authledger {

namespace {

constexpr int kPageRepeatsMax = 8;

constexpr Statement kReadStanding{"read_standing_facts", R"(
  select asked.no, asked.subject_id, header.fact_seq, header.fact_key, header.kind, header.content_hash,
         header.source_version, header.source_updated_at
    from unnest($2::bigint[], $3::bigint[]) with ordinality as asked (subject_id, seq, no)
   cross join lateral (
         select fact_seq, fact_key, kind, content_hash, source_version, source_updated_at
           from fact
          where fact.tenant_id = $1
            and fact.subject_id = asked.subject_id
            and fact.fact_seq = asked.seq
         offset 0) as header)"};

// Resources of the page, those that cannot be stored among the quarantined. One of which a part does not count (an item
// that is not understood) stands among both: the rest of it counts, and somebody is told.
struct Page {
  std::vector<const MappedResource*> mapped;
  std::vector<QuarantinedResource> quarantined;
};

Issues issues_of(const MappedResource& resource, Severity least) {
  Issues issues;
  for (const Issue& issue : resource.issues) {
    if (issue.severity <= least) issues.push_back(issue);
  }
  return issues;
}

Page sort_page(std::span<const MappedResource> resources) {
  Page page;
  for (const MappedResource& resource : resources) {
    if (has_error(resource.issues)) {
      page.quarantined.push_back({&resource, issues_of(resource, Severity::error)});
    } else if (std::optional<Issue> issue = storage_issue(resource)) {
      page.quarantined.push_back({&resource, {std::move(*issue)}});
    } else {
      page.mapped.push_back(&resource);
      Issues warnings = issues_of(resource, Severity::warning);
      if (!warnings.empty()) page.quarantined.push_back({&resource, std::move(warnings)});
    }
  }
  return page;
}

bool has_facts(const MappedResource& resource) {
  return !resource.is_deleted && !resource.facts.empty();
}

void read_standing(Transaction& transaction, std::map<ResourceKey, ResourceState>& states,
                   const std::set<ResourceKey>& changed) {
  std::vector<ResourceState*> owners;
  ArrayBuilder subject_ids, seqs;
  for (const ResourceKey& key : changed) {
    ResourceState& state = states[key];
    const ResourceVersion* current = state.current();
    if (current == nullptr) continue;
    for (const FactPlace& place : current->standing) {
      subject_ids.integer(place.subject_id);
      seqs.integer(place.fact_seq);
      owners.push_back(&state);
    }
  }
  if (owners.empty()) return;
  Parameters parameters;
  parameters.integer(transaction.tenant_id());
  subject_ids.add_to(parameters);
  seqs.add_to(parameters);
  const Rows rows = transaction.execute(kReadStanding, parameters);
  for (size_t row = 0; row < rows.size(); ++row) {
    StandingFact fact;
    fact.fact_seq = rows.integer(row, 2);
    fact.kind = static_cast<FactKind>(rows.integer(row, 4));
    fact.content_hash = rows.hash(row, 5);
    fact.source_version = rows.optional_integer(row, 6);
    fact.source_updated_at = rows.optional_instant(row, 7);
    ResourceState& owner = *owners[static_cast<size_t>(rows.integer(row, 0) - 1)];
    owner.standing[{rows.integer(row, 1), rows.string(row, 3)}] = fact;
  }
}

// A resource of the page stands, or is to stand, in a subject that is not locked. Locking it now would be out of order:
// the page starts again with it.
struct MissingSubjects {
  std::set<int64_t> subject_ids;
};

// How a page is tried: a first time, and again with what the times before found out.
struct Attempt {
  bool trusts_new = true;  // What was not stored a moment ago is not looked for again.
  std::set<int64_t> more_subjects;
};

void take_owners(const MappedResource& resource, std::set<Alias>& owners) {
  if (!has_facts(resource)) return;
  const Alias* last = nullptr;  // Nearly always one patient's.
  for (const Fact& fact : resource.facts) {
    Alias owner = owner_of(resource, fact);
    if (last == nullptr || owner != *last) last = &*owners.insert(std::move(owner)).first;
  }
}

RecordCounts record_mapped(Transaction& transaction, const Page& page, Instant recorded_at, const Attempt& attempt) {
  std::set<Alias> aliases;
  std::set<ResourceKey> keys;
  for (const MappedResource* resource : page.mapped) {
    if (!resource->is_new || !attempt.trusts_new) keys.insert(key_of(*resource));
    take_owners(*resource, aliases);
  }
  std::map<Alias, int64_t> subjects = resolve_aliases(transaction, aliases, recorded_at);
  std::set<int64_t> to_lock = attempt.more_subjects;
  for (const auto& [alias, subject_id] : subjects) to_lock.insert(subject_id);
  const std::map<int64_t, LockedSubject> locked = lock_for_facts(transaction, to_lock);
  std::map<int64_t, int64_t> facts_seq;
  for (const auto& [subject_id, subject] : locked) facts_seq[subject_id] = subject.facts_seq;
  // Under the lock of its home, nobody joins a record or parts it.
  MissingSubjects missing;
  for (auto& [alias, subject_id] : subjects) {
    subject_id = locked.at(subject_id).joined_into.value_or(subject_id);
    if (!locked.contains(subject_id)) missing.subject_ids.insert(subject_id);
  }

  std::map<ResourceKey, ResourceState> states;
  for (auto& [key, versions] : read_versions(transaction, keys)) states[key].versions = std::move(versions);
  std::set<ResourceKey> changed;
  for (const MappedResource* resource : page.mapped) {
    const ResourceKey key = key_of(*resource);
    const ResourceState& state = states[key];
    if (is_known(state, *resource)) continue;
    changed.insert(key);
    const ResourceVersion* current = state.current();
    if (current == nullptr) continue;
    for (const FactPlace& place : current->standing) {
      if (!locked.contains(place.subject_id)) missing.subject_ids.insert(place.subject_id);
    }
  }
  if (!missing.subject_ids.empty()) throw missing;
  read_standing(transaction, states, changed);

  PagePlan plan(std::move(states), std::move(facts_seq), recorded_at);
  for (const MappedResource* resource : page.mapped) {
    plan.add(*resource, subjects);
  }
  insert_facts(transaction, plan.facts());
  end_versions(transaction, plan.ended());
  insert_versions(transaction, plan.inserted(), recorded_at);
  remap_versions(transaction, plan.remapped());
  save_links(transaction, plan.renewed());
  raise_subjects(transaction, plan.raised(), recorded_at);
  return plan.counts();
}

RecordCounts record_once(PgConnection& connection, int64_t tenant_id, const Page& page, const FeedState* feed,
                         Instant recorded_at, const Attempt& attempt) {
  Transaction transaction(connection, tenant_id);
  RecordCounts counts;
  if (!page.mapped.empty()) {
    counts = record_mapped(transaction, page, recorded_at, attempt);
    clear_quarantine(transaction, page.mapped);
  }
  replace_quarantine(transaction, page.quarantined, recorded_at);
  counts.quarantined = static_cast<int64_t>(page.quarantined.size());
  if (feed != nullptr) save_feed(transaction, *feed);
  transaction.commit();
  return counts;
}

}  // namespace

RecordCounts record_page(PgConnection& connection, int64_t tenant_id, std::span<const MappedResource> resources,
                         const FeedState* feed, Instant recorded_at) {
  const Page page = sort_page(resources);
  Attempt attempt;
  for (int repeat = 0;; ++repeat) {
    try {
      return record_once(connection, tenant_id, page, feed, recorded_at, attempt);
    } catch (const MissingSubjects& missing) {
      if (repeat == kPageRepeatsMax) throw DbError("40001", "record_page: the page's resources keep changing subject");
      attempt.more_subjects.insert(missing.subject_ids.begin(), missing.subject_ids.end());
      continue;
    } catch (const DbError& error) {
      // 23505: another writer stored the same new version first; a second look finds it.
      if (repeat == kPageRepeatsMax || !(error.is_retryable() || error.sqlstate() == "23505")) throw;
      attempt.trusts_new = false;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(5 << repeat));
  }
}

}  // namespace authledger
