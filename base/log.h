#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

namespace authledger {

// Key-value logging to standard error, one line an event: `2026-03-01T10:00:00.123Z info pull_finished
// feed=ehr/Encounter`. Never pass patient data or secrets: keys name machines, counts, ids of feeds. Thread-safe.

enum class LogLevel { debug, info, warning, error };

struct LogField {
  LogField(std::string_view field_key, std::string_view field_value) : key(field_key), value(field_value) {}
  LogField(std::string_view field_key, const char* field_value) : key(field_key), value(field_value) {}
  LogField(std::string_view field_key, const std::string& field_value) : key(field_key), value(field_value) {}
  LogField(std::string_view field_key, bool field_value) : key(field_key), value(field_value ? "true" : "false") {}
  template <typename Number>
  LogField(std::string_view field_key, Number field_value) : key(field_key), value(std::to_string(field_value)) {}

  std::string_view key;
  std::string value;
};

// Sets the lowest level that is written. Call once at start.
void set_log_level(LogLevel level);

void log_event(LogLevel level, std::string_view event, std::initializer_list<LogField> fields = {});

inline void log_debug(std::string_view event, std::initializer_list<LogField> fields = {}) {
  log_event(LogLevel::debug, event, fields);
}
inline void log_info(std::string_view event, std::initializer_list<LogField> fields = {}) {
  log_event(LogLevel::info, event, fields);
}
inline void log_warning(std::string_view event, std::initializer_list<LogField> fields = {}) {
  log_event(LogLevel::warning, event, fields);
}
inline void log_error(std::string_view event, std::initializer_list<LogField> fields = {}) {
  log_event(LogLevel::error, event, fields);
}

}  // namespace authledger
