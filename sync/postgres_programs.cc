#include "sync/postgres_programs.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <optional>

#include "base/text.h"

namespace authledger {
namespace {

constexpr size_t kOutputBytesMax = size_t{64} << 10;
constexpr const char* kDebianFolder = "/usr/lib/postgresql";
constexpr const char* kChildPath = "PATH=/usr/local/bin:/usr/bin:/bin";

std::optional<ServerUser> user_named(const char* name) {
  std::vector<char> buffer(16384);
  passwd entry{};
  passwd* found = nullptr;
  if (getpwnam_r(name, &entry, buffer.data(), buffer.size(), &found) != 0 || found == nullptr) return std::nullopt;
  ServerUser user{name, entry.pw_uid, entry.pw_gid, std::vector<gid_t>(64), true};
  int count = static_cast<int>(user.groups.size());
  if (getgrouplist(name, entry.pw_gid, user.groups.data(), &count) < 0) count = 0;
  user.groups.resize(static_cast<size_t>(count));
  if (user.groups.empty()) user.groups.push_back(entry.pw_gid);
  return user;
}

bool has_programs(const std::filesystem::path& folder) {
  return access((folder / "initdb").c_str(), X_OK) == 0 && access((folder / "pg_ctl").c_str(), X_OK) == 0;
}

int number_of(const std::string& name) {
  int number = 0;
  std::from_chars(name.data(), name.data() + name.size(), number);
  return number;
}

// Becomes `user` for good. Between fork and exec, so only system calls.
bool become(const ServerUser& user) {
  if (!user.is_other) return true;
  return setgroups(user.groups.size(), user.groups.data()) == 0 && setgid(user.gid) == 0 && setuid(user.uid) == 0 &&
         getuid() != 0;
}

int wait_for(pid_t child) {
  int status = 0;
  while (waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) return 127;
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

Result<ServerUser> find_server_user() {
  if (geteuid() != 0) return ServerUser{"", geteuid(), getegid(), {}, false};
  for (const char* name : {"postgres", "nobody"}) {
    auto user = user_named(name);
    if (user && user->uid != 0) return *user;
  }
  return Failure{
      "PostgreSQL does not run as root, and this system has no user `postgres`: install the package postgresql "
      "(it makes that user), or run authledger as another user than root"};
}

Result<std::string> find_postgres_programs(const std::string& major_version) {
  std::vector<std::filesystem::path> folders;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(kDebianFolder, ignored)) folders.push_back(entry.path());
  std::sort(folders.begin(), folders.end(), [](const auto& a, const auto& b) {
    return number_of(a.filename().string()) > number_of(b.filename().string());
  });
  for (const auto& folder : folders) {
    bool is_wanted = major_version.empty() || folder.filename() == major_version;
    if (is_wanted && has_programs(folder / "bin")) return (folder / "bin").string();
  }
  // Other systems have the programs on the PATH, in one version.
  const char* path = std::getenv("PATH");
  for (const std::string& folder : split(path != nullptr ? path : "", ':')) {
    if (!folder.empty() && has_programs(folder)) return folder;
  }
  return Failure{
      fmt::format("PostgreSQL's server programs are not installed{}: install the package postgresql{}, or set "
                  "database.url_file in the config to use a server elsewhere",
                  major_version.empty() ? "" : " in version " + major_version + ", which this data folder needs",
                  major_version.empty() ? "" : "-" + major_version)};
}

ProgramOutput run_as(const ServerUser& user, const std::string& folder, const std::vector<std::string>& command) {
  std::vector<char*> arguments;
  for (const std::string& argument : command) arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  // Nothing of this process's environment decides what the server does (PGDATA, PGPORT, PGOPTIONS, locale).
  std::string path = kChildPath, language = "LC_ALL=C.UTF-8";
  char* environment[] = {path.data(), language.data(), nullptr};

  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return {127, "no pipe could be opened"};
  pid_t child = fork();
  if (child < 0) {
    close(ends[0]);
    close(ends[1]);
    return {127, "no process could be started"};
  }
  if (child == 0) {
    // The caller may block signals for a thread that waits for them; the child starts afresh.
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    signal(SIGPIPE, SIG_DFL);
    int nothing = open("/dev/null", O_RDONLY);
    if (nothing < 0 || dup2(nothing, 0) < 0 || dup2(ends[1], 1) < 0 || dup2(ends[1], 2) < 0) _exit(127);
    // A server that outlives this process must hold none of its sockets and locks.
    if (close_range(3, ~0U, 0) != 0) _exit(127);
    if (!become(user) || chdir(folder.c_str()) != 0) _exit(127);
    umask(077);
    execve(arguments[0], arguments.data(), environment);
    _exit(127);
  }
  close(ends[1]);
  ProgramOutput output;
  char buffer[4096];
  while (true) {
    ssize_t got = read(ends[0], buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    if (output.text.size() < kOutputBytesMax) output.text.append(buffer, static_cast<size_t>(got));
  }
  close(ends[0]);
  output.exit_code = wait_for(child);
  return output;
}

bool can_enter(const ServerUser& user, const std::string& folder) {
  if (!user.is_other) return access(folder.c_str(), X_OK) == 0;
  pid_t child = fork();
  if (child < 0) return false;
  if (child == 0) _exit(become(user) && chdir(folder.c_str()) == 0 ? 0 : 1);
  return wait_for(child) == 0;
}

}  // namespace authledger
