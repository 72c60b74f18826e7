#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"

// A simulated EHR: a FHIR R4 server in memory on cpprestsdk, for the demo and the tests. It sees neither the ledger nor
// sync: what it knows of authledger is HTTP.

namespace authledger {

// What goes wrong, switched on and off while it runs (POST /$faults with the same fields as JSON, GET shows them).
struct SandboxFaults {
  int throttle_next = 0;         // So many requests are answered 429 …
  std::string retry_after = "";  // … with this Retry-After ("2", an HTTP-date, or none).
  int unavailable_next = 0;      // So many are answered 503.
  int fail_next = 0;             // So many are answered …
  int fail_status = 403;         // … with this status.
  int slow_next = 0;             // So many answers wait `slow_for`.
  std::chrono::milliseconds slow_for{0};
  int truncate_next = 0;               // So many bodies end half way.
  int reset_next = 0;                  // So many connections close without an answer.
  int html_next = 0;                   // So many are answered 200 with an HTML login page.
  int body_next = 0;                   // So many GETs are answered 200 application/fhir+json …
  std::string body = "";               // … with these bytes.
  int oversized_next = 0;              // So many GETs are answered with 10 GB, as long as the client reads.
  int drip_next = 0;                   // So many bodies come at ten bytes a second.
  bool repeat_entries = false;         // The last entry of a page comes again on the next one.
  bool stale_repeat = false;           // … in an older version.
  bool endless_next = false;           // `next` repeats for ever.
  std::string foreign_next = "";       // `next` links point here instead.
  std::string redirect_to = "";        // Every GET is answered 307 to here.
  bool outcome_in_searchset = false;   // Each page carries an OperationOutcome entry; total is wrong.
  int write_then_silent_next = 0;      // So many writes are done, but the answer never comes.
  int hold_next = 0;                   // So many requests are neither done nor answered.
  int expired_pages_next = 0;          // So many pages after the first are answered 410: the search expired.
  std::string ignored_parameter = "";  // Searches take no notice of this one, though it is declared: "identifier".
  // So many pages after the first lack their first entry, as when pages are counted off and one before it has gone.
  int lost_entries_next = 0;
  std::string strangers_patient = "";         // Searches for a patient give this patient's records as well.
  std::chrono::milliseconds clock_behind{0};  // lastUpdated of new versions and the Date header lag by this.
  std::string clock_stands_at = "";           // All happens at this instant ("2026-10-31T12:00:00Z").
  // Of Bulk Data exports:
  int export_polls_pending = 0;               // So many polls are answered 202, with `retry_after` (or none).
  int export_status_gone_next = 0;            // So many polls are answered 404: the manifest has expired.
  int export_file_missing_next = 0;           // So many requests for a file are answered 404.
  int export_wrong_digest_next = 0;           // So many files come with a digest that is not theirs.
  bool export_wrong_count = false;            // The manifest's counts are one too high.
  int export_status_fails_next = 0;           // So many polls are answered 500: the job has failed.
  std::string export_place = "";              // The place to poll is below this, and not below the base URL.
  std::string export_leaves_out = "";         // Types that no file is made of: "Organization Claim".
  std::chrono::milliseconds export_takes{0};  // By so much transactionTime is later than the kick-off.
  std::string inquiry_refused_for = "";       // Inquiries that hold these words are answered 422.
  std::chrono::milliseconds search_lag{0};    // Searches, and If-None-Exist, see no younger writes.
  // Neither declared nor done, words of TYPE:INTERACTION or TYPE:PARAMETER: "Flag:create Task:update Task:identifier".
  std::string withheld = "";
  std::string only_for = "";     // Faults apply only to paths that contain this, e.g. "Flag".
  std::string only_method = "";  // … and to this method.
};

// What the sandbox's authorization server knows; with a client_id, every FHIR request but /metadata needs its token.
struct SandboxAuthorization {
  std::string client_id = "";
  std::string jwks = "";           // Registered public keys, {"keys":[…]}.
  std::string client_secret = "";  // Taken in the header and in the body; empty = none is accepted.
  std::chrono::seconds token_life{300};
  std::optional<std::chrono::seconds> stated_life = std::nullopt;  // expires_in, when it is not the truth.
  std::string scope_max = "";                                      // Granted whatever is asked; empty = as asked.
  std::chrono::seconds clock_ahead{0};                             // Of the server's clock.
};

struct SandboxOptions {
  std::string listen = "127.0.0.1:0";  // Port 0: any free one.
  bool conditional_create = true;      // Declared in metadata and honoured.
  bool honours_last_updated = true;
  bool pretends_last_updated = false;  // Declares it and ignores it.
  bool type_history = true;            // Declared, and answered.
  bool bulk_export = false;            // Bulk Data $export of the system and of Groups, declared and done.
  int export_resources_per_file = 10'000;
  bool inquiry = false;             // Claim/$inquire of Da Vinci PAS, as a payer answers it.
  std::string required_token = "";  // When set, requests need "Authorization: Bearer <token>".
  SandboxAuthorization authorization = {};
  std::set<std::string> read_only_types = {};  // Neither declared nor accepted for writing; "*" means all.
  std::string idempotency_header = "";         // A create that repeats its value is answered 409 with the original.
  std::set<std::string> recipient_types = {};  // Of every Communication that is created; empty: any, or none.
  bool if_match_required = false;              // An update without it is refused.
  int stale_status = 412;                      // Of an update with an old If-Match.
  std::chrono::milliseconds clock_behind{0};   // Of the server's clock; negative: ahead.
  std::string time_zone = "America/New_York";  // Whose days a search by date without time means.
};

class Sandbox {
 public:
  static Result<std::unique_ptr<Sandbox>> start(const SandboxOptions& options);
  ~Sandbox();

  std::string base_url() const;  // "http://127.0.0.1:PORT/fhir"
  // Loads resources from a Bundle, a resource, or NDJSON; keeps their ids. Thread-safe, like all below.
  Outcome load(const std::string& json_or_ndjson);
  void set_faults(const SandboxFaults& faults);
  // The authorization server's side: other settings from now on, all tokens void, how many were given out.
  void set_authorization(const SandboxAuthorization& authorization);
  void revoke_tokens();
  int64_t tokens_issued() const;
  // Current JSON of one resource, or nullopt.
  std::optional<std::string> resource(const std::string& type, const std::string& id) const;
  // Replaces or creates a resource as a person in the EHR would (new version, new lastUpdated).
  Outcome put(const std::string& json);
  // The same by a person who saw the version in its meta: fails when that is not the current one any more.
  Outcome edit(const std::string& json);
  Outcome remove(const std::string& type, const std::string& id);
  // The server knows nothing of it any more: what is put there next is version 1.
  void forget(const std::string& type, const std::string& id);
  std::vector<std::string> resources(const std::string& type) const;
  int64_t requests() const;  // Received.
  int64_t writes() const;    // Creates and updates received over HTTP that changed something.
  // "METHOD path" of every request received, without query.
  std::vector<std::string> request_log() const;

 private:
  struct State;
  explicit Sandbox(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// The sample clinic as NDJSON: 10 clinicians, 250 visits a week, six months around `today`, six payers, PHP/IOP and
// outpatient programs, and a dozen story patients. Deterministic in (today, seed).
std::string sample_clinic(const std::string& today, unsigned seed);

}  // namespace authledger
