#include "sandbox/fhir_routes.h"

#include <fmt/format.h>

#include <charconv>

#include "base/text.h"
#include "sandbox/authorization_server.h"

namespace authledger {
namespace {

std::string entity_tag(int64_t version) {
  return fmt::format("W/\"{}\"", version);
}

// W/"3", "3" or 3. Anything else can match no version.
int64_t version_of_tag(std::string_view tag) {
  tag = trim(tag);
  if (tag.starts_with("W/")) tag.remove_prefix(2);
  if (tag.size() >= 2 && tag.front() == '"' && tag.back() == '"') tag = tag.substr(1, tag.size() - 2);
  int64_t version = -1;
  const auto [end, error] = std::from_chars(tag.data(), tag.data() + tag.size(), version);
  return error == std::errc() && end == tag.data() + tag.size() ? version : -1;
}

bool is_id(std::string_view id) {
  constexpr size_t kIdBytesMax = 64;  // FHIR R4, datatype id.
  return !id.empty() && id.size() <= kIdBytesMax &&
         id.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-.") == id.npos;
}

bool accepts_json(const std::string& accept) {
  if (accept.empty()) return true;
  for (const std::string& part : split(accept, ',')) {
    const std::string media(trim(std::string_view(part).substr(0, part.find(';'))));
    if (media == "*/*" || media == "application/*" || media.find("json") != media.npos) return true;
  }
  return false;
}

bool sends_json(const std::string& content_type) {
  const std::string media = lower_case(trim(std::string_view(content_type).substr(0, content_type.find(';'))));
  return media == kFhirJson || media == "application/json";
}

SandboxAnswer version_answer(int status, const HeldVersion& version) {
  SandboxAnswer answer;
  answer.status = status;
  answer.headers = {{"ETag", entity_tag(version.number)}, {"Last-Modified", format_http_date(version.updated)}};
  answer.body = version.body;
  return answer;
}

SandboxAnswer method_not_allowed(std::string_view allowed) {
  SandboxAnswer answer = outcome_answer(405, "not-supported", "this server does not do that here");
  answer.headers.emplace_back("Allow", allowed);
  return answer;
}

}  // namespace

std::string json_string(std::string_view text) {
  return JsonWriter().string(text).take();
}

SandboxAnswer outcome_answer(int status, std::string_view issue_code, std::string_view diagnostics) {
  SandboxAnswer answer;
  answer.status = status;
  answer.body = fmt::format(
      R"({{"resourceType":"OperationOutcome","issue":[{{"severity":"error","code":{},"diagnostics":{}}}]}})",
      json_string(issue_code), json_string(diagnostics));
  return answer;
}

FhirRoutes::FhirRoutes(SandboxOptions options, std::string base_url, TimeZone zone, const Clock& clock,
                       ResourceStore& store, FaultSwitch& faults, AuthorizationServer& authorization)
    : options_(std::move(options)),
      base_url_(std::move(base_url)),
      zone_(std::move(zone)),
      clock_(clock),
      store_(store),
      faults_(faults),
      authorization_(authorization),
      exports_(base_url_, options_.export_resources_per_file,
               !options_.authorization.client_id.empty() || !options_.required_token.empty(), store, faults) {}

Instant FhirRoutes::now() const {
  const SandboxFaults faults = faults_.faults();
  if (const auto standing = parse_instant(faults.clock_stands_at)) return *standing;
  return std::chrono::floor<std::chrono::milliseconds>(clock_.now() - faults.clock_behind - options_.clock_behind);
}

SearchSettings FhirRoutes::search_settings() const {
  return {base_url_, zone_, options_.honours_last_updated && !options_.pretends_last_updated, false};
}

Instant FhirRoutes::visible_until(const SandboxFaults& faults) const {
  return faults.search_lag.count() > 0 ? clock_.now() - faults.search_lag : Instant::max();
}

SandboxAnswer FhirRoutes::handle(const SandboxRequest& request) {
  SandboxAnswer answer = route(request);
  answer.headers.emplace_back("Date", format_http_date(now() + authorization_.clock_ahead()));
  return answer;
}

std::optional<SandboxAnswer> FhirRoutes::open_route(const SandboxRequest& request,
                                                    const std::vector<std::string>& segments) {
  const bool has_authorization = !options_.authorization.client_id.empty();
  if (has_authorization && request.path == "/auth/token") return authorization_.token(request);
  if (has_authorization && request.path == "/fhir/.well-known/smart-configuration") {
    return authorization_.smart_configuration();
  }
  if (!request.path.starts_with("/fhir") || segments.empty()) {
    return outcome_answer(404, "not-found", "the base of this server is " + base_url_);
  }
  if (!accepts_json(request.header("accept"))) return outcome_answer(406, "not-supported", "only JSON is spoken here");
  if (segments.size() != 1 || segments[0] != "metadata") return std::nullopt;
  if (request.method != "GET") return method_not_allowed("GET");
  SandboxAnswer answer;
  answer.body = capability_statement(options_, faults_.faults().withheld, base_url_, now(),
                                     has_authorization ? authorization_.token_url() : std::string());
  return answer;
}

std::optional<SandboxAnswer> FhirRoutes::refuse(const SandboxRequest& request, std::string_view type) {
  if (!options_.authorization.client_id.empty()) return authorization_.refuse(request, type);
  if (options_.required_token.empty() || request.header("authorization") == "Bearer " + options_.required_token) {
    return std::nullopt;
  }
  SandboxAnswer answer = outcome_answer(401, "login", "a bearer token is required");
  answer.headers.emplace_back("WWW-Authenticate", "Bearer");
  return answer;
}

SandboxAnswer FhirRoutes::route(const SandboxRequest& request) {
  std::string path = request.path;
  if (path.starts_with("/fhir")) path.erase(0, std::string_view("/fhir").size());
  std::vector<std::string> segments = split(path, '/');
  std::erase(segments, "");
  if (segments.size() == 1 && (segments[0] == "$faults" || segments[0] == "$load"))
    return control(request, segments[0]);
  if (auto answer = open_route(request, segments)) return *answer;
  const bool is_export = segments[0].starts_with("$export") || segments.back() == "$export";
  if (auto refused = refuse(request, is_export ? "Patient" : segments[0])) return *refused;
  if (is_export) return export_route(request, segments);
  if (request.path.ends_with("/Claim/$inquire")) {
    return request.method == "POST" ? inquire(request) : method_not_allowed("POST");
  }
  const bool get = request.method == "GET";
  Target target;
  target.type = segments[0];
  if (!is_resource_type(target.type)) return outcome_answer(404, "not-supported", "no such resource type");
  if (segments.size() == 2 && segments[1] == "_history") {
    return get ? read_type_history(target, request) : method_not_allowed("GET");
  }
  target.search = segments.size() == 1 || segments[1] == "_search";
  if (!target.search) target.id = segments[1];
  target.history = segments.size() >= 3 && segments[2] == "_history" && !target.search;
  if (segments.size() >= 4) target.version = segments[3];
  if (segments.size() > (target.search ? 2 : target.history ? 4 : 2)) {
    return outcome_answer(404, "not-supported", "no such interaction");
  }
  if (target.search && segments.size() == 2) {
    return request.method == "POST" ? search(target, request) : method_not_allowed("POST");
  }
  if (get && !target.search && !target.history && is_withheld(faults_.faults().withheld, target.type, "read")) {
    return method_not_allowed("PUT, DELETE");
  }
  if (get) return target.search ? search(target, request) : target.history ? read_history(target) : read(target);
  if (target.history) return method_not_allowed("GET");
  if (options_.read_only_types.contains(target.type) || options_.read_only_types.contains("*")) {
    return method_not_allowed("GET");
  }
  const bool is_create = request.method == "POST" && target.search;
  const bool is_update = request.method == "PUT" && !target.search;
  if ((is_create || is_update) &&
      is_withheld(faults_.faults().withheld, target.type, is_create ? "create" : "update")) {
    return method_not_allowed("GET");
  }
  if (is_create) return create(target, request);
  if (is_update) return update(target, request);
  if (request.method == "DELETE" && !target.search) return remove(target);
  return method_not_allowed(target.search ? "GET, POST" : "GET, PUT, DELETE");
}

SandboxAnswer FhirRoutes::export_route(const SandboxRequest& request, const std::vector<std::string>& segments) {
  if (!options_.bulk_export) return outcome_answer(404, "not-supported", "this server exports nothing");
  if (segments[0] == "$export-status" && segments.size() == 2) return exports_.status(request, segments[1]);
  if (segments[0] == "$export-file" && segments.size() == 3) return exports_.file(request, segments[1], segments[2]);
  if (request.method != "GET") return method_not_allowed("GET");
  if (segments.size() == 1) return exports_.kick_off(request, std::nullopt, now());
  if (segments.size() != 3 || segments[0] != "Group") return outcome_answer(404, "not-supported", "no such export");
  const auto group = store_.current("Group", segments[1]);
  if (!group || group->deleted) return outcome_answer(404, "not-found", "no such group");
  return exports_.kick_off(request, group->body, now());
}

SandboxAnswer FhirRoutes::control(const SandboxRequest& request, std::string_view operation) {
  if (operation == "$load" && request.method == "POST") {
    const Outcome loaded = load(request.body);
    if (!loaded) return outcome_answer(400, "invalid", loaded.error().message);
    SandboxAnswer answer;
    answer.status = 204;
    return answer;
  }
  if (operation != "$faults") return outcome_answer(404, "not-found", "try $faults or $load");
  if (request.method == "POST") {
    JsonDocument document;
    const auto json = document.parse(request.body);
    if (!json) return outcome_answer(400, "invalid", json.error().message);
    const auto faults = parse_faults(*json);
    if (!faults) return outcome_answer(400, "invalid", faults.error().message);
    faults_.set(*faults);
  } else if (request.method != "GET") {
    return method_not_allowed("GET, POST");
  }
  SandboxAnswer answer;
  answer.content_type = "application/json";
  answer.body = faults_to_json(faults_.faults());
  return answer;
}

SandboxAnswer FhirRoutes::read(const Target& target) {
  const auto version = store_.current(target.type, target.id);
  if (!version) return outcome_answer(404, "not-found", "no such resource");
  if (version->deleted) return outcome_answer(410, "deleted", "the resource was deleted");
  return version_answer(200, *version);
}

SandboxAnswer FhirRoutes::read_history(const Target& target) {
  const std::vector<HeldVersion> versions = store_.history(target.type, target.id);
  if (versions.empty()) return outcome_answer(404, "not-found", "no such resource");
  if (!target.version.empty()) {
    for (const HeldVersion& version : versions) {
      if (std::to_string(version.number) != target.version) continue;
      return version.deleted ? outcome_answer(410, "deleted", "this version is a deletion")
                             : version_answer(200, version);
    }
    return outcome_answer(404, "not-found", "no such version");
  }
  SandboxAnswer answer;
  answer.body = instance_history(base_url_, target.type, target.id, versions);
  return answer;
}

SandboxAnswer FhirRoutes::search(const Target& target, const SandboxRequest& request) {
  std::string text = request.query;
  if (request.method == "POST") {
    if (!request.header("content-type").starts_with("application/x-www-form-urlencoded")) {
      return outcome_answer(415, "not-supported", "_search takes application/x-www-form-urlencoded");
    }
    text += "&" + request.body;
  }
  auto pairs = parse_query(text);
  if (!pairs) return outcome_answer(400, "invalid", pairs.error().message);
  SearchSettings settings = search_settings();
  settings.strict = request.header("prefer").find("handling=strict") != std::string::npos;
  const SandboxFaults faults = faults_.page_faults(request.method, request.path);
  std::erase_if(*pairs, [&](const auto& pair) { return pair.first == faults.ignored_parameter; });
  for (auto& [name, value] : *pairs) {
    if (is_withheld(faults_.faults().withheld, target.type, name)) {
      return outcome_answer(400, "not-supported", "this server does not search by " + name + " here");
    }
    if (name == "patient" && !faults.strangers_patient.empty()) value += "," + faults.strangers_patient;
  }
  const auto query = parse_search(target.type, *pairs, settings);
  if (!query) return outcome_answer(400, "invalid", query.error().message);
  if (query->after && faults.expired_pages_next > 0 && faults_.use_up_one(&SandboxFaults::expired_pages_next)) {
    return outcome_answer(410, "expired", "the results of this search are not kept any more");
  }
  SearchResult result = store_.search(target.type, *query, visible_until(faults));
  if (query->after && faults.lost_entries_next > 0 && !result.page.empty() &&
      faults_.use_up_one(&SandboxFaults::lost_entries_next)) {
    result.page.erase(result.page.begin());
  }
  SandboxAnswer answer;
  answer.body = search_bundle({target.type, base_url_, *query, result, faults});
  return answer;
}

SandboxAnswer FhirRoutes::written(const Target& target, const WriteResult& result, const SandboxRequest& request) {
  switch (result.status) {
    case WriteStatus::stale:
      return outcome_answer(options_.stale_status, "conflict", "If-Match names another version than the current");
    case WriteStatus::many_match:
      return outcome_answer(412, "multiple-matches", "If-None-Exist matches several");
    case WriteStatus::missing:
      return outcome_answer(404, "not-found", "no such resource");
    case WriteStatus::created:
    case WriteStatus::updated:
    case WriteStatus::deleted:
    case WriteStatus::unchanged:
    case WriteStatus::found:
      break;
  }
  const bool changed = result.status == WriteStatus::created || result.status == WriteStatus::updated;
  if (changed) writes_.fetch_add(1);
  SandboxAnswer answer = version_answer(result.status == WriteStatus::created ? 201 : 200, result.version);
  answer.headers.emplace_back(
      "Location", fmt::format("{}/{}/{}/_history/{}", base_url_, target.type, result.id, result.version.number));
  if (request.header("prefer").find("return=minimal") != std::string::npos) answer.body.clear();
  return answer;
}

SandboxAnswer FhirRoutes::create(const Target& target, const SandboxRequest& request) {
  if (!sends_json(request.header("content-type"))) return outcome_answer(415, "not-supported", "send JSON");
  JsonDocument document;
  const auto resource = document.parse(request.body);
  if (!resource) return outcome_answer(400, "structure", resource.error().message);
  if ((*resource)["resourceType"].text() != target.type) {
    return outcome_answer(400, "invalid", "the body is of another resource type than the path");
  }
  const std::string key =
      options_.idempotency_header.empty() ? "" : request.header(lower_case(options_.idempotency_header));
  if (auto refused = refuse_create(target, *resource, key)) return *refused;
  std::optional<SearchQuery> condition;
  if (const std::string text = request.header("if-none-exist"); !text.empty() && options_.conditional_create) {
    const auto pairs = parse_query(text.starts_with("?") ? text.substr(1) : text);
    if (!pairs) return outcome_answer(400, "invalid", pairs.error().message);
    SearchSettings settings = search_settings();
    settings.strict = true;  // An ignored parameter would match too much.
    auto query = parse_search(target.type, *pairs, settings);
    if (!query) return outcome_answer(400, "invalid", query.error().message);
    condition = std::move(*query);
  }
  const WriteResult result = store_.create(target.type, *resource, condition,
                                           visible_until(faults_.page_faults(request.method, request.path)), now());
  if (!key.empty() && result.status == WriteStatus::created) {
    const std::lock_guard lock(originals_mutex_);
    originals_[key] = result.id;
  }
  return written(target, result, request);
}

std::optional<SandboxAnswer> FhirRoutes::refuse_create(const Target& target, JsonView resource,
                                                       const std::string& key) {
  if (target.type == "Communication" && !options_.recipient_types.empty()) {
    const std::string recipient = resource["recipient"].at(0)["reference"].string();
    if (!options_.recipient_types.contains(recipient.substr(0, recipient.find('/')))) {
      return outcome_answer(422, "required",
                            "Communication.recipient is of none of the types that this server sends to");
    }
  }
  const std::lock_guard lock(originals_mutex_);
  const auto original = originals_.find(key);
  if (key.empty() || original == originals_.end()) return std::nullopt;
  const auto version = store_.current(target.type, original->second);
  return version ? version_answer(409, *version) : outcome_answer(409, "duplicate", "this key was used before");
}

SandboxAnswer FhirRoutes::update(const Target& target, const SandboxRequest& request) {
  if (!sends_json(request.header("content-type"))) return outcome_answer(415, "not-supported", "send JSON");
  if (!is_id(target.id)) return outcome_answer(400, "invalid", "not an id");
  JsonDocument document;
  const auto resource = document.parse(request.body);
  if (!resource) return outcome_answer(400, "structure", resource.error().message);
  if ((*resource)["resourceType"].text() != target.type || (*resource)["id"].text() != target.id) {
    return outcome_answer(400, "invalid", "resourceType and id of the body must be those of the path");
  }
  if (options_.if_match_required && request.header("if-match").empty()) {
    return outcome_answer(428, "required", "this server takes no update without If-Match");
  }
  std::optional<int64_t> if_match;
  if (const std::string tag = request.header("if-match"); !tag.empty()) if_match = version_of_tag(tag);
  return written(target, store_.update(target.type, target.id, *resource, if_match, false, now()), request);
}

SandboxAnswer FhirRoutes::remove(const Target& target) {
  const WriteResult result = store_.remove(target.type, target.id, now());
  if (result.status == WriteStatus::missing) return outcome_answer(404, "not-found", "no such resource");
  SandboxAnswer answer;
  answer.status = 204;
  answer.headers.emplace_back("ETag", entity_tag(result.version.number));
  return answer;
}

Outcome FhirRoutes::load_resource(JsonView resource) {
  const std::string type = resource["resourceType"].string(), id = resource["id"].string();
  if (!is_resource_type(type)) return Failure{"a resource without a known resourceType"};
  if (type == "Bundle") {
    for (JsonView entry : resource["entry"]) {
      const Outcome loaded = entry["resource"].exists() ? load_resource(entry["resource"]) : Outcome(Done{});
      if (!loaded) return loaded;
    }
    return Done{};
  }
  if (!is_id(id)) return Failure{fmt::format("a {} without an id, or with one that FHIR does not allow", type)};
  store_.update(type, id, resource, std::nullopt, true, now());
  return Done{};
}

Outcome FhirRoutes::load(const std::string& json_or_ndjson) {
  JsonDocument document;
  if (const auto whole = document.parse(json_or_ndjson)) return load_resource(*whole);
  size_t line_number = 0;
  for (const std::string& line : split(json_or_ndjson, '\n')) {
    ++line_number;
    if (trim(line).empty()) continue;
    const auto resource = document.parse(line);
    if (!resource) return Failure{fmt::format("line {}: {}", line_number, resource.error().message)};
    const Outcome loaded = load_resource(*resource);
    if (!loaded) return Failure{fmt::format("line {}: {}", line_number, loaded.error().message)};
  }
  return Done{};
}

Outcome FhirRoutes::put(const std::string& json) {
  JsonDocument document;
  const auto resource = document.parse(json);
  if (!resource) return resource.error();
  return load_resource(*resource);
}

Outcome FhirRoutes::edit(const std::string& json) {
  JsonDocument document;
  const auto resource = document.parse(json);
  if (!resource) return resource.error();
  const std::string_view text = (*resource)["meta"]["versionId"].text();
  int64_t version = 0;
  std::from_chars(text.data(), text.data() + text.size(), version);
  const WriteResult result =
      store_.update((*resource)["resourceType"].text(), (*resource)["id"].text(), *resource, version, true, now());
  if (result.status == WriteStatus::stale) return Failure{"somebody else was quicker"};
  return Done{};
}

}  // namespace authledger
