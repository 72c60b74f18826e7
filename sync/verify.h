#pragma once

#include <optional>
#include <span>

#include "ledger/seal.h"
#include "ledger/store/journal_verify.h"
#include "sync/round.h"
#include "sync/tenant_session.h"

// Whether a tenant's journal is what was once posted: its chains, its seals, and an earlier export of seals.

namespace authledger {

struct VerifyReport {
  VerifyCounts counts;
  int64_t seals = 0;
  std::vector<VerifyFault> faults;  // By subject; those of seals last.
};

// Reads the whole journal on `threads` connections of its own. Throws DbError.
VerifyReport verify_journal(TenantSession& session, int threads, const Progress& progress);

// The seals in the database: their chain, their roots, and that the journal still holds what they sealed.
// Adds to the report; an entry that it names already is not named again.
void verify_seals(TenantSession& session, VerifyReport& report);

// Compares with seals that were kept outside of the database: an entry that was rewritten together with its chain, its
// seals and its heads is found here.
class SealComparison {
 public:
  SealComparison(TenantSession& session, VerifyReport& report) : session_(session), report_(report) {}
  void add(const Seal& kept);

 private:
  TenantSession& session_;
  VerifyReport& report_;
  SealChain chain_;
  int64_t compared_ = 0;
};

// Every seal in order. Throws DbError.
void for_each_seal(TenantSession& session, const std::function<void(const Seal&)>& visit);

}  // namespace authledger
