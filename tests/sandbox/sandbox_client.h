#pragma once

#include <map>
#include <memory>
#include <string>
#include <thread>

#define _TURN_OFF_PLATFORM_STRING  // cpprestsdk's macro U breaks other headers.
#include <cpprest/http_client.h>
#include <gtest/gtest.h>

#include "base/json.h"
#include "base/text.h"
#include "sandbox/http_message.h"
#include "sandbox/sandbox.h"

// Real HTTP to a sandbox that the test starts.

namespace authledger {

struct HttpAnswer {
  int status = 0;
  std::map<std::string, std::string> headers;  // Names in lower case.
  std::string body;

  std::string header(const std::string& name) const {
    const auto found = headers.find(name);
    return found == headers.end() ? std::string() : found->second;
  }
};

// Status 0: the connection ended without a whole answer.
inline HttpAnswer ask(const std::string& method, const std::string& url, const std::string& body = "",
                      const std::map<std::string, std::string>& headers = {},
                      std::chrono::milliseconds timeout = std::chrono::seconds(20)) {
  HttpAnswer answer;
  try {
    web::http::client::http_client_config config;
    config.set_timeout(timeout);
    web::http::client::http_client client(web::uri(url.substr(0, url.find('/', 8))), config);
    web::http::http_request request(method);
    request.set_request_uri(web::uri(encode_target(url.substr(url.find('/', 8)))));
    if (!body.empty()) request.set_body(body, "application/fhir+json");
    for (const auto& [name, value] : headers) {
      request.headers().remove(name);
      request.headers().add(name, value);
    }
    const web::http::http_response response = client.request(request).get();
    for (const auto& [name, value] : response.headers()) answer.headers[lower_case(name)] = value;
    answer.body = response.extract_string(true).get();
    answer.status = response.status_code();
  } catch (const std::exception&) {
    answer.status = 0;
  }
  return answer;
}

class SandboxTest : public testing::Test {
 protected:
  void SetUp() override { restart({}); }

  void restart(const SandboxOptions& options) {
    auto started = Sandbox::start(options);
    ASSERT_TRUE(started.ok()) << started.error().message;
    sandbox = std::move(*started);
    base = sandbox->base_url();
  }

  void load(const std::string& text) {
    const Outcome loaded = sandbox->load(text);
    ASSERT_TRUE(loaded.ok()) << loaded.error().message;
  }

  HttpAnswer get(const std::string& path, const std::map<std::string, std::string>& headers = {}) {
    return ask("GET", base + "/" + path, "", headers);
  }

  // The root of the answer's JSON, valid until the next call.
  JsonView json(const HttpAnswer& answer) {
    const auto parsed = document.parse(answer.body);
    EXPECT_TRUE(parsed.ok()) << answer.status << " " << answer.body.substr(0, 400);
    return parsed.ok() ? *parsed : JsonView();
  }

  // Ids of the matches of a search, in order, separated by spaces.
  std::string ids(const std::string& search) {
    const HttpAnswer answer = get(search);
    EXPECT_EQ(answer.status, 200) << answer.body;
    std::string found;
    for (JsonView entry : json(answer)["entry"]) found += (found.empty() ? "" : " ") + entry["resource"]["id"].string();
    return found;
  }

  std::string link(JsonView bundle, std::string_view relation) {
    for (JsonView one : bundle["link"]) {
      if (one["relation"].text() == relation) return one["url"].string();
    }
    return "";
  }

  std::unique_ptr<Sandbox> sandbox;
  std::string base;
  JsonDocument document;
};

inline std::string encounter(const std::string& id, const std::string& patient, const std::string& start,
                             const std::string& status = "finished") {
  return R"({"resourceType":"Encounter","id":")" + id + R"(","status":")" + status +
         R"(","class":{"code":"AMB"},"subject":{"reference":"Patient/)" + patient +
         R"("},"identifier":[{"system":"urn:visits","value":"v-)" + id + R"("}],"period":{"start":")" + start +
         R"("}})";
}

}  // namespace authledger
