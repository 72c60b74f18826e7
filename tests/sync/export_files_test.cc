#include "sync/export_files.h"

#include <gtest/gtest.h>

namespace authledger {
namespace {

BulkFile file(const std::string& url, int64_t bytes_read = 0, int64_t failures = 0) {
  BulkFile made;
  made.type = "Encounter";
  made.url = url;
  made.bytes_read = bytes_read;
  made.failures = failures;
  return made;
}

std::vector<int64_t> bytes_of_files(const std::vector<BulkFile>& files) {
  std::vector<int64_t> bytes;
  for (const BulkFile& each : files) bytes.push_back(each.bytes_read);
  return bytes;
}

TEST(ExportFiles, AreKnownAgainByTheirUrlWhateverItsQueryAndPlace) {
  const std::vector<BulkFile> known = {file("https://ehr.example/a?sig=1", 10),
                                       file("https://ehr.example/b?sig=1", 20, 2)};
  std::vector<BulkFile> files = {file("https://ehr.example/b?sig=2"), file("https://ehr.example/a?sig=2"),
                                 file("https://ehr.example/c")};
  keep_progress(known, true, files);
  EXPECT_EQ(bytes_of_files(files), (std::vector<int64_t>{20, 10, 0}));
  EXPECT_EQ(files[0].failures, 2);
}

TEST(ExportFiles, ThatOnlyTheQueryTellsAreKnownByTheWholeUrl) {
  const std::vector<BulkFile> known = {file("https://ehr.example/file?no=1", 10),
                                       file("https://ehr.example/file?no=2", 20)};
  std::vector<BulkFile> files = {file("https://ehr.example/file?no=2"), file("https://ehr.example/file?no=3")};
  keep_progress(known, true, files);
  EXPECT_EQ(bytes_of_files(files), (std::vector<int64_t>{20, 0}));
}

TEST(ExportFiles, OfNewUrlsAreReadFromTheirBeginningAndGoOnFailing) {
  const std::vector<BulkFile> known = {file("https://ehr.example/1/a", 10), file("https://ehr.example/1/b", 20, 2)};
  std::vector<BulkFile> files = {file("https://ehr.example/2/a"), file("https://ehr.example/2/b")};
  keep_progress(known, true, files);
  EXPECT_EQ(bytes_of_files(files), (std::vector<int64_t>{0, 0}));
  EXPECT_EQ(files[1].failures, 2);
}

TEST(ExportFiles, OfAnotherMomentAreOtherFiles) {
  const std::vector<BulkFile> known = {file("https://ehr.example/a", 10, 1)};
  std::vector<BulkFile> files = {file("https://ehr.example/a")};
  keep_progress(known, false, files);
  EXPECT_EQ(bytes_of_files(files), (std::vector<int64_t>{0}));
  EXPECT_EQ(files[0].failures, 1);
}

}  // namespace
}  // namespace authledger
