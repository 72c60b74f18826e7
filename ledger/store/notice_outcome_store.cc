#include "ledger/store/notice_outcome_store.h"

namespace authledger {

namespace {

constexpr Statement kCountEndings{"count_notice_endings", R"(
  select kind, is_open and not is_closed_by_person, resolved_by, person_status, count(*)
    from notice
   where tenant_id = $1
     and remote_id <> ''
     and kind <> $2
   group by 1, 2, 3, 4
   order by 1, 2, 3, 4)"};

}  // namespace

std::vector<NoticeEndings> count_notice_endings(Transaction& transaction) {
  Parameters parameters;
  parameters.integer(transaction.tenant_id()).integer(static_cast<int64_t>(NoticeKind::utilization));
  const Rows rows = transaction.execute(kCountEndings, parameters);
  std::vector<NoticeEndings> endings;
  for (size_t row = 0; row < rows.size(); ++row) {
    endings.push_back({static_cast<NoticeKind>(rows.integer(row, 0)), rows.boolean(row, 1),
                       resolution_from(rows.text(row, 2)).value_or(Resolution::none), rows.string(row, 3),
                       rows.integer(row, 4)});
  }
  return endings;
}

}  // namespace authledger
