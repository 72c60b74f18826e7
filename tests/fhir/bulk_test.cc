// The pieces of a Bulk Data export: manifest, files over several tries, origins. FAULTS 15 and 31.

#include "fhir/bulk.h"

#include <gtest/gtest.h>

#include "fhir/file_download.h"
#include "tests/fhir/fault_server.h"

namespace authledger {
namespace {

const std::string kFile = "{\"a\":1}\n{\"b\":2}\n{\"c\":3}\n";

// What a download brings, and how it ended.
struct Fetched {
  std::string bytes;
  std::optional<FhirError> end;
};

Fetched fetch(const EndpointConfig& endpoint, const std::string& url, int64_t from_byte = 0, bool with_token = false) {
  Fetched fetched;
  FileDownload download(from_byte, [&](std::string_view bytes) {
    fetched.bytes += bytes;
    return true;
  });
  const auto client = client_at(endpoint);
  fetched.end = fetch_export_file(*client, {url, with_token, endpoint.bulk.files_at}, download);
  return fetched;
}

CannedAnswer cut_after(CannedAnswer answer, size_t body_bytes_missing) {
  answer.bytes.resize(answer.bytes.size() - body_bytes_missing);
  return answer;
}

TEST(Bulk, AManifestNamesFilesOfThreeKinds) {
  JsonDocument document;
  const auto root = document.parse(R"({"transactionTime":"2026-06-01T12:00:00Z","requiresAccessToken":true,)"
                                   R"("output":[{"type":"Patient","url":"https://ehr.example/f/1","count":3}],)"
                                   R"("deleted":[{"type":"Bundle","url":"https://ehr.example/f/2"}],)"
                                   R"("error":[{"type":"OperationOutcome","url":"https://ehr.example/f/3"}]})");
  const auto manifest = read_manifest(*root);
  ASSERT_TRUE(manifest.ok());
  ASSERT_EQ(manifest->files.size(), 3U);
  EXPECT_EQ(manifest->files[0].count, 3);
  EXPECT_EQ(manifest->files[1].kind, ExportFileKind::deleted);
  EXPECT_TRUE(manifest->requires_token);
  EXPECT_FALSE(read_manifest(*document.parse(R"({"output":[]})")).ok()) << "no transactionTime";
  EXPECT_FALSE(
      read_manifest(
          *document.parse(
              R"({"transactionTime":"2026-06-01T12:00:00Z","output":[{"type":"Patient","url":"file:///etc/passwd"}]})"))
          .ok());
}

TEST(Bulk, DeletionsAreTheDeleteRequestsOfABundle) {
  JsonDocument document;
  const auto bundle =
      document.parse(R"({"resourceType":"Bundle","entry":[{"request":{"method":"DELETE","url":"Encounter/e1"}},)"
                     R"({"request":{"method":"DELETE","url":"https://ehr.example/fhir/Claim/c1"}},)"
                     R"({"request":{"method":"PUT","url":"Encounter/e2"}}]})");
  EXPECT_EQ(deletions_in(*bundle), (std::vector<std::string>{"Encounter/e1", "Claim/c1"}));
}

TEST(Fault31, ACutFileGoesOnWithARangeOfTheSameVersion) {
  FaultServer server([](const ReceivedRequest& request, int) {
    const auto range = request.headers.find("range");
    if (range == request.headers.end()) return cut_after(canned(200, kFile, "ETag: \"v1\"\r\n"), 8);
    const auto from = static_cast<size_t>(std::stoul(range->second.substr(6)));
    const std::string headers = "Content-Range: bytes " + std::to_string(from) + "-23/24\r\nETag: \"v1\"\r\n";
    return canned(206, kFile.substr(from), headers);
  });
  const Fetched fetched = fetch(endpoint_at(server.origin()), server.origin() + "/file");
  EXPECT_FALSE(fetched.end) << fetched.end->message;
  EXPECT_EQ(fetched.bytes, kFile);
  ASSERT_EQ(server.requests().size(), 2U);
  EXPECT_EQ(server.requests()[1].headers.at("range"), "bytes=16-");
  EXPECT_EQ(server.requests()[1].headers.at("if-range"), "\"v1\"");
  EXPECT_EQ(server.requests()[1].headers.at("accept-encoding"), "identity");
}

TEST(Fault31, AServerThatKnowsNoRangesSendsAllAgainAndNothingComesTwice) {
  FaultServer server([](const ReceivedRequest&, int number) {
    return number == 0 ? cut_after(canned(200, kFile), 8) : canned(200, kFile);
  });
  const Fetched fetched = fetch(endpoint_at(server.origin()), server.origin() + "/file");
  EXPECT_FALSE(fetched.end);
  EXPECT_EQ(fetched.bytes, kFile);
}

TEST(Fault31, AFormerProcesssPlaceIsGoneOnFrom) {
  FaultServer server(
      [](const ReceivedRequest&, int) { return canned(206, kFile.substr(8), "Content-Range: bytes 8-23/24\r\n"); });
  const Fetched fetched = fetch(endpoint_at(server.origin()), server.origin() + "/file", 8);
  EXPECT_FALSE(fetched.end);
  EXPECT_EQ(fetched.bytes, kFile.substr(8));
}

TEST(Fault31, ADigestThatDiffersAndALoginPageAreNoFile) {
  for (const char* header : {"Content-MD5: 1B2M2Y8AsgTpgAmY7PhCfg==\r\n",
                             "Repr-Digest: sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:\r\n",
                             "Digest: SHA-256=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\r\n"}) {
    FaultServer server([&](const ReceivedRequest&, int) { return canned(200, kFile, header); });
    const Fetched fetched = fetch(endpoint_at(server.origin()), server.origin() + "/file");
    ASSERT_TRUE(fetched.end) << header;
    EXPECT_EQ(fetched.end->kind, FhirErrorKind::bad_answer);
  }
  FaultServer login([](const ReceivedRequest&, int) { return canned(200, "<html>", "", "text/html"); });
  const Fetched page = fetch(endpoint_at(login.origin()), login.origin() + "/file");
  ASSERT_TRUE(page.end);
  EXPECT_EQ(page.end->kind, FhirErrorKind::bad_answer);
  EXPECT_EQ(page.bytes, "");
  EXPECT_EQ(login.requests().size(), 1U) << "a login page is not asked for again and again";
}

TEST(Fault15, AFileOfAnotherOriginIsFetchedOnlyWhereTheConfigSaysSoAndWithoutTheToken) {
  FaultServer files([](const ReceivedRequest&, int) { return canned(200, kFile); });
  FaultServer server([](const ReceivedRequest&, int) { return canned(200, ""); });
  EndpointConfig endpoint = endpoint_at(server.origin());
  endpoint.auth.kind = AuthKind::bearer;
  endpoint.auth.secret_file = write_temporary("token", "canary-token\n");
  const Fetched refused = fetch(endpoint, files.origin() + "/file");
  ASSERT_TRUE(refused.end);
  EXPECT_EQ(refused.end->kind, FhirErrorKind::foreign_link);
  EXPECT_TRUE(files.requests().empty());
  endpoint.bulk.files_at = {files.origin()};
  EXPECT_EQ(fetch(endpoint, files.origin() + "/file").bytes, kFile);
  ASSERT_EQ(files.requests().size(), 1U);
  EXPECT_FALSE(files.requests()[0].headers.contains("authorization"));
  EXPECT_TRUE(fetch(endpoint, files.origin() + "/file", 0, true).end) << "a file that wants the token is at home only";
  EXPECT_EQ(files.requests().size(), 1U);
}

}  // namespace
}  // namespace authledger
