#include "tests/fhir/fault_server.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zlib.h>

#include <atomic>
#include <filesystem>
#include <fstream>

#include "base/text.h"

namespace authledger {
namespace {

bool read_request(int handle, std::string& buffer, ReceivedRequest& request) {
  const auto more = [&] {
    char bytes[4096];
    const ssize_t count = recv(handle, bytes, sizeof bytes, 0);
    if (count > 0) buffer.append(bytes, static_cast<size_t>(count));
    return count > 0;
  };
  size_t head_end;
  while ((head_end = buffer.find("\r\n\r\n")) == std::string::npos) {
    if (!more()) return false;
  }
  const auto lines = split(std::string_view(buffer).substr(0, head_end), '\n');
  const auto words = split(trim(lines[0]), ' ');
  if (words.size() < 2) return false;
  request.method = words[0];
  request.target = words[1];
  for (size_t i = 1; i < lines.size(); ++i) {
    const size_t colon = lines[i].find(':');
    if (colon != std::string::npos) {
      request.headers[lower_case(lines[i].substr(0, colon))] =
          std::string(trim(std::string_view(lines[i]).substr(colon + 1)));
    }
  }
  buffer.erase(0, head_end + 4);
  const size_t length = request.headers.contains("content-length") ? std::stoul(request.headers["content-length"]) : 0;
  while (buffer.size() < length) {
    if (!more()) return false;
  }
  request.body = buffer.substr(0, length);
  buffer.erase(0, length);
  request.at = std::chrono::steady_clock::now();
  return true;
}

}  // namespace

FaultServer::FaultServer(Answer answer) : answer_(std::move(answer)) {
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  AUTHLEDGER_CHECK(bind(listener_, reinterpret_cast<sockaddr*>(&address), size) == 0 && listen(listener_, 16) == 0);
  getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
  port_ = ntohs(address.sin_port);
  acceptor_ = std::jthread([this](const std::stop_token& stop) { accept_all(stop); });
}

FaultServer::~FaultServer() {
  acceptor_.request_stop();
  shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  {
    const std::lock_guard lock(mutex_);
    for (const int handle : open_) shutdown(handle, SHUT_RDWR);
  }
  workers_.clear();
  close(listener_);
}

std::string FaultServer::origin() const {
  return fmt::format("http://127.0.0.1:{}", port_);
}

std::vector<ReceivedRequest> FaultServer::requests() const {
  const std::lock_guard lock(mutex_);
  return requests_;
}

void FaultServer::accept_all(const std::stop_token& stop) {
  for (int number = 0; !stop.stop_requested(); ++number) {
    const int handle = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (handle < 0) return;
    {
      const std::lock_guard lock(mutex_);
      open_.push_back(handle);
    }
    workers_.emplace_back([this, handle, number] { serve(handle, number); });
  }
}

void FaultServer::serve(int handle, int connection) {
  std::string buffer;
  bool is_open = true;
  while (is_open) {
    ReceivedRequest request;
    request.connection = connection;
    if (!read_request(handle, buffer, request)) break;
    int number;
    {
      const std::lock_guard lock(mutex_);
      number = static_cast<int>(requests_.size());
      requests_.push_back(request);
    }
    const CannedAnswer answer = answer_(request, number);
    is_open = answer.keep_open;
    const size_t step = answer.bytes_per_send ? answer.bytes_per_send : std::max<size_t>(answer.bytes.size(), 1);
    for (size_t sent = 0; sent < answer.bytes.size(); sent += step) {
      std::this_thread::sleep_for(answer.pause);
      const std::string_view part = std::string_view(answer.bytes).substr(sent, step);
      if (send(handle, part.data(), part.size(), MSG_NOSIGNAL) < 0) {
        is_open = false;
        break;
      }
    }
    if (answer.reset) {
      const linger at_once{1, 0};
      setsockopt(handle, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    }
  }
  const std::lock_guard lock(mutex_);
  std::erase(open_, handle);
  close(handle);
}

CannedAnswer canned(int status, std::string_view body, std::string_view headers, std::string_view content_type) {
  CannedAnswer answer;
  answer.bytes = fmt::format("HTTP/1.1 {} X\r\nContent-Type: {}\r\nContent-Length: {}\r\n{}\r\n{}", status,
                             content_type, body.size(), headers, body);
  answer.keep_open = true;
  return answer;
}

std::string gzip(std::string_view bytes) {
  z_stream stream{};
  AUTHLEDGER_CHECK(deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  std::string packed(deflateBound(&stream, bytes.size()) + 32, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  AUTHLEDGER_CHECK(deflate(&stream, Z_FINISH) == Z_STREAM_END);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

std::string searchset(const std::vector<std::string>& ids, const std::string& next) {
  std::vector<std::string> entries;
  for (const std::string& id : ids) {
    entries.push_back(
        fmt::format(R"({{"resource":{{"resourceType":"Encounter","id":"{}"}},"search":{{"mode":"match"}}}})", id));
  }
  const std::string link = next.empty() ? "" : fmt::format(R"("link":[{{"relation":"next","url":"{}"}}],)", next);
  return fmt::format(R"({{"resourceType":"Bundle","type":"searchset",{}"entry":[{}]}})", link, join(entries, ","));
}

EndpointConfig endpoint_at(const std::string& origin) {
  EndpointConfig endpoint;
  endpoint.name = "ehr";
  endpoint.base_url = origin + "/fhir";
  endpoint.retries_max = 2;
  endpoint.retry_after_max = std::chrono::seconds(5);
  endpoint.connect_timeout = std::chrono::seconds(2);
  endpoint.request_timeout = std::chrono::seconds(2);
  return endpoint;
}

std::unique_ptr<FhirClient> client_at(const EndpointConfig& endpoint, std::stop_token stop, const std::string& folder) {
  static const SystemClock clock;
  auto client = open_fhir_client(endpoint, folder, clock, std::move(stop));
  EXPECT_TRUE(client.ok()) << client.error().message;
  return std::move(*client);
}

std::string temporary_folder() {
  // One root for the process; it goes when the process ends.
  struct Root {
    std::filesystem::path path =
        std::filesystem::temp_directory_path() / fmt::format("authledger-fhir-test-{}", getpid());
    ~Root() {
      std::error_code ignored;
      std::filesystem::remove_all(path, ignored);
    }
  };
  static const Root root;
  static std::atomic<int> number = 0;
  const auto folder = root.path / std::to_string(++number);
  std::filesystem::create_directories(folder);
  return folder.string();
}

std::string write_temporary(const std::string& name, std::string_view text) {
  const std::string file = temporary_folder() + "/" + name;
  std::ofstream(file, std::ios::binary) << text;
  return file;
}

}  // namespace authledger
