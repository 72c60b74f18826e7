#include "adapters/prior_auth_normalize.h"

#include <gtest/gtest.h>

namespace authledger {
namespace {

ReviewAction action(const std::string& code) {
  if (code == "A1") return {code, Decision::approved};
  if (code == "A2") return {code, Decision::approved_in_part};
  if (code == "A3") return {code, Decision::denied};
  if (code == "A4" || code == "CT") return {code, Decision::pended};
  if (code == "A6") return {code, Decision::approved_modified};
  if (code == "C") return {code, Decision::cancelled};
  if (code == "NA") return {code, Decision::not_required};
  return {code, std::nullopt};
}

AnsweredItem item(const std::string& sequence, const std::string& code) {
  AnsweredItem item;
  item.element_path = "ClaimResponse.item[0]";
  item.sequences = {sequence};
  if (!code.empty()) item.actions = {action(code)};
  item.service_codes = {"90837"};
  return item;
}

AnsweredItem added(std::vector<std::string> sequences, const std::string& code) {
  AnsweredItem added = item("", code);
  added.element_path = "ClaimResponse.addItem[0]";
  added.sequences = std::move(sequences);
  added.service_codes = {"90834"};
  return added;
}

PayerAnswer answer(std::vector<AnsweredItem> items, std::vector<AnsweredItem> add_items = {}) {
  PayerAnswer answer;
  answer.element_path = "ClaimResponse";
  answer.patient = "Patient/p1";
  answer.status = "active";
  answer.outcome = "complete";
  answer.items = std::move(items);
  answer.add_items = std::move(add_items);
  return answer;
}

Quantity units(int64_t count) {
  return Quantity::of_units(count);
}

TEST(PriorAuthNormalize, TakesTheDecisionOfEachItemAndNeverOfTheOutcome) {
  PayerAnswer mixed =
      answer({item("1", "A1"), item("2", "A4"), item("3", "A3"), item("4", "NA"), item("5", "C"), item("6", "CT")});
  mixed.outcome = "queued";
  Issues issues;
  const auto lines = normalize_prior_auth(mixed, issues).lines;
  ASSERT_EQ(lines.size(), 6u);
  EXPECT_EQ(lines[0].decision, Decision::approved);
  EXPECT_EQ(lines[1].decision, Decision::pended);
  EXPECT_EQ(lines[2].decision, Decision::denied);
  EXPECT_EQ(lines[3].decision, Decision::not_required);
  EXPECT_EQ(lines[4].decision, Decision::cancelled);
  EXPECT_EQ(lines[5].decision, Decision::pended);
  EXPECT_TRUE(issues.empty());
}

TEST(PriorAuthNormalize, LetsTheAddedItemSayWhatAModifiedApprovalAuthorizes) {
  AnsweredItem modified = item("1", "A6");
  modified.quantity = units(12);
  modified.first_day = day_of(2026, 1, 1);
  modified.last_day = day_of(2026, 12, 31);
  AnsweredItem authorized = added({"1"}, "A1");
  authorized.quantity = units(8);
  authorized.measure = Measure::visit;
  authorized.first_day = day_of(2026, 1, 1);
  authorized.last_day = day_of(2026, 3, 31);
  Issues issues;
  const auto lines = normalize_prior_auth(answer({modified}, {authorized}), issues).lines;
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(lines[0].line, "1");
  EXPECT_EQ(lines[0].decision, Decision::approved_modified);
  EXPECT_EQ(lines[0].decision_code, "A6");
  EXPECT_EQ(lines[0].quantity, units(8));
  EXPECT_EQ(lines[0].measure, Measure::visit);
  EXPECT_EQ(lines[0].service_codes, std::vector<std::string>{"90834"});
  EXPECT_EQ(lines[0].last_day, day_of(2026, 3, 31));
  EXPECT_FALSE(lines[0].quantity_as_requested);
}

TEST(PriorAuthNormalize, ReadsADenialWithAnAddedApprovalAsOneModifiedApproval) {
  AnsweredItem denied = item("1", "A3");
  denied.quantity = units(20);
  Issues issues;
  const auto lines = normalize_prior_auth(answer({denied}, {added({"1"}, "A1")}), issues).lines;
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(lines[0].decision, Decision::approved_modified);
  EXPECT_EQ(lines[0].quantity, std::nullopt) << "what was requested and denied is not what was authorized";
}

TEST(PriorAuthNormalize, KeepsADenialThatAnAddedDenialRepeats) {
  Issues issues;
  const auto lines = normalize_prior_auth(answer({item("1", "A3")}, {added({"1"}, "A3")}), issues).lines;
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(lines[0].decision, Decision::denied);
}

TEST(PriorAuthNormalize, FillsTheGapsOfACertifiedItemFromItsAddedItem) {
  AnsweredItem authorized = added({"1"}, "A1");
  authorized.quantity = units(1);
  authorized.place = "11";
  Issues issues;
  const auto lines = normalize_prior_auth(answer({item("1", "A1")}, {authorized}), issues).lines;
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(lines[0].decision, Decision::approved);
  EXPECT_EQ(lines[0].service_codes, std::vector<std::string>{"90837"});
  EXPECT_EQ(lines[0].quantity, units(1));
  EXPECT_EQ(lines[0].place, "11");
}

TEST(PriorAuthNormalize, MakesAnExtraLineOfAnAddedItemThatAnswersNoItem) {
  Issues issues;
  const auto lines = normalize_prior_auth(answer({item("1", "A1")}, {added({"2"}, "A1")}), issues).lines;
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(lines[1].line, "2");
  EXPECT_EQ(lines[1].decision, Decision::approved);
}

TEST(PriorAuthNormalize, ReadsAnUnsolicitedAnswerThatHasOnlyAddedItems) {
  Issues issues;
  const auto lines = normalize_prior_auth(answer({}, {added({}, "A1"), added({}, "A3")}), issues).lines;
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(lines[0].line, "1");
  EXPECT_EQ(lines[1].line, "2");
  EXPECT_EQ(lines[1].decision, Decision::denied);
}

TEST(PriorAuthNormalize, KeepsEveryAddedItemOfOneSequenceAsALineOfItsOwn) {
  AnsweredItem first = added({"1"}, "A1"), second = added({"1"}, "A1");
  first.quantity = units(6);
  second.quantity = units(2);
  second.service_codes = {"90791"};
  Issues issues;
  const auto lines = normalize_prior_auth(answer({item("1", "A6")}, {first, second}), issues).lines;
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(lines[0].line, "1");
  EXPECT_EQ(lines[1].line, "1.2");
  EXPECT_EQ(lines[1].quantity, units(2));
}

TEST(PriorAuthNormalize, CountsAnAddedItemThatAnswersTwoItemsOnce) {
  AnsweredItem both = added({"1", "2"}, "A1");
  both.quantity = units(10);
  Issues issues;
  const auto lines = normalize_prior_auth(answer({item("1", "A6"), item("2", "A6")}, {both}), issues).lines;
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(lines[0].quantity, units(10));
}

TEST(PriorAuthNormalize, TakesACertifiedItemWithoutQuantityAsRequested) {
  Issues issues;
  const auto lines = normalize_prior_auth(answer({item("1", "A1")}), issues).lines;
  EXPECT_EQ(lines.at(0).quantity, std::nullopt);
  EXPECT_TRUE(lines.at(0).quantity_as_requested);
}

TEST(PriorAuthNormalize, DoesNotGuessTheQuantityOfAModifiedOrPartialApproval) {
  for (const char* code : {"A6", "A2"}) {
    Issues issues;
    const auto lines = normalize_prior_auth(answer({item("1", code)}), issues).lines;
    EXPECT_EQ(lines.at(0).quantity, std::nullopt);
    EXPECT_FALSE(lines.at(0).quantity_as_requested);
    ASSERT_EQ(issues.size(), 1u);
    EXPECT_EQ(issues[0].severity, Severity::information);
  }
}

TEST(PriorAuthNormalize, KeepsAnUnknownReviewCodeAndSaysSo) {
  Issues issues;
  const auto lines = normalize_prior_auth(answer({item("1", "DENIEDCODE")}), issues).lines;
  EXPECT_EQ(lines.at(0).decision, Decision::unknown);
  EXPECT_EQ(lines.at(0).decision_code, "DENIEDCODE");
  ASSERT_EQ(issues.size(), 1u);
  EXPECT_EQ(issues[0].severity, Severity::information);
  EXPECT_EQ(issues[0].element_path, "ClaimResponse.item[0].adjudication");
}

TEST(PriorAuthNormalize, LeavesTheDecisionOpenWhenTwoReviewActionsContradict) {
  AnsweredItem both = item("1", "A1");
  both.actions.push_back(action("A3"));
  Issues issues;
  EXPECT_EQ(normalize_prior_auth(answer({both}), issues).lines.at(0).decision, Decision::unknown);
  EXPECT_EQ(issues.size(), 1u);
}

TEST(PriorAuthNormalize, QuarantinesAnErrorWithoutALineOrADenial) {
  PayerAnswer error = answer({item("1", "A3")});
  error.outcome = "error";
  Issues issues;
  EXPECT_TRUE(normalize_prior_auth(error, issues).lines.empty());
  ASSERT_EQ(issues.size(), 1u);
  EXPECT_EQ(issues[0].severity, Severity::error);
}

TEST(PriorAuthNormalize, KeepsANumberWithoutAnyReviewActionVisibleAsUnknown) {
  PayerAnswer bare = answer({});
  bare.header_numbers = {"AUTH8"};
  bare.periods = {{day_of(2026, 1, 1), day_of(2026, 6, 30)}};
  Issues issues;
  const auto lines = normalize_prior_auth(bare, issues).lines;
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(lines[0].decision, Decision::unknown);
  EXPECT_EQ(lines[0].authorization_number, "AUTH8");
  EXPECT_EQ(lines[0].last_day, day_of(2026, 6, 30));
  EXPECT_FALSE(has_error(issues));
}

TEST(PriorAuthNormalize, QuarantinesAnAnswerThatSaysNothing) {
  Issues issues;
  EXPECT_TRUE(normalize_prior_auth(answer({}), issues).lines.empty());
  EXPECT_TRUE(has_error(issues));
}

TEST(PriorAuthNormalize, ReadsTheOlderShapeWithTheReviewActionOnTheRoot) {
  PayerAnswer root = answer({});
  root.actions = {action("A1")};
  root.identifier_numbers = {"AUTH7"};
  root.periods = {{day_of(2005, 5, 2), day_of(2005, 6, 2)}};
  Issues issues;
  const auto lines = normalize_prior_auth(root, issues).lines;
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(lines[0].line, "1");
  EXPECT_EQ(lines[0].authorization_number, "AUTH7");
  EXPECT_EQ(lines[0].first_day, day_of(2005, 5, 2));
  EXPECT_TRUE(lines[0].quantity_as_requested);
}

TEST(PriorAuthNormalize, KeepsEveryNumberWithItsRole) {
  AnsweredItem numbered = item("1", "A1");
  numbered.numbers = {"AUTH0001"};
  numbered.previous_numbers = {"OLD1"};
  numbered.administration_numbers = {"ADM1"};
  PayerAnswer full = answer({numbered});
  full.header_numbers = {"A1B2C3D4"};
  full.identifier_numbers = {"RI1"};
  Issues issues;
  const auto line = normalize_prior_auth(full, issues).lines.at(0);
  EXPECT_EQ(line.authorization_number, "AUTH0001");
  const std::vector<OtherNumber> expected = {{NumberRole::header, "A1B2C3D4"},
                                             {NumberRole::previous, "OLD1"},
                                             {NumberRole::administration_reference, "ADM1"},
                                             {NumberRole::identifier, "RI1"}};
  EXPECT_EQ(line.other_numbers, expected);
  EXPECT_EQ(line.supersedes, "OLD1");
}

TEST(PriorAuthNormalize, TakesThePreviousNumberForTheCurrentOneOnlyWhenNothingElseExists) {
  AnsweredItem numbered = item("1", "A1");
  numbered.previous_numbers = {"OLD1"};
  Issues issues;
  EXPECT_EQ(normalize_prior_auth(answer({numbered}), issues).lines.at(0).authorization_number, "OLD1");
  PayerAnswer with_header = answer({numbered});
  with_header.header_numbers = {"NEW1"};
  EXPECT_EQ(normalize_prior_auth(with_header, issues).lines.at(0).authorization_number, "NEW1");
}

TEST(PriorAuthNormalize, GivesAPendedLineNoNumberOfItsOwn) {
  PayerAnswer pended = answer({item("1", "A4")});
  pended.header_numbers = {"REQ-1"};
  Issues issues;
  const auto line = normalize_prior_auth(pended, issues).lines.at(0);
  EXPECT_EQ(line.authorization_number, "");
  EXPECT_EQ(line.other_numbers, (std::vector<OtherNumber>{{NumberRole::header, "REQ-1"}}));
}

TEST(PriorAuthNormalize, PrefersThePeriodOfTheItemToThatOfTheHeader) {
  AnsweredItem own = item("1", "A1");
  own.first_day = day_of(2026, 2, 1);
  PayerAnswer both = answer({own, item("2", "A1")});
  both.periods = {{day_of(2026, 1, 1), day_of(2026, 6, 30)}};
  Issues issues;
  const auto lines = normalize_prior_auth(both, issues).lines;
  EXPECT_EQ(lines.at(0).first_day, day_of(2026, 2, 1));
  EXPECT_EQ(lines.at(0).last_day, std::nullopt) << "an item's open period is not closed by the header's";
  EXPECT_EQ(lines.at(1).last_day, day_of(2026, 6, 30));
}

TEST(PriorAuthNormalize, CountsTheNightsOfAStayWithoutQuantity) {
  AnsweredItem stay = item("1", "A1");
  stay.admission_day = day_of(2026, 5, 2);
  stay.discharge_day = day_of(2026, 5, 10);
  Issues issues;
  const auto line = normalize_prior_auth(answer({stay}), issues).lines.at(0);
  EXPECT_EQ(line.quantity, units(8));
  EXPECT_EQ(line.measure, Measure::day);
  EXPECT_EQ(line.first_day, day_of(2026, 5, 2));
  EXPECT_EQ(line.last_day, day_of(2026, 5, 10));
}

TEST(PriorAuthNormalize, LeavesOutAnItemWithAModifierExtensionAndLetsTheRestStand) {
  AnsweredItem changed = item("1", "A1");
  changed.modifier_extensions = {"https://payer.example/unless"};
  Issues issues;
  const auto lines = normalize_prior_auth(answer({changed, item("2", "A1")}), issues).lines;
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(lines[0].line, "2");
  ASSERT_EQ(issues.size(), 1u);
  EXPECT_EQ(issues[0].severity, Severity::warning);

  Issues alone;
  EXPECT_TRUE(normalize_prior_auth(answer({changed}), alone).lines.empty());
  EXPECT_TRUE(has_error(alone)) << "nothing stands: the resource goes to quarantine";
}

TEST(PriorAuthNormalize, CancelsEveryLineOfACancelledAnswerAndIgnoresADraft) {
  PayerAnswer cancelled = answer({item("1", "A1")});
  cancelled.status = "cancelled";
  Issues issues;
  EXPECT_EQ(normalize_prior_auth(cancelled, issues).lines.at(0).decision, Decision::cancelled);
  PayerAnswer draft = answer({item("1", "A1")});
  draft.status = "draft";
  EXPECT_TRUE(normalize_prior_auth(draft, issues).lines.empty());
}

TEST(PriorAuthNormalize, ReadsWhatAPayerCountsAsUsed) {
  AnsweredItem counted = item("1", "A1");
  counted.quantity = units(12);
  counted.payer_used_quantity = units(5);
  PayerAnswer explanation = answer({counted});
  explanation.is_explanation = true;
  Issues issues;
  const auto normalized = normalize_prior_auth(explanation, issues);
  EXPECT_EQ(normalized.lines.at(0).payer_used_quantity, units(5));
  ASSERT_EQ(normalized.counts.size(), 1u);
  EXPECT_EQ(normalized.counts[0].used, units(5));
  EXPECT_EQ(normalized.counts[0].line, "1");
}

TEST(PriorAuthNormalize, KeepsATotalUseOfSeveralLinesForTheWholeAnswer) {
  PayerAnswer explanation = answer({item("1", "A1"), item("2", "A1")});
  explanation.utilized_quantity = units(4);
  Issues issues;
  const auto normalized = normalize_prior_auth(explanation, issues);
  EXPECT_EQ(normalized.lines.at(0).payer_used_quantity, std::nullopt);
  ASSERT_EQ(normalized.counts.size(), 1u);
  EXPECT_EQ(normalized.counts[0].line, "");
}

TEST(PriorAuthNormalize, TakesTheEligibleTotalAsApprovedOnlyForASingleLine) {
  PayerAnswer single = answer({item("1", "A1")});
  single.eligible_quantity = units(1);
  Issues issues;
  EXPECT_EQ(normalize_prior_auth(single, issues).lines.at(0).quantity, units(1));
  PayerAnswer two = answer({item("1", "A1"), item("2", "A1")});
  two.eligible_quantity = units(1);
  EXPECT_EQ(normalize_prior_auth(two, issues).lines.at(0).quantity, std::nullopt);
}

TEST(PriorAuthNormalize, JoinsTwoPdexItemsOfOneTraceToACodeRange) {
  AnsweredItem start = item("1", "A1"), end = item("2", "A1");
  start.trace = end.trace = "T1";
  start.service_codes = {"90832"};
  PayerAnswer explanation = answer({start, end});
  explanation.is_explanation = true;
  Issues issues;
  const auto lines = normalize_prior_auth(explanation, issues).lines;
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(lines[0].service_codes, (std::vector<std::string>{"90832", "90837", "90832-90837"}));
}

TEST(PriorAuthNormalize, GivesTheHeaderPeriodOfTheLinesOwnNumber) {
  AnsweredItem second = item("1", "A1");
  second.numbers = {"B"};
  PayerAnswer explanation = answer({second});
  explanation.is_explanation = true;
  explanation.header_numbers = {"A", "B"};
  explanation.periods = {{day_of(2026, 1, 1), day_of(2026, 1, 31)}, {day_of(2026, 2, 1), day_of(2026, 2, 28)}};
  Issues issues;
  EXPECT_EQ(normalize_prior_auth(explanation, issues).lines.at(0).first_day, day_of(2026, 2, 1));
}

}  // namespace
}  // namespace authledger
