#include "ledger/store/pg.h"

#include <fmt/format.h>
#include <libpq-fe.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <set>
#include <thread>

#include "base/check.h"
#include "base/text.h"

namespace authledger {

namespace {

constexpr int kTransactionRepeatsMax = 5;

// What every session sets. Statements are written to run along an index and are planned once per connection: with the
// other join and scan methods switched off, a plan made while a table was still empty stays right when it has grown.
// Where a join could still be turned around, plans are thrown away now and then (see Transaction).
constexpr char kSessionSettings[] = R"(
  set timezone = 'UTC';
  set datestyle = 'ISO, YMD';
  set bytea_output = 'hex';
  set client_min_messages = 'error';
  set statement_timeout = '10min';
  set idle_in_transaction_session_timeout = '10min';
  set plan_cache_mode = 'force_generic_plan';
  set enable_seqscan = off;
  set enable_hashjoin = off;
  set enable_mergejoin = off;
  set jit = off)";

constexpr Statement kSetTenant{"set_tenant", R"(
  select set_config('authledger.tenant_id', $1, true))"};

struct ResultDeleter {
  void operator()(PGresult* result) const { PQclear(result); }
};
using ResultPtr = std::unique_ptr<PGresult, ResultDeleter>;

struct ConnectionDeleter {
  void operator()(PGconn* connection) const { PQfinish(connection); }
};

void ignore_notice(void*, const char*) {}

std::string first_line(const char* text) {
  const std::string_view all = trim(text == nullptr ? "" : text);
  return std::string(all.substr(0, all.find('\n')));
}

// Data exceptions (class 22) quote the refused value in their primary message; it may be a patient's.
[[noreturn]] void throw_error(PGconn* connection, const PGresult* result, const char* what) {
  const char* state = result == nullptr ? nullptr : PQresultErrorField(result, PG_DIAG_SQLSTATE);
  if (state == nullptr) {
    throw DbError("", fmt::format("{}: {}", what, first_line(PQerrorMessage(connection))));
  }
  const std::string sqlstate = state;
  if (sqlstate.starts_with("22")) {
    throw DbError(sqlstate, fmt::format("{}: PostgreSQL refused the form of a value ({})", what, sqlstate));
  }
  const char* message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
  throw DbError(sqlstate, fmt::format("{}: {} ({})", what, message == nullptr ? "failed" : message, sqlstate));
}

bool is_success(const PGresult* result) {
  const ExecStatusType status = PQresultStatus(result);
  return status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK;
}

int64_t integer_from(std::string_view text) {
  int64_t value = 0;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), value);
  AUTHLEDGER_CHECK(end.ec == std::errc() && end.ptr == text.data() + text.size());
  return value;
}

int nibble(char digit) {
  return digit <= '9' ? digit - '0' : digit - 'a' + 10;
}

}  // namespace

bool DbError::is_connection_lost() const {
  return sqlstate_.empty() || sqlstate_.starts_with("08") || sqlstate_ == "57P01" || sqlstate_ == "57P02" ||
         sqlstate_ == "57P03" || sqlstate_ == "25P03";
}

bool DbError::is_retryable() const {
  return sqlstate_ == "40001" || sqlstate_ == "40P01";
}

struct Rows::State {
  ResultPtr result;
};

Rows::Rows(std::unique_ptr<State> state) : state_(std::move(state)) {}
Rows::Rows(Rows&&) noexcept = default;
Rows& Rows::operator=(Rows&&) noexcept = default;
Rows::~Rows() = default;

size_t Rows::size() const {
  return static_cast<size_t>(PQntuples(state_->result.get()));
}

int64_t Rows::affected() const {
  const std::string_view text = PQcmdTuples(state_->result.get());
  return text.empty() ? 0 : integer_from(text);
}

bool Rows::is_null(size_t row, int column) const {
  return PQgetisnull(state_->result.get(), static_cast<int>(row), column) != 0;
}

std::string_view Rows::text(size_t row, int column) const {
  const int at = static_cast<int>(row);
  return {PQgetvalue(state_->result.get(), at, column),
          static_cast<size_t>(PQgetlength(state_->result.get(), at, column))};
}

int64_t Rows::integer(size_t row, int column) const {
  return integer_from(text(row, column));
}
bool Rows::boolean(size_t row, int column) const {
  return text(row, column) == "t";
}

Day Rows::day(size_t row, int column) const {
  const std::optional<Day> day = parse_day(text(row, column));
  AUTHLEDGER_CHECK(day.has_value());
  return *day;
}

// "2026-03-01 04:30:00.123456+00": the session's time zone is UTC.
Instant Rows::instant(size_t row, int column) const {
  const std::string_view value = text(row, column);
  AUTHLEDGER_CHECK(value.size() >= 22 && value.ends_with("+00"));
  const std::optional<Day> day = parse_day(value.substr(0, 10));
  AUTHLEDGER_CHECK(day.has_value());
  int64_t micros = (integer_from(value.substr(11, 2)) * 3600 + integer_from(value.substr(14, 2)) * 60 +
                    integer_from(value.substr(17, 2))) *
                   1'000'000;
  if (value[19] == '.') {
    std::string fraction(value.substr(20, value.size() - 23));
    fraction.resize(6, '0');
    micros += integer_from(fraction);
  }
  return Instant(std::chrono::days(day->number)) + std::chrono::microseconds(micros);
}

std::string Rows::bytes(size_t row, int column) const {
  const std::string_view value = text(row, column);
  if (is_null(row, column)) return {};
  AUTHLEDGER_CHECK(value.starts_with("\\x") && value.size() % 2 == 0);
  std::string out(value.size() / 2 - 1, '\0');
  for (size_t i = 0; i < out.size(); ++i) {
    out[i] = static_cast<char>(nibble(value[2 + 2 * i]) << 4 | nibble(value[3 + 2 * i]));
  }
  return out;
}

Hash Rows::hash(size_t row, int column) const {
  Hash out{};
  const std::string value = bytes(row, column);
  if (value.empty()) return out;
  AUTHLEDGER_CHECK(value.size() == out.size());
  std::copy(value.begin(), value.end(), out.begin());
  return out;
}

std::optional<int64_t> Rows::optional_integer(size_t row, int column) const {
  return is_null(row, column) ? std::nullopt : std::optional(integer(row, column));
}

std::optional<Day> Rows::optional_day(size_t row, int column) const {
  return is_null(row, column) ? std::nullopt : std::optional(day(row, column));
}

std::optional<Instant> Rows::optional_instant(size_t row, int column) const {
  return is_null(row, column) ? std::nullopt : std::optional(instant(row, column));
}

// One dimension, no null elements: {a,"b c","d\"e"}.
std::vector<std::string> Rows::text_array(size_t row, int column) const {
  std::vector<std::string> out;
  const std::string_view value = text(row, column);
  if (value.size() <= 2) return out;
  std::string element;
  bool is_quoted = false;
  for (size_t i = 1; i + 1 < value.size(); ++i) {
    const char byte = value[i];
    if (byte == '\\') {
      element += value[++i];
    } else if (byte == '"') {
      is_quoted = !is_quoted;
    } else if (byte == ',' && !is_quoted) {
      out.push_back(std::move(element));
      element.clear();
    } else {
      element += byte;
    }
  }
  out.push_back(std::move(element));
  return out;
}

struct PgConnection::State {
  std::unique_ptr<PGconn, ConnectionDeleter> connection;
  std::set<std::string, std::less<>> prepared;
  Observer observer;
  uint64_t transactions = 0;

  ResultPtr run_script(const char* sql) {
    ResultPtr result(PQexec(connection.get(), sql));
    if (!is_success(result.get())) throw_error(connection.get(), result.get(), "script");
    return result;
  }
};

PgConnection::PgConnection(const std::string& url) : state_(std::make_unique<State>()) {
  // What stands before dbname can be overridden by the URL; what stands after it cannot.
  const char* const keywords[] = {"connect_timeout",
                                  "keepalives_idle",
                                  "tcp_user_timeout",
                                  "application_name",
                                  "dbname",
                                  "client_encoding",
                                  nullptr};
  const char* const values[] = {"10", "30", "60000", "authledger", url.c_str(), "UTF8", nullptr};
  state_->connection.reset(PQconnectdbParams(keywords, values, 1));
  if (PQstatus(state_->connection.get()) != CONNECTION_OK) {
    throw_error(state_->connection.get(), nullptr, "cannot connect to PostgreSQL");
  }
  PQsetNoticeProcessor(state_->connection.get(), ignore_notice, nullptr);
  execute_script(kSessionSettings);
}

PgConnection::PgConnection(PgConnection&&) noexcept = default;
PgConnection::~PgConnection() = default;

Rows PgConnection::execute(const Statement& statement, const Parameters& parameters) {
  PGconn* const connection = state_->connection.get();
  if (state_->observer) state_->observer(&statement, parameters);
  if (!state_->prepared.contains(std::string_view(statement.name))) {
    const ResultPtr result(PQprepare(connection, statement.name, statement.sql, 0, nullptr));
    if (!is_success(result.get())) throw_error(connection, result.get(), statement.name);
    state_->prepared.emplace(statement.name);
  }
  std::vector<const char*> values;
  values.reserve(parameters.values().size());
  for (const std::optional<std::string>& value : parameters.values()) {
    values.push_back(value ? value->c_str() : nullptr);
  }
  auto rows = std::make_unique<Rows::State>();
  rows->result.reset(
      PQexecPrepared(connection, statement.name, static_cast<int>(values.size()), values.data(), nullptr, nullptr, 0));
  if (!is_success(rows->result.get())) throw_error(connection, rows->result.get(), statement.name);
  return Rows(std::move(rows));
}

void PgConnection::observe(Observer observer) {
  state_->observer = std::move(observer);
}

void PgConnection::execute_script(const std::string& sql) {
  state_->run_script(sql.c_str());
}

Transaction::Transaction(PgConnection& connection, int64_t tenant_id) : connection_(connection), tenant_id_(tenant_id) {
  // Plans made for small tables go: often while they may be growing fast, seldom later.
  const uint64_t count = ++connection_.state_->transactions;
  if (std::has_single_bit(count) || count % 1024 == 0) connection_.execute_script("discard plans");
  if (connection_.state_->observer) connection_.state_->observer(nullptr, {});
  connection_.execute_script("begin isolation level read committed");
  try {
    connection_.execute(kSetTenant, Parameters().integer(tenant_id));
  } catch (const DbError&) {
    PQclear(PQexec(connection_.state_->connection.get(), "rollback"));
    throw;
  }
}

Transaction::~Transaction() {
  // A lost connection has rolled back already; a failed rollback leaves nothing to do here.
  if (is_open_) PQclear(PQexec(connection_.state_->connection.get(), "rollback"));
}

Rows Transaction::execute(const Statement& statement, const Parameters& parameters) {
  return connection_.execute(statement, parameters);
}

void Transaction::commit() {
  is_open_ = false;
  const ResultPtr result = connection_.state_->run_script("commit");
  // PostgreSQL answers ROLLBACK, without an error, when a statement of the transaction had failed.
  if (std::string_view(PQcmdStatus(result.get())) != "COMMIT")
    throw DbError("25P02", "commit: transaction was aborted");
}

void transact(PgConnection& connection, int64_t tenant_id, const std::function<void(Transaction&)>& work) {
  for (int repeat = 0;; ++repeat) {
    try {
      Transaction transaction(connection, tenant_id);
      work(transaction);
      transaction.commit();
      return;
    } catch (const DbError& error) {
      if (!error.is_retryable() || repeat == kTransactionRepeatsMax) throw;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(5 << repeat));
  }
}

}  // namespace authledger
