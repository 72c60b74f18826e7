#include "bench/asked_answers.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <random>
#include <vector>

#include "bench/site.h"
#include "ledger/status.h"
#include "sync/answers.h"

namespace authledger {
namespace {

constexpr int kQuestions = 2000, kWarmUp = 50, kProgramRuns = 15;

void print_times(const std::string& what, std::vector<double> seconds) {
  std::ranges::sort(seconds);
  const auto at = [&](double share) {
    return 1e3 * seconds[static_cast<size_t>(share * static_cast<double>(seconds.size() - 1))];
  };
  fmt::print("{:<44} p50 {:>6.2f} ms  p99 {:>6.2f} ms  slowest {:>6.2f} ms  ({} asked)\n", what, at(0.5), at(0.99),
             at(1), seconds.size());
}

class Asker {
 public:
  Asker(TenantSession& session, int patients, Day today) : session_(session), patients_(patients), today_(today) {}

  // Asks of random patients; `use` does with each answer what the command does.
  template <typename Instants, typename Use>
  void ask(const std::string& what, Instants as_known_at, Use use) {
    std::mt19937 random(11);
    std::vector<double> seconds;
    size_t rows = 0;
    for (int i = 0; i < kQuestions + kWarmUp; ++i) {
      Question question;
      question.patient = fmt::format("p{}", random() % static_cast<unsigned>(patients_));
      question.as_known_at = as_known_at(random);
      if (!question.as_known_at) question.on_day = today_;
      const double took = seconds_of([&] {
        const Outcome outcome = for_each_answer(session_, question, SystemClock(),
                                                [&](const SubjectAnswer& answer) { rows += use(answer); });
        if (!outcome) fmt::print(stderr, "{}\n", outcome.error().message);
      });
      if (i >= kWarmUp) seconds.push_back(took);
    }
    print_times(what, std::move(seconds));
    if (rows == 0) fmt::print(stderr, "bench: nothing was answered\n");
  }

 private:
  TenantSession& session_;
  int patients_;
  Day today_;
};

void time_program(const std::string& what, const std::string& arguments) {
  std::vector<double> seconds;
  for (int i = 0; i < kProgramRuns; ++i) {
    const std::string command = "build/release/authledger " + arguments + " >/dev/null";
    int code = 0;
    seconds.push_back(seconds_of([&] { code = std::system(command.c_str()); }));
    if (code != 0 && code != 3 << 8) fmt::print(stderr, "bench: {} ended with {}\n", command, code);
  }
  print_times(what, std::move(seconds));
}

}  // namespace

void ask_answers(TenantSession& session, const std::string& config_file, int patients, Day today, Instant first_posted,
                 Instant last_posted) {
  Asker asker(session, patients, today);
  const auto of_now = [](std::mt19937&) { return std::optional<Instant>(); };
  asker.ask("check", of_now, [&](const SubjectAnswer& answer) {
    return check_coverage(answer.consolidated, answer.policy, answer.today, {"90837", today}).is_covered ? 2U : 1U;
  });
  asker.ask("authorizations --patient", of_now, [](const SubjectAnswer& answer) {
    return authorization_rows(answer.consolidated, answer.allocation, answer.policy, answer.today).size();
  });
  const auto between = [&](std::mt19937& random) {
    const auto span = static_cast<uint64_t>((last_posted - first_posted).count());
    return std::optional(first_posted + std::chrono::microseconds((uint64_t{random()} << 32 | random()) % (span + 1)));
  };
  asker.ask("authorizations --patient --as-known-at", between, [](const SubjectAnswer& answer) {
    return authorization_rows(answer.consolidated, answer.allocation, answer.policy, answer.today).size();
  });
  const std::string common = fmt::format("--config {} --format json ", config_file);
  const std::string patient = fmt::format("p{}", patients / 2);
  time_program("the whole program: check",
               fmt::format("{} check --patient {} --code 90837 --on {}", common, patient, format_day(today)));
  time_program("the whole program: authorizations --patient",
               fmt::format("{} authorizations --patient {}", common, patient));
}

}  // namespace authledger
