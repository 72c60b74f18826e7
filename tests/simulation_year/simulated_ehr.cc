#include "tests/simulation_year/simulated_ehr.h"

#include <fmt/format.h>

#include "base/text.h"

namespace authledger {
namespace {

TimeZone clinic_zone() {
  return TimeZone::find("America/New_York").value();
}

SandboxOptions options_of(bool has_conditional_create) {
  SandboxOptions options;
  options.conditional_create = has_conditional_create;
  return options;
}

// The entries of a searchset, in another order.
std::string with_entries_reordered(const std::string& bundle,
                                   const std::function<void(std::vector<std::string>&)>& reorder) {
  JsonDocument document;
  const auto root = document.parse(bundle);
  if (!root || (*root)["type"].text() != "searchset" || (*root)["entry"].size() < 2) return bundle;
  std::vector<std::string> entries;
  for (JsonView entry : (*root)["entry"]) entries.push_back(to_json_text(entry));
  reorder(entries);
  return fmt::format(R"({{"resourceType":"Bundle","type":"searchset","link":{},"entry":[{}]}})",
                     to_json_text((*root)["link"]), fmt::join(entries, ","));
}

}  // namespace

class SimulatedWire final : public HttpClient {
 public:
  SimulatedWire(SimulatedEhr& ehr, const Wire& wire) : ehr_(ehr), wire_(wire) {}

  Result<HttpResponse, HttpError> send(const HttpRequest& request) override {
    ehr_.time_.advance(std::chrono::milliseconds(20));
    const WireFault fault = wire_.before_request(request);
    if (fault == WireFault::request_lost) return lost();
    if (fault == WireFault::throttled) return HttpResponse{429, {}, ""};
    if (fault == WireFault::unavailable) return HttpResponse{503, {}, ""};
    const SandboxAnswer answer = ehr_.routes_.handle(received(request));
    wire_.before_reply(request);
    if (fault == WireFault::reply_lost) return lost();
    HttpResponse response{answer.status, {{"content-type", answer.content_type}}, answer.body};
    for (const auto& [name, value] : answer.headers) response.headers[lower_case(name)] = value;
    if (request.method == "GET" && wire_.reorder) response.body = with_entries_reordered(response.body, wire_.reorder);
    if (request.method == "GET") ehr_.remember(response.body);
    return response;
  }

 private:
  static HttpError lost() { return {HttpErrorKind::interrupted, "the connection broke", true}; }

  static SandboxRequest received(const HttpRequest& request) {
    const size_t path = request.url.find('/', std::string_view("http://").size());
    const size_t query = std::min(request.url.find('?'), request.url.size());
    SandboxRequest got{request.method, request.url.substr(path, query - path), "", {}, request.body};
    if (query < request.url.size()) got.query = request.url.substr(query + 1);
    for (const auto& [name, value] : request.headers) got.headers[lower_case(name)] = value;
    return got;
  }

  SimulatedEhr& ehr_;
  const Wire& wire_;
};

SimulatedEhr::SimulatedEhr(SimulatedTime& time, bool has_conditional_create)
    : time_(time),
      clock_(time),
      store_(kSimulatedBase, clinic_zone()),
      authorization_({}, kSimulatedBase, clock_),
      routes_(options_of(has_conditional_create), kSimulatedBase, clinic_zone(), clock_, store_, faults_,
              authorization_) {}

std::unique_ptr<HttpClient> SimulatedEhr::open(const Wire& wire) {
  return std::make_unique<SimulatedWire>(*this, wire);
}

void SimulatedEhr::put(const std::string& json) {
  time_.advance(std::chrono::milliseconds(7));
  if (const Outcome put = routes_.put(json); !put) throw std::logic_error(put.error().message);
  JsonDocument document;
  remember_put(document.parse(json).value());
}

void SimulatedEhr::remove(const std::string& type, const std::string& id) {
  time_.advance(std::chrono::milliseconds(7));
  if (const auto removed = body(type, id)) {
    JsonDocument document;
    remember_removal(document.parse(*removed).value());
  }
  store_.remove(type, id, routes_.now());
}

std::optional<std::string> SimulatedEhr::body(const std::string& type, const std::string& id) const {
  auto version = store_.current(type, id);
  if (!version || version->deleted) return std::nullopt;
  return std::move(version->body);
}

std::vector<TypeVersion> SimulatedEhr::versions(const std::string& type) const {
  return store_.type_history(type, Instant::min(), Instant::max());
}

void SimulatedEhr::remember(const std::string& bundle) {
  JsonDocument document;
  const auto root = document.parse(bundle);
  if (!root || (*root)["type"].text() != "searchset") return;
  for (JsonView entry : (*root)["entry"]) {
    JsonView resource = entry["resource"];
    served_[fmt::format("{}/{}/{}", resource["resourceType"].text(), resource["id"].text(),
                        resource["meta"]["versionId"].text())] = to_json_text(resource);
  }
}

}  // namespace authledger
