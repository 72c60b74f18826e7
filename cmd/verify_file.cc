#include "cmd/verify_file.h"

#include <fmt/format.h>

#include <fstream>
#include <iostream>
#include <sstream>

#include "ledger/evidence.h"
#include "ledger/journal_json.h"

namespace authledger {
namespace {

enum class FileKind { journal, seals, evidence, unknown };

FileKind kind_of_format(std::string_view format) {
  if (format == kJournalFormat) return FileKind::journal;
  if (format == kSealFormat) return FileKind::seals;
  return format == kEvidenceFormat ? FileKind::evidence : FileKind::unknown;
}

// The first line of JSON Lines, or the whole of a document.
FileKind kind_of_file(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  std::string line;
  std::getline(in, line);
  JsonDocument document;
  if (auto root = document.parse(line)) return kind_of_format((*root)["format"].text());
  std::ostringstream rest;
  rest << line << '\n' << in.rdbuf();
  const auto root = document.parse(rest.str());
  return root ? kind_of_format((*root)["format"].text()) : FileKind::unknown;
}

// False, after the problem was printed, when the file cannot be read.
bool for_each_line(const std::string& file, const std::function<void(JsonView)>& visit) {
  std::ifstream in(file, std::ios::binary);
  if (!in) {
    fmt::print(stderr, "authledger: cannot read {}\n", file);
    return false;
  }
  JsonDocument document;
  std::string line;
  for (int64_t number = 1; std::getline(in, line); ++number) {
    const auto root = document.parse(line);
    if (!root) {
      fmt::print(stderr, "authledger: {}:{}: {}\n", file, number, root.error().message);
      return false;
    }
    visit(*root);
  }
  return true;
}

int verify_evidence(const GlobalOptions& global, const std::string& file, const KeptSeals* seals) {
  std::ifstream in(file, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  const EvidenceCheck check = check_evidence(text.str(), seals);
  return print_faults(global, "", check.faults, check.checked);
}

int verify_journal_file(const GlobalOptions& global, const std::string& file, const KeptSeals* seals) {
  JournalFileCheck check(seals);
  if (!for_each_line(file, [&](JsonView line) { check.add(line); })) return kExitBadUsage;
  check.finish();
  return print_faults(global, "", check.faults(),
                      fmt::format("{} subjects, {} entries", check.subjects(), check.entries()));
}

}  // namespace

int print_faults(const GlobalOptions& global, const std::string& tenant, const std::vector<FileFault>& faults,
                 const std::string& checked) {
  const auto tenant_of = [&](const FileFault& fault) {
    return tenant.empty() ? fmt::format("number {}", fault.tenant_id) : tenant;
  };
  if (global.format == Format::table) {
    for (const FileFault& fault : faults) {
      std::string place = fmt::format("tenant {}", tenant_of(fault));
      if (fault.subject_id != 0) place += fmt::format(", subject {}", fault.subject_id);
      if (fault.entry_seq != 0) place += fmt::format(", entry {}", fault.entry_seq);
      if (fault.subject_id == 0 && fault.seal_seq != 0) place += fmt::format(", seal {}", fault.seal_seq);
      fmt::print("{}: {}\n", place, fault.message);
    }
    fmt::print("{}, {} faults\n", checked, faults.size());
  } else {
    const auto number = [](int64_t value) { return value == 0 ? OutputCell{} : OutputCell::of_integer(value); };
    RowWriter rows(std::cout, global.format, {"tenant", "subject", "entry_seq", "seal_seq", "message"});
    for (const FileFault& fault : faults) {
      rows.add({OutputCell::of_text(tenant_of(fault)), number(fault.subject_id), number(fault.entry_seq),
                number(fault.seal_seq), OutputCell::of_text(fault.message)});
    }
    rows.finish();
  }
  return faults.empty() ? kExitDone : kExitNegative;
}

bool read_kept_seals(const std::string& file, const std::function<void(JsonView)>& visit) {
  return for_each_line(file, visit);
}

int verify_file(const GlobalOptions& global, const std::string& file, const std::string& seals_file) {
  KeptSeals seals;
  std::vector<FileFault> faults;
  const auto keep = [&](JsonView line) {
    if (auto fault = seals.add(line)) faults.push_back(std::move(*fault));
  };
  if (!seals_file.empty()) {
    if (!read_kept_seals(seals_file, keep)) return kExitBadUsage;
    if (!faults.empty()) return print_faults(global, "", faults, fmt::format("{} seals", seals.count()));
  }
  const KeptSeals* const kept = seals_file.empty() ? nullptr : &seals;
  switch (kind_of_file(file)) {
    case FileKind::journal:
      return verify_journal_file(global, file, kept);
    case FileKind::evidence:
      return verify_evidence(global, file, kept);
    case FileKind::seals:
      if (!for_each_line(file, keep)) return kExitBadUsage;
      return print_faults(global, "", faults, fmt::format("{} seals", seals.count()));
    case FileKind::unknown:
      break;
  }
  fmt::print(stderr,
             "authledger: {} is no journal, no seals and no evidence; `authledger verify --export-journal` and "
             "--export-seals, and `authledger evidence` write these\n",
             file);
  return kExitBadUsage;
}

}  // namespace authledger
