#include "cmd/notice_precision.h"

#include <fmt/format.h>

#include <iostream>
#include <map>

#include "cmd/commands.h"
#include "ledger/store/notice_outcome_store.h"

namespace authledger {
namespace {

struct Tally {
  int64_t open = 0, acted = 0, came_true = 0, unneeded = 0, not_known = 0;

  void add(const NoticeEndings& endings) {
    if (endings.is_open) {
      open += endings.count;
      return;
    }
    const auto outcome = outcome_of(endings.resolution, endings.person_status);
    (!outcome                               ? not_known
     : *outcome == NoticeOutcome::acted     ? acted
     : *outcome == NoticeOutcome::came_true ? came_true
                                            : unneeded) += endings.count;
  }
};

// Nothing where nothing is known: a share of none is no number.
OutputCell share_of(const Tally& tally) {
  const int64_t known = tally.acted + tally.came_true + tally.unneeded;
  if (known == 0) return {};
  return OutputCell::of_number(
      fmt::format("{:.1f}", 100.0 * static_cast<double>(tally.acted + tally.came_true) / static_cast<double>(known)));
}

void add_row(RowWriter& rows, std::string_view kind, const Tally& tally) {
  rows.add({OutputCell::of_text(kind), OutputCell::of_integer(tally.open), OutputCell::of_integer(tally.acted),
            OutputCell::of_integer(tally.came_true), OutputCell::of_integer(tally.unneeded),
            OutputCell::of_integer(tally.not_known), share_of(tally)});
}

}  // namespace

int print_notice_precision(TenantSession& session, Format format) {
  std::vector<NoticeEndings> endings;
  transact(session.connection(), session.tenant_id(),
           [&](Transaction& transaction) { endings = count_notice_endings(transaction); });
  std::map<NoticeKind, Tally> by_kind;
  Tally all;
  for (const NoticeEndings& each : endings) {
    by_kind[each.kind].add(each);
    all.add(each);
  }
  RowWriter rows(std::cout, format,
                 {"kind", "open", "acted", "came_true", "unneeded", "not_known", "precision_percent"});
  for (const auto& [kind, tally] : by_kind) add_row(rows, word_of(kind), tally);
  add_row(rows, "all", all);
  rows.finish();
  return kExitDone;
}

}  // namespace authledger
