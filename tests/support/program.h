#pragma once

#include <sys/types.h>

#include <chrono>
#include <string>
#include <vector>

namespace authledger {

// The real program, run as a process: what a test of crashes and exit codes needs.
struct ProgramResult {
  int exit_code = -1;  // −signal when it was killed.
  std::string output, errors;
  int64_t resident_megabytes_max = 0;
};

// Runs build/<preset>/authledger with the arguments and waits (at most two minutes).
ProgramResult run_authledger(const std::vector<std::string>& arguments);

// A process that is still running; killed with SIGKILL when this goes out of scope.
class RunningProgram {
 public:
  explicit RunningProgram(const std::vector<std::string>& arguments);
  ~RunningProgram();
  RunningProgram(const RunningProgram&) = delete;
  RunningProgram& operator=(const RunningProgram&) = delete;

  void signal(int number);
  ProgramResult wait(std::chrono::seconds at_most = std::chrono::seconds(120));
  bool is_running();
  std::string output() const;  // So far.

 private:
  pid_t pid_ = -1;
  std::string output_file_, error_file_;
};

// A folder that is removed with everything in it.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const std::string& path() const { return path_; }
  // Writes a file below it and returns its path.
  std::string write(const std::string& name, const std::string& text) const;

 private:
  std::string path_;
};

std::string read_file(const std::string& path);

}  // namespace authledger
