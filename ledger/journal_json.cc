#include "ledger/journal_json.h"

#include <fmt/format.h>

#include <charconv>

namespace authledger {
namespace {

// Reads members and remembers the first one that is not what it should be.
class MemberReader {
 public:
  explicit MemberReader(JsonView object) : object_(object) {}

  int64_t integer(const char* name) { return kept(name, integer_from(object_[name])); }
  Hash hash(const char* name) { return kept(name, hash_from_hex(object_[name].text())); }
  Day day(const char* name) { return kept(name, parse_day(object_[name].text())); }
  Instant instant(const char* name) { return kept(name, parse_instant(object_[name].text())); }
  Account account(const char* name) { return kept(name, account_from(object_[name].text())); }
  Measure measure(const char* name) { return kept(name, measure_from(object_[name].text())); }
  std::string text(const char* name) {
    if (!object_[name].is_string()) fail(name);
    return object_[name].string();
  }
  bool boolean(const char* name) {
    if (!object_[name].is_boolean()) fail(name);
    return object_[name].boolean();
  }
  const std::string& failed() const { return failed_; }

 private:
  template <typename T>
  T kept(const char* name, const std::optional<T>& value) {
    if (!value) fail(name);
    return value.value_or(T{});
  }
  void fail(const char* name) {
    if (failed_.empty()) failed_ = name;
  }

  JsonView object_;
  std::string failed_;
};

Failure failure_of(const std::string& member) {
  return {fmt::format("an entry's member `{}` is missing or has another form", member)};
}

}  // namespace

std::optional<int64_t> integer_from(JsonView value) {
  int64_t number = 0;
  const std::string_view text = value.text();
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (!value.is_number() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

void write_entry(JsonWriter& writer, const JournalEntry& entry) {
  writer.key("entry_seq").number(entry.entry_seq).key("facts_seq").number(entry.facts_seq);
  writer.member("as_of_day", format_day(entry.as_of_day)).key("policy_version").number(entry.policy_version);
  writer.key("allocator_version").number(entry.allocator_version);
  writer.member("posted_at", format_instant(entry.posted_at)).member("outcome_hash", to_hex(entry.outcome_hash));
  writer.member("previous_hash", to_hex(entry.previous_hash)).member("entry_hash", to_hex(entry.entry_hash));
  writer.key("transfers").begin_array();
  for (const Transfer& transfer : entry.transfers) {
    writer.begin_object().member("book", transfer.book).member("from", word_of(transfer.from));
    writer.member("to", word_of(transfer.to)).member("measure", word_of(transfer.measure));
    writer.key("quantity_milli").number(transfer.quantity.milli()).member("service_key", transfer.service_key);
    writer.key("is_reversal").boolean(transfer.is_reversal).member("reason", transfer.reason).end_object();
  }
  writer.end_array();
}

Result<JournalEntry> entry_from(JsonView object) {
  JournalEntry entry;
  MemberReader members(object);
  entry.entry_seq = members.integer("entry_seq");
  entry.facts_seq = members.integer("facts_seq");
  entry.as_of_day = members.day("as_of_day");
  entry.policy_version = members.integer("policy_version");
  entry.allocator_version = static_cast<int>(members.integer("allocator_version"));
  entry.posted_at = members.instant("posted_at");
  entry.outcome_hash = members.hash("outcome_hash");
  entry.previous_hash = members.hash("previous_hash");
  entry.entry_hash = members.hash("entry_hash");
  if (!members.failed().empty()) return failure_of(members.failed());
  if (!object["transfers"].is_array()) return failure_of("transfers");
  for (JsonView value : object["transfers"]) {
    Transfer transfer;
    MemberReader parts(value);
    transfer.book = parts.text("book");
    transfer.from = parts.account("from");
    transfer.to = parts.account("to");
    transfer.measure = parts.measure("measure");
    transfer.quantity = Quantity::of_milli(parts.integer("quantity_milli"));
    transfer.service_key = parts.text("service_key");
    transfer.is_reversal = parts.boolean("is_reversal");
    transfer.reason = parts.text("reason");
    if (!parts.failed().empty()) return failure_of("transfers." + parts.failed());
    entry.transfers.push_back(std::move(transfer));
  }
  return entry;
}

std::string journal_line(const JournalLine& line) {
  JsonWriter writer;
  writer.begin_object().member("format", kJournalFormat);
  writer.key("tenant_id").number(line.tenant_id).key("subject_id").number(line.subject_id);
  write_entry(writer, line.entry);
  return writer.end_object().take();
}

Result<JournalLine> journal_line_from(JsonView line) {
  const auto tenant_id = integer_from(line["tenant_id"]), subject_id = integer_from(line["subject_id"]);
  if (line["format"].text() != kJournalFormat || !tenant_id || !subject_id) {
    return Failure{fmt::format("this is no line of a journal ({})", kJournalFormat)};
  }
  auto entry = entry_from(line);
  if (!entry) return entry.error();
  return JournalLine{*tenant_id, *subject_id, std::move(*entry)};
}

}  // namespace authledger
