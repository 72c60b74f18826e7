#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "config/config.h"
#include "fhir/client.h"

// A real TCP server on the loopback address that answers with canned bytes, as slowly or as brokenly as a test wants.

namespace authledger {

struct ReceivedRequest {
  std::string method, target;
  std::map<std::string, std::string> headers;  // Names in lower case.
  std::string body;
  int connection = 0;  // Number of the TCP connection, from 0.
  std::chrono::steady_clock::time_point at;
};

struct CannedAnswer {
  std::string bytes;                   // The whole answer, head included.
  size_t bytes_per_send = 0;           // 0 = all at once.
  std::chrono::milliseconds pause{0};  // Before each send.
  bool reset = false;                  // Ends with a TCP reset.
  bool keep_open = false;              // Another request may follow.
};

class FaultServer {
 public:
  using Answer = std::function<CannedAnswer(const ReceivedRequest& request, int number)>;  // Number from 0.
  explicit FaultServer(Answer answer);
  ~FaultServer();

  std::string origin() const;  // "http://127.0.0.1:40000"
  std::vector<ReceivedRequest> requests() const;

 private:
  void accept_all(const std::stop_token& stop);
  void serve(int connection, int number);

  Answer answer_;
  int listener_ = -1;
  uint16_t port_ = 0;
  mutable std::mutex mutex_;
  std::vector<ReceivedRequest> requests_;
  std::vector<int> open_;
  std::vector<std::jthread> workers_;
  std::jthread acceptor_;
};

// An HTTP/1.1 answer with Content-Length. `headers` are whole lines with their line breaks.
CannedAnswer canned(int status, std::string_view body, std::string_view headers = {},
                    std::string_view content_type = "application/fhir+json");
std::string gzip(std::string_view bytes);

// An empty searchset, or one with an Encounter for each id; `next` empty = the last page.
std::string searchset(const std::vector<std::string>& ids, const std::string& next = {});

// An endpoint at `origin`/fhir with short timeouts and two retries.
EndpointConfig endpoint_at(const std::string& origin);
std::unique_ptr<FhirClient> client_at(const EndpointConfig& endpoint, std::stop_token stop = {},
                                      const std::string& folder = "/");

// A file of its own below the test's temporary folder.
std::string write_temporary(const std::string& name, std::string_view text);
std::string temporary_folder();

}  // namespace authledger
