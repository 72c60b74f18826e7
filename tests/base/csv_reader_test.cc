#include "base/csv_reader.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace authledger {
namespace {

class Csv : public testing::Test {
 protected:
  Csv() : folder_(testing::TempDir() + "/csv_reader_" + std::to_string(getpid())) {
    std::filesystem::create_directories(folder_);
  }
  ~Csv() override { std::filesystem::remove_all(folder_); }

  std::string write(const std::string& text) const {
    const std::string file = folder_ + "/sheet.csv";
    std::ofstream(file, std::ios::binary) << text;
    return file;
  }
  std::vector<CsvRow> read(const std::string& text, const CsvOptions& options = {}) const {
    auto reader = CsvReader::open(write(text), options);
    EXPECT_TRUE(reader.ok()) << reader.error().message;
    std::vector<CsvRow> rows;
    CsvRow row;
    while (reader->next(row)) rows.push_back(row);
    failure_ = reader->failure();
    return rows;
  }
  using Fields = std::vector<std::string>;

  std::string folder_;
  mutable std::string failure_;
};

TEST_F(Csv, ReadsQuotesAndLineBreaksAsRfc4180Says) {
  const auto rows = read("a,b,c\r\n\"1,5\",\"say \"\"no\"\"\",\"two\r\nlines\"\r\n,,\r\nx,y,z");
  ASSERT_EQ(rows.size(), 4U);
  EXPECT_EQ(rows[1].fields, (Fields{"1,5", "say \"no\"", "two\nlines"}));
  EXPECT_EQ(rows[2].fields, (Fields{"", "", ""}));
  EXPECT_EQ(rows[3].fields, (Fields{"x", "y", "z"}));
  EXPECT_EQ(rows[3].number, 4U);
}

TEST_F(Csv, CountsRowsAsASpreadsheetDoes) {
  const auto rows = read("a,b\n\n\"1\n2\n3\",x\n   \n4,y\n");
  ASSERT_EQ(rows.size(), 3U);
  EXPECT_EQ(rows[1].number, 3U);
  EXPECT_EQ(rows[2].number, 5U);
}

TEST_F(Csv, FindsTheSeparatorInTheHeader) {
  EXPECT_EQ(read("a;b;c,d\n1;2;3\n")[1].fields, (Fields{"1", "2", "3"}));
  EXPECT_EQ(read("a\tb\n1\t\n")[1].fields, (Fields{"1", ""}));
  EXPECT_EQ(read("\"a;b;c\",d,e\n1,2,3\n")[1].fields, (Fields{"1", "2", "3"}));
  EXPECT_EQ(read("Report of March, 2026\n\na;b\n1;2\n", {0, "", 3})[1].fields, (Fields{"a", "b"}));
  const auto rows = read("sep=;\na,b,c;d\n1,2,3;4\n");
  EXPECT_EQ(rows[1].fields, (Fields{"1,2,3", "4"}));
  EXPECT_EQ(rows[1].number, 3U);
  EXPECT_EQ(read("a,b;c;d\n1,2;3\n", {',', ""})[1].fields, (Fields{"1", "2;3"}));
}

TEST_F(Csv, ReadsLinesOfOldMacsAndAMixOfAll) {
  const auto rows = read("a,b\r1,2\r\n3,4\n5,6\r");
  ASSERT_EQ(rows.size(), 4U);
  EXPECT_EQ(rows[3].fields, (Fields{"5", "6"}));
}

TEST_F(Csv, LeavesAByteOrderMarkOut) {
  EXPECT_EQ(read("\xEF\xBB\xBFname\nZo\xC3\xAB\n")[0].fields, Fields{"name"});
}

TEST_F(Csv, ReadsUtf16AsExcelWritesUnicodeText) {
  std::string text("\xFF\xFE", 2);
  for (const char c : std::string("a\tb\r\n1\t")) text += {c, '\0'};
  text += {'\xEB', '\0', '\n', '\0'};
  const auto rows = read(text);
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[1].fields, (Fields{"1", "\xC3\xAB"}));
}

TEST_F(Csv, NamesTheColumnOfBytesThatAreNotUtf8) {
  const auto rows = read("a,b\n1,Zo\xEB\n2,x\n");
  ASSERT_EQ(rows.size(), 3U);
  EXPECT_EQ(rows[1].bad_column, 2U);
  EXPECT_NE(rows[1].problem.find("windows-1252"), std::string::npos);
  EXPECT_TRUE(rows[2].problem.empty());
}

TEST_F(Csv, ConvertsWindows1252WhenTold) {
  EXPECT_EQ(read("a\nZo\xEB \x80\n", {0, "windows-1252"})[1].fields, Fields{"Zo\xC3\xAB \xE2\x82\xAC"});
}

TEST_F(Csv, RefusesAnEncodingThatNobodyKnows) {
  EXPECT_FALSE(CsvReader::open(write("a\n"), {0, "klingon-8"}).ok());
}

TEST_F(Csv, ABrokenRowCostsNoOtherRow) {
  const auto rows = read("a,b\n1,2\n\"x\"y,3\n4,5\n6,7\" inch\n8,9\n");
  ASSERT_EQ(rows.size(), 6U);
  EXPECT_FALSE(rows[2].problem.empty());
  EXPECT_EQ(rows[2].text, "\"x\"y,3\n");
  EXPECT_EQ(rows[3].fields, (Fields{"4", "5"}));
  EXPECT_FALSE(rows[4].problem.empty());
  EXPECT_EQ(rows[5].fields, (Fields{"8", "9"}));
}

TEST_F(Csv, AQuoteThatNeverClosesCostsOnlyItsOwnLine) {
  const auto rows = read("a,b\n\"open,1\n2,3\n4,5\n");
  ASSERT_EQ(rows.size(), 4U);
  EXPECT_FALSE(rows[1].problem.empty());
  EXPECT_EQ(rows[1].number, 2U);
  EXPECT_EQ(rows[3].fields, (Fields{"4", "5"}));
  EXPECT_EQ(rows[3].number, 4U);
}

TEST_F(Csv, ReadsRowsOverTheEdgesOfItsBlocks) {
  std::string text = "a,b\n";
  constexpr int kRows = 60'000;
  for (int i = 0; i < kRows; ++i) text += std::to_string(i) + ",\"line one\r\nline " + std::to_string(i) + "\"\r\n";
  auto reader = CsvReader::open(write(text), {});
  ASSERT_TRUE(reader.ok());
  CsvRow row;
  ASSERT_TRUE(reader->next(row));
  for (int i = 0; i < kRows; ++i) {
    ASSERT_TRUE(reader->next(row));
    ASSERT_EQ(row.fields, (Fields{std::to_string(i), "line one\nline " + std::to_string(i)}));
  }
  EXPECT_FALSE(reader->next(row));
}

TEST_F(Csv, GivesUpWhatIsNoCsv) {
  const auto rows = read("a,b\n" + std::string(400'000, 'x'));
  EXPECT_EQ(rows.size(), 2U);
  EXPECT_FALSE(failure_.empty());
}

TEST_F(Csv, Fault72RefusesLinksFoldersPipesAndWorkbooks) {
  const std::string file = write("a\n1\n");
  const std::string link = folder_ + "/link.csv", pipe = folder_ + "/pipe.csv", book = folder_ + "/book.xlsx";
  std::filesystem::create_symlink(file, link);
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  std::ofstream(book) << "PK\x03\x04...";
  for (const std::string& refused : {link, pipe, book, folder_, folder_ + "/missing.csv"}) {
    EXPECT_FALSE(CsvReader::open(refused, {}).ok()) << refused;
  }
}

}  // namespace
}  // namespace authledger
