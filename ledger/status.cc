#include "ledger/status.h"

#include <algorithm>

#include "base/check.h"
#include "ledger/bands.h"

namespace authledger {

std::string_view word_of(Window window) {
  switch (window) {
    case Window::upcoming:
      return "upcoming";
    case Window::open:
      return "open";
    case Window::closed:
      return "closed";
  }
  AUTHLEDGER_CHECK(false);
}

std::string_view word_of(Supply supply) {
  switch (supply) {
    case Supply::untouched:
      return "untouched";
    case Supply::drawn:
      return "drawn";
    case Supply::low:
      return "low";
    case Supply::exhausted:
      return "exhausted";
    case Supply::overdrawn:
      return "overdrawn";
    case Supply::unknown:
      return "unknown";
  }
  AUTHLEDGER_CHECK(false);
}

Window window_of(const AuthorizationLine& line, Day today) {
  if (line.last_day && today > *line.last_day) return Window::closed;
  if (line.first_day && today < *line.first_day) return Window::upcoming;
  return Window::open;
}

Supply supply_of(const AuthorizationLine& line, const LineBalance& balance, const Policy& policy) {
  if (!balance.approved || line.measure == Measure::unknown) return Supply::unknown;
  const Quantity drawn = balance.used + balance.reserved;
  const Quantity left = *balance.approved - drawn;
  const bool is_payer_over = line.payer_used_quantity && *line.payer_used_quantity > *balance.approved;
  if (left < Quantity() || is_payer_over) return Supply::overdrawn;
  if (left.is_zero()) return Supply::exhausted;
  if (drawn.is_zero()) return Supply::untouched;
  const bool is_low = unit_bands_reached(bands_of(line, policy.rules), left, *balance.approved) > 0;
  return is_low ? Supply::low : Supply::drawn;
}

namespace {

std::vector<std::string> source_texts(const std::vector<Provenance>& sources) {
  std::vector<std::string> texts;
  for (const Provenance& source : sources) texts.push_back(source.source + ":" + source.resource);
  return texts;
}

std::vector<std::string> letter_texts(const std::vector<Letter>& letters) {
  std::vector<std::string> texts;
  for (const Letter& letter : letters) {
    std::string text = letter.source.source + ":" + letter.source.resource;
    for (const Attachment& attachment : letter.attachments) {
      for (const std::string& part : {attachment.url, attachment.hash}) {
        if (!part.empty()) text += " " + part;
      }
    }
    texts.push_back(std::move(text));
  }
  return texts;
}

const AuthorizationLine* find_line(const Consolidated& subject, const std::string& book) {
  const auto found =
      std::lower_bound(subject.lines.begin(), subject.lines.end(), book,
                       [](const AuthorizationLine& line, const std::string& name) { return line.book < name; });
  return found != subject.lines.end() && found->book == book ? &*found : nullptr;
}

}  // namespace

std::vector<AuthorizationRow> authorization_rows(const Consolidated& subject, const Allocation& allocation,
                                                 const Policy& policy, Day today) {
  std::vector<AuthorizationRow> rows;
  for (const AuthorizationLine& line : subject.lines) {
    const LineBalance& balance = allocation.balances.at(line.book);
    AuthorizationRow row;
    row.patient = subject.patient;
    row.payer = line.payer;
    row.payer_display = line.payer_display;
    row.authorization_number = line.authorization_number;
    row.line = line.line;
    row.service_codes = line.service_codes;
    row.measure = line.measure;
    row.decision = line.decision;
    row.window = window_of(line, today);
    row.supply = supply_of(line, balance, policy);
    row.first_day = line.first_day;
    row.last_day = line.last_day;
    row.approved = balance.approved;
    row.available = balance.available;
    row.lapsed = balance.lapsed;
    row.reserved = balance.reserved;
    row.used = balance.used;
    row.sources = source_texts(line.sources);
    row.letters = letter_texts(line.letters);
    row.book = line.book;
    rows.push_back(std::move(row));
  }
  return rows;
}

std::vector<ServiceRow> service_rows(const Consolidated& subject, const Allocation& allocation) {
  std::vector<ServiceRow> rows;
  for (const Service& service : subject.services) {
    ServiceRow row;
    row.key = service.key;
    row.sources = source_texts(service.sources);
    row.patient = subject.patient;
    row.day = service.day;
    row.state = service.state;
    row.service_codes = service.service_codes;
    row.quantity = service.quantity;
    row.measure = service.measure;
    for (const Draw& draw : allocation.draws) {
      if (draw.service_key != service.key) continue;
      const AuthorizationLine* line = find_line(subject, draw.book);
      if (line != nullptr) row.covered_by.push_back({line->authorization_number, line->line, draw.quantity, draw.rule});
    }
    for (const UncoveredService& uncovered : allocation.uncovered) {
      if (uncovered.service_key != service.key) continue;
      row.uncovered = uncovered.quantity;
      row.reason = uncovered.reason;
      row.exposure = uncovered.amount;
      row.currency = uncovered.currency;
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace authledger
