#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <map>

#include "base/clock.h"
#include "base/text.h"
#include "cmd/reckoning.h"
#include "cmd/session.h"
#include "sync/pin_record.h"

namespace authledger {
namespace {

struct PinOptions {
  std::string patient, service, authorization, line, role, reason, through, on_day;
  bool is_billed = false, is_removed = false, is_dry_run = false;
};

int refuse(const std::string& message) {
  fmt::print(stderr, "authledger: {}\n", message);
  return kExitBadUsage;
}

bool is_known(TenantSession& session, const std::string& patient) {
  bool found = false;
  transact(session.connection(), session.tenant_id(),
           [&](Transaction& transaction) { found = !read_subjects(transaction, patient).empty(); });
  return found;
}

// The record that the service stands on: what is settled of it stays with it, also when records are joined or parted.
SubjectName record_of(const Service& service) {
  return {0, service.sources.front().source, service.patient};
}

const Service* find_service(const Consolidated& subject, const std::string& key) {
  for (const Service& service : subject.services) {
    if (service.key == key) return &service;
  }
  for (const Service& service : subject.services) {
    for (const Provenance& source : service.sources) {
      if (source.resource == key) return &service;
    }
  }
  return nullptr;
}

bool has_line(const Consolidated& subject, const PinOptions& options) {
  return std::any_of(subject.lines.begin(), subject.lines.end(), [&options](const AuthorizationLine& line) {
    return std::binary_search(line.numbers.begin(), line.numbers.end(), options.authorization) &&
           (options.line.empty() || options.line == line.line);
  });
}

std::string draws_of(const SubjectAnswer& answer, const Allocation& allocation, const std::string& service) {
  std::vector<std::string> parts;
  for (const Draw& draw : allocation.draws) {
    if (draw.service_key != service) continue;
    for (const AuthorizationLine& line : answer.consolidated.lines) {
      if (line.book == draw.book)
        parts.push_back(
            fmt::format("{} of {} line {}", format_quantity(draw.quantity), line.authorization_number, line.line));
    }
  }
  return parts.empty() ? "no authorization" : join(parts, ", ");
}

// What the pin would move, service by service.
void print_preview(const SubjectAnswer& answer, const std::string& service, const PinOptions& options) {
  Consolidated pinned = answer.consolidated;
  for (Service& one : pinned.services) {
    if (one.key != service) continue;
    one.pinned_number = options.authorization;
    one.pinned_line = options.line;
  }
  const Allocation after = allocate(pinned, answer.policy, answer.today);
  for (const Service& one : answer.consolidated.services) {
    const std::string from = draws_of(answer, answer.allocation, one.key), to = draws_of(answer, after, one.key);
    if (from != to) fmt::print("would move {}: from {} to {}\n", one.key, from, to);
  }
}

int record_and_tell(const GlobalOptions& global, TenantSession& session, const PinOptions& options,
                    const std::vector<MappedResource>& resources) {
  const RoundSummary summary = record_pins(session, resources, SystemClock(), parse_day(options.on_day));
  if (global.format == Format::table) {
    fmt::print("{} pins recorded, {} taken back, {} unchanged; {} journal entries posted\n", summary.facts.new_facts,
               summary.facts.retracted, summary.facts.unchanged, summary.entries);
  } else {
    fmt::print("{}\n", summary_json(summary));
  }
  return kExitDone;
}

std::string missing_word(const PinOptions& options) {
  if (options.is_removed) return {};
  if (trim(options.role).empty()) return "--role is needed: who answers for this, e.g. \"billing lead\"";
  if (trim(options.reason).empty()) return "--reason is needed: it stands in the ledger for auditors";
  return {};
}

int run_pin(const GlobalOptions& global, const PinOptions& options) {
  if (const std::string missing = missing_word(options); !missing.empty()) return refuse(missing);
  if (!options.is_removed && options.authorization.empty()) {
    return refuse("--authorization is needed: the number that the service is to draw from");
  }
  auto [session, exit_code] = open_session(global);
  if (!session) return exit_code;
  if (!is_known(*session, options.patient))
    return refuse("nothing is known of this patient; `authledger authorizations` lists who is known");
  const PinKind kind = options.is_billed ? PinKind::billed_claim : PinKind::human_override;
  std::vector<MappedResource> resources;
  std::string problem = "the patient has no such service; `authledger services --patient` lists their keys";
  AnswerOptions asked;
  asked.patient = options.patient;
  asked.on_day = options.on_day;
  exit_code = for_each_subject(*session, asked, [&](const SubjectAnswer& answer) {
    const Service* service = find_service(answer.consolidated, options.service);
    if (service == nullptr) return;
    if (!options.is_removed && !has_line(answer.consolidated, options)) {
      problem =
          "the patient has no authorization of that number and line; `authledger authorizations --patient` lists "
          "them";
      return;
    }
    problem.clear();
    PinFact pin;
    pin.pin = kind;
    pin.service = service->sources.front().resource;
    pin.authorization_number = options.authorization;
    pin.line = options.line;
    pin.reason = trim(options.reason);
    pin.role = trim(options.role);
    const std::string topic = fmt::format("{} {}", word_of(kind), pin.service);
    if (options.is_dry_run && !options.is_removed) print_preview(answer, service->key, options);
    resources.push_back(pin_resource(record_of(*service), "Pin", topic,
                                     options.is_removed ? std::vector<PinFact>{} : std::vector<PinFact>{pin}));
  });
  if (exit_code != kExitDone) return exit_code;
  if (!problem.empty()) return refuse(problem);
  if (resources.size() > 1) {
    return refuse("several patients have this id and service; write the reference as `authledger services` shows it");
  }
  if (options.is_dry_run) {
    fmt::print("dry run: nothing was recorded\n");
    return kExitDone;
  }
  return record_and_tell(global, *session, options, resources);
}

// Each service of the period that draws keeps drawing from there: pins by the record that it stands on.
using SettledDraws = std::map<std::pair<std::string, std::string>, std::vector<PinFact>>;

SettledDraws settled_draws(const SubjectAnswer& answer, std::optional<Day> through, const PinOptions& options) {
  SettledDraws settled;
  std::map<std::string_view, const AuthorizationLine*> lines;
  for (const AuthorizationLine& line : answer.consolidated.lines) lines.emplace(line.book, &line);
  for (const Service& service : answer.consolidated.services) {
    const SubjectName record = record_of(service);
    std::vector<PinFact>& pins = settled[{record.source, record.patient}];
    PinFact pin;
    pin.pin = PinKind::closed_period;
    pin.closed_through = through;
    pin.reason = trim(options.reason);
    pin.role = trim(options.role);
    if (pins.empty()) pins.push_back(pin);
    if (through && service.day > *through) continue;
    for (const Draw& draw : answer.allocation.draws) {
      const auto line = lines.find(draw.book);
      if (draw.service_key != service.key || draw.is_reserved || line == lines.end()) continue;
      pin.service = service.key;
      pin.authorization_number = line->second->authorization_number;
      pin.line = line->second->line;
      pins.push_back(std::move(pin));
      break;  // A service that is split draws from its first line first; the rest follows as before.
    }
  }
  return settled;
}

int run_close_period(const GlobalOptions& global, const PinOptions& options) {
  const std::optional<Day> through = parse_day(options.through);
  if (!through && !options.is_removed) return refuse("--through must be a day, YYYY-MM-DD: the last day of the period");
  if (const std::string missing = missing_word(options); !missing.empty()) return refuse(missing);
  auto [session, exit_code] = open_session(global);
  if (!session) return exit_code;
  const Day today = parse_day(options.on_day).value_or(session->policy().zone.day_of(SystemClock().now()));
  if (through && *through >= today) {
    return refuse("--through must be a day before today: visits of an open day are still to come");
  }
  if (!is_known(*session, options.patient))
    return refuse("nothing is known of this patient; `authledger authorizations` lists who is known");
  std::vector<MappedResource> resources;
  size_t draws = 0;
  AnswerOptions asked;
  asked.patient = options.patient;
  asked.on_day = options.on_day;
  exit_code = for_each_subject(*session, asked, [&](const SubjectAnswer& answer) {
    for (auto& [record, pins] : settled_draws(answer, through, options)) {
      draws += pins.size() - 1;
      if (options.is_removed) pins.clear();
      resources.push_back(pin_resource({0, record.first, record.second}, "ClosedPeriod", "period", std::move(pins)));
    }
  });
  if (exit_code != kExitDone) return exit_code;
  if (options.is_dry_run) {
    fmt::print("dry run: {} patients, {} draws {}; nothing was recorded\n", resources.size(), draws,
               options.is_removed ? "would be open again" : "would stay where they are");
    return kExitDone;
  }
  return record_and_tell(global, *session, options, resources);
}

void add_person_options(CLI::App& command, PinOptions& options) {
  command.add_option("--role", options.role, "Who answers for it: billing lead, compliance, …");
  command.add_option("--reason", options.reason, "Why; stands in the ledger. No patient data");
  command.add_flag("--remove", options.is_removed, "Take it back: units are counted by the rules again");
  command.add_option("--on", options.on_day, "As if today were this day (YYYY-MM-DD)");
  command.add_flag("--dry-run", options.is_dry_run, "Show what would change, and record nothing");
}

}  // namespace

void add_pin_command(CommandLine line) {
  auto options = std::make_shared<PinOptions>();  // Shared by the parser and the run that follows it.
  CLI::App* command = line.app.add_subcommand("pin", "Hold a service at one authorization, whatever the rules say");
  command->add_option("service", options->service, "Key of the service (Encounter/e1)")->required();
  command->add_option("--patient", options->patient, "Patient id or reference")->required();
  command->add_option("--authorization", options->authorization, "Number of the authorization it draws from");
  command->add_option("--line", options->line, "Only this line of the authorization");
  command->add_flag("--billed", options->is_billed, "A claim was billed under this number; else a person's override");
  add_person_options(*command, *options);
  command->callback([line, options] { line.run = [line, options] { return run_pin(line.options, *options); }; });
}

void add_close_period_command(CommandLine line) {
  auto options = std::make_shared<PinOptions>();  // Shared by the parser and the run that follows it.
  CLI::App* command = line.app.add_subcommand("close-period", "Keep what was drawn up to a day where it is");
  command->add_option("--through", options->through, "Last day of the period (YYYY-MM-DD)");
  command->add_option("--patient", options->patient, "Only this patient: an id or a reference");
  add_person_options(*command, *options);
  command->callback(
      [line, options] { line.run = [line, options] { return run_close_period(line.options, *options); }; });
}

}  // namespace authledger
