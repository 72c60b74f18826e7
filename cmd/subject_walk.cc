#include "cmd/subject_walk.h"

#include <fmt/format.h>

#include <algorithm>

#include "cmd/session.h"
#include "ledger/store/fact_store.h"

namespace authledger {
namespace {

constexpr size_t kSubjectsPerRead = 100;

}  // namespace

size_t walk_subjects(TenantSession& session, const std::string& patient, const std::string& what,
                     const SubjectVisit& visit) {
  std::vector<SubjectName> names;
  transact(session.connection(), session.tenant_id(),
           [&](Transaction& transaction) { names = read_subjects(transaction, patient); });
  TerminalProgress progress;
  for (size_t from = 0; from < names.size(); from += kSubjectsPerRead) {
    const size_t count = std::min(kSubjectsPerRead, names.size() - from);
    std::vector<int64_t> ids;
    for (size_t i = 0; i < count; ++i) ids.push_back(names[from + i].subject_id);
    std::vector<std::vector<Fact>> facts;
    std::vector<std::vector<StoredNotice>> notices;
    transact(session.connection(), session.tenant_id(), [&](Transaction& transaction) {
      facts = read_facts(transaction, ids);
      notices = read_notices_of(transaction, ids);
    });
    for (size_t i = 0; i < count; ++i) visit(names[from + i], facts[i], notices[i]);
    progress(fmt::format("{}: {} of {} patients", what, from + count, names.size()));
  }
  progress.clear();
  return names.size();
}

}  // namespace authledger
