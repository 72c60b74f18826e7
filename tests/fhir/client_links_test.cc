#include <gtest/gtest.h>

#include "fhir/search.h"
#include "fhir/url.h"
#include "tests/fhir/fault_server.h"

namespace authledger {
namespace {

EndpointConfig with_token(EndpointConfig endpoint) {
  endpoint.auth.kind = AuthKind::bearer;
  endpoint.auth.secret_file = write_temporary("token", "canary-token\n");
  return endpoint;
}

TEST(Fault15, ForeignNextLinkIsNotFollowedAndGetsNoToken) {
  FaultServer foreign([](const ReceivedRequest&, int) { return canned(200, searchset({"2"})); });
  FaultServer server([&](const ReceivedRequest&, int) {
    return canned(200, searchset({"1"}, foreign.origin() + "/fhir/Encounter?page=2"));
  });
  const auto client = client_at(with_token(endpoint_at(server.origin())));
  const auto page = client->search_page("Encounter");
  ASSERT_FALSE(page.ok());
  EXPECT_EQ(page.error().kind, FhirErrorKind::foreign_link);
  const auto resumed = client->search_page(foreign.origin() + "/fhir/Encounter?page=2");
  ASSERT_FALSE(resumed.ok());
  EXPECT_EQ(resumed.error().kind, FhirErrorKind::foreign_link);
  EXPECT_TRUE(foreign.requests().empty());
  ASSERT_EQ(server.requests().size(), 1u);
  EXPECT_EQ(server.requests()[0].headers.at("authorization"), "Bearer canary-token");
}

TEST(Fault15, LinksThatOnlyLookLikeTheOriginAreForeign) {
  const Url base = *parse_url("https://ehr.example/fhir");
  const HttpResponse empty;
  for (const char* link :
       {"http://ehr.example/fhir?p=2", "https://ehr.example:8443/fhir?p=2", "https://ehr.example@evil.example/",
        "https://ehr.example.evil.example/", "//evil.example/fhir", "https://93.184.216.34/fhir",
        "https://169.254.169.254/latest", "file:///etc/passwd", "gopher://ehr.example/", "https:/\\\\evil.example/",
        "https://ehr.example\\\\@evil.example/", "javascript:alert(1)", "https://ehr.example:443@evil.example/"}) {
    HttpResponse response;
    response.body = searchset({"1"}, link);
    const auto page = read_search_page(response, base, base, 1 << 20, "test");
    ASSERT_FALSE(page.ok()) << link;
    EXPECT_EQ(page.error().kind, FhirErrorKind::foreign_link) << link;
  }
}

TEST(ClientLinks, NextLinksAreResolvedAgainstTheRequestOrTheBase) {
  const Url base = *parse_url("https://ehr.example/r4/fhir");
  const Url request = *parse_url("https://ehr.example/r4/fhir/Encounter?a=1");
  const std::pair<const char*, const char*> links[] = {
      {"https://EHR.example:443/r4/fhir?_getpages=x", "https://ehr.example/r4/fhir?_getpages=x"},
      {"Encounter?page=2", "https://ehr.example/r4/fhir/Encounter?page=2"},
      {"?page=2", "https://ehr.example/r4/fhir/Encounter?page=2"},
      {"/r4/fhir/Encounter?page=2", "https://ehr.example/r4/fhir/Encounter?page=2"},
      {"./../fhir/Encounter?page=2#part", "https://ehr.example/r4/fhir/Encounter?page=2"},
      {"https://ehr.example/next?to=http://evil.example/", "https://ehr.example/next?to=http://evil.example/"}};
  for (const auto& [link, expected] : links) {
    HttpResponse response;
    response.body = searchset({"1"}, link);
    const auto page = read_search_page(response, base, request, 1 << 20, "test");
    ASSERT_TRUE(page.ok()) << link << ": " << page.error().message;
    EXPECT_EQ(page->next, expected);
  }
}

TEST(Fault16, RedirectToAForeignHostIsNotFollowedAndGetsNoToken) {
  FaultServer foreign([](const ReceivedRequest&, int) { return canned(200, searchset({"2"})); });
  for (const int status : {301, 302, 303, 307, 308}) {
    FaultServer server([&](const ReceivedRequest&, int) {
      return canned(status, "", "Location: " + foreign.origin() + "/fhir/Encounter\r\n");
    });
    const auto client = client_at(with_token(endpoint_at(server.origin())));
    const auto page = client->search_page("Encounter");
    ASSERT_FALSE(page.ok());
    EXPECT_EQ(page.error().kind, FhirErrorKind::foreign_link) << status;
    const auto created = client->create("Task", "{}", "");
    ASSERT_FALSE(created.ok());
    EXPECT_EQ(created.error().kind, FhirErrorKind::foreign_link) << status;
  }
  EXPECT_TRUE(foreign.requests().empty());
}

TEST(Fault16, RedirectWithinTheOriginIsFollowedThreeTimesAtMost) {
  FaultServer kind([](const ReceivedRequest& request, int) {
    return request.target == "/fhir/Encounter" ? canned(307, "", "Location: /moved/Encounter\r\n")
                                               : canned(200, searchset({"1"}));
  });
  EXPECT_TRUE(client_at(with_token(endpoint_at(kind.origin())))->search_page("Encounter").ok());
  FaultServer circle(
      [](const ReceivedRequest& request, int) { return canned(308, "", "Location: " + request.target + "\r\n"); });
  const auto page = client_at(endpoint_at(circle.origin()))->search_page("Encounter");
  ASSERT_FALSE(page.ok());
  EXPECT_EQ(page.error().kind, FhirErrorKind::refused);
  EXPECT_EQ(circle.requests().size(), 4u);
}

// Reads until the end or an error, as a pull does.
std::optional<FhirError> walk_pages(FhirClient& client, int pages_max, int& pages) {
  PageGuard guard(pages_max);
  std::string url = client.base_url() + "/Encounter?_count=1";
  for (pages = 0; !url.empty();) {
    const auto page = client.search_page(url);
    if (!page) return page.error();
    ++pages;
    if (auto problem = guard.accept(url, *page)) return problem;
    url = page->next;
  }
  return std::nullopt;
}

TEST(Fault20, ANextLinkThatLeadsBackIsDetected) {
  FaultServer server([](const ReceivedRequest& request, int) {
    const bool first = request.target.find("page=2") == std::string::npos;
    return canned(200, first ? searchset({"1"}, "Encounter?page=2") : searchset({"2"}, "Encounter?_count=1"));
  });
  int pages = 0;
  const auto problem = walk_pages(*client_at(endpoint_at(server.origin())), 1000, pages);
  ASSERT_TRUE(problem.has_value());
  EXPECT_EQ(problem->kind, FhirErrorKind::endless_paging);
  EXPECT_EQ(pages, 2);
}

TEST(Fault20, ARepeatedPageUnderEverNewLinksIsDetectedByItsContent) {
  FaultServer server([](const ReceivedRequest&, int number) {
    return canned(200, searchset({"1", "2"}, "Encounter?page=" + std::to_string(number)));
  });
  int pages = 0;
  const auto problem = walk_pages(*client_at(endpoint_at(server.origin())), 1000, pages);
  ASSERT_TRUE(problem.has_value());
  EXPECT_EQ(problem->kind, FhirErrorKind::endless_paging);
  EXPECT_EQ(pages, 2);
}

TEST(Fault20, EndlessNewPagesEndAtTheLimit) {
  FaultServer server([](const ReceivedRequest&, int number) {
    return canned(200, searchset({std::to_string(number)}, "Encounter?page=" + std::to_string(number)));
  });
  int pages = 0;
  const auto problem = walk_pages(*client_at(endpoint_at(server.origin())), 7, pages);
  ASSERT_TRUE(problem.has_value());
  EXPECT_EQ(problem->kind, FhirErrorKind::endless_paging);
  EXPECT_EQ(pages, 7);
}

TEST(Fault20, ARunOfDistinctPagesIsReadToItsEnd) {
  FaultServer server([](const ReceivedRequest&, int number) {
    return canned(200,
                  searchset({std::to_string(number)}, number == 9 ? "" : "Encounter?page=" + std::to_string(number)));
  });
  int pages = 0;
  const auto problem = walk_pages(*client_at(endpoint_at(server.origin())), 10, pages);
  EXPECT_FALSE(problem.has_value()) << problem->message;
  EXPECT_EQ(pages, 10);
}

TEST(Fault21, ResourcesThatAppearOnTwoPagesDoNotStopTheWalk) {
  FaultServer server([](const ReceivedRequest&, int number) {
    return canned(200, number == 0 ? searchset({"1", "2"}, "Encounter?page=2") : searchset({"2", "3"}));
  });
  int pages = 0;
  EXPECT_FALSE(walk_pages(*client_at(endpoint_at(server.origin())), 10, pages).has_value());
  EXPECT_EQ(pages, 2);
}

}  // namespace
}  // namespace authledger
