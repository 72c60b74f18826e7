#include "sandbox/fault_switch.h"

#include <algorithm>
#include <charconv>

#include "base/text.h"

namespace authledger {
namespace {

bool applies(const SandboxFaults& faults, std::string_view method, std::string_view target) {
  return (faults.only_for.empty() || target.find(faults.only_for) != target.npos) &&
         (faults.only_method.empty() || upper_case(faults.only_method) == method);
}

bool use_up(int& count) {
  return count > 0 && count-- > 0;
}

// Calls `visit(name, field)` for every fault, so that reading and writing cannot differ.
template <typename Faults, typename Visit>
void for_each_fault(Faults& faults, const Visit& visit) {
  visit("throttle_next", faults.throttle_next);
  visit("retry_after", faults.retry_after);
  visit("unavailable_next", faults.unavailable_next);
  visit("fail_next", faults.fail_next);
  visit("fail_status", faults.fail_status);
  visit("slow_next", faults.slow_next);
  visit("slow_for", faults.slow_for);
  visit("truncate_next", faults.truncate_next);
  visit("reset_next", faults.reset_next);
  visit("html_next", faults.html_next);
  visit("body_next", faults.body_next);
  visit("body", faults.body);
  visit("oversized_next", faults.oversized_next);
  visit("drip_next", faults.drip_next);
  visit("repeat_entries", faults.repeat_entries);
  visit("stale_repeat", faults.stale_repeat);
  visit("endless_next", faults.endless_next);
  visit("foreign_next", faults.foreign_next);
  visit("redirect_to", faults.redirect_to);
  visit("outcome_in_searchset", faults.outcome_in_searchset);
  visit("write_then_silent_next", faults.write_then_silent_next);
  visit("hold_next", faults.hold_next);
  visit("expired_pages_next", faults.expired_pages_next);
  visit("ignored_parameter", faults.ignored_parameter);
  visit("lost_entries_next", faults.lost_entries_next);
  visit("strangers_patient", faults.strangers_patient);
  visit("clock_behind", faults.clock_behind);
  visit("clock_stands_at", faults.clock_stands_at);
  visit("export_polls_pending", faults.export_polls_pending);
  visit("export_status_gone_next", faults.export_status_gone_next);
  visit("export_file_missing_next", faults.export_file_missing_next);
  visit("export_wrong_digest_next", faults.export_wrong_digest_next);
  visit("export_wrong_count", faults.export_wrong_count);
  visit("export_status_fails_next", faults.export_status_fails_next);
  visit("export_place", faults.export_place);
  visit("export_leaves_out", faults.export_leaves_out);
  visit("export_takes", faults.export_takes);
  visit("inquiry_refused_for", faults.inquiry_refused_for);
  visit("search_lag", faults.search_lag);
  visit("withheld", faults.withheld);
  visit("only_for", faults.only_for);
  visit("only_method", faults.only_method);
}

bool read_value(JsonView json, int& value) {
  const std::string_view text = json.text();
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (!json.is_number() || error != std::errc() || end != text.data() + text.size() || number < 0) return false;
  value = number;
  return true;
}

bool read_value(JsonView json, std::chrono::milliseconds& value) {
  int number = 0;
  if (!read_value(json, number)) return false;
  value = std::chrono::milliseconds(number);
  return true;
}

bool read_value(JsonView json, bool& value) {
  value = json.boolean();
  return json.is_boolean();
}

bool read_value(JsonView json, std::string& value) {
  value = json.string();
  return json.is_string();
}

void write_value(JsonWriter& writer, int value) {
  writer.number(value);
}
void write_value(JsonWriter& writer, std::chrono::milliseconds value) {
  writer.number(value.count());
}
void write_value(JsonWriter& writer, bool value) {
  writer.boolean(value);
}
void write_value(JsonWriter& writer, const std::string& value) {
  writer.string(value);
}

}  // namespace

bool is_withheld(const std::string& withheld, const std::string& type, std::string_view what) {
  const std::vector<std::string> words = split(withheld, ' ');
  return std::find(words.begin(), words.end(), type + ":" + std::string(what)) != words.end();
}

void FaultSwitch::set(const SandboxFaults& faults) {
  const std::lock_guard lock(mutex_);
  faults_ = faults;
}

SandboxFaults FaultSwitch::faults() const {
  const std::lock_guard lock(mutex_);
  return faults_;
}

FaultDecision FaultSwitch::decide(std::string_view method, std::string_view target) {
  const std::lock_guard lock(mutex_);
  FaultDecision decision;
  if (!applies(faults_, method, target)) return decision;
  if (use_up(faults_.slow_next)) decision.wait = faults_.slow_for;
  const bool is_search = target.find("/_search") != target.npos;
  const bool is_write = (method == "POST" && !is_search) || method == "PUT" || method == "DELETE";
  if (use_up(faults_.reset_next)) {
    decision.kind = RequestFault::reset;
  } else if (use_up(faults_.hold_next)) {
    decision.kind = RequestFault::hold;
  } else if (use_up(faults_.throttle_next)) {
    decision.kind = RequestFault::throttle;
    decision.retry_after = faults_.retry_after;
  } else if (use_up(faults_.unavailable_next)) {
    decision.kind = RequestFault::unavailable;
  } else if (use_up(faults_.fail_next)) {
    decision.kind = RequestFault::fail;
    decision.status = faults_.fail_status;
  } else if (use_up(faults_.html_next)) {
    decision.kind = RequestFault::html;
  } else if (method == "GET" && use_up(faults_.body_next)) {
    decision.kind = RequestFault::body;
    decision.body = faults_.body;
  } else if (method == "GET" && use_up(faults_.oversized_next)) {
    decision.kind = RequestFault::oversized;
  } else if (method == "GET" && !faults_.redirect_to.empty()) {
    decision.kind = RequestFault::redirect;
    decision.location = faults_.redirect_to;
  } else if (is_write && use_up(faults_.write_then_silent_next)) {
    decision.kind = RequestFault::silent_after_write;
  } else if (use_up(faults_.truncate_next)) {
    decision.kind = RequestFault::truncate;
  } else if (use_up(faults_.drip_next)) {
    decision.kind = RequestFault::drip;
  }
  return decision;
}

bool FaultSwitch::use_up_one(int SandboxFaults::*count) {
  const std::lock_guard lock(mutex_);
  return use_up(faults_.*count);
}

SandboxFaults FaultSwitch::page_faults(std::string_view method, std::string_view path) const {
  const std::lock_guard lock(mutex_);
  return applies(faults_, method, path) ? faults_ : SandboxFaults();
}

Result<SandboxFaults> parse_faults(JsonView json) {
  if (!json.is_object()) return Failure{"faults are a JSON object"};
  SandboxFaults faults;
  std::string problem;
  size_t known = 0;
  for_each_fault(faults, [&](std::string_view name, auto& field) {
    if (!json[name].exists()) return;
    ++known;
    if (!read_value(json[name], field)) problem = "wrong kind of value for " + std::string(name);
  });
  if (problem.empty() && known != json.size()) {
    for (JsonView member : json) {
      bool is_known = false;
      for_each_fault(faults, [&](std::string_view name, auto&) { is_known = is_known || name == member.name(); });
      if (!is_known) problem = "no fault is called " + std::string(member.name());
    }
  }
  if (!problem.empty()) return Failure{problem};
  return faults;
}

std::string faults_to_json(const SandboxFaults& faults) {
  JsonWriter writer(JsonWriter::Style::pretty);
  writer.begin_object();
  for_each_fault(faults, [&](std::string_view name, const auto& field) {
    writer.key(name);
    write_value(writer, field);
  });
  return writer.end_object().take();
}

}  // namespace authledger
