#pragma once

#include <functional>
#include <string>
#include <vector>

#include "ledger/facts.h"
#include "ledger/store/notice_store.h"
#include "ledger/store/subject_store.h"
#include "sync/tenant_session.h"

namespace authledger {

using SubjectVisit = std::function<void(const SubjectName& name, const std::vector<Fact>& facts,
                                        const std::vector<StoredNotice>& notices)>;

// Every subject (or that of one patient, when not empty) with all versions of its facts and its stored notices, read in
// batches; tells its progress as "<what>: 200 of 577 patients". Returns how many there are. Throws DbError.
size_t walk_subjects(TenantSession& session, const std::string& patient, const std::string& what,
                     const SubjectVisit& visit);

}  // namespace authledger
