// How long from a change in the EHR until its Flag says so: `authledger serve` in a process of its own beside the
// sandbox EHR, by webhook and by polling, changes one after another and many at once. The clock runs from the EHR's
// commit of the change to the EHR's commit of the Flag. Prints figures with machine and load; asserts nothing.

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <random>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "bench/child_process.h"
#include "bench/machine.h"
#include "sandbox/loopback_socket.h"
#include "sandbox/sandbox.h"

namespace {

using namespace authledger;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr int kPatients = 40;  // Below what the blast radius counts as a share of all.
constexpr int kChangesDefault = 200;
constexpr int kPolledChanges = 60;
constexpr std::chrono::seconds kPollInterval{2};
constexpr std::chrono::seconds kGiveUp{60};
constexpr milliseconds kLook{1};

std::string resource_json(const std::string& type, const std::string& id, const std::string& rest) {
  return fmt::format(R"({{"resourceType":"{}","id":"{}",{}}})", type, id, rest);
}

std::string coding(const std::string& system, const std::string& code) {
  return fmt::format(R"({{"coding":[{{"system":"{}","code":"{}"}}]}})", system, code);
}

std::string approval(int patient, Day first_day, Day last_day) {
  const std::string pas = "http://hl7.org/fhir/us/davinci-pas/StructureDefinition/";
  const std::string cpt = coding("http://www.ama-assn.org/go/cpt", "90837");
  const std::string action =
      fmt::format(R"({{"url":"{0}extension-reviewAction","extension":[{{"url":"number","valueString":"AUTH-{1}"}},)"
                  R"({{"url":"{0}extension-reviewActionCode","valueCodeableConcept":{2}}}]}})",
                  pas, patient, coding("https://codesystem.x12.org/005010/306", "A1"));
  const std::string item = fmt::format(
      R"({{"itemSequence":1,"extension":[{{"url":"{0}extension-itemPreAuthPeriod","valuePeriod":{{"start":"{1}","end":"{2}"}}}},)"
      R"({{"url":"{0}extension-itemAuthorizedDetail","extension":[{{"url":"productOrServiceCode","valueCodeableConcept":{3}}},)"
      R"({{"url":"quantity","valueQuantity":{{"value":200}}}}]}}],"adjudication":[{{"category":{4},"extension":[{5}]}}]}})",
      pas, format_day(first_day), format_day(last_day), cpt,
      coding("http://terminology.hl7.org/CodeSystem/adjudication", "submitted"), action);
  return resource_json(
      "ClaimResponse", fmt::format("r{}", patient),
      fmt::format(R"("status":"active","use":"preauthorization","type":{{"coding":[{{"code":"professional"}}]}},)"
                  R"("patient":{{"reference":"Patient/p{0}"}},"created":"{1}","outcome":"complete",)"
                  R"("insurer":{{"reference":"Organization/payer-1"}},"item":[{2}])",
                  patient, format_day(first_day), item));
}

std::string visit(int patient, int number, Day day) {
  return resource_json(
      "Encounter", fmt::format("e{}-{}", patient, number),
      fmt::format(R"("status":"finished","class":{{"code":"AMB"}},"type":[{}],)"
                  R"("subject":{{"reference":"Patient/p{}"}},"period":{{"start":"{}T10:00:00-05:00"}})",
                  coding("http://www.ama-assn.org/go/cpt", "90837"), patient, format_day(day)));
}

struct Times {
  std::vector<double> seconds;
  int lost = 0;
};

void print(const std::string& what, Times times) {
  std::sort(times.seconds.begin(), times.seconds.end());
  const auto at = [&](double share) {
    return times.seconds[std::min(times.seconds.size() - 1,
                                  static_cast<size_t>(share * static_cast<double>(times.seconds.size())))];
  };
  if (times.seconds.empty()) return fmt::print("{}: nothing came\n", what);
  fmt::print("{:<58} p50 {:.2f} s  p99 {:.2f} s  max {:.2f} s  ({} changes{})\n", what, at(0.5), at(0.99),
             times.seconds.back(), times.seconds.size(),
             times.lost > 0 ? fmt::format(", {} not within {} s", times.lost, kGiveUp.count()) : "");
}

// The EHR with its patients, and authledger beside it.
class Bench {
 public:
  Bench(std::string program, std::string folder)
      : program_(std::move(program)),
        folder_(std::move(folder)),
        port_(free_loopback_port()),
        today_(TimeZone::find("America/New_York")->day_of(SystemClock().now())),
        ehr_(std::move(*Sandbox::start({}))) {
    for (int patient = 0; patient < kPatients; ++patient) {
      change(resource_json("Patient", fmt::format("p{}", patient), R"("active":true)"));
      change(approval(patient, today_ - 300, today_ + 60));
    }
  }

  // Starts `serve` and waits until every patient's Flag stands.
  bool serve(std::chrono::seconds interval, bool is_notified) {
    const std::string notified = fmt::format(
        "    subscriptions: {{hook_url: http://127.0.0.1:{}/hooks/ehr, secret_file: hook.secret}}\n", port_);
    std::ofstream(folder_ + "/hook.secret") << "a-secret-of-the-hook\n";
    config_ = folder_ + "/authledger.yaml";
    std::ofstream(config_) << "tenant: {name: bench, time_zone: America/New_York}\n"
                           << "server: {listen: 127.0.0.1:" << port_ << ", sync_interval: " << interval.count()
                           << "s}\n"
                           << "endpoints:\n  - name: ehr\n    base_url: " << ehr_->base_url() << "\n"
                           << (is_notified ? notified : "");
    serve_.emplace(std::vector<std::string>{program_, "--config", config_, "serve"});
    const auto deadline = steady_clock::now() + kGiveUp;
    while (flags_.size() < kPatients) {
      if (steady_clock::now() > deadline) return false;
      std::this_thread::sleep_for(milliseconds(100));
      find_flags();
    }
    std::this_thread::sleep_for(std::chrono::seconds(1));
    return !is_notified || subscribe();
  }
  void stop() { serve_.reset(); }

  // Each change once the one before is seen, after a pause of up to `pause_max`.
  Times one_after_another(int changes, milliseconds pause_max) {
    Times times;
    for (int i = 0; i < changes; ++i) {
      const std::vector<int> one = {i % kPatients};
      measure(one, times);
      if (pause_max.count() > 0) {
        std::this_thread::sleep_for(milliseconds(random_() % static_cast<unsigned>(pause_max.count())));
      }
    }
    return times;
  }

  // All patients' changes at once, and that so many times.
  Times at_once(int times_over) {
    Times times;
    std::vector<int> all(kPatients);
    for (int patient = 0; patient < kPatients; ++patient) all[static_cast<size_t>(patient)] = patient;
    for (int i = 0; i < times_over; ++i) measure(all, times);
    return times;
  }

 private:
  struct Pending {
    std::string flag, words;
    steady_clock::time_point since;
  };

  void change(const std::string& json) {
    if (const Outcome done = ehr_->put(json); !done) throw std::logic_error(done.error().message);
  }

  void measure(const std::vector<int>& patients, Times& times) {
    std::vector<Pending> pending;
    for (const int patient : patients) {
      const int used = ++used_[patient];
      change(visit(patient, used, today_ - 1 - used % 200));
      pending.push_back({flags_[patient], fmt::format("{} of 200", used), steady_clock::now()});
    }
    const auto deadline = steady_clock::now() + kGiveUp;
    while (!pending.empty() && steady_clock::now() < deadline) {
      std::erase_if(pending, [&](const Pending& change) {
        if (ehr_->resource("Flag", change.flag).value_or("").find(change.words) == std::string::npos) return false;
        times.seconds.push_back(std::chrono::duration<double>(steady_clock::now() - change.since).count());
        return true;
      });
      std::this_thread::sleep_for(kLook);
    }
    times.lost += static_cast<int>(pending.size());
  }

  void find_flags() {
    for (const std::string& body : ehr_->resources("Flag")) {
      JsonDocument document;
      const auto flag = document.parse(body);
      const std::string patient = flag ? (*flag)["subject"]["reference"].string() : "";
      if (patient.starts_with("Patient/p")) flags_[std::stoi(patient.substr(9))] = (*flag)["id"].string();
    }
  }

  bool subscribe() {
    ChildProcess create({program_, "--config", config_, "subscriptions", "create"});
    if (create.wait() != 0) return false;
    std::this_thread::sleep_for(std::chrono::seconds(1));  // Until the sandbox has taken them up.
    return true;
  }

  const std::string program_, folder_;
  const int port_;
  const Day today_;
  std::string config_;
  std::unique_ptr<Sandbox> ehr_;
  std::optional<ChildProcess> serve_;
  std::map<int, std::string> flags_;  // Of each patient.
  std::map<int, int> used_;
  std::mt19937 random_{7};
};

std::string load_now() {
  std::string load;
  std::ifstream("/proc/loadavg") >> load;
  return load;
}

}  // namespace

// bench_freshness PROGRAM [CHANGES]
int main(int argc, char** argv) {
  set_log_level(LogLevel::error);
  if (argc < 2) return 2;
  const int changes = argc > 2 ? std::stoi(argv[2]) : kChangesDefault;
  const std::string folder = std::filesystem::absolute("build/bench-freshness").string();
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  fmt::print("machine: {}; EHR, PostgreSQL and serve on the same machine, fsync on; load {} at the start\n",
             bench_machine(), load_now());
  Bench bench(argv[1], folder);
  if (!bench.serve(std::chrono::minutes(5), true)) {
    fmt::print(stderr, "the first Flags, or the Subscriptions, did not come\n");
    return 4;
  }
  print("EHR change to Flag by webhook, one after another", bench.one_after_another(changes, milliseconds(0)));
  print(fmt::format("EHR change to Flag by webhook, {} at once", kPatients),
        bench.at_once(std::max(1, changes / kPatients)));
  bench.stop();
  if (!bench.serve(kPollInterval, false)) return 4;
  print(fmt::format("EHR change to Flag by polling every {} s", kPollInterval.count()),
        bench.one_after_another(kPolledChanges, kPollInterval));
  fmt::print("load {} at the end\n", load_now());
  return 0;
}
