#include "tests/simulation_year/private_postgres.h"

#include <filesystem>
#include <stdexcept>

#include "sync/cluster_folder.h"
#include "sync/postgres_programs.h"

namespace authledger {
namespace {

std::string data_folder(const TemporaryFolder& folder) {
  // The server's unprivileged user must be able to enter it.
  std::filesystem::permissions(folder.path(), std::filesystem::perms::all);
  return folder.path() + "/postgres";
}

}  // namespace

PrivatePostgres::PrivatePostgres() : server_(EmbeddedPostgres::start(data_folder(folder_)).value()) {}

void PrivatePostgres::restart() {
  const ServerUser user = find_server_user().value();
  const ClusterFolder place = prepare_cluster_folder(folder_.path() + "/postgres", user).value();
  const ProgramOutput output = run_as(user, place.cluster,
                                      {find_postgres_programs("").value() + "/pg_ctl", "-D", ".", "-l", "server.log",
                                       "-m", "immediate", "-w", "-t", "60", "-s", "restart"});
  if (output.exit_code != 0) throw std::runtime_error("PostgreSQL did not restart: " + output.text);
  ++restarts_;
}

}  // namespace authledger
