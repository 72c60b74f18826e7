// Parse and map: NDJSON to rows of SQL on FHIR views on one thread, beside parsing alone and beside npm's `fhirpath`
// and `@medplum/core` on the same resources and views in the same run. The rows of all engines are compared before any
// figure is printed.
//
//   bench_map [--resources N] [--seed S]      measure
//   bench_map --stream BYTES [--seed S]       write NDJSON of that many bytes to standard output, for `authledger map
//   -`

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iostream>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/text.h"
#include "bench/machine.h"
#include "bench/map_workload.h"
#include "fhir/view/view.h"

namespace {

using namespace authledger;
namespace fs = std::filesystem;

constexpr int kOwnPasses = 15;
constexpr int kEnginePasses = 3;
const fs::path kFolder = fs::path(AUTHLEDGER_BINARY_FOLDER) / ".." / "bench";
const std::vector<std::string> kViews = {"claim_response", "coverage", "service_request", "encounter"};

std::string view_file(const std::string& name) {
  return fmt::format("{}/bench/views/{}.json", AUTHLEDGER_SOURCE_FOLDER, name);
}

std::string text_of(const fs::path& file) {
  std::ostringstream text;
  text << std::ifstream(file, std::ios::binary).rdbuf();
  return text.str();
}

std::vector<View> read_views() {
  std::vector<View> views;
  for (const std::string& name : kViews) {
    JsonDocument document;
    auto view = View::compile(document.parse(text_of(view_file(name))).value());
    if (!view) {
      fmt::print(stderr, "{}: {}: {}\n", name, view.error()[0].element_path, view.error()[0].message);
      std::exit(1);
    }
    views.push_back(std::move(*view));
  }
  return views;
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

double median_seconds(int passes, const std::function<void()>& work) {
  std::vector<double> seconds;
  for (int i = 0; i < passes; ++i) {
    auto started = std::chrono::steady_clock::now();
    work();
    seconds.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count());
  }
  return median(seconds);
}

class OwnEngine {
 public:
  // Parses one resource and maps it with the views of its type; `visit` sees its rows.
  template <typename Visit>
  void map(std::string_view text, Visit&& visit) {
    auto parsed = document_.parse(text);
    if (!parsed) fail(parsed.error().message);
    for (const View& view : views_) {
      rows_.clear();
      auto outcome = view.evaluate(*parsed, rows_);
      if (!outcome) fail(outcome.error().message);
      visit(view, rows_);
    }
  }
  void parse(std::string_view text) {
    if (auto parsed = document_.parse(text); !parsed) fail(parsed.error().message);
  }

 private:
  [[noreturn]] static void fail(const std::string& message) {
    fmt::print(stderr, "the workload does not map: {}\n", message);
    std::exit(1);
  }
  std::vector<View> views_ = read_views();
  JsonDocument document_;
  ViewRows rows_;
};

std::string row_text(const View& view, std::span<const ViewValue> row) {
  JsonWriter writer;
  writer.begin_object();
  for (size_t i = 0; i < row.size(); ++i) {
    writer.key(view.columns()[i].name);
    switch (row[i].kind) {
      case ViewValueKind::null:
      case ViewValueKind::collection:
        writer.null();
        break;
      case ViewValueKind::boolean:
        writer.boolean(row[i].text == "true");
        break;
      case ViewValueKind::number:
        writer.number_text(row[i].text);
        break;
      case ViewValueKind::string:
        writer.string(row[i].text);
        break;
    }
  }
  return writer.end_object().take();
}

struct EngineFigures {
  std::string name;
  double seconds = 0;
};

// nullopt when the engine is not there; exits when its rows differ.
std::optional<EngineFigures> run_engine(const std::string& name, const fs::path& resources, const std::string& own) {
  fs::path rows = kFolder / "rows.ndjson";
  std::string command =
      fmt::format("node '{0}/bench/map_engines.mjs' '{1}' '{2}' '{3}' '{4}' {5}", AUTHLEDGER_SOURCE_FOLDER, name,
                  kFolder.string(), resources.string(), rows.string(), kEnginePasses);
  for (const std::string& view : kViews) command += fmt::format(" '{}'", view_file(view));
  FILE* pipe = popen(command.c_str(), "r");
  if (!pipe) return std::nullopt;
  std::string printed;
  char buffer[4096];
  while (size_t count = fread(buffer, 1, sizeof buffer, pipe)) printed.append(buffer, count);
  JsonDocument document;
  auto figures = document.parse(trim(printed));
  if (pclose(pipe) != 0 || !figures) return std::nullopt;
  if (text_of(rows) != own) {
    fmt::print(stderr, "{}: its rows differ from authledger's: compare {} with {}\n", name, rows.string(),
               (kFolder / "own_rows.ndjson").string());
    std::exit(1);
  }
  std::vector<double> seconds;
  for (JsonView one : (*figures)["seconds"]) seconds.push_back(std::stod(one.string()));
  return EngineFigures{fmt::format("{} {}", name, (*figures)["version"].text()), median(seconds)};
}

void print_rate(const std::string& what, size_t resources, double seconds, double bytes) {
  fmt::print("{:<34} {:>9.0f} resources/s  ({:.0f} MB/s)\n", what, static_cast<double>(resources) / seconds,
             bytes / seconds / 1e6);
}

int measure(int64_t count, unsigned seed) {
  fs::create_directories(kFolder);
  std::vector<std::string> resources;
  double bytes = 0, claim_bytes = 0, claims = 0;
  fs::path file = kFolder / "resources.ndjson";
  {
    std::ofstream out(file, std::ios::binary);
    for (int64_t i = 0; i < count; ++i) {
      resources.push_back(mapping_resource(i, seed));
      out << resources.back() << '\n';
      bytes += static_cast<double>(resources.back().size());
      if (i % 5 < 3) continue;
      claims += 1;
      claim_bytes += static_cast<double>(resources.back().size());
    }
  }
  OwnEngine engine;
  std::string own;
  size_t rows = 0;
  for (const std::string& resource : resources) {
    engine.map(resource, [&](const View& view, const ViewRows& found) {
      rows += found.size();
      for (size_t i = 0; i < found.size(); ++i) own += row_text(view, found.row(i)) + '\n';
    });
  }
  std::ofstream(kFolder / "own_rows.ndjson", std::ios::binary) << own;

  std::vector<EngineFigures> engines;
  for (const char* name : {"fhirpath", "@medplum/core"}) {
    if (auto figures = run_engine(name, file, own)) engines.push_back(*figures);
  }
  double parse_seconds = median_seconds(kOwnPasses, [&] {
    for (const std::string& resource : resources) engine.parse(resource);
  });
  size_t seen = 0;
  double map_seconds = median_seconds(kOwnPasses, [&] {
    for (const std::string& resource : resources)
      engine.map(resource, [&](const View&, const ViewRows& found) { seen += found.size(); });
  });
  fmt::print("Mapping on one thread: {}\n{} resources, {:.1f} MB (ClaimResponse {:.1f} KB), {} rows, seed {}\n",
             bench_machine(), count, bytes / 1e6, claim_bytes / claims / 1e3, rows, seed);
  if (seen != rows * kOwnPasses) return 1;
  print_rate("authledger, parse alone", resources.size(), parse_seconds, bytes);
  print_rate("authledger, parse and map", resources.size(), map_seconds, bytes);
  double fastest = 0;
  for (const EngineFigures& other : engines) {
    print_rate(other.name + ", parse and map", resources.size(), other.seconds, bytes);
    if (fastest == 0 || other.seconds < fastest) fastest = other.seconds;
  }
  if (engines.size() < 2) {
    fmt::print("npm's engines are not installed in build/bench: `make bench` installs them\n");
  } else {
    fmt::print("all engines give the same rows; ratio to the faster one: {:.1f}\n", fastest / map_seconds);
  }
  return 0;
}

int stream(int64_t bytes_wanted, unsigned seed) {
  // Generating is slower than mapping, so a part is generated once and repeated with new identifiers left out.
  constexpr int64_t kDistinct = 20'000;
  std::vector<std::string> lines;
  for (int64_t i = 0; i < kDistinct; ++i) lines.push_back(mapping_resource(i, seed) + "\n");
  int64_t written = 0;
  for (size_t i = 0; written < bytes_wanted; i = (i + 1) % lines.size()) {
    if (fwrite(lines[i].data(), 1, lines[i].size(), stdout) != lines[i].size()) return 1;
    written += static_cast<int64_t>(lines[i].size());
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  int64_t count = 10'000, bytes = 0;
  unsigned seed = 1;
  for (int i = 1; i + 1 < argc; i += 2) {
    std::string_view option = argv[i];
    if (option == "--resources") count = std::stoll(argv[i + 1]);
    if (option == "--seed") seed = static_cast<unsigned>(std::stoul(argv[i + 1]));
    if (option == "--stream") bytes = std::stoll(argv[i + 1]);
  }
  return bytes > 0 ? stream(bytes, seed) : measure(count, seed);
}
