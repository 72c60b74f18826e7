#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <thread>

#include "tests/fhir/fault_server.h"

namespace authledger {
namespace {

// `openssl s_server` with a self-signed certificate for 127.0.0.1; serves the files below its folder.
class TlsServer {
 public:
  TlsServer(const std::string& name, std::vector<std::string> options) : folder_(temporary_folder()) {
    const std::string make = fmt::format(
        "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=authledger-test -addext subjectAltName={} "
        "-keyout {}/key.pem -out {}/cert.pem 2>/dev/null",
        name, folder_, folder_);
    if (std::system(make.c_str()) != 0) return;
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

  // The page through a client, waiting for the server to come up.
  Result<SearchPage, FhirError> fetch(const std::string& ca_file) const {
    EndpointConfig endpoint = endpoint_at(fmt::format("https://127.0.0.1:{}", port_));
    endpoint.base_url = fmt::format("https://127.0.0.1:{}", port_);
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

TEST(Fault60, Tls11IsRefused) {
  const TlsServer server("IP:127.0.0.1", {"-tls1_1", "-cipher", "ALL:@SECLEVEL=0"});
  const auto page = server.fetch(server.certificate());
  ASSERT_FALSE(page.ok());
  EXPECT_EQ(page.error().kind, FhirErrorKind::unreachable);
  EXPECT_EQ(page.error().message.find("connect to server"), std::string::npos) << page.error().message;
}

}  // namespace
}  // namespace authledger
