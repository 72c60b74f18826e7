#include "tests/support/test_database.h"

#include <fmt/format.h>
#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <stdexcept>

#include "ledger/store/schema.h"
#include "sync/embedded_postgres.h"

namespace authledger {

namespace {

// `url` with another database: URI and keyword form.
std::string with_database(const std::string& url, const std::string& name) {
  const size_t scheme = url.find("://");
  if (scheme == std::string::npos) return url + " dbname=" + name;
  const size_t query = std::min(url.find('?'), url.size());
  const size_t path = std::min(url.find('/', scheme + 3), query);
  return url.substr(0, path) + "/" + name + url.substr(query);
}

// The server of this process's tests. Function-static, so that the cluster starts once and only when a test needs it.
// On the private cluster the owner role may not create databases: the cluster does, and they go with its folder.
class TestServer {
 public:
  TestServer() {
    if (const char* given = getenv("AUTHLEDGER_TEST_DATABASE_URL")) {
      base_url_ = given;
    } else {
      std::string folder = (std::filesystem::temp_directory_path() / "authledger-test-XXXXXX").string();
      if (mkdtemp(folder.data()) == nullptr) throw std::runtime_error("cannot make a folder for the test cluster");
      folder_ = folder;
      // The cluster runs as an unprivileged user, which must be able to enter the folder.
      std::filesystem::permissions(folder_, std::filesystem::perms::all);
      Result<EmbeddedPostgres> started = EmbeddedPostgres::start((folder_ / "cluster").string(), false);
      if (!started) throw std::runtime_error(started.error().message);
      embedded_ = std::move(started).value();
    }
  }

  ~TestServer() {
    embedded_.reset();
    std::error_code ignored;
    if (!folder_.empty()) std::filesystem::remove_all(folder_, ignored);
  }

  // Returns its name.
  std::string create() {
    std::string name = fmt::format("authledger_test_{}_{}", getpid(), ++count_);
    if (embedded_) {
      embedded_->url(name);
    } else {
      run(fmt::format("create database {}", name));
    }
    return name;
  }
  void drop(const std::string& name) {
    if (embedded_) return;
    try {
      run(fmt::format("drop database if exists {} with (force)", name));
    } catch (const DbError&) {  // Nothing that a test could still do about it.
    }
  }
  std::string url_of(const std::string& name) const {
    return embedded_ ? embedded_->url(name) : with_database(base_url_, name);
  }

 private:
  void run(const std::string& sql) { PgConnection(base_url_).execute_script(sql); }

  std::filesystem::path folder_;
  std::optional<EmbeddedPostgres> embedded_;
  std::string base_url_;
  int count_ = 0;
};

TestServer& server() {
  static TestServer the_server;
  return the_server;
}

}  // namespace

TestDatabase::TestDatabase() : name_(server().create()), url_(server().url_of(name_)) {
  PgConnection connection(url_);
  migrate(connection);
}

TestDatabase::TestDatabase(const std::string& url) : url_(url) {
  PgConnection connection(url_);
  migrate(connection);
}

TestDatabase::~TestDatabase() {
  if (!name_.empty()) server().drop(name_);
}

PgConnection TestDatabase::connection() const {
  PgConnection connection(url_);
  become_application(connection);
  return connection;
}

PgConnection TestDatabase::owner_connection() const {
  return PgConnection(url_);
}

EmptyDatabase::EmptyDatabase() : name_(server().create()), url_(server().url_of(name_)) {}
EmptyDatabase::~EmptyDatabase() {
  server().drop(name_);
}

}  // namespace authledger
