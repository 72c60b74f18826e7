// 42 CFR Part 2: what stands in an EHR where many see it must not tell what kind of care somebody gets.

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "adapters/render.h"
#include "base/text.h"
#include "ledger/notice_closing.h"

namespace authledger {
namespace {

Day day(const char* text) {
  return *parse_day(text);
}

constexpr const char* kCareWords[] = {
    "behavioral", "behavioural", "mental",  "psychiatric", "psychiatry", "psychotherapy", "therapy", "substance",
    "alcohol",    "opioid",      "drug",    "addiction",   "detox",      "rehab",         "crisis",  "treatment",
    "hospital",   "inpatient",   "counsel", "intensive",   "disorder",   "diagnosis",     "group",   "residential",
    "iop",        "php",         "F10",     "F32",         "Evening"};

// Words of letters and digits, in lower case.
std::set<std::string> words_of(const std::string& text) {
  std::set<std::string> words;
  std::string word;
  for (const char c : text + " ") {
    if (std::isalnum(static_cast<unsigned char>(c))) {
      word += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    } else if (!word.empty()) {
      words.insert(std::exchange(word, ""));
    }
  }
  return words;
}

std::set<std::string> forbidden() {
  const Rules rules = shipped_rules();
  std::set<std::string> words;
  const auto add = [&words](const std::string& text) { words.merge(words_of(text)); };
  for (const char* word : kCareWords) add(word);
  for (const auto& [code, rule] : rules.codes) add(code);
  for (const ProgramRule& program : rules.programs) add(program.program);
  words.erase("day");  // Of day_treatment: a unit too.
  return words;
}

// A patient of whom every word that must not be told is known.
struct Chart {
  Consolidated subject;
  Allocation allocation;
  Rules rules = shipped_rules();
  Day today = day("2026-10-20");

  Chart() {
    rules.notices.recipients["update_due"] = {Role::clinician};
    rules.notices.roles[Role::patient].has_consent = true;
    BenefitRule benefit;
    benefit.name = "iop days of opioid treatment";
    benefit.quantity = Quantity::of_units(20);
    benefit.measure = "day";
    for (const BenefitPeriod per : {BenefitPeriod::lifetime, BenefitPeriod::calendar_year}) {
      benefit.per = per;
      benefit.name += " again";
      rules.benefits.push_back(benefit);
      for (const int used : {20, 19}) {
        allocation.benefits.push_back({benefit.name,
                                       per == BenefitPeriod::lifetime ? std::nullopt : std::optional(day("2026-01-01")),
                                       benefit.quantity, Quantity::of_units(used), Quantity()});
      }
    }
  }

  AuthorizationLine& add(const std::string& number, Decision decision) {
    AuthorizationLine line;
    line.book = "Organization/payer/" + number + "/1";
    line.payer = "Organization/" + number;  // No line stands in for another.
    line.payer_display = "Opioid Treatment Payer";
    line.authorization_number = number;
    line.line = "1";
    line.decision = decision;
    line.is_usable = decision == Decision::approved || decision == Decision::approved_in_part;
    line.service_codes = {"H0015", "0906", "90837"};
    line.program = "iop";
    line.place = "residential";
    line.diagnosis_codes = {"F10.20"};
    line.provider = "Organization/detox";
    line.first_day = day("2026-07-01");
    line.last_day = day("2026-10-31");
    line.requested_at = parse_instant("2026-07-01T10:00:00Z");
    line.approved = Quantity::of_units(12);
    line.payer_used_quantity = Quantity::of_units(12);
    line.measure = static_cast<Measure>(subject.lines.size() % 6 + 1);
    line.sources = {{"ehr", "ClaimResponse/r" + std::to_string(subject.lines.size()), 1, "pas"}};
    subject.lines.push_back(line);
    subject.conflicts.push_back({line.book, "", "days"});
    return subject.lines.back();
  }

  void add_visit(UncoveredReason reason, ServiceState state) {
    Service service;
    service.key = "Encounter/e" + std::to_string(subject.services.size());
    service.day = day("2026-10-01");
    service.state = state;
    service.service_codes = {"H0015"};
    service.program = "iop";
    service.place = "Evening Detox House";
    service.provider = "Practitioner/p1";
    service.quantity = Quantity::of_units(2);
    service.measure = Measure::hour;
    service.sources = {{"ehr", service.key, 1, "encounter"}};
    subject.services.push_back(service);
    allocation.uncovered.push_back({service.key, "H0015", Quantity::of_units(1), Measure::hour,
                                    state == ServiceState::rendered, reason, subject.lines.front().book});
  }
};

Chart full_chart() {
  Chart chart;
  for (int count = 0; count <= 12; ++count) {
    AuthorizationLine& line = chart.add("A" + std::to_string(count), Decision::approved);
    const Quantity used = Quantity::of_units(count);
    chart.allocation.balances[line.book] = {line.approved, *line.approved - used, Quantity(), Quantity(), used};
  }
  for (int decision = 1; decision <= 8; ++decision) {
    chart.add("D" + std::to_string(decision), static_cast<Decision>(decision));
  }
  for (int reason = 1; reason <= 19; ++reason) {
    chart.add_visit(static_cast<UncoveredReason>(reason), ServiceState::rendered);
    chart.add_visit(static_cast<UncoveredReason>(reason), ServiceState::planned);
  }
  UnsubmittedOrder order;
  order.source = {"ehr", "ServiceRequest/o1", 1, "service_request"};
  order.ordered_on = day("2026-10-01");
  order.due_on = day("2026-10-03");
  chart.subject.unsubmitted.push_back(order);
  chart.subject.lines.front().letters.push_back({{"ehr", "DocumentReference/letter", 1, "document_reference"},
                                                 "current",
                                                 {{"https://ehr.example/Binary/detox-letter", "c2hhMQ=="}},
                                                 LetterChange{"c2hhMQ==", parse_instant("2026-10-12T09:00:00Z")}});
  return chart;
}

void expect_silent(const std::string& text) {
  static const std::set<std::string> kForbidden = forbidden();
  // "diagnosis codes" names a part of a request that is missing, whatever the care.
  for (const std::string& word : words_of(replace_all(text, "diagnosis codes", "")))
    EXPECT_FALSE(kForbidden.contains(word)) << word << " in: " << text;
}

TEST(NoticeWording, NothingThatIsWrittenToAnEhrTellsTheKindOfCare) {
  const Chart chart = full_chart();
  const Policy policy = make_policy(1, chart.rules).value();
  std::set<NoticeKind> kinds;
  for (const char* today : {"2026-10-20", "2026-10-31", "2026-11-10"}) {
    for (const DesiredNotice& notice : desired_notices(chart.subject, chart.allocation, policy, day(today))) {
      kinds.insert(notice.kind);
      expect_silent(notice.text);
      const RenderContext context{.identifier_system = "urn:authledger:clinic",
                                  .owner = "Organization/queue",
                                  .patient = "Patient/p1",
                                  .source = "ehr"};
      for (const std::string& channel : channel_words()) {
        const bool is_for_staff = channel != "Communication" && channel != kWorklist;
        if (channel == kWorklist || (is_for_staff && notice.kind == NoticeKind::benefit_for_patient)) continue;
        expect_silent(render_new({channel}, notice, "key", context));
      }
    }
  }
  for (int kind = 1; kind <= 14; ++kind) {
    EXPECT_TRUE(kinds.contains(static_cast<NoticeKind>(kind))) << word_of(static_cast<NoticeKind>(kind));
  }
}

TEST(NoticeWording, NorDoesTheReasonWithWhichANoticeCloses) {
  const Chart chart = full_chart();
  const Policy policy = make_policy(1, chart.rules).value();
  std::set<std::string> reasons;
  for (const DesiredNotice& notice : desired_notices(chart.subject, chart.allocation, policy, chart.today)) {
    NoticeRecord record;
    record.topic = notice.topic;
    record.kind = notice.kind;
    for (const char* today : {"2026-10-01", "2026-10-20", "2026-11-10", "2027-02-01"}) {
      reasons.insert(closing_of(record, chart.subject, chart.allocation, policy, day(today)).reason);
    }
    reasons.insert(closing_of(record, {}, {}, policy, chart.today).reason);
    reasons.insert(general_close_reason(notice.kind));
  }
  EXPECT_GE(reasons.size(), 20U);
  for (const std::string& reason : reasons) expect_silent(reason);
}

}  // namespace
}  // namespace authledger
