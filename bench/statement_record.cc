#include "bench/statement_record.h"

#include <chrono>

#include "base/text.h"

namespace authledger {
namespace {

// "insert", "update" or "delete" somewhere: a statement that only reads is no part of the ceiling.
bool writes(const Statement& statement) {
  std::string sql = lower_case(statement.sql);
  return sql.find("insert into") != std::string::npos || sql.find("update ") == sql.find_first_not_of(" \n\t") ||
         sql.find("delete from") != std::string::npos || sql.find("set facts_seq") != std::string::npos ||
         (sql.find("update ") != std::string::npos && sql.find("for update") == std::string::npos);
}

}  // namespace

void StatementRecord::observe(PgConnection& connection) {
  connection.observe([this, open = static_cast<std::vector<Recorded>*>(nullptr)](const Statement* statement,
                                                                                 const Parameters& parameters) mutable {
    std::lock_guard lock(mutex_);
    if (statement == nullptr) {
      open = &transactions_.emplace_back();
    } else if (writes(*statement) && open != nullptr) {
      open->push_back({*statement, parameters});
    }
  });
}

double StatementRecord::replay(PgConnection& connection, int64_t tenant_id) const {
  auto started = std::chrono::steady_clock::now();
  for (const std::vector<Recorded>& recorded : transactions_) {
    if (recorded.empty()) continue;
    Transaction transaction(connection, tenant_id);
    for (const Recorded& one : recorded) transaction.execute(one.statement, one.parameters);
    transaction.commit();
  }
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
}

std::map<std::string, int64_t> StatementRecord::counts() const {
  std::map<std::string, int64_t> counts;
  for (const auto& recorded : transactions_) {
    for (const Recorded& one : recorded) ++counts[one.statement.name];
  }
  return counts;
}

}  // namespace authledger
