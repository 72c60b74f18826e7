#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <thread>

#include "fhir/client_certificate.h"
#include "tests/fhir/fault_server.h"
#include "tests/fhir/resolved_name.h"

namespace authledger {
namespace {

// A self-signed certificate; a negative number of days makes one that has expired.
void make_certificate(const std::string& folder, const std::string& name, int days) {
  const std::string make = fmt::format(
      "cd {0} && openssl req -newkey rsa:2048 -nodes -subj /CN=authledger-test -keyout key.pem -out request.pem "
      "2>/dev/null && echo subjectAltName={1} > names && openssl x509 -req -in request.pem -signkey key.pem -days {2} "
      "-extfile names -out cert.pem 2>/dev/null",
      folder, name, days);
  ASSERT_EQ(std::system(make.c_str()), 0);
}

// `openssl s_server` with a self-signed certificate for 127.0.0.1; serves the files below its folder.
class TlsServer {
 public:
  TlsServer(const std::string& name, std::vector<std::string> options, int days = 2) : folder_(temporary_folder()) {
    make_certificate(folder_, name, days);
    const std::string body = searchset({"1"});
    std::ofstream(folder_ + "/page") << "HTTP/1.0 200 OK\r\nContent-Type: application/fhir+json\r\nContent-Length: "
                                     << body.size() << "\r\n\r\n"
                                     << body;
    port_ = std::stoi(FaultServer([](const ReceivedRequest&, int) { return canned(200, ""); }).origin().substr(17));
    options.insert(options.begin(), {"openssl", "s_server", "-quiet", "-HTTP", "-cert", "cert.pem", "-key", "key.pem",
                                     "-accept", fmt::format("127.0.0.1:{}", port_)});
    process_ = fork();
    if (process_ == 0) {
      const int silence = open("/dev/null", O_RDWR);
      if (chdir(folder_.c_str()) != 0 || dup2(silence, 0) < 0 || dup2(silence, 1) < 0 || dup2(silence, 2) < 0) _exit(1);
      std::vector<char*> arguments;
      for (std::string& option : options) arguments.push_back(option.data());
      arguments.push_back(nullptr);
      execvp("openssl", arguments.data());
      _exit(127);
    }
  }
  ~TlsServer() {
    if (process_ <= 0) return;
    kill(process_, SIGKILL);
    waitpid(process_, nullptr, 0);
  }

  std::string certificate() const { return folder_ + "/cert.pem"; }

  // Whether a client that asks for no version in particular agrees with it on one; once the server is up.
  bool is_taken_by_openssl() const {
    const std::string connect =
        fmt::format("openssl s_client -connect 127.0.0.1:{} -CAfile {} -verify_return_error </dev/null >/dev/null 2>&1",
                    port_, certificate());
    return std::system(connect.c_str()) == 0;
  }

  // The page through a client, waiting for the server to come up.
  Result<SearchPage, FhirError> fetch(const std::string& ca_file, EndpointConfig endpoint = endpoint_at(""),
                                      const std::string& host = "127.0.0.1") const {
    endpoint.base_url = fmt::format("https://{}:{}", host, port_);
    endpoint.ca_file = ca_file;
    endpoint.retries_max = 0;
    for (int attempt = 0;; ++attempt) {
      auto page = client_at(endpoint)->search_page("page");
      const bool is_up = page.ok() || page.error().message.find("connect to server") == std::string::npos;
      if (is_up || attempt == 50) return page;
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
  }

 private:
  std::string folder_;
  int port_ = 0;
  pid_t process_ = -1;
};

TEST(Fault60, ACertificateOfAGivenAuthorityIsAccepted) {
  const TlsServer server("IP:127.0.0.1", {});
  const auto page = server.fetch(server.certificate());
  ASSERT_TRUE(page.ok()) << page.error().message;
  EXPECT_EQ(page->resources.size(), 1u);
}

TEST(Fault60, ASelfSignedCertificateIsRefused) {
  const TlsServer server("IP:127.0.0.1", {});
  const auto page = server.fetch("");
  ASSERT_FALSE(page.ok());
  EXPECT_EQ(page.error().kind, FhirErrorKind::unreachable);
  EXPECT_NE(page.error().message.find("certificate"), std::string::npos) << page.error().message;
}

TEST(Fault60, ACertificateForAnotherHostIsRefused) {
  const TlsServer server("DNS:ehr.example", {});
  const auto page = server.fetch(server.certificate());
  ASSERT_FALSE(page.ok());
  EXPECT_EQ(page.error().kind, FhirErrorKind::unreachable);
  EXPECT_EQ(page.error().message.find("connect to server"), std::string::npos) << page.error().message;
}

TEST(Fault60, AnExpiredCertificateIsRefused) {
  const TlsServer server("IP:127.0.0.1", {}, -1);
  const auto page = server.fetch(server.certificate());
  ASSERT_FALSE(page.ok());
  EXPECT_EQ(page.error().kind, FhirErrorKind::unreachable);
  EXPECT_NE(page.error().message.find("certificate"), std::string::npos) << page.error().message;
}

// A system that takes everything that OpenSSL can still do.
constexpr const char* kOldVersionsTaken = R"(openssl_conf = all
[all]
ssl_conf = ssl
[ssl]
system_default = old
[old]
MinProtocol = TLSv1
CipherString = DEFAULT@SECLEVEL=0
)";

// 0 when our client refuses a server of this version that OpenSSL by itself takes.
int meet_old_server(const std::string& version) {
  const TlsServer server("IP:127.0.0.1", {version, "-cipher", "ALL:@SECLEVEL=0"});
  const auto page = server.fetch(server.certificate());
  if (page.ok() || page.error().kind != FhirErrorKind::unreachable) return 1;
  return server.is_taken_by_openssl() ? 0 : 2;
}

TEST(Fault60, Tls10AndTls11AreRefusedWhereTheSystemTakesThem) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");  // A new process: OpenSSL reads its configuration once.
  const std::string configuration = temporary_folder() + "/openssl.cnf";
  std::ofstream(configuration) << kOldVersionsTaken;
  setenv("OPENSSL_CONF", configuration.c_str(), 1);
  for (const char* version : {"-tls1", "-tls1_1"}) {
    EXPECT_EXIT(std::exit(meet_old_server(version)), testing::ExitedWithCode(0), "") << version;
  }
  unsetenv("OPENSSL_CONF");
}

EndpointConfig with_client_certificate(const std::string& folder) {
  EndpointConfig endpoint = endpoint_at("");
  endpoint.client_certificate_file = folder + "/cert.pem";
  endpoint.client_key_file = folder + "/key.pem";
  return endpoint;
}

TEST(MutualTls, AServerThatWantsAClientCertificateGetsOurs) {
  const std::string mine = temporary_folder();
  make_certificate(mine, "DNS:ledger.example", 90);
  const TlsServer server("IP:127.0.0.1", {"-Verify", "1", "-verify_return_error", "-CAfile", mine + "/cert.pem"});
  const auto page = server.fetch(server.certificate(), with_client_certificate(mine));
  ASSERT_TRUE(page.ok()) << page.error().message;
  EXPECT_FALSE(server.fetch(server.certificate()).ok());
  const std::string foreign = temporary_folder();
  make_certificate(foreign, "DNS:ledger.example", 90);
  EXPECT_FALSE(server.fetch(server.certificate(), with_client_certificate(foreign)).ok());
}

TEST(Fault60, OurOwnExpiredCertificateIsToldBeforeAnyRequest) {
  const std::string mine = temporary_folder();
  make_certificate(mine, "DNS:ledger.example", -1);
  const SystemClock clock;
  EndpointConfig endpoint = with_client_certificate(mine);
  endpoint.base_url = "https://127.0.0.1:1";
  const auto client = open_fhir_client(endpoint, "/", clock, {});
  ASSERT_FALSE(client.ok());
  EXPECT_NE(client.error().message.find("the client certificate expired on"), std::string::npos)
      << client.error().message;
  endpoint.client_certificate_file = mine + "/key.pem";
  EXPECT_NE(open_fhir_client(endpoint, "/", clock, {}).error().message.find("no certificate"), std::string::npos);
}

TEST(Fault60, AnAlarmComes30And14And7DaysBeforeOurCertificateEnds) {
  const Instant end = *parse_instant("2026-12-31T12:00:00Z");
  const std::pair<const char*, int> steps[] = {{"2026-12-01T11:59:59Z", 0}, {"2026-12-01T12:00:00Z", 1},
                                               {"2026-12-17T11:59:59Z", 1}, {"2026-12-17T12:00:00Z", 2},
                                               {"2026-12-24T12:00:00Z", 3}, {"2026-12-31T11:59:59Z", 3},
                                               {"2026-12-31T12:00:00Z", 4}};
  for (const auto& [now, alarm] : steps) EXPECT_EQ(certificate_alarm(end, *parse_instant(now)), alarm) << now;
  EXPECT_EQ(certificate_warning(end, *parse_instant("2026-12-01T00:00:00Z")), "");
  EXPECT_EQ(certificate_warning(end, *parse_instant("2026-12-30T11:00:00Z")),
            "the client certificate ends on 2026-12-31, in 1 day; ask for a new one now");
}

TEST(Fault60, TheAlarmIsLoggedWheneverAClientIsOpened) {
  const std::tuple<int, const char*, const char*> steps[] = {{40, "", ""},
                                                             {20, " warning client_certificate_ends", "in 19 days"},
                                                             {5, " error client_certificate_ends", "in 4 days"}};
  for (const auto& [days, alarm, left] : steps) {
    const std::string mine = temporary_folder();
    make_certificate(mine, "DNS:ledger.example", days);
    const SystemClock clock;
    EndpointConfig endpoint = with_client_certificate(mine);
    endpoint.base_url = "https://127.0.0.1:1";
    testing::internal::CaptureStderr();
    EXPECT_TRUE(open_fhir_client(endpoint, "/", clock, {}).ok());
    const std::string logged = testing::internal::GetCapturedStderr();
    EXPECT_EQ(logged.find("client_certificate_ends") != std::string::npos, alarm[0] != '\0') << logged;
    EXPECT_NE(logged.find(alarm), std::string::npos) << logged;
    EXPECT_NE(logged.find(left), std::string::npos) << logged;
  }
}

// The name, not the address, is what a certificate is for.
TEST(Fault32, AHostThatMovedIsFoundAtItsNewAddressAndItsCertificateIsStillChecked) {
  for (const bool is_its_own : {true, false}) {
    const TlsServer server(is_its_own ? "DNS:moving.ehr.example" : "DNS:other.example", {});
    const int dead =
        std::stoi(FaultServer([](const ReceivedRequest&, int) { return canned(200, ""); }).origin().substr(17));
    ResolvedName::set("moving.ehr.example", "127.0.0.9");
    EndpointConfig endpoint = endpoint_at("");
    endpoint.retries_max = 0;
    endpoint.base_url = fmt::format("https://moving.ehr.example:{}", dead);
    EXPECT_FALSE(client_at(endpoint)->search_page("page").ok()) << "nobody is there any more";
    ResolvedName::set("moving.ehr.example", "127.0.0.1");
    const auto page = server.fetch(server.certificate(), endpoint_at(""), "moving.ehr.example");
    EXPECT_EQ(page.ok(), is_its_own);
    if (!page.ok()) {
      EXPECT_EQ(page.error().kind, FhirErrorKind::unreachable);
    }
    ResolvedName::set("", "");
  }
}

TEST(Fault32, RequestsGoThroughTheProxyOfTheConfig) {
  FaultServer proxy([](const ReceivedRequest&, int) { return canned(200, searchset({"1"})); });
  EndpointConfig endpoint = endpoint_at("http://ehr.example");
  endpoint.proxy = proxy.origin();
  ASSERT_TRUE(client_at(endpoint)->search_page("Encounter").ok());
  EXPECT_EQ(proxy.requests().at(0).target, "http://ehr.example/fhir/Encounter");
}

TEST(Fault32, NoneGoesAroundTheProxyOfTheEnvironment) {
  FaultServer proxy([](const ReceivedRequest&, int) { return canned(502, ""); });
  FaultServer server([](const ReceivedRequest&, int) { return canned(200, searchset({"1"})); });
  EndpointConfig endpoint = endpoint_at(server.origin());
  setenv("http_proxy", proxy.origin().c_str(), 1);
  EXPECT_FALSE(client_at(endpoint)->search_page("Encounter").ok());
  endpoint.proxy = "none";
  EXPECT_TRUE(client_at(endpoint)->search_page("Encounter").ok());
  unsetenv("http_proxy");
}

}  // namespace
}  // namespace authledger
