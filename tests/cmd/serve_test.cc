// The service as an operator runs it: health pages, metrics, and a clean end on SIGTERM.

#include <gtest/gtest.h>

#include <csignal>
#include <cstdio>
#include <thread>

#include "tests/support/site.h"

namespace authledger {
namespace {

std::string fetch(const std::string& url) {
  std::string command = "curl -s -o - -w '\\n%{http_code}' --max-time 5 '" + url + "' 2>/dev/null", output;
  FILE* pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) return {};
  char buffer[4096];
  for (size_t count = 0; (count = std::fread(buffer, 1, sizeof buffer, pipe)) > 0;) output.append(buffer, count);
  pclose(pipe);
  return output;
}

// "http://127.0.0.1:PORT" from the line that `serve` prints.
std::string address_of(RunningProgram& program) {
  for (int i = 0; i < 600 && program.is_running(); ++i) {
    std::string output = program.output();
    size_t from = output.find("http://");
    if (from != std::string::npos && output.find(' ', from) != std::string::npos)
      return output.substr(from, output.find(' ', from) - from);
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  return {};
}

std::string fetch_until(const std::string& url, const std::string& wanted) {
  std::string answer;
  for (int i = 0; i < 300; ++i) {
    answer = fetch(url);
    if (answer.find(wanted) != std::string::npos) return answer;
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  return answer;
}

TEST(Serve, AnswersHealthAndMetricsAndEndsCleanlyOnSigterm) {
  Site site({}, "server:\n  listen: 127.0.0.1:0\n");
  ASSERT_TRUE(site.ehr().load(patient_json("canary-patient")).ok());
  RunningProgram serve(site.command({"serve"}));
  std::string address = address_of(serve);
  ASSERT_FALSE(address.empty()) << serve.wait(std::chrono::seconds(1)).errors;
  EXPECT_NE(fetch(address + "/health/live").find("\n200"), std::string::npos);
  EXPECT_NE(fetch_until(address + "/health/ready", "\n200").find("\n200"), std::string::npos);
  std::string metrics = fetch_until(address + "/metrics", "authledger_resources_pulled_total{");
  EXPECT_NE(metrics.find("authledger_resources_pulled_total{resource_type=\"Patient\"} 1"), std::string::npos)
      << metrics;
  EXPECT_EQ(metrics.find("canary"), std::string::npos) << "no patient data in metrics";
  EXPECT_NE(fetch(address + "/nothing").find("\n404"), std::string::npos);
  serve.signal(SIGTERM);
  ProgramResult ended = serve.wait(std::chrono::seconds(30));
  EXPECT_EQ(ended.exit_code, 0) << ended.errors;
  EXPECT_EQ(ended.errors.find("canary"), std::string::npos) << "no patient data in logs";
}

}  // namespace
}  // namespace authledger
