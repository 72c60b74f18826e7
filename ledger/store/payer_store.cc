#include "ledger/store/payer_store.h"

#include "ledger/store/subject_store.h"

namespace authledger {

namespace {

// Payers are few and facts are many: each step of the recursion is one descent of fact_coverage_payer or
// fact_authorization_line_payer to the next payer.
constexpr Statement kReadPayers{"read_payers", R"(
  with recursive covering as (
         (select source, payer from fact_coverage
           where tenant_id = $1 order by source, payer limit 1)
         union all
         select next.source, next.payer
           from covering
          cross join lateral (
                select source, payer from fact_coverage
                 where tenant_id = $1 and (source, payer) > (covering.source, covering.payer)
                 order by source, payer limit 1) as next),
       answering as (
         (select source, payer from fact_authorization_line
           where tenant_id = $1 order by source, payer limit 1)
         union all
         select next.source, next.payer
           from answering
          cross join lateral (
                select source, payer from fact_authorization_line
                 where tenant_id = $1 and (source, payer) > (answering.source, answering.payer)
                 order by source, payer limit 1) as next)
  select alias.source, alias.patient, alias.subject_id
    from (select source, payer from covering union select source, payer from answering) as named
    join subject_alias as alias
      on alias.tenant_id = $1
     and alias.source = named.source
     and alias.patient = named.payer collate "C"
   where alias.patient like 'Organization/%'
   order by alias.source, alias.patient)"};

}  // namespace

std::vector<PayerOrganization> read_payer_organizations(PgConnection& connection, int64_t tenant_id) {
  std::vector<PayerOrganization> organizations;
  transact(connection, tenant_id, [&](Transaction& transaction) {
    organizations.clear();
    const Rows rows = transaction.execute(kReadPayers, Parameters().integer(tenant_id));
    std::vector<int64_t> subject_ids;
    for (size_t row = 0; row < rows.size(); ++row) subject_ids.push_back(rows.integer(row, 2));
    const std::vector<std::vector<Fact>> facts = read_facts(transaction, subject_ids);
    for (size_t row = 0; row < rows.size(); ++row) {
      for (const Fact& fact : current_facts(facts[row])) {
        const auto* says = std::get_if<OrganizationFact>(&fact.body);
        if (says == nullptr) continue;
        organizations.push_back({rows.string(row, 0), rows.string(row, 1), says->display, says->identifiers});
      }
    }
  });
  return organizations;
}

}  // namespace authledger
