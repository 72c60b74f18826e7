#pragma once

#include <string>
#include <vector>

#include "ledger/notices.h"
#include "ledger/store/pg.h"

namespace authledger {

// Notices that reached the EHR, of one kind and one ending: counted in the database, since there are many.
struct NoticeEndings {
  NoticeKind kind = NoticeKind::utilization;
  bool is_open = false;
  Resolution resolution = Resolution::none;
  std::string person_status;
  int64_t count = 0;
};
// Ordered by kind. Flags are left out: they state, and ask nobody for anything.
std::vector<NoticeEndings> count_notice_endings(Transaction& transaction);

}  // namespace authledger
