#include "sync/embedded_postgres.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>

#include "ledger/store/pg.h"

namespace authledger {
namespace {

constexpr Statement kOne{"one", "select 1"};
constexpr Statement kSetting{"setting", "select current_setting($1)"};
constexpr Statement kWho{"who",
                         "select current_user, rolsuper, rolcreaterole from pg_roles where rolname = current_user"};
constexpr Statement kDatabase{"database", "select current_database()"};
constexpr Statement kNotes{"notes", "select count(*) from note"};

// A folder that other users may enter, or not; removed at the end.
class Folder {
 public:
  explicit Folder(mode_t mode = 0755, const std::string& below = "") {
    path_ = "/tmp/authledger-embedded-XXXXXX";
    if (mkdtemp(path_.data()) == nullptr) std::abort();
    chmod(path_.c_str(), mode);
    data_ = path_ + below + "/data";
  }
  ~Folder() {
    std::error_code ignored;
    std::string elsewhere;
    std::getline(std::ifstream(data_ + "/cluster-location") >> std::ws, elsewhere);
    if (elsewhere.starts_with("/var/")) std::filesystem::remove_all(elsewhere, ignored);
    std::filesystem::remove_all(path_, ignored);
  }
  const std::string& data() const { return data_; }

 private:
  std::string path_, data_;
};

// 0 when no server runs there.
pid_t server_of(const std::string& home) {
  pid_t pid = 0;
  std::ifstream(home + "/cluster/postmaster.pid") >> pid;
  return pid > 0 && kill(pid, 0) == 0 ? pid : 0;
}

bool answers(const std::string& url) {
  try {
    return PgConnection(url).execute(kOne).integer(0, 0) == 1;
  } catch (const DbError&) {
    return false;
  }
}

// Runs `work` in a process of its own, which then waits until it is killed; returns when `work` is done.
template <typename Work>
pid_t in_another_process(Work work) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) std::abort();
  pid_t child = fork();
  if (child == 0) {
    bool is_done = work();
    char answer = is_done ? 'y' : 'n';
    if (write(ends[1], &answer, 1) != 1) _exit(1);
    pause();
    _exit(0);
  }
  close(ends[1]);
  char answer = 'n';
  EXPECT_EQ(read(ends[0], &answer, 1), 1);
  EXPECT_EQ(answer, 'y');
  close(ends[0]);
  return child;
}

void kill_hard(pid_t pid) {
  kill(pid, SIGKILL);
  waitpid(pid, nullptr, 0);
}

TEST(EmbeddedPostgres, StartsOnFirstUseStopsWithItsLastUserAndKeepsWhatWasWritten) {
  Folder folder;
  std::string url;
  {
    auto first = EmbeddedPostgres::start(folder.data(), false);
    ASSERT_TRUE(first.ok()) << first.error().message;
    url = first->url();
    PgConnection(url).execute_script("create table note (id int); insert into note values (1)");
    {
      auto second = EmbeddedPostgres::start(folder.data(), false);
      ASSERT_TRUE(second.ok()) << second.error().message;
      EXPECT_EQ(second->url(), url);
    }
    EXPECT_TRUE(answers(url)) << "the second user's end must not stop the server of the first";
  }
  EXPECT_FALSE(answers(url));
  EXPECT_EQ(server_of(folder.data()), 0);
  auto again = EmbeddedPostgres::start(folder.data(), false);
  ASSERT_TRUE(again.ok()) << again.error().message;
  EXPECT_EQ(PgConnection(again->url()).execute(kNotes).integer(0, 0), 1);
}

TEST(EmbeddedPostgres, RunsAsAnUnprivilegedUserBehindAClosedSocketFolder) {
  Folder folder;
  auto postgres = EmbeddedPostgres::start(folder.data(), false);
  ASSERT_TRUE(postgres.ok()) << postgres.error().message;
  pid_t server = server_of(folder.data());
  ASSERT_NE(server, 0);
  struct stat status {};
  ASSERT_EQ(stat(("/proc/" + std::to_string(server)).c_str(), &status), 0);
  EXPECT_NE(status.st_uid, 0u);
  for (const char* name : {"/cluster", "/socket"}) {
    ASSERT_EQ(stat((folder.data() + name).c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0700u) << name;
    EXPECT_NE(status.st_uid, 0u) << name;
  }
  PgConnection connection(postgres->url());
  EXPECT_EQ(connection.execute(kSetting, Parameters().text("listen_addresses")).text(0, 0), "");
  auto who = connection.execute(kWho);
  EXPECT_EQ(who.text(0, 0), "authledger");
  EXPECT_FALSE(who.boolean(0, 1)) << "row-level security does not bind a superuser";
  EXPECT_TRUE(who.boolean(0, 2));
}

TEST(EmbeddedPostgres, IsDurableUnlessATestSaysOtherwise) {
  Folder folder;
  {
    auto postgres = EmbeddedPostgres::start(folder.data());
    ASSERT_TRUE(postgres.ok()) << postgres.error().message;
    PgConnection connection(postgres->url());
    EXPECT_EQ(connection.execute(kSetting, Parameters().text("fsync")).text(0, 0), "on");
    EXPECT_EQ(connection.execute(kSetting, Parameters().text("full_page_writes")).text(0, 0), "on");
  }
  auto postgres = EmbeddedPostgres::start(folder.data(), false);
  ASSERT_TRUE(postgres.ok()) << postgres.error().message;
  PgConnection connection(postgres->url());
  EXPECT_EQ(connection.execute(kSetting, Parameters().text("fsync")).text(0, 0), "off");
}

TEST(EmbeddedPostgres, AdoptsTheClusterOfAKilledProcessAndThenStopsIt) {
  Folder folder;
  pid_t owner = in_another_process([&] {
    static std::optional<EmbeddedPostgres> kept;  // Lives until the kill.
    auto started = EmbeddedPostgres::start(folder.data(), false);
    if (!started) return false;
    kept = std::move(*started);
    return true;
  });
  pid_t server = server_of(folder.data());
  ASSERT_NE(server, 0);
  kill_hard(owner);
  EXPECT_EQ(server_of(folder.data()), server) << "the server outlives the killed process";
  {
    auto adopted = EmbeddedPostgres::start(folder.data(), false);
    ASSERT_TRUE(adopted.ok()) << adopted.error().message;
    EXPECT_EQ(server_of(folder.data()), server);
    EXPECT_TRUE(answers(adopted->url()));
  }
  EXPECT_EQ(server_of(folder.data()), 0) << "a killed process is no user any more";
}

TEST(EmbeddedPostgres, RecoversFromAKilledServer) {
  Folder folder;
  {
    auto postgres = EmbeddedPostgres::start(folder.data());
    ASSERT_TRUE(postgres.ok()) << postgres.error().message;
    PgConnection(postgres->url()).execute_script("create table note (id int); insert into note values (1), (2)");
    kill(server_of(folder.data()), SIGKILL);
    auto again = EmbeddedPostgres::start(folder.data());
    ASSERT_TRUE(again.ok()) << again.error().message;
    EXPECT_EQ(PgConnection(again->url()).execute(kNotes).integer(0, 0), 2);
  }
  EXPECT_EQ(server_of(folder.data()), 0);
}

TEST(EmbeddedPostgres, MakesFurtherDatabasesOnDemand) {
  Folder folder;
  auto postgres = EmbeddedPostgres::start(folder.data(), false);
  ASSERT_TRUE(postgres.ok()) << postgres.error().message;
  EXPECT_EQ(PgConnection(postgres->url("case_1")).execute(kDatabase).text(0, 0), "case_1");
  EXPECT_EQ(PgConnection(postgres->url("case_1")).execute(kDatabase).text(0, 0), "case_1");
}

TEST(EmbeddedPostgres, WorksWhereASocketPathWouldBeTooLong) {
  Folder folder(0755, "/" + std::string(120, 'x') + "/it's a \"folder\", 100%");
  auto postgres = EmbeddedPostgres::start(folder.data(), false);
  ASSERT_TRUE(postgres.ok()) << postgres.error().message;
  EXPECT_NE(postgres->url().find("%2Ftmp%2Fauthledger-"), std::string::npos);
  EXPECT_TRUE(answers(postgres->url()));
}

TEST(EmbeddedPostgres, WorksInAFolderWithQuotesAndSpaces) {
  Folder folder(0755, "/it's \"here\" 100%");
  auto postgres = EmbeddedPostgres::start(folder.data(), false);
  ASSERT_TRUE(postgres.ok()) << postgres.error().message;
  EXPECT_TRUE(answers(postgres->url()));
}

TEST(EmbeddedPostgres, RunByRootBelowAClosedFolderItLivesElsewhereAndSaysWhere) {
  if (geteuid() != 0) GTEST_SKIP() << "only root hands its data folder to another user";
  Folder folder(0700);
  std::string elsewhere;
  {
    auto postgres = EmbeddedPostgres::start(folder.data(), false);
    ASSERT_TRUE(postgres.ok()) << postgres.error().message;
    std::getline(std::ifstream(folder.data() + "/cluster-location") >> std::ws, elsewhere);
    EXPECT_TRUE(elsewhere.starts_with("/var/")) << elsewhere;
    EXPECT_NE(server_of(elsewhere), 0);
    PgConnection(postgres->url()).execute_script("create table note (id int); insert into note values (1)");
  }
  EXPECT_EQ(server_of(elsewhere), 0);
  auto again = EmbeddedPostgres::start(folder.data(), false);
  ASSERT_TRUE(again.ok()) << again.error().message;
  EXPECT_EQ(PgConnection(again->url()).execute(kNotes).integer(0, 0), 1);
}

TEST(EmbeddedPostgres, StartsOnceWhenTwoProcessesComeAtTheSameTime) {
  Folder folder;
  auto start = [&] {
    auto started = EmbeddedPostgres::start(folder.data(), false);
    return started.ok() && answers(started->url());
  };
  pid_t children[3];
  for (pid_t& child : children) {
    child = fork();
    if (child == 0) _exit(start() ? 0 : 1);
  }
  for (pid_t child : children) {
    int status = 1;
    waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
  }
  EXPECT_EQ(server_of(folder.data()), 0);
}

TEST(EmbeddedPostgres, SaysTheServersLastWordsWhenItCannotStart) {
  Folder folder;
  { ASSERT_TRUE(EmbeddedPostgres::start(folder.data(), false).ok()); }
  std::filesystem::remove(folder.data() + "/cluster/global/pg_control");
  auto broken = EmbeddedPostgres::start(folder.data(), false);
  ASSERT_FALSE(broken.ok());
  EXPECT_NE(broken.error().message.find("pg_control"), std::string::npos) << broken.error().message;
}

TEST(EmbeddedPostgres, StartsAfreshAfterAnInterruptedFirstStart) {
  Folder folder;
  std::filesystem::create_directories(folder.data() + "/cluster.new/base");
  auto postgres = EmbeddedPostgres::start(folder.data(), false);
  ASSERT_TRUE(postgres.ok()) << postgres.error().message;
  EXPECT_TRUE(answers(postgres->url()));
}

TEST(EmbeddedPostgres, RefusesADataFolderThatIsAFile) {
  Folder folder;
  std::ofstream(folder.data()) << "not a folder";
  auto postgres = EmbeddedPostgres::start(folder.data(), false);
  ASSERT_FALSE(postgres.ok());
  EXPECT_NE(postgres.error().message.find(folder.data()), std::string::npos);
}

}  // namespace
}  // namespace authledger
