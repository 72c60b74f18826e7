// A year of a small clinic, once for each seed: the ten invariants of the fault list hold whatever fails meanwhile, and
// once faults stop, ledger and EHR agree.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <regex>

#include "base/log.h"
#include "tests/simulation_year/invariants.h"
#include "tests/support/site.h"

namespace authledger {
namespace {

int number_from(const char* variable, int otherwise) {
  const char* text = getenv(variable);
  return text == nullptr || *text == '\0' ? otherwise : std::atoi(text);
}

YearGround& ground() {
  set_log_level(LogLevel::error);  // Every year is full of warnings.
  static YearGround the_ground;
  return the_ground;
}

// Everything that is wrong after the year of this seed.
Complaints complaints_after(Year& year) {
  year.live();
  Complaints complaints = year.complaints();
  if (!year.converge()) complaints.push_back("rounds without faults do not come to rest");
  for (const Invariant& invariant : invariants()) {
    for (const std::string& complaint : invariant.check(year)) {
      complaints.push_back(fmt::format("invariant {}: {}", invariant.number, complaint));
    }
  }
  return complaints;
}

TEST(SimulatedYear, TheTenInvariantsHoldWhateverFails) {
  const int first = number_from("AUTHLEDGER_FIRST_SEED", 1), count = number_from("AUTHLEDGER_SEEDS", 100);
  const bool says_progress = getenv("AUTHLEDGER_PROGRESS") != nullptr;
  for (int seed = first; seed < first + count; ++seed) {
    Year year(ground(), static_cast<uint64_t>(seed));
    const Complaints complaints = complaints_after(year);
    if (!complaints.empty()) {
      ADD_FAILURE() << "seed " << seed << ", repeat it with: make simulate SEEDS=1 FIRST=" << seed << "\n"
                    << fmt::format("{}\n{}", fmt::join(complaints, "\n"), fmt::join(year.diary(), "\n"));
      if (!says_progress) return;  // One year is enough to read.
      continue;
    }
    if (says_progress) fmt::print("seed {}: {} rounds, all ten hold\n", seed, year.diary().size());
    if (says_progress) fflush(stdout);
  }
}

constexpr Statement kMoveBetweenAccounts{"breach_move_between_accounts", R"(
  update balance
     set quantity_milli = quantity_milli + case when account = 4 then 1000 else -1000 end
   where tenant_id = $1
     and account in (1, 4)
     and (subject_id, book) = (select subject_id, book
                                 from balance
                                where tenant_id = $1
                                  and account in (1, 4)
                                group by subject_id, book
                               having count(*) = 2
                                limit 1))"};
constexpr Statement kAddToOneAccount{"breach_add_to_one_account", R"(
  update balance
     set quantity_milli = quantity_milli + 1000
   where tenant_id = $1
     and account = 4
     and (subject_id, book) = (select subject_id, book
                                 from balance
                                where tenant_id = $1
                                  and account = 4
                                limit 1))"};
constexpr Statement kPostAgain{"breach_post_again", R"(
  insert into transfer (
         tenant_id, subject_id, entry_seq, no, book, from_account, to_account, measure, quantity_milli, service_key,
         is_reversal, reason)
  select tenant_id, subject_id, entry_seq, 1000, book, from_account, to_account, measure, quantity_milli, service_key,
         is_reversal, reason
    from transfer
   where tenant_id = $1
     and to_account = 4
   limit 1)"};
constexpr Statement kPostEarlier{"breach_post_earlier", R"(
  update journal_entry
     set posted_at = posted_at - interval '100 days'
   where tenant_id = $1)"};
constexpr Statement kForgetResources{"breach_forget_resources", R"(
  delete from raw_resource
   where tenant_id = $1
     and resource_type = 'Encounter')"};
constexpr Statement kForgetServices{"breach_forget_services", R"(
  delete from fact_service
   where tenant_id = $1)"};
constexpr Statement kTouch{"breach_touch", R"(
  update subject
     set attempts = attempts + 1
   where tenant_id = $1)"};

constexpr Statement kCloseByPerson{"breach_close_by_person", R"(
  update notice
     set is_closed_by_person = true
   where tenant_id = $1
     and is_open
     and not is_closed_by_person)"};

class Breach : public testing::Test {
 protected:
  // A clinic of its own: the years of the other test have the small numbers.
  Breach() : year_(ground(), 1'000'000) { EXPECT_EQ(complaints_after(year_), Complaints{}); }

  void execute(const Statement& statement, int64_t tenant_id) {
    Transaction transaction(year_.ground().owner(), tenant_id);
    EXPECT_GT(transaction.execute(statement, Parameters().integer(tenant_id)).affected(), 0) << statement.name;
    transaction.commit();
  }
  void execute(const Statement& statement) { execute(statement, year_.session().tenant_id()); }

  // One goes that no person has touched, and nobody is told.
  void lose_an_artefact() {
    for (const std::string& body : year_.ehr().bodies("Task")) {
      JsonDocument document;
      const JsonView task = document.parse(body).value();
      if (task["status"].text() != "requested" || year_.ehr().was_closed_by_people(notice_key_of(task))) continue;
      const Wire wire;
      HttpRequest request;
      request.method = "DELETE";
      request.url = kSimulatedBase + "/Task/" + task["id"].string();
      ASSERT_TRUE(year_.ehr().open(wire)->send(request).ok());
      return;
    }
    FAIL() << "no Task stands";
  }
  static bool is_said(const Complaints& complaints, const std::string& words) {
    for (const std::string& complaint : complaints) {
      if (complaint.find(words) != std::string::npos) return true;
    }
    return false;
  }

  Year year_;
};

// A simulation that cannot fail would prove nothing: each invariant is broken once, by the hand of a database operator,
// a person in the EHR or a lying index.
TEST_F(Breach, OfEachInvariantIsSeen) {
  execute(kMoveBetweenAccounts);
  EXPECT_TRUE(debits_equal_credits(year_).empty()) << "the sum of the book is what it was";
  EXPECT_FALSE(balances_are_the_fold_of_the_journal(year_).empty());
  execute(kAddToOneAccount);
  EXPECT_FALSE(debits_equal_credits(year_).empty());

  execute(kPostAgain);
  EXPECT_FALSE(each_visit_is_posted_once(year_).empty());
  EXPECT_FALSE(chains_verify(year_).empty());
  execute(kPostEarlier);
  EXPECT_FALSE(known_answers_stand(year_).empty());

  const std::string flag = std::regex_replace(year_.ehr().bodies("Flag").front(), std::regex("inactive"), "active");
  JsonDocument document;
  const std::string id = document.parse(flag).value()["id"].string();
  std::string twin = flag;
  twin.replace(twin.find("\"" + id + "\""), id.size() + 2, "\"twin\"");
  year_.ehr().put(twin);
  twin.replace(twin.find("\"twin\""), 6, "\"triplet\"");
  year_.ehr().put(twin);
  EXPECT_FALSE(alerts_and_artefacts_are_paired(year_).empty());

  EXPECT_FALSE(is_said(alerts_and_artefacts_are_paired(year_), "is nowhere in the EHR"));
  lose_an_artefact();
  EXPECT_TRUE(is_said(alerts_and_artefacts_are_paired(year_), "is nowhere in the EHR"));
  EXPECT_FALSE(is_said(alerts_and_artefacts_are_paired(year_), "was closed by nobody"));
  execute(kCloseByPerson);
  EXPECT_TRUE(is_said(alerts_and_artefacts_are_paired(year_), "was closed by nobody"));

  execute(kForgetResources);
  EXPECT_FALSE(cursor_passed_nothing_unread(year_).empty());
  EXPECT_FALSE(every_row_has_provenance(year_).empty());
  execute(kTouch, year_.ground().bystander());
  EXPECT_FALSE(bystander_is_untouched(year_).empty());

  execute(kForgetServices);
  EXPECT_FALSE(any_order_gives_the_same(year_).empty());
}

}  // namespace
}  // namespace authledger
