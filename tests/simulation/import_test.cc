// Spreadsheets: row by row into the ledger, what is wrong named by row and column. CAPABILITIES row 11, FAULTS 5, 67
// and 72.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>

#include "tests/simulation/fault_site.h"

namespace authledger {
namespace {

constexpr const char* kMapping = R"(name: old-sheet
key: [Auth]
patient: {column: MRN, identifier_system: "urn:example:mrn"}
dates: [m/d/yyyy]
authorization_line:
  payer: Payer
  authorization_number: {column: Auth, required: true}
  decision: {column: Status, values: {Approved: approved, Denied: denied}}
  service_codes: {column: CPT, required: true}
  first_day: From
  last_day: To
  quantity: Units
  measure: {otherwise: visit}
)";
// The same with patients of the sheet's own.
const std::string kOwnPatients = std::string(kMapping).replace(std::string(kMapping).find("{column: MRN"), 51, "MRN");
constexpr const char* kHeader = "MRN,Payer,Auth,CPT,Status,From,To,Units,Notes\r\n";
// The EHR knows nobody of a sheet with patients of its own.
const std::string kNoDelivery = "delivery: {enabled: false}\n";
const std::string kJoinByNumber = "    join_patients_by: [\"urn:example:mrn\"]\n";

std::string sheet_row(const std::string& mrn, const std::string& number, const std::string& units = "12") {
  return fmt::format("{},payer-1,{},90837,Approved,10/1/2026,3/31/2027,{},\"a note, in\r\ntwo lines\"\r\n", mrn, number,
                     units);
}

class Import {
 public:
  explicit Import(const std::string& mapping = kOwnPatients, const std::string& endpoint_keys = "")
      : site({}, endpoint_keys.empty() ? kNoDelivery : kFastDelivery, endpoint_keys),
        mapping_(site.folder().write("mapping.yaml", mapping)) {}

  ProgramResult run(const std::string& sheet, std::vector<std::string> more = {}) {
    file = site.folder().write("sheet.csv", sheet);
    std::vector<std::string> words = command();
    words.insert(words.end(), more.begin(), more.end());
    return site.run(words);
  }
  std::vector<std::string> command() const { return {"import", file, "--mapping", mapping_, "--on", "2026-11-01"}; }
  ProgramResult authorizations() { return site.run({"authorizations", "--on", "2026-11-01"}); }
  int64_t quarantined() {
    Answer rows(site.run({"quarantine", "list"}));
    return static_cast<int64_t>(rows.root().size());
  }

  Site site;
  std::string file;

 private:
  std::string mapping_;
};

TEST(Row11, FiveThousandRowsWithSevenErrorsLoadAllOthersAndNameTheSeven) {
  constexpr int kRows = 5000;
  std::vector<std::string> rows;
  for (int i = 0; i < kRows; ++i) rows.push_back(sheet_row(fmt::format("m{}", i), fmt::format("A-{}", i)));
  const std::string tail = ",90837,Approved,10/1/2026,3/31/2027,12,\r\n";
  rows[10] = "m10,payer-1,A-10,90837,Approved,10/1/2026,13/31/2027,12,\r\n";
  rows[500] = "m500,payer-1,A-500,90837,Approved,10/1/2026,3/31/2027,twelve,\r\n";
  rows[1000] = "m1000,payer-1,A-1000,90837,Perhaps,10/1/2026,3/31/2027,12,\r\n";
  rows[1001] = "m1001,payer-1,A-10" + tail;
  rows[2500] = ",payer-1,A-2500" + tail;
  rows[4000] = "m4000,payer-1,A-4000,90837,Approved,10/1/2026,9/30/2026,12,\r\n";
  rows[4999] = "m4999,pay\"er-1\",A-4999" + tail;
  std::string sheet = "\xEF\xBB\xBF" + std::string(kHeader);
  for (const std::string& row : rows) sheet += row;

  Import import;
  const ProgramResult dry = import.run(sheet, {"--dry-run"});
  EXPECT_EQ(dry.exit_code, 1) << dry.errors;
  EXPECT_EQ(Answer(dry).number({"new"}), 4993);
  EXPECT_EQ(Answer(import.authorizations()).root().size(), 0U) << "a dry run records nothing";

  const ProgramResult result = import.run(sheet);
  EXPECT_EQ(result.exit_code, 1);
  Answer answer(result);
  EXPECT_EQ(answer.number({"rows"}), 5000);
  EXPECT_EQ(answer.number({"new"}), 4993);
  EXPECT_EQ(answer.number({"errors"}), 7);
  EXPECT_EQ(answer.number({"facts", "new"}), 4993);
  std::map<std::string, std::string> places;
  for (JsonView row : answer.root()["report"]) {
    EXPECT_EQ(row["state"].text(), "error");
    EXPECT_FALSE(row["problem"].text().empty());
    places[row["row"].string()] += row["cell"].string();
  }
  EXPECT_EQ(places, (std::map<std::string, std::string>{{"12", "G12"},
                                                        {"502", "H502"},
                                                        {"1002", "E1002"},
                                                        {"1003", "C1003"},
                                                        {"2502", "A2502"},
                                                        {"4002", "G4002"},
                                                        {"5001", ""}}));
  EXPECT_EQ(Answer(import.authorizations()).root().size(), 4993U);
  EXPECT_EQ(import.quarantined(), 7);

  const ProgramResult again = import.run(sheet);
  EXPECT_EQ(Answer(again).number({"unchanged"}), 4993);
  EXPECT_EQ(Answer(again).number({"facts", "new"}), 0);
  EXPECT_EQ(Answer(again).number({"entries"}), 0);
  EXPECT_EQ(import.quarantined(), 7) << "tried again, not once more";

  for (const int at : {10, 500, 1000, 1001, 2500, 4000, 4999}) {
    rows[static_cast<size_t>(at)] = sheet_row(fmt::format("m{}", at), fmt::format("A-{}", at));
  }
  sheet = kHeader;
  for (const std::string& row : rows) sheet += row;
  const ProgramResult mended = import.run(sheet);
  EXPECT_EQ(mended.exit_code, 0) << mended.output;
  EXPECT_EQ(Answer(mended).number({"facts", "new"}), 7);
  EXPECT_EQ(import.quarantined(), 0);
}

TEST(Import, ShowsWhatChangedByRowAndColumn) {
  Import import;
  ASSERT_EQ(import.run(kHeader + sheet_row("m1", "A-1") + sheet_row("m2", "A-2")).exit_code, 0);
  const std::string changed = kHeader + sheet_row("m1", "A-1") + sheet_row("m2", "A-2", "16") + sheet_row("m3", "A-3");
  Answer dry(import.run(changed, {"--dry-run"}));
  ASSERT_EQ(dry.root()["report"].size(), 2U);
  const JsonView row = dry.root()["report"].at(0);
  EXPECT_EQ(row["row"].text(), "3");
  EXPECT_EQ(row["state"].text(), "changed");
  EXPECT_EQ(row["column"].text(), "Units");
  EXPECT_EQ(row["cell"].text(), "H3");
  EXPECT_EQ(row["was"].text(), "12");
  EXPECT_EQ(row["is"].text(), "16");
  EXPECT_EQ(dry.root()["report"].at(1)["state"].text(), "new");
  EXPECT_EQ(balance(import.site, "approved", "A-2"), "12");

  Answer applied(import.run(changed));
  EXPECT_EQ(applied.number({"facts", "new"}), 2) << "the changed row and the new one";
  EXPECT_EQ(balance(import.site, "approved", "A-2"), "16");
  expect_consistent(import.site);
}

TEST(Import, ACellThatTheMappingDoesNotReadChangesNothing) {
  Import import;
  ASSERT_EQ(import.run(kHeader + sheet_row("m1", "A-1")).exit_code, 0);
  std::string sheet = kHeader + sheet_row("m1", "A-1");
  sheet.replace(sheet.find("a note"), 6, "a word");
  EXPECT_EQ(Answer(import.run(sheet)).number({"unchanged"}), 1);
}

TEST(Import, ARowThatIsGoneStaysUnlessTheSheetIsAuthoritative) {
  Import import;
  const std::string both = kHeader + sheet_row("m1", "A-1") + sheet_row("m2", "A-2");
  const std::string one = kHeader + sheet_row("m1", "A-1");
  ASSERT_EQ(import.run(both).exit_code, 0);
  EXPECT_EQ(Answer(import.run(one)).number({"facts", "retracted"}), 0);
  EXPECT_EQ(Answer(import.authorizations()).root().size(), 2U);

  Answer broken(import.run(one + ",,,,Approved,,,,\r\n", {"--authoritative"}));
  EXPECT_EQ(broken.number({"gone"}), 0) << "the row without a key could be the one that seems to be gone";
  EXPECT_EQ(broken.root()["failures"].size(), 1U);

  Answer dry(import.run(one, {"--authoritative", "--dry-run"}));
  EXPECT_EQ(dry.number({"gone"}), 1);
  EXPECT_EQ(dry.root()["report"].at(0)["was"].text(), "A-2");
  EXPECT_EQ(Answer(import.authorizations()).root().size(), 2U);

  EXPECT_EQ(Answer(import.run(one, {"--authoritative"})).number({"facts", "retracted"}), 1);
  EXPECT_EQ(Answer(import.authorizations()).root().size(), 1U);
  EXPECT_EQ(Answer(import.run(both, {"--authoritative"})).number({"new"}), 1) << "it may come back";
  EXPECT_EQ(Answer(import.authorizations()).root().size(), 2U);
  expect_consistent(import.site);
}

TEST(Import, IsOnePersonWithTheEndpointsPatient) {
  Import import(kMapping, kJoinByNumber);
  load_patient(import.site, 0, 2);
  sync_now(import.site);
  const ProgramResult result = import.run(kHeader + sheet_row("p1", "A-1") + sheet_row("p9", "A-2"));
  EXPECT_EQ(result.exit_code, 1);
  Answer answer(result);
  EXPECT_EQ(answer.number({"new"}), 1);
  ASSERT_EQ(answer.root()["report"].size(), 1U) << "nobody knows p9";
  EXPECT_EQ(answer.root()["report"].at(0)["cell"].text(), "A3");
  EXPECT_EQ(balance(import.site, "used", "A-1"), "2") << "the endpoint's visits draw from the sheet's approval";

  ASSERT_TRUE(import.site.ehr().load(patient_json("p9")).ok());
  sync_now(import.site);
  const ProgramResult retried = import.site.run({"quarantine", "retry"});
  EXPECT_EQ(retried.exit_code, 0) << retried.output << retried.errors;
  EXPECT_EQ(Answer(retried).number({"facts", "new"}), 1);
  EXPECT_EQ(import.quarantined(), 0);
  sync_now(import.site);
  EXPECT_EQ(Answer(import.authorizations()).row("authorization_number", "A-2")["patient"].text(), "Patient/p9");
  expect_consistent(import.site);
}

TEST(Import, SheetsOfOneNumberingSpeakOfTheSamePatients) {
  const std::string numbered =
      std::string(kOwnPatients)
          .replace(kOwnPatients.find("patient: MRN"), 12, "patient: {column: MRN, numbering: clients}");
  Import import(numbered);
  ASSERT_EQ(import.run(kHeader + sheet_row("m1", "A-1")).exit_code, 0);
  const std::string visits =
      "name: VISITS\nkey: [Id]\npatient: PATIENT\nservice: {state: {otherwise: rendered}, "
      "start: Day, service_codes: {otherwise: \"90837\"}}\n";
  const std::string sheet =
      import.site.folder().write("visits.csv", "Id,MRN,Day\nv1,m1,2026-10-07\nv2,m2,2026-10-07\n");
  const auto import_visits = [&](const std::string& name, const std::string& patient) {
    std::string mapping = visits;
    mapping.replace(mapping.find("VISITS"), 6, name);
    mapping.replace(mapping.find("PATIENT"), 7, patient);
    const std::string file = import.site.folder().write(name + ".yaml", mapping);
    EXPECT_EQ(import.site.run({"import", sheet, "--mapping", file, "--on", "2026-11-01"}).exit_code, 0);
  };
  import_visits("others", "MRN");
  EXPECT_EQ(balance(import.site, "used", "A-1"), "0") << "an equal number of another sheet says nothing";
  import_visits("ours", "{column: MRN, numbering: clients}");
  EXPECT_EQ(balance(import.site, "used", "A-1"), "1");
  expect_consistent(import.site);
}

TEST(Import, AsksForWhatTheConfigLacks) {
  Import import(kMapping);
  const ProgramResult result = import.run(kHeader + sheet_row("p1", "A-1"));
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_NE(result.errors.find("join_patients_by"), std::string::npos) << result.errors;
  const ProgramResult columns = Import().run("MRN,Payer,Auth,CTP,Status,From,To,Units\r\n");
  EXPECT_EQ(columns.exit_code, 2);
  EXPECT_NE(columns.errors.find("\"CPT\": the sheet has no such column; did you mean CTP?"), std::string::npos)
      << columns.errors;
}

TEST(Import, Fault05KilledMidwayItGoesOnWhereItWas) {
  constexpr int kRows = 6000;
  std::string sheet = kHeader;
  for (int i = 0; i < kRows; ++i) sheet += sheet_row(fmt::format("m{}", i), fmt::format("A-{}", i));
  Import import;
  import.file = import.site.folder().write("sheet.csv", sheet);
  PgConnection connection = import.site.database().owner_connection();
  constexpr Statement kCount{"count_rows", "select count(*) from raw_resource where source = 'import:old-sheet'"};
  const auto recorded = [&] {
    Transaction transaction(connection, 1);
    return transaction.execute(kCount).integer(0, 0);
  };
  {
    RunningProgram running(import.site.command(import.command()));
    ASSERT_TRUE(eventually([&] { return recorded() > 0; }));
    running.signal(SIGKILL);
    running.wait();
  }
  const int64_t before = recorded();
  ASSERT_LT(before, kRows) << "killed too late to show anything";
  EXPECT_EQ(before % 1000, 0) << "pages are whole";
  Answer again(import.site.run(import.command()));
  EXPECT_EQ(again.number({"unchanged"}), before);
  EXPECT_EQ(again.number({"facts", "new"}), kRows - before);
  expect_consistent(import.site);
}

TEST(Import, Fault67NothingOfASheetRunsAsAFormulaInAnother) {
  Import import;
  ASSERT_EQ(import.run(kHeader + sheet_row("m1", "\"=cmd|' /C calc'!A0\"")).exit_code, 0);
  const std::string evil = kHeader + sheet_row("m1", "\"=cmd|' /C calc'!A0\"", "13") + sheet_row("m2", "@SUM(A1)") +
                           sheet_row("+m3", "-A1") + sheet_row("m4", "\"\t=1\"");
  std::vector<std::string> csv = {"--config", import.site.config_file(), "--format", "csv"};
  const auto run_csv = [&](std::vector<std::string> words) {
    words.insert(words.begin(), csv.begin(), csv.end());
    return run_authledger(words).output;
  };
  ASSERT_EQ(import.run(evil).exit_code, 0);
  import.file = import.site.folder().write("sheet.csv", kHeader + sheet_row("m1", "A-1"));
  std::vector<std::string> dry = import.command();
  dry.insert(dry.end(), {"--dry-run", "--authoritative"});
  for (const std::string& output : {run_csv({"authorizations", "--on", "2026-11-01"}), run_csv(dry)}) {
    for (const char* text : {"=cmd", "@SUM", "-A1"}) {
      size_t at = output.find(text);
      ASSERT_NE(at, std::string::npos) << output;
      for (; at != std::string::npos; at = output.find(text, at + 1)) EXPECT_EQ(output[at - 1], '\'') << output;
    }
  }
}

TEST(Import, Fault68NoCellIsRepeatedInErrorsOrQuarantine) {
  Import import;
  const ProgramResult result =
      import.run(kHeader + std::string("CANARY-1,payer-1,A-1,90837,CANARY-2,CANARY-3,3/31/2027,CANARY-4,\r\n"));
  EXPECT_EQ(result.exit_code, 1);
  const ProgramResult listed = import.site.run({"quarantine", "list"});
  for (const std::string& text : {result.errors, result.output, listed.output}) {
    EXPECT_EQ(text.find("CANARY"), std::string::npos) << text;
  }
}

TEST(Import, Fault72RefusesALinkInPlaceOfTheSheet) {
  Import import;
  const std::string sheet = import.site.folder().write("real.csv", kHeader + sheet_row("m1", "A-1"));
  import.file = import.site.folder().path() + "/link.csv";
  std::filesystem::create_symlink(sheet, import.file);
  const ProgramResult result = import.site.run(import.command());
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_NE(result.errors.find("is a link"), std::string::npos) << result.errors;
}

}  // namespace
}  // namespace authledger
