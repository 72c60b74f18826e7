#include "fhir/probe.h"

#include <set>

#include "base/text.h"
#include "fhir/channel_probe.h"
#include "fhir/search.h"

namespace authledger {
namespace {

// No server holds anything from then, so a server that heeds the parameter returns nothing.
constexpr const char* kFarFuture = "gt2200-01-01T00:00:00Z";
constexpr int kPageSize = 2;

std::set<std::string> ids_of(const SearchPage& page, const std::string& type) {
  std::set<std::string> ids;
  for (const JsonView resource : page.resources) {
    if (resource["resourceType"].text() == type) ids.insert(resource["id"].string());
  }
  return ids;
}

std::string with(std::string url, std::string_view parameter, std::string_view value) {
  url += url.find('?') == std::string::npos ? '?' : '&';
  return url + std::string(parameter) + "=" + query_value(value);
}

class Probe {
 public:
  Probe(FhirClient& client, const EndpointConfig& endpoint, const Capability& capability, const ProbeOptions& options)
      : client_(client), endpoint_(endpoint), capability_(capability), options_(options) {}

  Result<ProbeFindings, FhirError> run() {
    for (const FeedConfig& feed : endpoint_.feeds) {
      if (feed.strategy == FeedConfig::Strategy::off || !capability_.can(feed.resource_type, "search-type")) continue;
      if (auto stop = probe_feed(feed)) return *stop;
    }
    for (const ChannelTest& test : options_.channels) {
      if (auto stop = probe_channel(client_, endpoint_, capability_, options_, test, findings_[test.type])) {
        return with_left(*stop);
      }
    }
    return std::move(findings_);
  }

 private:
  // The error when nothing else can succeed either; else it is noted.
  std::optional<FhirError> noted(TypeFinding& finding, const FhirError& error) {
    if (stops_everything(error)) return error;
    add_problem(finding, error.message);
    return std::nullopt;
  }

  // Whoever hears that the probe ended must hear what it leaves behind.
  FhirError with_left(FhirError error) const {
    std::vector<std::string> left;
    for (const auto& [type, finding] : findings_) left.insert(left.end(), finding.left.begin(), finding.left.end());
    if (!left.empty()) error.message += "; left of the tests: " + join(left, ", ");
    return error;
  }

  std::string feed_url(const FeedConfig& feed) const {
    std::string url = with(feed.resource_type, "_count", std::to_string(kPageSize));
    for (const auto& [parameter, value] : feed.search) url = with(url, parameter, value);
    if (feed.strategy != FeedConfig::Strategy::per_patient) return url;
    return with(url, feed.resource_type == "Patient" ? "_id" : "patient", options_.sample_patient);
  }

  std::optional<FhirError> probe_feed(const FeedConfig& feed) {
    TypeFinding& finding = findings_[feed.resource_type];
    if (feed.strategy == FeedConfig::Strategy::per_patient && options_.sample_patient.empty()) return std::nullopt;
    const std::string url = feed_url(feed);
    auto first = client_.search_page(url);
    finding.answers = first.ok();
    if (!first) return noted(finding, first.error());
    const std::set<std::string> ids = ids_of(*first, feed.resource_type);
    if (auto stop = probe_paging(feed, *first, ids, finding)) return stop;
    if (ids.empty()) return std::nullopt;  // What is empty tells nothing more.
    if (auto stop = probe_last_updated(feed, url, finding)) return stop;
    return probe_etag(feed.resource_type, *ids.begin(), finding);
  }

  std::optional<FhirError> probe_paging(const FeedConfig& feed, const SearchPage& first,
                                        const std::set<std::string>& ids, TypeFinding& finding) {
    if (first.next.empty()) return std::nullopt;
    auto second = client_.search_page(first.next);
    if (!second) {
      finding.pages = false;
      return noted(finding, second.error());
    }
    const std::set<std::string> more = ids_of(*second, feed.resource_type);
    finding.pages = more.empty() || more != ids;
    return std::nullopt;
  }

  std::optional<FhirError> probe_last_updated(const FeedConfig& feed, const std::string& url, TypeFinding& finding) {
    const bool is_wanted = feed.strategy == FeedConfig::Strategy::last_updated ||
                           capability_.searches_by(feed.resource_type, "_lastUpdated");
    if (!is_wanted) return std::nullopt;
    const auto heeds = heeds_last_updated(client_, feed.resource_type, url);
    if (heeds) {
      finding.honours_last_updated = *heeds;
    } else if (stops_everything(heeds.error())) {
      return heeds.error();
    }
    return std::nullopt;
  }

  std::optional<FhirError> probe_etag(const std::string& type, const std::string& id, TypeFinding& finding) {
    if (!capability_.can(type, "read")) return std::nullopt;
    auto read = client_.read(type, id);
    if (!read) return noted(finding, read.error());
    finding.has_etag = !read->etag.empty();
    return std::nullopt;
  }

  FhirClient& client_;
  const EndpointConfig& endpoint_;
  const Capability& capability_;
  const ProbeOptions& options_;
  ProbeFindings findings_;
};

}  // namespace

Result<bool, FhirError> heeds_last_updated(FhirClient& client, const std::string& resource_type,
                                           const std::string& search_url) {
  const std::string url = with(search_url, "_lastUpdated", kFarFuture);
  auto page = client.search_page(url);
  const bool is_refused = !page && page.error().kind == FhirErrorKind::refused;
  if (is_refused) page = client.search_page(url);  // One refusal may be an accident on the way.
  if (page) return ids_of(*page, resource_type).empty();
  if (page.error().kind == FhirErrorKind::refused) return false;
  return page.error();
}

Result<ProbeFindings, FhirError> probe_endpoint(FhirClient& client, const EndpointConfig& endpoint,
                                                const Capability& capability, const ProbeOptions& options) {
  return Probe(client, endpoint, capability, options).run();
}

}  // namespace authledger
