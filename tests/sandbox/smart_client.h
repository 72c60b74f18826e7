#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "base/jose.h"
#include "fhir/client.h"
#include "sandbox/sandbox.h"
#include "tests/support/program.h"

// A sandbox that demands SMART Backend Services tokens, and a client registered with it.

namespace authledger {

struct SmartSite {
  explicit SmartSite(SigningAlgorithm algorithm = SigningAlgorithm::es384)
      : key(std::move(*SigningKey::generate(algorithm))) {
    SandboxOptions options;
    options.authorization.client_id = "ledger";
    options.authorization.jwks = key.public_jwks();
    options.authorization.client_secret = "s:e c";
    authorization = options.authorization;
    sandbox = std::move(*Sandbox::start(options));
    for (int i = 1; i <= 6; ++i) {
      const std::string id = "e" + std::to_string(i);
      EXPECT_TRUE(sandbox->load(R"({"resourceType":"Encounter","id":")" + id + R"(","status":"finished"})").ok());
    }
    endpoint.name = "ehr";
    endpoint.base_url = sandbox->base_url();
    endpoint.retries_max = 1;
    endpoint.auth.kind = AuthKind::smart_backend;
    endpoint.auth.client_id = "ledger";
    endpoint.auth.scope = "system/Encounter.rs system/Task.crus";
    endpoint.auth.secret_file = folder.write("key.jwk", key.private_jwk());
  }

  std::unique_ptr<FhirClient> client() const {
    auto opened = open_fhir_client(endpoint, folder.path(), clock, {});
    EXPECT_TRUE(opened.ok()) << opened.error().message;
    return std::move(*opened);
  }

  // The message of a search that is expected to fail as unauthorized.
  std::string refusal() const {
    const auto page = client()->search_page("Encounter");
    EXPECT_FALSE(page.ok());
    if (page.ok()) return "";
    EXPECT_EQ(page.error().kind, FhirErrorKind::unauthorized);
    return page.error().message;
  }

  SystemClock clock;
  TemporaryFolder folder;
  SigningKey key;
  SandboxAuthorization authorization;
  std::unique_ptr<Sandbox> sandbox;
  EndpointConfig endpoint;
};

}  // namespace authledger
