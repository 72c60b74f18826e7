#include "adapters/attachment_content.h"

#include <gtest/gtest.h>

#include "tests/adapters/mapped_resource.h"

namespace authledger {
namespace {

// FIPS 180-4, the example "abc".
const std::string kAbc = "YWJj", kHashOfAbc = "qZk+NkcGgWq6PiVxeFDCbJzQ2J0=";

std::string letter(const std::string& attachment) {
  return R"({"resourceType":"DocumentReference","id":"l1","meta":{"versionId":"1"},"status":"current",)"
         R"("subject":{"reference":"Patient/p1"},"content":[{"attachment":{"contentType":"text/plain",)" +
         attachment + R"(}}],"context":{"related":[{"reference":"ClaimResponse/r1"}]}})";
}

TEST(AttachmentContent, InlineContentGivesWayToItsHash) {
  EXPECT_EQ(without_attachment_content(letter(R"("data":"YWJj","size":3)")),
            letter(R"("hash":")" + kHashOfAbc + R"(","size":3)"));
  // FHIR allows blanks in base64.
  EXPECT_EQ(without_attachment_content(letter(R"("data" : "YW\n Jj")")), letter(R"("hash":")" + kHashOfAbc + R"(")"));
}

TEST(AttachmentContent, AHashThatTheSourceStatesStays) {
  EXPECT_EQ(without_attachment_content(letter(R"("hash":"c3RhdGVk","data":"YWJj")")), letter(R"("hash":"c3RhdGVk")"));
}

TEST(AttachmentContent, WhatIsNoBase64HasNoHashAndIsNotKeptEither) {
  EXPECT_EQ(without_attachment_content(letter(R"("data":"in plain words!","size":3)")), letter(R"("size":3)"));
}

TEST(AttachmentContent, IsFoundAtAnyDepthAndInEveryType) {
  const std::string claim =
      R"({"resourceType":"Claim","supportingInfo":[{"sequence":1,"valueAttachment":{"data":"YWJj"}}],)"
      R"("contained":[{"resourceType":"Binary","id":"b","data":"YWJj"}],"item":[{"quantity":{"value":1.50}}]})";
  const std::string kept = without_attachment_content(claim);
  EXPECT_EQ(kept.find(kAbc), std::string::npos) << kept;
  EXPECT_NE(kept.find(R"("value":1.50)"), std::string::npos) << "numbers stay as written: " << kept;
}

TEST(AttachmentContent, TextWithoutAnyIsLeftAsItIs) {
  for (const std::string& text : {letter(R"("url":  "Binary/b1")"), std::string(R"({"data)"), std::string()}) {
    EXPECT_EQ(without_attachment_content(text), text);
  }
}

TEST(AttachmentContent, TheHashIsThatOfTheFact) {
  const MappedFacts mapped = map_text(compile_mapper(), without_attachment_content(letter(R"("data":"YWJj")")));
  const std::vector<DocumentFact> documents = bodies<DocumentFact>(mapped);
  ASSERT_EQ(documents.size(), 1U) << texts_of(mapped.issues);
  EXPECT_EQ(documents[0].attachments, std::vector<Attachment>({{"", kHashOfAbc}}));
}

}  // namespace
}  // namespace authledger
