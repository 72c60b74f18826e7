#include "bench/export_server.h"

#include <fmt/format.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/check.h"
#include "sandbox/http_message.h"
#include "sandbox/loopback_socket.h"

namespace authledger {
namespace {

constexpr int kVisits = 20'000, kPatients = 2'000;
constexpr size_t kNarrativeBytes = 7'600;

std::string visit_line(int64_t number, const std::string& narrative) {
  const int64_t visit = number % kVisits;
  return fmt::format(
      R"({{"resourceType":"Encounter","id":"e{0}","meta":{{"versionId":"1"}},"text":{{"status":"generated","div":"{1}"}},"status":"finished","class":{{"code":"AMB"}},"type":[{{"coding":[{{"system":"http://www.ama-assn.org/go/cpt","code":"90837"}}]}}],"subject":{{"reference":"Patient/p{2}"}},"period":{{"start":"2026-01-{3:02}T10:00:00-05:00","end":"2026-01-{3:02}T11:00:00-05:00"}}}})"
      "\n",
      visit, narrative, visit % kPatients, 1 + visit % 28);
}

void answer(const Socket& client, const std::string& status, const std::string& headers, const std::string& body) {
  send_all(client, fmt::format("HTTP/1.1 {}\r\nContent-Type: application/fhir+json\r\n{}Content-Length: {}\r\n\r\n{}",
                               status, headers, body.size(), body));
}

void send_file(const Socket& client, int64_t file_bytes) {
  const std::string narrative(kNarrativeBytes, 'x');
  send_all(client, "HTTP/1.1 200 OK\r\nContent-Type: application/fhir+ndjson\r\nConnection: close\r\n\r\n");
  std::string block;
  int64_t sent = 0;
  for (int64_t number = 0; sent < file_bytes; ++number) {
    block += visit_line(number, narrative);
    if (block.size() < (size_t{1} << 20)) continue;
    if (!send_all(client, block)) return;
    sent += static_cast<int64_t>(block.size());
    block.clear();
  }
}

// One connection after the other: the only client asks one thing at a time.
[[noreturn]] void serve(const Socket& listening, const std::string& base, int64_t file_bytes) {
  const int never = ::eventfd(0, 0);
  for (;;) {
    const Socket client(::accept(listening.descriptor(), nullptr, nullptr));
    HttpReader reader(never);
    while (auto request = reader.read(client)) {
      const std::string target = request->target();
      if (target.find("/metadata") != std::string::npos) {
        answer(
            client, "200 OK", "",
            R"({"resourceType":"CapabilityStatement","fhirVersion":"4.0.1","rest":[{"mode":"server","operation":[{"name":"export"}],"resource":[{"type":"Encounter","interaction":[{"code":"read"}]}]}]})");
      } else if (target.find("/$export-status") != std::string::npos && request->method() == "GET") {
        answer(
            client, "200 OK", "",
            fmt::format(
                R"({{"transactionTime":"2026-06-01T12:00:00Z","request":"{0}/$export","requiresAccessToken":false,"output":[{{"type":"Encounter","url":"{0}/file"}}]}})",
                base));
      } else if (target.find("/file") != std::string::npos) {
        send_file(client, file_bytes);
        break;
      } else {
        answer(client, "202 Accepted", fmt::format("Content-Location: {}/$export-status/1\r\n", base), "");
      }
    }
  }
}

}  // namespace

ExportServer::ExportServer(int64_t file_bytes) {
  auto listening = listen_on_loopback("127.0.0.1", 0);
  AUTHLEDGER_CHECK(listening.ok());
  port_ = local_port(*listening);
  process_ = fork();
  if (process_ == 0) serve(*listening, base_url(), file_bytes);
}

ExportServer::~ExportServer() {
  kill(process_, SIGKILL);
  waitpid(process_, nullptr, 0);
}

std::string ExportServer::base_url() const {
  return fmt::format("http://127.0.0.1:{}/fhir", port_);
}

}  // namespace authledger
