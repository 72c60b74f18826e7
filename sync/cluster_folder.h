#pragma once

#include <string>

#include "base/result.h"
#include "sync/postgres_programs.h"

namespace authledger {

// Where one private cluster lives. The data folder is `home` itself where the server's user can enter it. Run by root
// below a closed folder (/root, a checkout of mode 0700) it cannot: `home` is then a folder of its own below
// /var/lib/authledger, and the file `cluster-location` in the data folder names it.
struct ClusterFolder {
  std::string home;     // Locks; the folders below.
  std::string cluster;  // PGDATA, 0700, the server user's.
  std::string socket;   // Folder of the Unix socket, 0700, the server user's; short enough for sun_path.
};

// Makes the folders that are missing (not the cluster itself). Errors name the folder and what to do.
Result<ClusterFolder> prepare_cluster_folder(const std::string& data_folder, const ServerUser& user);

// Gives `path` to `user` with `mode`. Refuses symbolic links and folders of others.
Outcome own_folder(const std::string& path, const ServerUser& user, mode_t mode);

}  // namespace authledger
