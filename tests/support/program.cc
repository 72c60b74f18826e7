#include "tests/support/program.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <thread>

namespace authledger {
namespace {

std::string temporary_name(const std::string& pattern) {
  std::string name = (std::filesystem::temp_directory_path() / pattern).string();
  int handle = mkstemp(name.data());
  if (handle < 0) throw std::runtime_error("cannot make a temporary file");
  close(handle);
  return name;
}

}  // namespace

std::string read_file(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

RunningProgram::RunningProgram(const std::vector<std::string>& arguments)
    : output_file_(temporary_name("authledger-out-XXXXXX")), error_file_(temporary_name("authledger-err-XXXXXX")) {
  std::string program = std::string(AUTHLEDGER_BINARY_FOLDER) + "/authledger";
  std::vector<std::string> words = {program};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  pid_ = fork();
  if (pid_ < 0) throw std::runtime_error("cannot fork");
  if (pid_ == 0) {
    int out = open(output_file_.c_str(), O_WRONLY | O_TRUNC);
    int err = open(error_file_.c_str(), O_WRONLY | O_TRUNC);
    dup2(out, STDOUT_FILENO);
    dup2(err, STDERR_FILENO);
    execv(program.c_str(), argv.data());
    _exit(127);
  }
}

RunningProgram::~RunningProgram() {
  if (pid_ > 0) {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  std::filesystem::remove(output_file_);
  std::filesystem::remove(error_file_);
}

void RunningProgram::signal(int number) {
  if (pid_ > 0) kill(pid_, number);
}

bool RunningProgram::is_running() {
  siginfo_t ended{};
  return pid_ > 0 && waitid(P_PID, static_cast<id_t>(pid_), &ended, WEXITED | WNOHANG | WNOWAIT) == 0 &&
         ended.si_pid == 0;
}

std::string RunningProgram::output() const {
  return read_file(output_file_);
}

ProgramResult RunningProgram::wait(std::chrono::seconds at_most) {
  ProgramResult result;
  auto deadline = std::chrono::steady_clock::now() + at_most;
  int status = 0;
  rusage usage{};
  while (wait4(pid_, &status, WNOHANG, &usage) == 0) {
    if (std::chrono::steady_clock::now() > deadline) {
      kill(pid_, SIGKILL);
      wait4(pid_, &status, 0, &usage);
      break;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  pid_ = -1;
  result.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  result.resident_megabytes_max = usage.ru_maxrss / 1024;
  result.output = read_file(output_file_);
  result.errors = read_file(error_file_);
  return result;
}

ProgramResult run_authledger(const std::vector<std::string>& arguments) {
  return RunningProgram(arguments).wait();
}

TemporaryFolder::TemporaryFolder() {
  path_ = (std::filesystem::temp_directory_path() / "authledger-test-XXXXXX").string();
  if (mkdtemp(path_.data()) == nullptr) throw std::runtime_error("cannot make a temporary folder");
  // The embedded PostgreSQL runs as another user and must reach its data folder below.
  chmod(path_.c_str(), 0755);
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string TemporaryFolder::write(const std::string& name, const std::string& text) const {
  std::string file = path_ + "/" + name;
  std::filesystem::create_directories(std::filesystem::path(file).parent_path());
  std::ofstream(file) << text;
  return file;
}

}  // namespace authledger
