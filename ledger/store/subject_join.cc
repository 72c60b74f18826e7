#include "ledger/store/subject_join.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <set>

#include "base/check.h"
#include "ledger/statements.h"
#include "ledger/store/fact_tables.h"
#include "ledger/store/person_graph.h"
#include "ledger/store/resource_versions.h"
#include "ledger/store/subject_lock.h"
#include "ledger/store/subject_store.h"

namespace authledger {

namespace {

constexpr int kRecordsPerTransaction = 100;

// One joiner at a time, so that two never move one person to different places.
constexpr Statement kLockJoins{"lock_joins", R"(
  select pg_advisory_xact_lock(470212, $1::bigint::integer))"};

constexpr Statement kTakeDue{"take_due_joins", R"(
  delete from subject_join_due
   where tenant_id = $1
     and (source, patient) in (select source, patient
                                 from subject_join_due
                                where tenant_id = $1
                                order by source, patient
                                limit $2)
  returning patient, source)"};

// Of each record: its home and where its facts stand; then, beside it, everybody whose facts stand in that place.
constexpr Statement kReadPlaces{"read_places", R"(
  select alias.patient, alias.source, home.subject_id, home.joined_into
    from unnest($2::text[], $3::text[]) as asked (patient, source)
    join subject_alias as own
      on own.tenant_id = $1
     and own.patient = asked.patient collate "C"
     and own.source = asked.source collate "C"
    join subject as place
      on place.tenant_id = $1
     and place.subject_id = own.subject_id
    join lateral (
         select together.subject_id, together.joined_into
           from subject as together
          where together.tenant_id = $1
            and together.subject_id = coalesce(place.joined_into, place.subject_id)
         union all
         select together.subject_id, together.joined_into
           from subject as together
          where together.tenant_id = $1
            and together.joined_into = coalesce(place.joined_into, place.subject_id)) as home
      on true
    join subject_alias as alias
      on alias.tenant_id = $1
     and alias.subject_id = home.subject_id)"};

// What the records say, and what others say of them.
constexpr Statement kReadLinksAround{"read_links_around", R"(
  select link.source, link.patient, link.is_identifier, link.space, link.name, link.is_replaced
    from unnest($2::text[], $3::text[]) as asked (patient, source)
    join subject_link as link
      on link.tenant_id = $1
     and link.source = asked.source collate "C"
     and link.patient = asked.patient collate "C"
  union
  select link.source, link.patient, link.is_identifier, link.space, link.name, link.is_replaced
    from unnest($2::text[], $3::text[]) as asked (patient, source)
    join subject_link as link
      on link.tenant_id = $1
     and not link.is_identifier
     and link.space = asked.source collate "C"
     and link.name = asked.patient collate "C"
  union
  select sharer.source, sharer.patient, sharer.is_identifier, sharer.space, sharer.name, sharer.is_replaced
    from unnest($2::text[], $3::text[]) as asked (patient, source)
    join subject_link as link
      on link.tenant_id = $1
     and link.is_identifier
     and link.source = asked.source collate "C"
     and link.patient = asked.patient collate "C"
   cross join lateral (
         select other.source, other.patient, other.is_identifier, other.space, other.name, other.is_replaced
           from subject_link as other
          where other.tenant_id = $1
            and other.is_identifier
            and other.space = link.space
            and other.name = link.name
          limit $4) as sharer)"};

constexpr Statement kSaveJoin{"save_join", R"(
  update subject
     set joined_into = $3
   where tenant_id = $1
     and subject_id = $2)"};

Parameters parameters_of(Transaction& transaction, const std::set<Alias>& records) {
  ArrayBuilder patients, sources;
  for (const Alias& record : records) {
    patients.text(record.first);
    sources.text(record.second);
  }
  Parameters parameters;
  parameters.integer(transaction.tenant_id());
  patients.add_to(parameters);
  sources.add_to(parameters);
  return parameters;
}

// Everybody who is, or was, or might be one person with the records that are due.
PatientRecords read_persons(Transaction& transaction, std::set<Alias> frontier) {
  PatientRecords records;
  std::map<Alias, std::set<SubjectLink>> links;
  std::set<Alias> asked;
  while (!frontier.empty()) {
    for (const Alias& record : frontier) records.try_emplace(record);
    std::set<Alias> found;
    const Rows places = transaction.execute(kReadPlaces, parameters_of(transaction, frontier));
    for (size_t row = 0; row < places.size(); ++row) {
      const Alias record{places.string(row, 0), places.string(row, 1)};
      PatientRecord& known = records[record];
      known.home = places.integer(row, 2);
      known.joined = places.optional_integer(row, 3);
      if (!frontier.contains(record)) found.insert(record);
    }
    std::map<std::pair<std::string, std::string>, std::set<std::pair<Alias, bool>>> sharers;
    const Rows said = transaction.execute(
        kReadLinksAround, parameters_of(transaction, frontier).integer(static_cast<int64_t>(kRecordsPerPersonMax)));
    for (size_t row = 0; row < said.size(); ++row) {
      const Alias record{said.string(row, 1), said.string(row, 0)};
      SubjectLink link{record.first, said.boolean(row, 2), said.string(row, 3), said.string(row, 4),
                       said.boolean(row, 5)};
      if (link.is_identifier) {
        sharers[{link.space, link.name}].insert({record, link.is_replaced});
      } else {
        found.insert({link.name, link.space});
        found.insert(record);
      }
      links[record].insert(std::move(link));
    }
    for (const auto& [identifier, shared] : sharers) {
      if (!tells_persons_apart(shared)) continue;
      for (const auto& [record, is_replaced] : shared) found.insert(record);
    }
    asked.insert(frontier.begin(), frontier.end());
    frontier.clear();
    std::set_difference(found.begin(), found.end(), asked.begin(), asked.end(),
                        std::inserter(frontier, frontier.end()));
  }
  for (auto& [record, said] : links) records[record].links.assign(said.begin(), said.end());
  return records;
}

// A line that was cancelled stays usable for the days before, by what its former versions say: the last approval goes
// where the cancellation goes.
const Fact* approval_before(const Fact& cancellation, const std::vector<Fact>& history) {
  const auto decision_of = [](const Fact& fact) {
    const auto* line = std::get_if<AuthorizationLineFact>(&fact.body);
    return line == nullptr || fact.retracted ? Decision::unknown : line->decision;
  };
  if (decision_of(cancellation) != Decision::cancelled) return nullptr;
  const Fact* newest = nullptr;
  for (const Fact& version : history) {
    if (version.fact_key != cancellation.fact_key || !is_approval(decision_of(version))) continue;
    if (newest == nullptr || is_newer(version, *newest)) newest = &version;
  }
  return newest;
}

// Moves the facts that stand for records from one subject to another.
class FactMove {
 public:
  FactMove(Transaction& transaction, const std::map<int64_t, LockedSubject>& locked, Instant now)
      : transaction_(transaction), now_(now) {
    for (const auto& [subject_id, subject] : locked) facts_seq_[subject_id] = subject.facts_seq;
  }

  // Facts of the records that stand in `from`.
  void move(int64_t from, const std::map<Alias, int64_t>& targets) {
    const std::vector<Fact> history = read_facts(transaction_, std::array{from}).front();
    for (const Fact& fact : current_facts(history)) {
      const std::string_view patient = patient_of(fact.body);
      const auto target = targets.find({patient.empty() ? fact.resource : std::string(patient), fact.source});
      if (target == targets.end() || target->second == from) continue;
      const size_t slash = fact.resource.find('/');
      const ResourceKey resource{fact.source, fact.resource.substr(0, slash), fact.resource.substr(slash + 1)};
      Move& move = moves_[resource].emplace_back();
      move.before = {from, fact.fact_seq};
      if (const Fact* approval = approval_before(fact, history)) append(target->second, *approval);
      move.after = {target->second, append(target->second, fact)};
      Fact gone = fact;
      gone.retracted = true;
      gone.body = empty_body(kind_of(fact.body));
      append(from, std::move(gone));
      ++count_;
    }
  }

  int64_t save() {
    insert_facts(transaction_, facts_);
    save_versions();
    raise_subjects(transaction_, raised_, now_);
    return count_;
  }

 private:
  struct Move {
    FactPlace before, after;
  };

  int64_t append(int64_t subject_id, Fact fact) {
    const auto subject = facts_seq_.find(subject_id);
    AUTHLEDGER_CHECK(subject != facts_seq_.end());
    fact.fact_seq = raised_[subject_id] = ++subject->second;
    fact.recorded_at = now_;
    const Hash hash = content_hash(fact);
    facts_.push_back({subject_id, hash, std::move(fact)});
    return subject->second;
  }

  // What stands for each resource is where it moved to.
  void save_versions() {
    std::set<ResourceKey> keys;
    for (const auto& [resource, moves] : moves_) keys.insert(resource);
    std::vector<VersionRow> rows;
    for (auto& [resource, versions] : read_versions(transaction_, keys)) {
      for (ResourceVersion& version : versions) {
        if (!version.is_current) continue;
        for (const Move& move : moves_.at(resource)) {
          std::replace(version.standing.begin(), version.standing.end(), move.before, move.after);
        }
        rows.push_back({resource, std::move(version), nullptr});
      }
    }
    remap_versions(transaction_, rows);
  }

  Transaction& transaction_;
  Instant now_;
  std::map<int64_t, int64_t> facts_seq_, raised_;
  std::map<ResourceKey, std::vector<Move>> moves_;
  std::vector<SequencedFact> facts_;
  int64_t count_ = 0;
};

// True when there was something due.
bool join_some(Transaction& transaction, Instant now, JoinCounts& counts) {
  transaction.execute(kLockJoins, Parameters().integer(transaction.tenant_id()));
  const Rows due =
      transaction.execute(kTakeDue, Parameters().integer(transaction.tenant_id()).integer(kRecordsPerTransaction));
  if (due.size() == 0) return false;
  std::set<Alias> frontier;
  for (size_t row = 0; row < due.size(); ++row) frontier.insert({due.string(row, 0), due.string(row, 1)});
  const PatientRecords records = read_persons(transaction, std::move(frontier));
  const std::map<int64_t, std::optional<int64_t>> places = plan_joins(records);
  if (places.empty()) return true;

  std::map<int64_t, std::map<Alias, int64_t>> targets;  // By the subject that facts stand in now.
  std::set<int64_t> to_lock;
  for (const auto& [record, known] : records) {
    if (!known.home) continue;
    const auto place = places.find(*known.home);
    if (place == places.end()) continue;
    const int64_t from = known.joined.value_or(*known.home);
    const int64_t to = place->second.value_or(*known.home);
    targets[from][record] = to;
    to_lock.insert({*known.home, from, to});
  }
  const std::map<int64_t, LockedSubject> locked = lock_for_facts(transaction, to_lock);
  FactMove moving(transaction, locked, now);
  for (const auto& [from, records_to] : targets) moving.move(from, records_to);
  counts.moved_facts += moving.save();
  for (const auto& [home, place] : places) {
    transaction.execute(kSaveJoin, Parameters().integer(transaction.tenant_id()).integer(home).optional_integer(place));
    ++(place ? counts.joined : counts.parted);
  }
  return true;
}

}  // namespace

JoinCounts join_subjects(PgConnection& connection, int64_t tenant_id, Instant now) {
  JoinCounts total;
  for (bool is_due = true; is_due;) {
    JoinCounts counts;
    transact(connection, tenant_id, [&](Transaction& transaction) {
      counts = {};
      is_due = join_some(transaction, now, counts);
    });
    total.joined += counts.joined;
    total.parted += counts.parted;
    total.moved_facts += counts.moved_facts;
  }
  return total;
}

}  // namespace authledger
