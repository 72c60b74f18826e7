#include "ledger/store/rule_preview_store.h"

#include <array>

namespace authledger {

namespace {

constexpr Statement kDeletePreviews{"delete_previews", R"(
  delete from rule_preview
   where tenant_id = $1
     and subject_id = any($2::bigint[]))"};

constexpr Statement kInsertPreviews{"insert_previews", R"(
  insert into rule_preview (
         tenant_id, subject_id, notice_key, effect, kind, severity, notice_text, due_day, authorization_number)
  select $1, unnest($2::bigint[]), unnest($3::text[]), unnest($4::bigint[]), unnest($5::bigint[]),
         unnest($6::bigint[]), unnest($7::text[]), unnest($8::date[]), unnest($9::text[]))"};

constexpr Statement kReadPreviews{"read_previews", R"(
  select subject_id, notice_key, effect, kind, severity, notice_text, due_day, authorization_number
    from rule_preview
   where tenant_id = $1
     and subject_id = any($2::bigint[])
     and effect = 1
   order by subject_id, kind, notice_key)"};

}  // namespace

void save_previews(Transaction& transaction, std::span<const int64_t> subject_ids,
                   std::span<const NoticePreview> previews) {
  transaction.execute(kDeletePreviews, Parameters().integer(transaction.tenant_id()).integer_array(subject_ids));
  if (previews.empty()) return;
  std::array<ArrayBuilder, 8> columns;
  for (const NoticePreview& preview : previews) {
    columns[0].integer(preview.subject_id);
    columns[1].text(preview.notice_key);
    columns[2].integer(static_cast<int64_t>(preview.effect));
    columns[3].integer(static_cast<int64_t>(preview.notice.kind));
    columns[4].integer(preview.notice.severity);
    columns[5].text(preview.notice.text);
    columns[6].optional_day(preview.notice.due_day);
    columns[7].optional_text(preview.notice.authorization_number);
  }
  Parameters parameters;
  parameters.integer(transaction.tenant_id());
  for (ArrayBuilder& column : columns) column.add_to(parameters);
  transaction.execute(kInsertPreviews, parameters);
}

std::vector<NoticePreview> read_previews(Transaction& transaction, std::span<const int64_t> subject_ids) {
  std::vector<NoticePreview> previews;
  const Rows rows =
      transaction.execute(kReadPreviews, Parameters().integer(transaction.tenant_id()).integer_array(subject_ids));
  for (size_t row = 0; row < rows.size(); ++row) {
    NoticePreview preview;
    preview.subject_id = rows.integer(row, 0);
    preview.notice_key = rows.string(row, 1);
    preview.effect = static_cast<NoticeEffect>(rows.integer(row, 2));
    preview.notice.kind = static_cast<NoticeKind>(rows.integer(row, 3));
    preview.notice.severity = static_cast<int>(rows.integer(row, 4));
    preview.notice.text = rows.string(row, 5);
    preview.notice.due_day = rows.optional_day(row, 6);
    preview.notice.authorization_number = rows.string(row, 7);
    previews.push_back(std::move(preview));
  }
  return previews;
}

}  // namespace authledger
