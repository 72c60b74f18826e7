#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "base/crypto.h"
#include "base/day.h"
#include "base/quantity.h"

// The one door to libpq.

namespace authledger {

// A failed statement or a lost connection. The message is PostgreSQL's primary message without DETAIL (it may quote
// values). `sqlstate` is "" when the connection broke.
class DbError : public std::runtime_error {
 public:
  DbError(std::string sqlstate, const std::string& message)
      : std::runtime_error(message), sqlstate_(std::move(sqlstate)) {}
  const std::string& sqlstate() const { return sqlstate_; }
  bool is_connection_lost() const;  // "", class 08, 57P01…
  bool is_retryable() const;        // 40001, 40P01

 private:
  std::string sqlstate_;
};

// Of a DbError that the stores raise themselves: what was to be written belongs to another worker by now.
inline constexpr const char* kLeaseLost = "AL003";

struct Statement {
  const char* name;  // Prepared once per connection under this name.
  const char* sql;
};

// Parameters of one execution, in order $1…: single values in text format, so that the statement decides their types;
// arrays in binary, which PostgreSQL reads in half the time.
class Parameters {
 public:
  Parameters& text(std::string_view value);
  Parameters& integer(int64_t value);
  Parameters& boolean(bool value);
  Parameters& day(Day value);
  Parameters& instant(Instant value);
  Parameters& hash(const Hash& value);        // bytea
  Parameters& bytes(std::string_view value);  // bytea
  Parameters& null();
  Parameters& optional_integer(std::optional<int64_t> value);
  Parameters& optional_day(std::optional<Day> value);
  Parameters& optional_instant(std::optional<Instant> value);
  Parameters& text_array(std::span<const std::string> values);
  Parameters& integer_array(std::span<const int64_t> values);

  struct Value {
    std::optional<std::string> bytes;  // Null when missing.
    bool is_binary = false;
  };
  const std::vector<Value>& values() const { return values_; }

 private:
  void add(std::string text) { values_.push_back({std::move(text), false}); }
  std::vector<Value> values_;
  friend class ArrayBuilder;
};

// Builds one array parameter, value by value, for `unnest`. All values of one array are of one kind, and the statement
// must declare that kind: integers as bigint[], whatever the column's width, days as date[], instants as timestamptz[].
class ArrayBuilder {
 public:
  void text(std::string_view value);  // Without NUL, which PostgreSQL's text cannot hold.
  void integer(int64_t value);
  void boolean(bool value);
  void day(Day value);
  void instant(Instant value);
  void hash(const Hash& value);
  void bytes(std::string_view value);
  void null();
  void optional_text(std::string_view value) { value.empty() ? null() : text(value); }
  void optional_integer(std::optional<int64_t> value) { value ? integer(*value) : null(); }
  void optional_day(std::optional<Day> value) { value ? day(*value) : null(); }
  void optional_instant(std::optional<Instant> value) { value ? instant(*value) : null(); }
  size_t size() const { return count_; }
  void add_to(Parameters& parameters);  // Ends the array and empties the builder.

 private:
  void element(uint32_t type, std::string_view bytes);
  std::string elements_;
  uint32_t type_ = 0;  // PostgreSQL's object id of the element type; 0 while there are only nulls.
  size_t count_ = 0;
};

// Result rows, in binary format. Column access by position, by the kind that the statement gives the column: `integer`
// reads any width of integer (a sum of bigint is numeric: the statement casts it). Text is valid while the result
// lives.
class Rows {
 public:
  struct State;
  explicit Rows(std::unique_ptr<State> state);
  Rows(Rows&&) noexcept;
  Rows& operator=(Rows&&) noexcept;
  ~Rows();
  size_t size() const;
  int64_t affected() const;
  bool is_null(size_t row, int column) const;
  std::string_view text(size_t row, int column) const;  // "" for null.
  std::string string(size_t row, int column) const { return std::string(text(row, column)); }
  int64_t integer(size_t row, int column) const;
  bool boolean(size_t row, int column) const;
  Day day(size_t row, int column) const;
  Instant instant(size_t row, int column) const;
  Hash hash(size_t row, int column) const;
  std::string bytes(size_t row, int column) const { return std::string(value(row, column)); }
  // Text or bytes where they lie, without a look at the column's kind.
  std::string_view bytes_view(size_t row, int column) const { return value(row, column); }
  std::optional<int64_t> optional_integer(size_t row, int column) const;
  std::optional<Day> optional_day(size_t row, int column) const;
  std::optional<Instant> optional_instant(size_t row, int column) const;
  // One dimension, without nulls.
  std::vector<std::string> text_array(size_t row, int column) const;
  std::vector<int64_t> integer_array(size_t row, int column) const;

 private:
  std::string_view value(size_t row, int column) const;  // As received; "" for null.
  std::unique_ptr<State> state_;
};

// One connection; not thread-safe. Statements are prepared on first use.
class PgConnection {
 public:
  // Throws DbError when the server cannot be reached.
  explicit PgConnection(const std::string& url);
  PgConnection(PgConnection&&) noexcept;
  ~PgConnection();

  Rows execute(const Statement& statement, const Parameters& parameters = {});
  // Several statements of a script, without parameters (migrations).
  void execute_script(const std::string& sql);
  // Runs a `copy … from stdin (format text)`; `next` fills the lines of the next block, and leaves it empty at the end.
  void copy_in(const std::string& sql, const std::function<void(std::string& block)>& next);

  // Shown every execution before it runs, and the start of every transaction as a null statement: for measuring. An
  // empty observer ends it.
  using Observer = std::function<void(const Statement*, const Parameters&)>;
  void observe(Observer observer);

 private:
  struct State;
  std::unique_ptr<State> state_;
  friend class Transaction;
};

// RAII: rolls back unless commit() ran. READ COMMITTED. Sets authledger.tenant_id for row-level security.
class Transaction {
 public:
  Transaction(PgConnection& connection, int64_t tenant_id);
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  Rows execute(const Statement& statement, const Parameters& parameters = {});
  int64_t tenant_id() const { return tenant_id_; }
  void commit();

 private:
  PgConnection& connection_;
  int64_t tenant_id_;
  bool is_open_ = true;
};

// Runs `work` in a transaction and commits; repeats it on 40001 and 40P01 (at most five times, with growing pauses).
// Never repeats after an unanswered commit.
void transact(PgConnection& connection, int64_t tenant_id, const std::function<void(Transaction&)>& work);

}  // namespace authledger
