#include "sync/cluster_folder.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "base/crypto.h"
#include "base/log.h"

namespace authledger {
namespace {

constexpr size_t kSocketPathBytesMax = 107;  // sun_path of 108 bytes with its zero (unix(7)).
constexpr const char* kSocketFile = "/.s.PGSQL.5432";
constexpr const char* kLocationFile = "cluster-location";
constexpr const char* kElsewhere[] = {"/var/lib/authledger", "/var/tmp/authledger"};

std::string short_hash(const std::string& text) {
  return to_hex(sha256(text)).substr(0, 16);
}

// Where an earlier run put the cluster, or "".
std::string recorded_home(const std::string& data_folder) {
  std::ifstream file(data_folder + "/" + kLocationFile);
  std::string line;
  std::getline(file, line);
  for (const char* parent : kElsewhere) {
    if (line.starts_with(std::string(parent) + "/") && line.find("..") == std::string::npos) return line;
  }
  return "";
}

Outcome make_folder(const std::string& path, mode_t mode) {
  std::error_code error;
  bool is_new = std::filesystem::create_directories(path, error);
  if (error || !std::filesystem::is_directory(path, error)) {
    return Failure{
        fmt::format("cannot make the folder {}: {}", path, error ? error.message() : "a file of that name exists")};
  }
  if (is_new && chmod(path.c_str(), mode) != 0) return Failure{fmt::format("cannot set the rights of {}", path)};
  return Done{};
}

// A folder of its own for a data folder that the server's user cannot enter.
Result<std::string> make_home_elsewhere(const std::string& data_folder, const ServerUser& user) {
  std::string recorded = recorded_home(data_folder);
  std::error_code error;
  if (!recorded.empty() && std::filesystem::is_directory(recorded, error)) return recorded;
  for (const char* parent : kElsewhere) {
    if (!make_folder(parent, 0755).ok()) continue;
    struct stat status {};
    if (lstat(parent, &status) != 0 || !S_ISDIR(status.st_mode) || status.st_uid != geteuid() ||
        !can_enter(user, parent))
      continue;
    // A data folder that was removed and made again starts a new ledger, so the name is never used twice.
    std::string home = fmt::format("{}/{}-{}", parent, short_hash(data_folder), random_hex(4));
    if (auto made = make_folder(home, 0755); !made) return made.error();
    std::ofstream(home + "/data-folder") << data_folder << "\n";
    std::ofstream file(data_folder + "/" + kLocationFile);
    file << home << "\n# The user " << user.name
         << " cannot enter this folder, so its PostgreSQL cluster lives there.\n";
    file.close();
    if (!file) return Failure{fmt::format("cannot write {}/{}", data_folder, kLocationFile)};
    log_info("cluster_elsewhere", {{"data_folder", data_folder}, {"home", home}});
    return home;
  }
  return Failure{
      fmt::format("the user {} cannot enter the data folder {} (a parent folder is closed to others), and neither {} "
                  "nor {} can be used instead: set database.data_folder in the config to a folder below one that "
                  "every user may enter",
                  user.name, data_folder, kElsewhere[0], kElsewhere[1])};
}

}  // namespace

Outcome own_folder(const std::string& path, const ServerUser& user, mode_t mode) {
  if (mkdir(path.c_str(), mode) != 0 && errno != EEXIST) {
    return Failure{fmt::format("cannot make the folder {}: {}", path, std::strerror(errno))};
  }
  struct stat status {};
  if (lstat(path.c_str(), &status) != 0 || !S_ISDIR(status.st_mode))
    return Failure{fmt::format("{} is not a folder", path)};
  if (status.st_uid != user.uid && status.st_uid != geteuid()) {
    return Failure{
        fmt::format("the folder {} belongs to another user: remove it, or run authledger as its owner", path)};
  }
  if (status.st_uid != user.uid && lchown(path.c_str(), user.uid, user.gid) != 0) {
    return Failure{fmt::format("cannot give the folder {} to the user {}: {}", path, user.name, std::strerror(errno))};
  }
  if ((status.st_mode & 0777) != mode && chmod(path.c_str(), mode) != 0) {
    return Failure{fmt::format("cannot set the rights of {}: {}", path, std::strerror(errno))};
  }
  return Done{};
}

Result<ClusterFolder> prepare_cluster_folder(const std::string& data_folder, const ServerUser& user) {
  if (auto made = make_folder(data_folder, user.is_other ? 0755 : 0700); !made) return made.error();
  std::error_code error;
  std::string folder = std::filesystem::canonical(data_folder, error).string();
  if (error) return Failure{fmt::format("cannot read the folder {}: {}", data_folder, error.message())};

  ClusterFolder place;
  place.home = folder;
  // What lives elsewhere stays there, also when the parents were opened since.
  if (user.is_other && (!recorded_home(folder).empty() || !can_enter(user, folder))) {
    auto home = make_home_elsewhere(folder, user);
    if (!home) return home.error();
    place.home = *home;
  } else if (access(folder.c_str(), W_OK | X_OK) != 0) {
    return Failure{fmt::format("this user may not write to the data folder {}", folder)};
  }
  place.cluster = place.home + "/cluster";
  place.socket = place.home + "/socket";
  // libpq reads a comma in a host as the end of one of several hosts.
  bool is_usable = place.socket.size() + std::strlen(kSocketFile) <= kSocketPathBytesMax &&
                   place.socket.find(',') == std::string::npos;
  if (!is_usable) place.socket = "/tmp/authledger-" + short_hash(place.home);
  if (auto owned = own_folder(place.socket, user, 0700); !owned) return owned.error();
  return place;
}

}  // namespace authledger
