#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "base/result.h"

// PostgreSQL's own programs (initdb, pg_ctl), run as a user that is not root.

namespace authledger {

// Who runs the server: this process's user, or an unprivileged one when this process is root.
struct ServerUser {
  std::string name;
  uid_t uid = 0;
  gid_t gid = 0;
  std::vector<gid_t> groups;
  bool is_other = false;  // Another user than this process's: files must be handed over.
};

// Errors: this process is root and the system has neither a user `postgres` nor `nobody`.
Result<ServerUser> find_server_user();

// The folder that holds initdb and pg_ctl of `major_version`, or of the newest version when that is "".
// Errors: none is installed; the message names the Debian package.
Result<std::string> find_postgres_programs(const std::string& major_version);

struct ProgramOutput {
  int exit_code = -1;  // 127: could not be run; 128 + signal: killed.
  std::string text;    // Standard output and errors together, at most 64 KB.
};

// Runs a program in `folder` to its end as `user`, with an environment of its own and no open files of this process.
// PostgreSQL's programs hand paths to a shell, badly quoted: give them paths relative to `folder`.
ProgramOutput run_as(const ServerUser& user, const std::string& folder, const std::vector<std::string>& command);

// Whether `user` can enter `folder`, parents included.
bool can_enter(const ServerUser& user, const std::string& folder);

}  // namespace authledger
