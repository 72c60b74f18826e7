#pragma once

#include <string>
#include <vector>

#include "ledger/store/feed_store.h"
#include "sync/pull_feed.h"

// What the ways to read a feed have in common.

namespace authledger {

// "ehr/Encounter"
std::string name_of(const FeedRun& run);
// The feed's search, without what narrows it to changes or to a patient.
std::string search_query(const FeedRun& run);
// `patient`: whose records were asked for, "Patient/p1"; empty: anybody's.
std::vector<ReceivedResource> received_of(const FeedRun& run, const SearchPage& page, const std::string& patient = "");

// The body of a read as searches give it: equal texts hash alike.
std::string as_searches_give_it(std::string body);

// Reads one resource of the feed by its id, so that it is among `received`, or among `gone` where the server says that
// it is no more. Among neither, and a gap, when the server neither gives nor denies it. Else why it could not be read.
std::optional<FhirError> read_by_id(const FeedRun& run, const std::string& id, std::vector<ReceivedResource>& received,
                                    std::vector<ResourceHash>& gone);

// Takes the feed for as long as the config's lease lasts; false when another worker has it.
bool lease(const FeedRun& run, const std::string& token);
// Keeps it for as long again; false when another worker has had it since.
bool renew_lease(const FeedRun& run, const std::string& token);

// In the gap of a reading that only goes on later, or by another worker (is_of_progress).
inline constexpr std::string_view kNextRoundGoesOn = "the next round goes on";
inline constexpr std::string_view kHeldByAnother = "another worker holds this feed";

// Why a walk ends before its last page.
FhirError taken_over();
FhirError stopped(std::string why);
// Nothing while the round may send more requests; else the end, which the next round goes on from.
std::optional<FhirError> budget_end(const FeedRun& run);
// The end is no failure: what is left comes with the next round.
bool goes_on_later(const FhirError& end);

// The server's last word about what was asked, as long as nobody changes its mind: a 4xx of this request alone
// (FHIR_FACTS c, "do not resend unchanged"; Epic's break-the-glass answers 403 for good). 401 is of the client, 429
// asks for a pause.
bool is_refused_for_good(const FhirError& error);

// Notes a page in the certificate, and what the server said beside its results.
void note_page(const FeedRun& run, const SearchPage& page);
// An outcome among the results that tells of a failure: what the page brings counts, but the search is not done.
std::optional<FhirError> failure_among(const SearchPage& page);
// Notes it once.
void note_gap(FeedCertificate& certificate, std::string gap);

// Deletions that the type's history names since the deletions' watermark, where the endpoint offers it, and moves that.
// Resources that were deleted in the EHR never show up in a search. What still stands in the ledger is asked for by its
// id before it is taken for gone: it may have been written again. A history that the server declares and does not give
// is a gap, and keeps nobody from reading the feed.
std::optional<FhirError> pull_deletions(const FeedRun& run, FeedState& state);

// By _lastUpdated, or all of it (SourceStrategy::everything).
std::optional<FhirError> pull_by_last_updated(const FeedRun& run, FeedState state);
// Patient by patient.
std::optional<FhirError> pull_by_patient(const FeedRun& run, FeedState state, const SweepRoster& roster);

}  // namespace authledger
