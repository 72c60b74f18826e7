#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "adapters/render.h"
#include "ledger/store/feed_store.h"
#include "sync/intake.h"
#include "sync/reconcile.h"
#include "tests/simulation_year/invariants.h"

// Invariants between the EHR and the ledger: 3, 4, 6, 7.

namespace authledger {
namespace {

constexpr int64_t kOneVisitMilli = 1000;

// What stands of each service: used (4) or uncovered (7), and reserved (3).
constexpr Statement kStandingUnits{"standing_units", R"(
  select service_key,
         sum(case when to_account in (4, 7) then quantity_milli else 0 end)::bigint
         - sum(case when from_account in (4, 7) then quantity_milli else 0 end)::bigint,
         sum(case when to_account = 3 then quantity_milli else 0 end)::bigint
         - sum(case when from_account = 3 then quantity_milli else 0 end)::bigint
    from transfer
   where tenant_id = $1
     and service_key is not null
   group by service_key)"};

// The same after each entry: nothing is posted twice and taken back later.
constexpr Statement kPostedTwice{"posted_twice", R"(
  select distinct service_key
    from (select service_key, entry_seq,
                 sum(sum(case when to_account in (4, 7) then quantity_milli else 0 end
                         - case when from_account in (4, 7) then quantity_milli else 0 end))
                 over (partition by subject_id, service_key order by entry_seq) as units_milli
            from transfer
           where tenant_id = $1
             and service_key is not null
           group by subject_id, service_key, entry_seq) as after
   where units_milli > 1000 or units_milli < 0)"};

constexpr Statement kStoredVersions{"stored_versions", R"(
  select resource_type || '/' || resource_id, coalesce(source_version, 0), is_deleted
    from raw_resource
   where tenant_id = $1
     and is_current)"};

// As SimulatedEhr::served names them.
constexpr Statement kRecordedVersions{"recorded_versions", R"(
  select distinct resource_type || '/' || resource_id || '/' || source_version
    from raw_resource
   where tenant_id = $1
     and source_version is not null)"};

constexpr Statement kNotices{"all_notices", R"(
  select notice_key, is_open, is_closed_by_person, parked_reason is not null, notice_text, person_status,
         concat_ws(' ', kind, 'severity', severity, 'episode', episode, 'remote', remote_id, 'begun', create_begun_at,
                   'retired', is_retired, 'by person', is_closed_by_person, person_status, 'due', due_at, 'looks', looks_due)
    from notice
   where tenant_id = $1)"};

struct Artefacts {
  int live = 0;
  std::string live_body;
};

// Of what stands in the EHR with an identifier of ours, by notice key.
std::map<std::string, Artefacts> artefacts_in(Year& year) {
  std::map<std::string, Artefacts> found;
  for (const char* type : {"Flag", "Task"}) {
    for (const std::string& body : year.ehr().bodies(type)) {
      JsonDocument document;
      JsonView resource = document.parse(body).value();
      const std::string key = notice_key_of(resource);
      if (key.empty()) continue;
      Artefacts& artefacts = found[key];
      if (is_closed(resource)) continue;
      ++artefacts.live;
      artefacts.live_body = body;
    }
  }
  return found;
}

}  // namespace

const std::vector<Invariant>& invariants() {
  static const std::vector<Invariant> all = {{1, debits_equal_credits},
                                             {2, balances_are_the_fold_of_the_journal},
                                             {3, each_visit_is_posted_once},
                                             {4, any_order_gives_the_same},
                                             {5, known_answers_stand},
                                             {6, alerts_and_artefacts_are_paired},
                                             {7, cursor_passed_nothing_unread},
                                             {8, every_row_has_provenance},
                                             {9, chains_verify},
                                             {10, bystander_is_untouched}};
  return all;
}

Complaints each_visit_is_posted_once(Year& year) {
  Complaints complaints;
  const int64_t tenant_id = year.session().tenant_id();
  Transaction transaction(year.ground().owner(), tenant_id);
  const Rows twice = transaction.execute(kPostedTwice, Parameters().integer(tenant_id));
  for (size_t row = 0; row < twice.size(); ++row) complaints.push_back(twice.string(row, 0) + " was posted twice");

  const Rows rows = transaction.execute(kStandingUnits, Parameters().integer(tenant_id));
  std::map<std::string, std::pair<int64_t, int64_t>> standing;
  for (size_t row = 0; row < rows.size(); ++row) {
    standing[rows.string(row, 0)] = {rows.integer(row, 1), rows.integer(row, 2)};
  }
  std::set<std::string> finished;
  for (const std::string& body : year.ehr().bodies("Encounter")) {
    JsonDocument document;
    JsonView encounter = document.parse(body).value();
    if (encounter["status"].text() == "finished") finished.insert("Encounter/" + encounter["id"].string());
  }
  for (const std::string& key : finished) standing.try_emplace(key);
  for (const auto& [key, units] : standing) {
    const int64_t expected = finished.contains(key) ? kOneVisitMilli : 0;
    if (units.first != expected) {
      complaints.push_back(fmt::format("{} stands with {} thousandths, the EHR says {}", key, units.first, expected));
    }
    if (units.second < 0 || units.second > kOneVisitMilli) {
      complaints.push_back(fmt::format("{} reserves {} thousandths", key, units.second));
    }
  }
  return complaints;
}

// What was served and got lost on its way, or with a crash, was not heard.
std::set<std::string> recorded_versions(Year& year) {
  const int64_t tenant_id = year.session().tenant_id();
  Transaction transaction(year.ground().owner(), tenant_id);
  const Rows rows = transaction.execute(kRecordedVersions, Parameters().integer(tenant_id));
  std::set<std::string> recorded;
  for (size_t row = 0; row < rows.size(); ++row) recorded.insert(rows.string(row, 0));
  return recorded;
}

// Another tenant hears everything that this one heard, in another order, some of it several times.
Complaints any_order_gives_the_same(Year& year) {
  Config config = year.session().config();
  config.tenant.name += "-in-another-order";
  auto session = TenantSession::open(config).value();
  const EndpointConfig& endpoint = config.endpoints.front();
  auto mapper = ResourceMapper::compile(endpoint, config.folder, session->policy().zone);
  RoundOptions options;
  options.on_day = year.today();
  RoundContext context{*session, year.clock(), options, {}, [](const std::string&) {}};
  RoundSummary summary;
  std::vector<ReceivedResource> heard;
  std::vector<ResourceHash> gone;
  std::set<std::string> seen;
  const std::set<std::string> recorded = recorded_versions(year);
  for (const auto& [name, body] : year.ehr().served()) {
    if (!recorded.contains(name)) continue;
    const size_t slash = name.find('/'), last = name.rfind('/');
    const ReceivedResource one{name.substr(0, slash), name.substr(slash + 1, last - slash - 1), body, kSimulatedBase};
    for (int times = 1 + year.dice().below(2); times > 0; --times) heard.push_back(one);
    if (!seen.insert(one.type + "/" + one.id).second || year.ehr().body(one.type, one.id)) continue;
    gone.push_back(deletion_of(one.type, one.id));
  }
  year.dice().shuffle(heard);
  {
    Intake intake(context, endpoint, *mapper, summary);
    for (size_t at = 0; at < heard.size();) {
      const size_t end = std::min(heard.size(), at + 1 + static_cast<size_t>(year.dice().below(40)));
      intake.record({heard.begin() + static_cast<ptrdiff_t>(at), heard.begin() + static_cast<ptrdiff_t>(end)}, nullptr);
      at = end;
    }
    if (!gone.empty()) intake.record_deleted(gone);
    intake.finish();
  }
  join_patients(context);
  session->refresh_rules();
  reconcile_due(context, summary);
  const std::string here = answers_on(year.session(), year.today()), there = answers_on(*session, year.today());
  if (here == there) return {};
  return {"another order of the same gives another answer:\n" + difference(here, there)};
}

Complaints no_alert_stands_twice(Year& year) {
  Complaints complaints;
  for (const auto& [key, artefacts] : artefacts_in(year)) {
    if (artefacts.live > 1) complaints.push_back(fmt::format("alert {} stands {} times", key, artefacts.live));
  }
  return complaints;
}

Complaints alerts_and_artefacts_are_paired(Year& year) {
  Complaints complaints = no_alert_stands_twice(year);
  const int64_t tenant_id = year.session().tenant_id();
  std::map<std::string, Artefacts> artefacts = artefacts_in(year);
  Transaction transaction(year.ground().owner(), tenant_id);
  const Rows rows = transaction.execute(kNotices, Parameters().integer(tenant_id));
  for (size_t row = 0; row < rows.size(); ++row) {
    const std::string key = rows.string(row, 0);
    const Artefacts here = artefacts[key];
    artefacts.erase(key);
    const bool is_open = rows.boolean(row, 1), is_closed_by_person = rows.boolean(row, 2);
    const bool was_closed_by_people = year.ehr().was_closed_by_people(key);
    if (rows.boolean(row, 3)) complaints.push_back(fmt::format("alert {} is parked", key));
    if ((is_closed_by_person || !rows.text(row, 5).empty()) && !was_closed_by_people) {
      complaints.push_back(fmt::format("alert {} was closed by nobody: {}", key, rows.text(row, 6)));
    }
    if ((!is_open || is_closed_by_person) && here.live > 0) {
      complaints.push_back(fmt::format("alert {} is over, and stands in the EHR: {}", key, rows.text(row, 6)));
    }
    // Whoever closed it since it was written last wins; the next change of the alert will find that.
    if (is_open && here.live == 0 && !was_closed_by_people) {
      complaints.push_back(fmt::format("alert {} is nowhere in the EHR: {}", key, rows.text(row, 6)));
    }
    if (is_open && here.live == 1 && here.live_body.find(rows.text(row, 4)) == std::string::npos) {
      complaints.push_back(fmt::format("alert {} says another thing in the EHR", key));
    }
  }
  for (const auto& [key, left] : artefacts) complaints.push_back(fmt::format("artefact {} has no alert", key));
  return complaints;
}

Complaints cursor_passed_nothing_unread(Year& year) {
  Complaints complaints;
  struct Stored {
    int64_t version = 0;
    bool is_deleted = false;
  };
  std::map<std::string, Stored> stored;
  const int64_t tenant_id = year.session().tenant_id();
  {
    Transaction transaction(year.ground().owner(), tenant_id);
    const Rows rows = transaction.execute(kStoredVersions, Parameters().integer(tenant_id));
    for (size_t row = 0; row < rows.size(); ++row) {
      stored[rows.string(row, 0)] = {rows.integer(row, 1), rows.boolean(row, 2)};
    }
  }
  for (const FeedState& feed : read_feeds(year.session().connection(), tenant_id)) {
    if (!feed.watermark) continue;
    std::map<std::string, const HeldVersion*> newest;
    const std::vector<TypeVersion> versions = year.ehr().versions(feed.resource_type);
    for (const TypeVersion& version : versions) {
      const HeldVersion*& held = newest[version.id];
      if (held == nullptr || held->number < version.version.number) held = &version.version;
    }
    // What changed after the cursor will be read; what it was before need not be any more. Deletions have a cursor of
    // their own, which stays behind while the server does not give its history.
    std::erase_if(newest, [&](const auto& entry) {
      const Instant cursor =
          entry.second->deleted ? feed.deletions_watermark.value_or(*feed.watermark) : *feed.watermark;
      return entry.second->updated >= cursor;
    });
    for (const auto& [id, held] : newest) {
      const std::string name = feed.resource_type + "/" + id;
      const auto known = stored.find(name);
      if (held->deleted) {
        if (known == stored.end() || known->second.is_deleted || known->second.version > held->number) continue;
      } else if (known != stored.end() && (known->second.is_deleted || known->second.version >= held->number)) {
        continue;
      }
      complaints.push_back(fmt::format("the cursor of {} stands at {} and passed version {} of {} of {}{}",
                                       feed.resource_type, format_instant(*feed.watermark), held->number, name,
                                       format_instant(held->updated), held->deleted ? ", its deletion" : ""));
    }
  }
  return complaints;
}

}  // namespace authledger
