#include "tests/rotation/disturbed_site.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <csignal>
#include <map>
#include <set>

#include "adapters/render.h"
#include "sandbox/loopback_socket.h"

namespace authledger {
namespace {

// The first of its database. Without it row-level security shows nothing, and an update changes nothing.
constexpr int64_t kTenant = 1;

constexpr Statement kEndConnections{"end_connections", R"(
  select pg_terminate_backend(pid)
    from pg_stat_activity
   where datname = current_database()
     and pid <> pg_backend_pid())"};
constexpr Statement kPassWaits{"pass_waits", R"(
  update notice
     set due_at = now()
   where tenant_id = $1
     and due_at > now()
     and parked_reason is null)"};

SandboxOptions guarded_by(const SigningKey& key, bool has_conditional_create) {
  SandboxOptions options;
  options.conditional_create = has_conditional_create;
  options.bulk_export = true;
  options.export_resources_per_file = 5;
  options.authorization.client_id = "ledger";
  options.authorization.jwks = key.public_jwks();
  return options;
}

std::string endpoint_keys(int port) {
  return fmt::format(
      R"(    auth: {{kind: smart_backend, client_id: ledger, secret_file: key.jwk, scope: system/*.cruds}}
    page_size: 3
    retries_max: 2
    retry_after_max: 3s
    timeouts: {{connect: 1s, request: 2s}}
    feeds:
      Coverage: {{strategy: bulk, mappings: [coverage]}}
      ClaimResponse: {{strategy: bulk, mappings: [pas_claim_response]}}
      Appointment: {{strategy: per_patient, mappings: [appointment]}}
    subscriptions: {{hook_url: http://127.0.0.1:{}/hooks/ehr, secret_file: hook.secret}}
)",
      port);
}

// What is the same of two ledgers, whichever way each came to it.
using NoticeWords = std::multiset<std::string>;

std::string words_of(JsonView row) {
  return fmt::format("{} {} {} {}", row["kind"].text(), row["patient"].text(), row["authorization_number"].text(),
                     row["text"].text());
}

std::string subject_of(JsonView row) {
  return fmt::format("{} {}", row["kind"].text(), row["patient"].text());
}

// A notice that people closed keeps the number and the text that it had then, while a new reading of the same visit may
// say other ones: for each of them, one that the twin alone has of this kind and patient is no loss. What else has no
// counterpart is a complaint.
Complaints differing_notices(const DisturbedSite& site, const Answer& here, const Answer& there) {
  Complaints complaints;
  NoticeWords twins;
  std::multimap<std::string, std::string> closed;  // By subject, what they said.
  for (JsonView row : there.root()) twins.insert(words_of(row));
  for (JsonView row : here.root()) {
    const std::string words = words_of(row);
    if (row["state"].text() == "closed_by_person" && site.was_closed_by_people(row["key"].string())) {
      closed.emplace(subject_of(row), words);
    } else if (const auto twin = twins.find(words); twin != twins.end()) {
      twins.erase(twin);
    } else {
      complaints.push_back("notices: only after the faults: " + words);
    }
  }
  for (JsonView row : there.root()) {
    const auto left = twins.find(words_of(row));
    if (left == twins.end()) continue;
    if (const auto counterpart = closed.find(subject_of(row)); counterpart != closed.end()) {
      closed.erase(counterpart);
    } else {
      complaints.push_back("notices: lost by the faults: " + *left);
    }
    twins.erase(left);
  }
  for (const auto& [subject, words] : closed) {
    complaints.push_back("notices: closed by a person, and its cause has ended: " + words);
  }
  return complaints;
}

constexpr Statement kReadVersions{"read_resource_versions", R"(
  select version_no, source_version, source_updated_at, is_current, is_deleted, recorded_at
    from raw_resource
   where tenant_id = $1
     and resource_type = $2
     and resource_id = $3
   order by version_no)"};

// How a lost or wrong service came about: what the EHR holds of its resources, and which versions the ledger has read.
std::string traces_of(DisturbedSite& site, JsonView service) {
  std::string traces;
  for (JsonView source : service["sources"]) {
    const std::string reference = source.string().substr(source.string().find(':') + 1);
    const std::string type = reference.substr(0, reference.find('/')), id = reference.substr(type.size() + 1);
    JsonDocument document;
    const auto held = document.parse(site.ehr().resource(type, id).value_or("{}"));
    traces += fmt::format("\n  {}: the EHR has version {} of {}; the ledger read", reference,
                          (*held)["meta"]["versionId"].text(), (*held)["meta"]["lastUpdated"].text());
    PgConnection owner = site.site().database().owner_connection();
    Transaction transaction(owner, kTenant);
    const Rows rows = transaction.execute(kReadVersions, Parameters().integer(kTenant).text(type).text(id));
    for (size_t row = 0; row < rows.size(); ++row) {
      const auto updated = rows.optional_instant(row, 2);
      traces += fmt::format("\n    {}: version {} of {}{}{}, recorded {}", rows.integer(row, 0),
                            rows.optional_integer(row, 1).value_or(0), updated ? format_instant(*updated) : "no time",
                            rows.boolean(row, 3) ? ", current" : "", rows.boolean(row, 4) ? ", deleted" : "",
                            format_instant(rows.instant(row, 5)));
    }
  }
  return traces;
}

struct Artefacts {
  int all = 0, live = 0;
  std::string live_body;
};

}  // namespace

DisturbedSite::DisturbedSite(bool has_conditional_create)
    : key_(std::move(*SigningKey::generate(SigningAlgorithm::es384))),
      port_(free_loopback_port()),
      site_(std::make_unique<Site>(
          guarded_by(key_, has_conditional_create),
          fmt::format("server: {{listen: 127.0.0.1:{}, sync_interval: 1s}}\n"
                      "delivery: {{visibility_window: 1s, lease: 10s, identifier_system: \"{}\"}}\n",
                      port_, kClinicIdentifierSystem),
          endpoint_keys(port_))) {
  site_->folder().write("key.jwk", key_.private_jwk());
  site_->folder().write("hook.secret", "a-secret-of-the-hook\n");
}

void DisturbedSite::put(const std::string& json) {
  ++changes_;
  JsonDocument document;
  const JsonView resource = document.parse(json).value();
  const bool is_notice = !notice_key_of(resource).empty();
  // A notice is edited as it was seen: who comes too late looks again another time.
  const Outcome done = is_notice ? ehr().edit(json) : ehr().put(json);
  if (!done && !is_notice) throw std::logic_error(done.error().message);
  if (done.ok()) remember_put(resource);
}

void DisturbedSite::remove(const std::string& type, const std::string& id) {
  const std::string removed = ehr().resource(type, id).value_or("{}");
  if (!ehr().remove(type, id)) return;
  ++changes_;
  JsonDocument document;
  remember_removal(document.parse(removed).value());
}

void DisturbedSite::start_serve() {
  serve_.emplace(site_->command({"serve"}));
}

void DisturbedSite::kill_serve() {
  serve_->signal(SIGKILL);
  EXPECT_EQ(serve_->wait().exit_code, -SIGKILL) << "it was still running";
}

void DisturbedSite::end_serve() {
  serve_->signal(SIGTERM);
  const ProgramResult ended = serve_->wait(std::chrono::seconds(30));
  EXPECT_EQ(ended.exit_code, 0) << ended.errors.substr(ended.errors.size() > 3000 ? ended.errors.size() - 3000 : 0);
}

void DisturbedSite::lose_database() {
  site_->database().owner_connection().execute(kEndConnections);
}

void DisturbedSite::pass_waits() {
  PgConnection owner = site_->database().owner_connection();
  Transaction transaction(owner, kTenant);
  transaction.execute(kPassWaits, Parameters().integer(kTenant));
  transaction.commit();
}

ProgramResult DisturbedSite::ask_twin(const std::vector<std::string>& arguments) {
  if (!twin_database_) {
    twin_database_ = std::make_unique<TestDatabase>();
    site_->folder().write("twin_url", twin_database_->url());
    std::string text = read_file(site_->config_file());
    const auto replace = [&](const std::string& from, const std::string& to) {
      text.replace(text.find(from), from.size(), to);
    };
    replace("url_file: database_url", "url_file: twin_url");
    replace("name: test-clinic", "name: twin-clinic");  // The anchor of its seals goes by the name.
    replace("delivery: {", "delivery: {enabled: false, ");
    twin_config_ = site_->folder().write("twin.yaml", text);
  }
  std::vector<std::string> words = {"--config", twin_config_, "--format", "json"};
  words.insert(words.end(), arguments.begin(), arguments.end());
  return run_authledger(words);
}

Complaints differences_from_twin(DisturbedSite& site) {
  Complaints complaints;
  const ProgramResult read = site.ask_twin({"sync"});
  if (read.exit_code != 0) complaints.push_back("the twin could not read: " + read.output + read.errors);
  for (const char* command : {"authorizations", "services"}) {
    std::multiset<std::string> mine, twins;
    const Answer here(site.site().run({command})), there(site.ask_twin({command}));
    for (JsonView row : here.root()) mine.insert(to_json_text(row));
    for (JsonView row : there.root()) twins.insert(to_json_text(row));
    const auto complain = [&](const char* what, const Answer& answer, const std::multiset<std::string>& others) {
      for (JsonView row : answer.root()) {
        const std::string text = to_json_text(row);
        if (!others.contains(text))
          complaints.push_back(fmt::format("{}: {}: {}{}", command, what, text, traces_of(site, row)));
      }
    };
    complain("only after the faults", here, twins);
    complain("lost by the faults", there, mine);
    if (mine.size() != twins.size())
      complaints.push_back(fmt::format("{}: {} and {} rows", command, mine.size(), twins.size()));
  }
  const Answer here(site.site().run({"notices"})), there(site.ask_twin({"notices"}));
  const Complaints differing = differing_notices(site, here, there);
  complaints.insert(complaints.end(), differing.begin(), differing.end());
  return complaints;
}

Complaints unpaired_artefacts(DisturbedSite& site) {
  Complaints complaints;
  std::map<std::string, Artefacts> standing;
  for (const char* type : {"Flag", "Task"}) {
    for (const std::string& body : site.bodies(type)) {
      JsonDocument document;
      JsonView resource = document.parse(body).value();
      const std::string key = notice_key_of(resource);
      if (key.empty()) continue;
      Artefacts& artefacts = standing[key];
      ++artefacts.all;
      if (is_closed(resource)) continue;
      ++artefacts.live;
      artefacts.live_body = body;
    }
  }
  // One that stands twice is found later and brought to one; but the index never lags for longer than the window.
  for (const auto& [key, artefacts] : standing) {
    if (artefacts.all > 1 && artefacts.live <= 1) {
      complaints.push_back(fmt::format("notice {} was made {} times", key, artefacts.all));
    }
  }
  std::erase_if(standing, [](const auto& entry) { return entry.second.live == 0; });
  const Answer notices(site.site().run({"notices"}));
  for (JsonView row : notices.root()) {
    const std::string key = row["key"].string();
    const auto found = standing.find(key);
    const int live = found == standing.end() ? 0 : found->second.live;
    const bool is_current = row["state"].text() == "current";
    if (row["state"].text() == "closed_by_person") {
      if (!site.was_closed_by_people(key)) complaints.push_back(fmt::format("notice {} was closed by nobody", key));
    } else if (!is_current) {
      complaints.push_back(fmt::format("notice {} is {}: {}", key, row["state"].text(), row["reason"].text()));
    }
    // Whoever closed it since it was written last wins; the next change of the notice will find that.
    const bool is_closed_since = is_current && live == 0 && site.was_closed_by_people(key);
    if (live != (is_current ? 1 : 0) && !is_closed_since) {
      complaints.push_back(fmt::format("notice {} ({}) stands {} times", key, row["state"].text(), live));
    }
    if (is_current && live == 1 && found->second.live_body.find(row["text"].text()) == std::string::npos) {
      complaints.push_back(fmt::format("notice {} says another thing in the EHR", key));
    }
    if (found != standing.end()) standing.erase(found);
  }
  for (const auto& [key, artefacts] : standing) complaints.push_back("artefact " + key + " has no notice");
  return complaints;
}

}  // namespace authledger
