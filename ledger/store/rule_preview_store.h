#pragma once

#include <span>
#include <string>
#include <vector>

#include "ledger/rollout.h"
#include "ledger/store/pg.h"

namespace authledger {

// What the waiting rules would do to notices of a subject that they do not decide for.
struct NoticePreview {
  int64_t subject_id = 0;
  std::string notice_key;
  NoticeEffect effect = NoticeEffect::appears;
  DesiredNotice notice;  // Kind, severity, text, due day, authorization number.
};
// Replaces the previews of the subjects.
void save_previews(Transaction& transaction, std::span<const int64_t> subject_ids,
                   std::span<const NoticePreview> previews);
// Of the notices that would appear, ordered by subject.
std::vector<NoticePreview> read_previews(Transaction& transaction, std::span<const int64_t> subject_ids);

}  // namespace authledger
