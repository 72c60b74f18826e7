#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>
#include <vector>

#include "base/text.h"
#include "fhir/http_curl.h"
#include "server/health.h"
#include "tests/server/free_port.h"

namespace authledger {
namespace {

bool run(const std::string& command) {
  return std::system(command.c_str()) == 0;
}

// The real nginx before a real HttpServer, with a certificate of its own.
class NginxFrontTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!run("nginx -v >/dev/null 2>&1")) GTEST_SKIP() << "nginx is not installed";
    if (!run("openssl version >/dev/null 2>&1")) GTEST_SKIP() << "openssl is not installed";
    folder_ =
        (std::filesystem::temp_directory_path() / fmt::format("authledger-nginx-{}-{}", getpid(), ++count_)).string();
    std::filesystem::create_directories(folder_);
    ASSERT_TRUE(
        run(fmt::format("openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext "
                        "subjectAltName=DNS:localhost,IP:127.0.0.1 -keyout {0}/key.pem -out {0}/cert.pem 2>/dev/null",
                        folder_)));
    auto server = HttpServer::start("127.0.0.1:0");
    ASSERT_TRUE(server.ok()) << server.error().message;
    server_ = std::move(*server);
    add_health_routes(*server_, state_);
    write_config();
  }

  void TearDown() override {
    if (nginx_ > 0) {
      kill(nginx_, SIGTERM);
      waitpid(nginx_, nullptr, 0);
    }
    if (!folder_.empty()) std::filesystem::remove_all(folder_);
  }

  void write_config() {
    NginxFront front;
    front.listen = server_->address();
    front.server_name = "localhost";
    front.certificate = folder_ + "/cert.pem";
    front.certificate_key = folder_ + "/key.pem";
    port_ = free_tcp_port();
    front.port = port_;
    const std::string config =
        replace_all(nginx_config(front), "/var/log/nginx/authledger-error.log", folder_ + "/error.log");
    std::ofstream(folder_ + "/nginx.conf") << fmt::format(
        "daemon off;\nmaster_process off;\npid {0}/nginx.pid;\nerror_log {0}/main.log;\nevents {{}}\nhttp {{\n"
        "client_body_temp_path {0}/body;\nproxy_temp_path {0}/proxy;\nfastcgi_temp_path {0}/fastcgi;\n"
        "uwsgi_temp_path {0}/uwsgi;\nscgi_temp_path {0}/scgi;\n{1}\n}}\n",
        folder_, config);
  }

  void start_nginx() {
    nginx_ = fork();
    if (nginx_ == 0) {
      const std::string config = folder_ + "/nginx.conf";
      if (dup2(open("/dev/null", O_WRONLY), 2) < 0) _exit(1);
      execlp("nginx", "nginx", "-p", folder_.c_str(), "-c", config.c_str(), nullptr);
      _exit(127);
    }
  }

  Result<HttpResponse, HttpError> send(HttpRequest request) {
    HttpOptions options;
    options.ca_file = folder_ + "/cert.pem";
    request.url = fmt::format("https://127.0.0.1:{}{}", port_, request.url);
    for (int attempt = 0;; ++attempt) {
      auto client = open_http_client(options, {});
      auto response = (*client)->send(request);
      if (response.ok() || response.error().kind != HttpErrorKind::cannot_connect || attempt == 50) return response;
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
  }

  static inline int count_ = 0;
  std::string folder_;
  int port_ = 0;
  pid_t nginx_ = -1;
  ServerHealth state_;
  std::unique_ptr<HttpServer> server_;
};

TEST_F(NginxFrontTest, TheRealNginxAcceptsTheConfiguration) {
  EXPECT_TRUE(run(fmt::format("nginx -t -p {0} -c {0}/nginx.conf >{0}/test.log 2>&1", folder_)))
      << std::ifstream(folder_ + "/test.log").rdbuf();
}

TEST_F(NginxFrontTest, ARequestReachesTheServerOverTls) {
  start_nginx();
  const auto live = send({"GET", "/health/live", {}, ""});
  ASSERT_TRUE(live.ok()) << live.error().message;
  EXPECT_EQ(live->status, 200);
  EXPECT_EQ(live->body, R"({"status":"live"})");
  EXPECT_NE(live->header("strict-transport-security"), "");
  const auto metrics = send({"GET", "/metrics", {}, ""});
  ASSERT_TRUE(metrics.ok());
  EXPECT_EQ(metrics->status, 404);
}

TEST_F(NginxFrontTest, OversizeBodiesAndHeadersAreRefusedInFront) {
  start_nginx();
  const auto body = send({"POST", "/health/live", {}, std::string(size_t{2} << 20, 'x')});
  ASSERT_TRUE(body.ok()) << body.error().message;
  EXPECT_EQ(body->status, 413);
  const auto header = send({"GET", "/health/live", {{"X-Fill", std::string(20'000, 'x')}}, ""});
  if (header.ok()) {
    EXPECT_GE(header->status, 400);
  }
}

TEST_F(NginxFrontTest, ALongNotificationThatIsRefusedGetsItsAnswer) {
  server_->route_below(
      "/hooks/", size_t{8} << 20, [](const ServerRequest&) { return error_response(401, "not authorized"); },
      [](const ServerRequest&, const HttpServer::Reply&) {});
  start_nginx();
  for (int i = 0; i < 5; ++i) {
    const auto refused = send({"POST", "/hooks/ehr", {}, std::string(size_t{5} << 20, 'x')});
    ASSERT_TRUE(refused.ok()) << refused.error().message;
    EXPECT_EQ(refused->status, 401);
  }
}

TEST_F(NginxFrontTest, NotificationsAtOnceFromOneAddressAreTaken) {
  server_->route_below(
      "/hooks/", 100, [](const ServerRequest&) { return std::nullopt; },
      [](const ServerRequest&, const HttpServer::Reply& reply) {
        std::this_thread::sleep_for(std::chrono::milliseconds(500));
        reply(ServerResponse{});
      });
  start_nginx();
  ASSERT_TRUE(send({"GET", "/health/live", {}, ""}).ok());
  std::atomic<int> taken = 0;
  {
    std::vector<std::jthread> senders;
    for (int i = 0; i < 30; ++i) {
      senders.emplace_back([&] {
        const auto answer = send({"POST", "/hooks/ehr", {}, ""});
        taken += answer.ok() && answer->status == 200 ? 1 : 0;
      });
    }
  }
  EXPECT_EQ(taken, 30);
}

TEST_F(NginxFrontTest, ACrowdIsThrottled) {
  start_nginx();
  int throttled = 0;
  for (int i = 0; i < 120; ++i) {
    const auto live = send({"GET", "/health/live", {}, ""});
    ASSERT_TRUE(live.ok()) << live.error().message;
    throttled += live->status == 429;
  }
  EXPECT_GT(throttled, 0);
}

}  // namespace
}  // namespace authledger
