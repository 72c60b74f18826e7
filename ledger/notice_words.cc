#include "ledger/notice_words.h"

#include <fmt/format.h>

#include <algorithm>

namespace authledger {
namespace {

std::string end_words(const AuthorizationLine& line, Day today) {
  if (line.usable_through) return fmt::format(", cancelled from {}.", format_day(*line.usable_through + 1));
  if (!line.last_day) return ", no end date.";
  if (*line.last_day < today) return fmt::format(", ended {}.", format_day(*line.last_day));
  if (line.first_day && *line.first_day > today) {
    return fmt::format(", from {} to {}.", format_day(*line.first_day), format_day(*line.last_day));
  }
  return fmt::format(", ends {}.", format_day(*line.last_day));
}

}  // namespace

std::optional<Day> end_of(const AuthorizationLine& line) {
  if (line.usable_through && line.last_day) return std::min(*line.usable_through, *line.last_day);
  return line.usable_through ? line.usable_through : line.last_day;
}

bool has_ended(const AuthorizationLine& line, Day today) {
  const std::optional<Day> end = end_of(line);
  return end && *end < today;
}

std::string authorization_topic(const AuthorizationLine& line) {
  const std::string tail = "/" + line.line;
  return line.book.ends_with(tail) ? line.book.substr(0, line.book.size() - tail.size()) : line.book;
}

std::string measure_noun(Quantity count, Measure measure) {
  const bool is_one = count == Quantity::of_units(1);
  switch (measure) {
    case Measure::visit:
      return is_one ? "visit" : "visits";
    case Measure::day:
      return is_one ? "day" : "days";
    case Measure::unit_15_minutes:
      return is_one ? "unit of 15 minutes" : "units of 15 minutes";
    case Measure::hour:
      return is_one ? "hour" : "hours";
    case Measure::other:
    case Measure::unknown:
      break;
  }
  return is_one ? "unit" : "units";
}

std::string counted(Quantity count, Measure measure) {
  return fmt::format("{} {}", format_quantity(count), measure_noun(count, measure));
}

std::string utilization_sentence(const AuthorizationLine& line, const LineBalance& balance, Day today) {
  std::string text = balance.approved ? fmt::format("{} of {} used", format_quantity(balance.used),
                                                    counted(*balance.approved, line.measure))
                                      : fmt::format("{} used", counted(balance.used, line.measure));
  if (balance.reserved.is_positive()) text += fmt::format(", {} booked", format_quantity(balance.reserved));
  if (balance.lapsed && balance.lapsed->is_positive())
    text += fmt::format(", {} lapsed", format_quantity(*balance.lapsed));
  if (!balance.approved) {
    // An approval with changes has a limit that the payer did not state; a plain one covers what falls in its days.
    const bool is_changed = line.decision == Decision::approved_in_part || line.decision == Decision::approved_modified;
    text += is_changed ? ", authorized units not stated" : ", no unit limit";
  }
  return text + end_words(line, today);
}

std::string pending_sentence(const AuthorizationLine& line, const TimeZone& zone) {
  if (!line.requested_at) return "Authorization requested, decision pending.";
  return fmt::format("Authorization requested {}, decision pending.", format_day(zone.day_of(*line.requested_at)));
}

std::string line_name(const AuthorizationLine& line, bool has_other_lines) {
  std::string name =
      line.authorization_number.empty() ? "the authorization" : "authorization " + line.authorization_number;
  return has_other_lines ? fmt::format("{}, line {}", name, line.line) : name;
}

std::string uncovered_words(UncoveredReason reason, const AuthorizationLine* nearest) {
  switch (reason) {
    case UncoveredReason::none:
    case UncoveredReason::no_authorization:
      return "no authorization is on file";
    case UncoveredReason::payer_mismatch:
      return "the authorization on file is from another payer";
    case UncoveredReason::member_mismatch:
      return "the authorization on file is for another member of the plan";
    case UncoveredReason::code_mismatch:
      return "the authorization on file is for another service";
    case UncoveredReason::provider_mismatch:
      return "the authorization on file names another provider";
    case UncoveredReason::place_mismatch:
      return "the authorization on file names another place";
    case UncoveredReason::measure_mismatch:
      return "the authorization on file counts in another unit";
    case UncoveredReason::modifier_mismatch:
    case UncoveredReason::diagnosis_mismatch:
      return "the authorization on file does not fit this service";
    case UncoveredReason::telehealth_not_covered:
      return "the payer does not cover a visit at this place";
    case UncoveredReason::credentialing:
      return "the provider is not enrolled with the payer on that day; this is not about the authorization";
    case UncoveredReason::provider_type_excluded:
      return "the payer does not cover this type of provider";
    case UncoveredReason::pended:
      return "the payer's decision is pending";
    case UncoveredReason::denied:
      return "the authorization was denied";
    case UncoveredReason::cancelled:
      return "the authorization was cancelled";
    case UncoveredReason::not_started:
      return nearest && nearest->first_day ? "the authorization starts " + format_day(*nearest->first_day)
                                           : "the authorization starts later";
    case UncoveredReason::expired:
      return nearest && nearest->last_day ? "the authorization ended " + format_day(*nearest->last_day)
                                          : "the authorization had ended";
    case UncoveredReason::coverage_ended:
      return "the coverage had ended";
    case UncoveredReason::exhausted:
      return "all authorized units were used";
    case UncoveredReason::rate_exceeded:
      return "it exceeds what is authorized per period";
    case UncoveredReason::benefit_exhausted:
      return "the benefit is used up";
    case UncoveredReason::amount_exhausted:
      return "the authorized amount is used up";
  }
  return "no authorization is on file";
}

std::string with_capital(std::string sentence) {
  if (!sentence.empty() && sentence[0] >= 'a' && sentence[0] <= 'z')
    sentence[0] = static_cast<char>(sentence[0] - 'a' + 'A');
  return sentence;
}

}  // namespace authledger
