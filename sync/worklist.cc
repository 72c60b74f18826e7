#include "sync/worklist.h"

#include <algorithm>
#include <fstream>
#include <mutex>
#include <sstream>

#include "base/private_file.h"
#include "base/text.h"
#include "ledger/store/notice_store.h"

namespace authledger {
namespace {

struct Cell {
  std::string text;
  bool is_number = false;
};

std::string line_of(const std::vector<Cell>& cells) {
  std::vector<std::string> fields;
  fields.reserve(cells.size());
  for (const Cell& cell : cells) fields.push_back(csv_field(cell.text, cell.is_number));
  return join(fields, ",") + "\n";
}

bool is_for_worklist(const StoredNotice& notice, const DeliveryConfig& delivery) {
  if (notice.channel == kWorklist) return true;
  const std::vector<std::string> channels =
      channels_for(delivery.channels, word_of(notice.record.kind), word_of(notice.record.role));
  return std::find(channels.begin(), channels.end(), kWorklist) != channels.end();
}

std::string csv_of(const std::vector<NoticeRowStored>& rows, const DeliveryConfig& delivery) {
  std::string text = "key,kind,severity,patient,authorization_number,text,due_day,role,owner,since\n";
  for (const auto& [notice, patient] : rows) {
    if (!is_for_worklist(notice, delivery)) continue;
    const DesiredNotice& desired = *notice.desired;  // read_worklist gives open ones only.
    text += line_of({{notice.record.notice_key},
                     {std::string(word_of(desired.kind))},
                     {std::to_string(desired.severity), true},
                     {patient},
                     {desired.authorization_number},
                     {desired.text},
                     {desired.due_day ? format_day(*desired.due_day) : ""},
                     {std::string(word_of(desired.role))},
                     {desired.owner},
                     {format_instant(notice.record.opened_at)}});
  }
  return text;
}

bool holds(const std::string& file, const std::string& text) {
  std::ifstream in(file, std::ios::binary);
  std::ostringstream found;
  found << in.rdbuf();
  return in && found.str() == text;
}

}  // namespace

Outcome write_worklist(PgConnection& connection, int64_t tenant_id, const DeliveryConfig& delivery) {
  // The full and the woken rounds of a process write the same file.
  static std::mutex one_at_a_time;
  const std::lock_guard lock(one_at_a_time);
  std::string text;
  transact(connection, tenant_id,
           [&](Transaction& transaction) { text = csv_of(read_worklist(transaction), delivery); });
  if (holds(delivery.worklist_file, text)) return Done{};
  auto fresh = PrivateFile::create(delivery.worklist_file);
  if (!fresh) return fresh.error();
  fresh->write(text);
  return fresh->finish();
}

}  // namespace authledger
