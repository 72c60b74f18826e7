#include "sync/embedded_postgres.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <optional>
#include <thread>

#include "base/check.h"
#include "base/log.h"
#include "base/text.h"
#include "ledger/store/pg.h"
#include "sync/cluster_folder.h"
#include "sync/postgres_programs.h"

namespace authledger {
namespace {

constexpr std::chrono::seconds kStartSecondsMax{90};  // Crash recovery of a few GB of WAL included.
constexpr std::chrono::milliseconds kPause{200};
constexpr int kLogLinesShown = 8;
constexpr const char* kLogFile = "server.log";  // In the cluster's folder.
constexpr const char* kOwnerRole = "authledger";
constexpr const char* kSuperuser = "postgres";

// A file lock (flock). The kernel drops it when the process ends, however it ends.
class FileLock {
 public:
  explicit FileLock(const std::string& path) : fd_(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)) {}
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;
  ~FileLock() {
    if (fd_ >= 0) close(fd_);
  }
  bool lock(int kind) {
    int result = -1;
    do {
      result = flock(fd_, kind);
    } while (result != 0 && errno == EINTR);
    return result == 0;
  }

 private:
  int fd_;
};

std::string percent_encoded(const std::string& text) {
  std::string result;
  for (unsigned char c : text) {
    bool is_plain =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
    result += is_plain ? std::string(1, static_cast<char>(c)) : fmt::format("%{:02X}", c);
  }
  return result;
}

std::string url_of(const ClusterFolder& place, const std::string& database, const char* role) {
  return fmt::format("postgresql:///{}?host={}&user={}&port=5432", percent_encoded(database),
                     percent_encoded(place.socket), role);
}

// A text value of postgresql.conf.
std::string conf_text(const std::string& value) {
  return "'" + replace_all(replace_all(value, "\\", "\\\\"), "'", "''") + "'";
}

// Written anew at every start, so that a newer program brings its own settings. Sized for a small host; the log holds
// no statements and no details, since both may quote data of patients.
std::string settings(const ClusterFolder& place, bool durable) {
  std::string socket_list = "\"" + replace_all(place.socket, "\"", "\"\"") + "\"";
  std::string switches = durable ? "" : "fsync = off\nsynchronous_commit = off\nfull_page_writes = off\n";
  return fmt::format(R"(# Written by authledger at every start.
listen_addresses = ''
port = 5432
unix_socket_directories = {}
unix_socket_permissions = 0700
max_connections = 40
shared_buffers = 128MB
work_mem = 16MB
maintenance_work_mem = 128MB
max_wal_size = 2GB
checkpoint_completion_target = 0.9
checkpoint_timeout = 15min
wal_compression = on
password_encryption = scram-sha-256
timezone = 'UTC'
log_timezone = 'UTC'
datestyle = 'ISO, YMD'
log_destination = 'stderr'
logging_collector = off
log_min_messages = warning
log_min_error_statement = panic
log_error_verbosity = terse
log_checkpoints = off
{})",
                     conf_text(socket_list), switches);
}

Outcome write_file(const std::string& path, const std::string& text, const ServerUser& user) {
  // A new file replaces the old one: nothing is written through a link.
  std::string fresh = path + ".new";
  unlink(fresh.c_str());
  int fd = open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (fd < 0) return Failure{fmt::format("cannot write {}", path)};
  bool is_done = write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  if (user.is_other) is_done = fchown(fd, user.uid, user.gid) == 0 && is_done;
  close(fd);
  is_done = is_done && rename(fresh.c_str(), path.c_str()) == 0;
  return is_done ? Outcome(Done{}) : Outcome(Failure{fmt::format("cannot write {}", path)});
}

std::string last_lines(const std::string& text) {
  std::vector<std::string> lines = split(std::string(trim(text)), '\n');
  if (lines.size() > kLogLinesShown) lines.erase(lines.begin(), lines.end() - kLogLinesShown);
  return join(lines, "\n  ");
}

std::string read_tail(const std::string& path) {
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  if (!file) return "";
  constexpr std::streamoff kTailBytes = 8192;
  std::streamoff from = std::max<std::streamoff>(0, static_cast<std::streamoff>(file.tellg()) - kTailBytes);
  file.seekg(from);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

// initdb into a folder beside, then one rename: a process killed midway leaves no half cluster behind.
Outcome create_cluster(const std::string& programs, const ClusterFolder& place, const ServerUser& user, bool durable) {
  std::string fresh = place.home + "/cluster.new";
  std::error_code error;
  std::filesystem::remove_all(fresh, error);
  if (auto owned = own_folder(fresh, user, 0700); !owned) return owned;
  std::vector<std::string> command = {
      programs + "/initdb", "-D", ".", "-U", kSuperuser, "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8",
      "--no-instructions"};
  if (!durable) command.push_back("--no-sync");
  ProgramOutput output = run_as(user, fresh, command);
  if (output.exit_code != 0) {
    return Failure{
        fmt::format("initdb could not create the database cluster in {}:\n  {}", place.home, last_lines(output.text))};
  }
  std::filesystem::rename(fresh, place.cluster, error);
  if (error) return Failure{fmt::format("cannot move the new cluster to {}: {}", place.cluster, error.message())};
  return Done{};
}

std::optional<PgConnection> try_connect(const ClusterFolder& place) {
  try {
    return std::optional<PgConnection>(std::in_place, url_of(place, "postgres", kSuperuser));
  } catch (const DbError&) {
    return std::nullopt;
  }
}

constexpr Statement kRoleExists{"role_exists", R"(
  select exists (select from pg_roles where rolname = $1))"};

constexpr Statement kDatabaseExists{"database_exists", R"(
  select exists (select from pg_database where datname = $1))"};

// The owner role may make the application role, and is no superuser: row-level security binds it.
void ensure_role(PgConnection& connection) {
  if (connection.execute(kRoleExists, Parameters().text(kOwnerRole)).boolean(0, 0)) return;
  connection.execute_script(fmt::format("create role {} login createrole", kOwnerRole));
}

void ensure_database(PgConnection& connection, const std::string& name) {
  AUTHLEDGER_CHECK(!name.empty() &&
                   name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == std::string::npos);
  if (connection.execute(kDatabaseExists, Parameters().text(name)).boolean(0, 0)) return;
  try {
    connection.execute_script(fmt::format("create database \"{}\" owner {}", name, kOwnerRole));
  } catch (const DbError& error) {
    constexpr const char* kDuplicateDatabase = "42P04";  // Another process was faster.
    constexpr const char* kUniqueViolation = "23505";
    if (error.sqlstate() != kDuplicateDatabase && error.sqlstate() != kUniqueViolation) throw;
  }
}

}  // namespace

struct EmbeddedPostgres::State {
  ClusterFolder place;
  ServerUser user;
  std::string programs;
  std::unique_ptr<FileLock> use;  // Shared while this process uses the cluster.

  // Until the server answers: what still shuts down or recovers gets its time.
  Outcome ensure_running() {
    auto deadline = std::chrono::steady_clock::now() + kStartSecondsMax;
    std::string problem;
    while (true) {
      if (try_connect(place)) return Done{};
      if (std::chrono::steady_clock::now() > deadline) break;
      ProgramOutput output = run_as(user, place.cluster,
                                    {programs + "/pg_ctl", "-D", ".", "-l", kLogFile, "-w", "-t", "60", "-s", "start"});
      if (output.exit_code == 0) continue;
      problem = output.text;
      // A server that cannot start says so at once, each time; one that shuts down needs a moment.
      if (++failed_starts_ > kFailedStartsMax) break;
      std::this_thread::sleep_for(kPause * failed_starts_);
    }
    return Failure{fmt::format("the embedded PostgreSQL in {} did not start:\n  {}\n  {}", place.home,
                               last_lines(problem), last_lines(read_tail(place.cluster + "/" + kLogFile)))};
  }

  void stop() {
    ProgramOutput output =
        run_as(user, place.cluster, {programs + "/pg_ctl", "-D", ".", "-m", "fast", "-w", "-t", "60", "-s", "stop"});
    if (output.exit_code != 0)
      log_warning("embedded_postgres_not_stopped", {{"home", place.home}, {"exit_code", output.exit_code}});
    // A socket folder outside of the home was made for this run alone.
    if (!place.socket.starts_with(place.home + "/")) rmdir(place.socket.c_str());
  }

 private:
  static constexpr int kFailedStartsMax = 6;
  int failed_starts_ = 0;
};

Result<EmbeddedPostgres> EmbeddedPostgres::start(const std::string& data_folder, bool durable) {
  auto state = std::make_unique<State>();
  auto user = find_server_user();
  if (!user) return user.error();
  state->user = *user;
  auto place = prepare_cluster_folder(data_folder, state->user);
  if (!place) return place.error();
  state->place = *place;

  // One process at a time starts or stops the server.
  FileLock turn(state->place.home + "/start.lock");
  state->use = std::make_unique<FileLock>(state->place.home + "/users.lock");
  if (!turn.lock(LOCK_EX) || !state->use->lock(LOCK_SH)) {
    return Failure{fmt::format("cannot lock the files in {}: may this user write there?", state->place.home)};
  }
  std::error_code error;
  bool is_new = !std::filesystem::exists(state->place.cluster, error);
  std::string version;
  if (!is_new) std::getline(std::ifstream(state->place.cluster + "/PG_VERSION") >> std::ws, version);
  auto programs = find_postgres_programs(version);
  if (!programs) return programs.error();
  state->programs = *programs;
  if (is_new) {
    if (auto created = create_cluster(state->programs, state->place, state->user, durable); !created)
      return created.error();
  }
  if (!try_connect(state->place)) {
    auto written = write_file(state->place.cluster + "/postgresql.conf", settings(state->place, durable), state->user);
    if (!written) return written.error();
    if (auto running = state->ensure_running(); !running) return running.error();
  }
  try {
    PgConnection connection(url_of(state->place, "postgres", kSuperuser));
    ensure_role(connection);
    ensure_database(connection, kOwnerRole);
  } catch (const DbError& problem) {
    return Failure{fmt::format("the embedded PostgreSQL in {} cannot be used: {}", state->place.home, problem.what())};
  }
  return EmbeddedPostgres(std::move(state));
}

EmbeddedPostgres::EmbeddedPostgres(std::unique_ptr<State> state) : state_(std::move(state)) {}
EmbeddedPostgres::EmbeddedPostgres(EmbeddedPostgres&&) noexcept = default;

EmbeddedPostgres& EmbeddedPostgres::operator=(EmbeddedPostgres&& other) noexcept {
  std::swap(state_, other.state_);
  return *this;
}

EmbeddedPostgres::~EmbeddedPostgres() {
  if (!state_) return;
  FileLock turn(state_->place.home + "/start.lock");
  if (!turn.lock(LOCK_EX)) return;
  // Whoever gets the exclusive lock was the last user.
  if (state_->use->lock(LOCK_EX | LOCK_NB)) state_->stop();
}

std::string EmbeddedPostgres::url(const std::string& name) const {
  PgConnection connection(url_of(state_->place, "postgres", kSuperuser));
  ensure_database(connection, name);
  return url_of(state_->place, name, kOwnerRole);
}

}  // namespace authledger
