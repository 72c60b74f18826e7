#include <fmt/format.h>
#include <gtest/gtest.h>

#include <chrono>

#include "tests/store/sample_facts.h"
#include "tests/support/test_database.h"

namespace authledger {
namespace {

// Prints rates (bench/ measures them properly) and asserts that pages stay cheap however large the tables have grown.
TEST(RecordPage, TakesPagesOfAThousandResourcesAndPrintsItsRate) {
  TestDatabase database;
  PgConnection pg = database.connection();
  const int64_t tenant = make_tenant(pg);
  constexpr int kPages = 20, kPageSize = 1000, kPatients = 500;
  std::vector<std::vector<MappedResource>> pages(kPages);
  for (int page = 0; page < kPages; ++page) {
    for (int i = 0; i < kPageSize; ++i) {
      pages[static_cast<size_t>(page)].push_back(
          encounter(fmt::format("e{}-{}", page, i), fmt::format("Patient/p{}", (page * 37 + i) % kPatients), 1));
    }
  }
  const auto seconds_since = [](std::chrono::steady_clock::time_point start) {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  };
  const auto start = std::chrono::steady_clock::now();
  int64_t recorded = 0;
  for (const std::vector<MappedResource>& page : pages) recorded += record(pg, tenant, page).new_facts;
  const double recording = seconds_since(start);
  EXPECT_EQ(recorded, kPages * kPageSize);

  const auto again = std::chrono::steady_clock::now();
  size_t found = 0;
  for (const std::vector<MappedResource>& page : pages) {
    std::vector<ResourceHash> asked;
    for (const MappedResource& resource : page)
      asked.push_back({resource.type, resource.id, resource.hash, kMappingVersion});
    for (const StoredVersion& stored : find_stored(pg, tenant, kSource, asked)) found += stored.as == StoredAs::same;
  }
  const double finding = seconds_since(again);
  EXPECT_EQ(found, static_cast<size_t>(kPages) * kPageSize);
  fmt::print("recorded {:.0f} resources/s, found {:.0f} unchanged/s\n", kPages * kPageSize / recording,
             kPages * kPageSize / finding);
}

}  // namespace
}  // namespace authledger
