#include "cmd/probe_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/json.h"
#include "base/text.h"

namespace authledger {
namespace {

constexpr const char* kChannelLegend =
    "Flag: a banner on the chart; Task: an entry of a worklist in the EHR; Communication: a message to staff; "
    "DocumentReference: a note in the chart; worklist: a file beside authledger";
constexpr size_t kLineWidth = 118;
constexpr size_t kWordWidth = 12;
constexpr size_t kIndent = 37;

using Answers = std::vector<std::pair<const char*, std::optional<bool>>>;
Answers answers_of(const TypeFinding& finding) {
  return {{"answers", finding.answers},
          {"pages", finding.pages},
          {"honours_last_updated", finding.honours_last_updated},
          {"has_etag", finding.has_etag},
          {"heeds_identifier", finding.heeds_identifier},
          {"creates", finding.creates},
          {"conditional_create", finding.conditional_create},
          {"finds_written", finding.finds_written},
          {"guards_update", finding.guards_update}};
}

// Words that go on in the next line below where they began.
std::string wrapped(const std::string& text, size_t indent) {
  std::string out;
  size_t column = indent;
  for (const std::string& word : split(text, ' ')) {
    if (column > indent && column + 1 + word.size() > kLineWidth) {
      out += "\n" + std::string(indent, ' ');
      column = indent;
    } else if (column > indent) {
      out += ' ';
      ++column;
    }
    out += word;
    column += word.size();
  }
  return out;
}

std::string row(std::string_view name, std::string_view word, const std::string& why, const std::string& better) {
  // A long word keeps its line to itself.
  const std::string gap = word.size() <= kWordWidth ? " " : fmt::format("\n{:{}}", "", kIndent);
  std::string text = fmt::format("  {:<21} {:<{}}{}{}\n", name, word, kWordWidth, gap, wrapped(why, kIndent));
  if (!better.empty()) text += fmt::format("{:{}}better: {}\n", "", kIndent, wrapped(better, kIndent + 8));
  return text;
}

std::string channel_of(const NoticePlan& notice) {
  return notice.channel.empty() ? "none" : notice.channel;
}

std::string why_of(const NoticePlan& notice) {
  std::string why = notice.reason;
  if (!notice.channel.empty() && !notice.passed_over.empty()) {
    why += fmt::format(". Nothing better: {}", join(notice.passed_over, "; "));
  }
  if (!notice.offered.empty()) why += fmt::format(". Offered, but not ours to take: {}", join(notice.offered, ", "));
  if (notice.channel.empty()) why += ". Until then `authledger notices --undeliverable` is the worklist";
  return why;
}

// "expiring", or "expiring/biller" for copies that go another way.
std::string name_of(const NoticePlan& notice, const std::vector<NoticePlan>& all) {
  const auto first =
      std::find_if(all.begin(), all.end(), [&](const NoticePlan& each) { return each.kind == notice.kind; });
  const std::string kind(word_of(notice.kind));
  return &*first == &notice ? kind : kind + "/" + std::string(word_of(notice.role));
}

// Kinds that share channel and reason stand in one row: seven equal sentences are read by nobody.
struct NoticeGroup {
  std::vector<std::string> kinds;
  NoticePlan plan;
};
std::vector<NoticeGroup> grouped(const std::vector<NoticePlan>& notices) {
  std::vector<NoticeGroup> groups;
  for (const NoticePlan& notice : notices) {
    const auto same = std::find_if(groups.begin(), groups.end(), [&](const NoticeGroup& group) {
      return group.plan.channel == notice.channel && why_of(group.plan) == why_of(notice) &&
             group.plan.better == notice.better;
    });
    if (same != groups.end()) {
      same->kinds.push_back(name_of(notice, notices));
    } else {
      groups.push_back({{name_of(notice, notices)}, notice});
    }
  }
  return groups;
}

std::string tests_of(const std::string& type, const ProbedEndpoint& probed) {
  const TypeFinding& finding = probed.findings.at(type);
  std::vector<std::string> parts;
  for (const auto& [name, answer] : answers_of(finding)) {
    if (answer) parts.push_back(fmt::format("{} {}", replace_all(name, "_", " "), *answer ? "yes" : "no"));
  }
  if (!finding.problem.empty()) parts.push_back(finding.problem);
  if (!finding.left.empty()) parts.push_back("left on the test patient: " + join(finding.left, ", "));
  const auto stored = probed.stored.find(type);
  if (stored != probed.stored.end()) parts.push_back(stored_text(stored->second));
  std::erase(parts, "");
  return parts.empty() ? "not tested: no patient, or nothing there to tell by" : join(parts, ", ");
}

// The words of the plan's second column, for whoever does not know them.
std::string legend(const EndpointPlan& plan) {
  constexpr std::pair<SourceStrategy, const char*> kMeanings[] = {
      {SourceStrategy::last_updated, "what changed since the last round"},
      {SourceStrategy::per_patient, "one search for each patient of the roster"},
      {SourceStrategy::everything, "all of it in each round"},
      {SourceStrategy::bulk, "a Bulk Data export"},
      {SourceStrategy::inquire, "a question to the payer for each open request"},
      {SourceStrategy::off, "not read"},
      {SourceStrategy::impossible, "wanted, but cannot be read"}};
  std::vector<std::string> parts;
  for (const auto& [strategy, meaning] : kMeanings) {
    const bool occurs = std::any_of(plan.sources.begin(), plan.sources.end(),
                                    [wanted = strategy](const SourcePlan& each) { return each.strategy == wanted; });
    if (occurs) parts.push_back(fmt::format("{}: {}", word_of(strategy), meaning));
  }
  return join(parts, "; ");
}

std::vector<std::string> closing_lines(const EndpointPlan& plan) {
  std::vector<std::string> lines;
  for (const std::string& line : {plan.sweep, plan.freshness}) {
    if (!line.empty()) lines.push_back(line);
  }
  lines.insert(lines.end(), plan.remarks.begin(), plan.remarks.end());
  return lines;
}

// A table cell may hold anything a server says.
std::string cell(std::string text) {
  return replace_all(replace_all(std::move(text), "|", "\\|"), "\n", " ");
}

void write_source(JsonWriter& json, const SourcePlan& source) {
  json.begin_object().member("resource_type", source.resource_type);
  json.member("configured", word_of(source.configured)).member("strategy", word_of(source.strategy));
  json.member("reason", source.reason).member("better", source.better).key("sees_deletions");
  source.sees_deletions ? json.boolean(*source.sees_deletions) : json.null();
  json.end_object();
}

void write_texts(JsonWriter& json, std::string_view name, const std::vector<std::string>& texts) {
  json.key(name).begin_array();
  for (const std::string& text : texts) json.string(text);
  json.end_array();
}

void write_notice(JsonWriter& json, const NoticePlan& notice) {
  json.begin_object().member("kind", word_of(notice.kind)).member("role", word_of(notice.role));
  json.member("channel", channel_of(notice)).key("is_message").boolean(notice.is_message);
  json.key("fails_test").boolean(notice.fails_test);
  json.member("reason", notice.reason);
  write_texts(json, "passed_over", notice.passed_over);
  write_texts(json, "offered", notice.offered);
  json.member("better", notice.better).end_object();
}

void write_finding(JsonWriter& json, const std::string& type, const ProbedEndpoint& probed) {
  const TypeFinding& finding = probed.findings.at(type);
  json.begin_object().member("resource_type", type);
  for (const auto& [name, answer] : answers_of(finding)) {
    json.key(name);
    if (answer) {
      json.boolean(*answer);
    } else {
      json.null();
    }
  }
  json.member("problem", finding.problem);
  write_texts(json, "left", finding.left);
  const auto stored = probed.stored.find(type);
  if (stored != probed.stored.end()) {
    json.key("stored").begin_object().key("honours_last_updated").boolean(stored->second.honours_last_updated);
    json.key("tested_at");
    stored->second.tested_at ? json.string(format_instant(*stored->second.tested_at)) : json.null();
    json.key("is_replaced").boolean(stored->second.is_replaced).end_object();
  }
  json.end_object();
}

void write_endpoint(JsonWriter& json, const ProbedEndpoint& probed) {
  const EndpointPlan& plan = probed.plan;
  json.begin_object().member("endpoint", plan.endpoint).member("base_url", plan.base_url);
  json.member("preset", plan.preset).member("software", plan.software).member("fhir_version", plan.fhir_version);
  json.member("tested", probed.tested).member("token", probed.token).key("complete").boolean(is_complete(plan));
  json.key("sources").begin_array();
  for (const SourcePlan& source : plan.sources) write_source(json, source);
  json.end_array().key("receives_notices").boolean(plan.receives_notices);
  json.member("no_notices_reason", plan.no_notices_reason).key("notices").begin_array();
  for (const NoticePlan& notice : plan.notices) write_notice(json, notice);
  json.end_array().key("findings").begin_array();
  for (const auto& [type, finding] : probed.findings) write_finding(json, type, probed);
  json.end_array().member("sweep", plan.sweep).member("freshness", plan.freshness).key("remarks").begin_array();
  for (const std::string& remark : plan.remarks) json.string(remark);
  json.end_array().end_object();
}

}  // namespace

std::string probe_text(const ProbedEndpoint& probed) {
  const EndpointPlan& plan = probed.plan;
  std::string text = fmt::format("{}  {}\n", plan.endpoint, plan.base_url);
  text += fmt::format("  {}, FHIR {}, preset {}\n  {}\n", plan.software.empty() ? "unnamed server" : plan.software,
                      plan.fhir_version.empty() ? "?" : plan.fhir_version, plan.preset, probed.tested);
  if (!probed.token.empty()) text += "  " + probed.token + "\n";
  text += "\nreads\n  " + wrapped(legend(plan), 2) + "\n";
  for (const SourcePlan& source : plan.sources) {
    text += row(source.resource_type, word_of(source.strategy), source.reason, source.better);
  }
  text += "\nnotices\n";
  text += "  " + (plan.receives_notices ? wrapped(kChannelLegend, 2) : "none here: " + plan.no_notices_reason) + "\n";
  for (const NoticeGroup& group : grouped(plan.notices)) {
    for (size_t i = 0; i + 1 < group.kinds.size(); ++i)
      text += fmt::format("  {:<21} {}\n", group.kinds[i], channel_of(group.plan));
    text += row(group.kinds.back(), channel_of(group.plan), why_of(group.plan), group.plan.better);
  }
  if (!probed.findings.empty()) text += "\ntested\n";
  for (const auto& [type, finding] : probed.findings) text += row(type, "", tests_of(type, probed), "");
  const std::vector<std::string> lines = closing_lines(plan);
  if (!lines.empty()) text += "\n";
  for (const std::string& line : lines) text += "  " + wrapped(line, 2) + "\n";
  return text;
}

std::string probe_json(const std::vector<ProbedEndpoint>& probed) {
  JsonWriter json;
  json.begin_array();
  for (const ProbedEndpoint& each : probed) write_endpoint(json, each);
  json.end_array();
  return json.take();
}

std::string probe_markdown(const std::vector<ProbedEndpoint>& probed, const std::string& day) {
  std::string text = fmt::format(
      "# What authledger does at this EHR\n\nWritten by `authledger probe` on {}. It holds no "
      "patient data and no secret.\n",
      day);
  for (const ProbedEndpoint& each : probed) {
    const EndpointPlan& plan = each.plan;
    text += fmt::format("\n## {}\n\n- Base URL: {}\n- Server: {}, FHIR {}\n- Preset: {}\n- {}\n", plan.endpoint,
                        plan.base_url, plan.software.empty() ? "unnamed" : plan.software, plan.fhir_version,
                        plan.preset, each.tested);
    if (!each.token.empty()) text += "- " + each.token + "\n";
    text += "\n### What it reads\n\n" + legend(plan) +
            "\n\n| Resource | How | Why | What would be better |\n|---|---|---|---|\n";
    for (const SourcePlan& source : plan.sources) {
      text += fmt::format("| {} | {} | {} | {} |\n", source.resource_type, word_of(source.strategy),
                          cell(source.reason), cell(source.better));
    }
    text += "\n### Where its notices stand\n\n";
    if (!plan.receives_notices) text += "None here: " + plan.no_notices_reason + ".\n";
    if (plan.receives_notices) text += fmt::format("{}\n\n", kChannelLegend);
    if (plan.receives_notices) text += "| Notice | Channel | Why | What would be better |\n|---|---|---|---|\n";
    for (const NoticeGroup& group : grouped(plan.notices)) {
      text += fmt::format("| {} | {} | {} | {} |\n", join(group.kinds, ", "), channel_of(group.plan),
                          cell(why_of(group.plan)), cell(group.plan.better));
    }
    if (!each.findings.empty()) text += "\n### What was tested\n\n| Resource | Found |\n|---|---|\n";
    for (const auto& [type, finding] : each.findings)
      text += fmt::format("| {} | {} |\n", type, cell(tests_of(type, each)));
    const std::vector<std::string> lines = closing_lines(plan);
    if (!lines.empty()) text += "\n### How fresh, and what else to know\n\n";
    for (const std::string& line : lines) text += "- " + line + "\n";
  }
  return text;
}

}  // namespace authledger
