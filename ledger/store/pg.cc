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
#include "ledger/store/pg_result.h"

namespace authledger {

namespace {

constexpr int kTransactionRepeatsMax = 5;

// What every session sets. Statements are written to run along an index and are planned once per connection: with the
// other join and scan methods switched off, a plan made while a table was still empty stays right when it has grown.
// Where a join could still be turned around, plans are thrown away now and then (see Transaction).
constexpr char kSessionSettings[] = R"(
  set timezone = 'UTC';
  set datestyle = 'ISO, YMD';
  set client_min_messages = 'error';
  set statement_timeout = '10min';
  set idle_in_transaction_session_timeout = '10min';
  set plan_cache_mode = 'force_generic_plan';
  set enable_seqscan = off;
  set enable_hashjoin = off;
  set enable_mergejoin = off;
  set jit = off)";

constexpr int kTextFormat = 0;
constexpr int kBinaryFormat = 1;

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

}  // namespace

bool DbError::is_connection_lost() const {
  return sqlstate_.empty() || sqlstate_.starts_with("08") || sqlstate_ == "57P01" || sqlstate_ == "57P02" ||
         sqlstate_ == "57P03" || sqlstate_ == "25P03";
}

bool DbError::is_retryable() const {
  return sqlstate_ == "40001" || sqlstate_ == "40P01";
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
  const size_t count = parameters.values().size();
  std::vector<const char*> values(count);
  std::vector<int> lengths(count), formats(count);
  for (size_t i = 0; i < count; ++i) {
    const Parameters::Value& value = parameters.values()[i];
    values[i] = value.bytes ? value.bytes->c_str() : nullptr;
    lengths[i] = value.bytes ? static_cast<int>(value.bytes->size()) : 0;
    formats[i] = value.is_binary ? kBinaryFormat : kTextFormat;
  }
  ResultPtr result(PQexecPrepared(connection, statement.name, static_cast<int>(count), values.data(), lengths.data(),
                                  formats.data(), kBinaryFormat));
  if (!is_success(result.get())) throw_error(connection, result.get(), statement.name);
  return rows_from(std::move(result));
}

void PgConnection::observe(Observer observer) {
  state_->observer = std::move(observer);
}

void PgConnection::execute_script(const std::string& sql) {
  state_->run_script(sql.c_str());
}

void PgConnection::copy_in(const std::string& sql, const std::function<void(std::string& block)>& next) {
  PGconn* const connection = state_->connection.get();
  const ResultPtr begun(PQexec(connection, sql.c_str()));
  if (PQresultStatus(begun.get()) != PGRES_COPY_IN) throw_error(connection, begun.get(), "copy");
  for (std::string block;; block.clear()) {
    next(block);
    if (block.empty()) break;
    if (PQputCopyData(connection, block.data(), static_cast<int>(block.size())) != 1) break;
  }
  PQputCopyEnd(connection, nullptr);
  ResultPtr failed;
  while (ResultPtr result{PQgetResult(connection)}) {
    if (!is_success(result.get())) failed = std::move(result);
  }
  if (failed || PQstatus(connection) != CONNECTION_OK) throw_error(connection, failed.get(), "copy");
}

Transaction::Transaction(PgConnection& connection, int64_t tenant_id) : connection_(connection), tenant_id_(tenant_id) {
  // Plans made for small tables go: often while they may be growing fast, seldom later.
  const uint64_t count = ++connection_.state_->transactions;
  if (std::has_single_bit(count) || count % 1024 == 0) connection_.execute_script("discard plans");
  if (connection_.state_->observer) connection_.state_->observer(nullptr, {});
  try {
    connection_.execute_script(
        fmt::format("begin isolation level read committed; set local authledger.tenant_id = {}", tenant_id));
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
