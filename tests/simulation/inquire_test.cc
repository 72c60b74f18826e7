// A payer's answer to a request that waits: PAS Claim/$inquire, end to end against a second server. FAULTS 79.

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>

#include "tests/simulation/fault_site.h"

namespace authledger {
namespace {

// An EHR that holds pended answers, and the payer that knows better.
class InquirySite {
 public:
  explicit InquirySite(const std::string& payers = "[Organization/payer-1]")
      : payer_(std::move(*Sandbox::start({.inquiry = true}))) {
    std::string off;
    for (const char* type : {"Patient", "Organization", "Coverage", "ServiceRequest", "Claim", "ExplanationOfBenefit",
                             "Encounter", "Procedure", "ChargeItem", "Appointment"}) {
      off += std::string("      ") + type + ": off\n";
    }
    const std::string second = "  - name: payer\n    base_url: " + payer_->base_url() +
                               "\n    deliver: false\n    retries_max: 0\n    feeds:\n" + off +
                               "      ClaimResponse: {strategy: inquire, payers: " + payers +
                               ", mappings: [pas_claim_response]}\n";
    site = std::make_unique<Site>(SandboxOptions{}, second + kFastDelivery);
  }
  Sandbox& payer() { return *payer_; }
  std::unique_ptr<Site> site;

  // A decision of a request on either server.
  static std::string decision(const std::string& id, const std::string& patient, const std::string& action,
                              const std::string& number = "REF-7", const std::string& payer = "payer-1") {
    return claim_response_json({.id = id,
                                .patient = patient,
                                .payer = payer,
                                .number = number,
                                .first_day = "2026-10-01",
                                .last_day = "2027-03-31",
                                .review_action = action,
                                .units = 12});
  }

 private:
  std::unique_ptr<Sandbox> payer_;
};

std::string patient_of_payer(const std::string& id, const std::string& mrn) {
  return R"({"resourceType":"Patient","id":")" + id + R"(","identifier":[{"system":"urn:example:mrn","value":")" + mrn +
         R"("}]})";
}

size_t inquiries(const Sandbox& payer) {
  const std::vector<std::string> log = payer.request_log();
  return static_cast<size_t>(std::count(log.begin(), log.end(), "POST /fhir/Claim/$inquire"));
}

TEST(Inquire, AnOpenRequestIsAnsweredByThePayerOnceADay) {
  InquirySite inquiry;
  Site& site = *inquiry.site;
  ASSERT_TRUE(site.ehr().load(patient_json("p1")).ok());
  ASSERT_TRUE(site.ehr().load(InquirySite::decision("r1", "p1", "A4")).ok());
  ASSERT_TRUE(inquiry.payer().load(patient_of_payer("M-1", "p1")).ok());
  ASSERT_TRUE(inquiry.payer().load(InquirySite::decision("final", "M-1", "A4")).ok());
  sync_now(site);
  EXPECT_EQ(balance(site, "decision", "REF-7"), "pended");
  EXPECT_EQ(inquiries(inquiry.payer()), 1U);
  sync_now(site);
  EXPECT_EQ(inquiries(inquiry.payer()), 1U) << "asked for once a day, not polled";

  ASSERT_TRUE(inquiry.payer().put(InquirySite::decision("final", "M-1", "A1")).ok());
  ProgramResult asked = site.run({"inquire", "REF-7"});
  EXPECT_EQ(asked.exit_code, 0) << asked.output << asked.errors;
  EXPECT_EQ(Answer(asked).number({"answered"}), 1);
  Answer rows(site.run({"authorizations", "--on", "2026-11-01"}));
  size_t approved = 0;
  for (JsonView row : rows.root()) {
    approved += row["decision"].text() == "approved";
    EXPECT_EQ(row["patient"].text(), "Patient/p1") << "the payer's answer is the EHR's patient's";
  }
  EXPECT_EQ(approved, 1U) << site.run({"authorizations", "--on", "2026-11-01"}).output;
}

TEST(Inquire, ANumberThatNobodyIsKnownToHaveIsANegativeAnswer) {
  InquirySite inquiry;
  sync_now(*inquiry.site);
  EXPECT_EQ(inquiry.site->run({"inquire", "NONE-1"}).exit_code, 3);
  EXPECT_EQ(inquiries(inquiry.payer()), 0U);
}

TEST(Fault79, AnAnswerAboutAnotherPatientIsQuarantined) {
  InquirySite inquiry;
  Site& site = *inquiry.site;
  ASSERT_TRUE(site.ehr().load(patient_json("p1")).ok());
  ASSERT_TRUE(site.ehr().load(InquirySite::decision("r1", "p1", "A4")).ok());
  ASSERT_TRUE(inquiry.payer().load(patient_of_payer("M-9", "somebody-else")).ok());
  ASSERT_TRUE(inquiry.payer().load(InquirySite::decision("final", "M-9", "A1")).ok());
  sync_now(site);
  EXPECT_EQ(balance(site, "decision", "REF-7"), "pended");
  EXPECT_NE(site.run({"quarantine", "list"}).output.find("of the patient or request asked about"), std::string::npos);
}

// Loads patients p1, p2 … with a request each that waits: REF-1, REF-2 …
void load_open_requests(Site& site, int count) {
  for (int i = 1; i <= count; ++i) {
    const std::string no = std::to_string(i), patient = "p" + no;
    ASSERT_TRUE(site.ehr().load(patient_json(patient)).ok());
    ASSERT_TRUE(site.ehr().load(InquirySite::decision("r" + no, patient, "A4", "REF-" + no)).ok());
  }
}

// What the feed of inquiries of the latest round says is missing.
std::string inquiry_gaps(Site& site) {
  const Answer feeds(site.run({"feeds"}));
  std::string gaps;
  for (const JsonView row : feeds.root()) {
    if (row["strategy"].text() != "inquire") continue;
    for (const JsonView gap : row["gaps"]) gaps += gap.string() + "\n";
  }
  return gaps;
}

TEST(Inquire, OnlyThePayersThatTheEndpointAnswersForAreAskedAbout) {
  InquirySite inquiry;
  Site& site = *inquiry.site;
  load_open_requests(site, 1);
  ASSERT_TRUE(site.ehr().load(patient_json("p9")).ok());
  ASSERT_TRUE(site.ehr().load(InquirySite::decision("r9", "p9", "A4", "REF-9", "payer-2")).ok());
  sync_now(site);
  EXPECT_EQ(inquiries(inquiry.payer()), 1U) << "the other company is told nothing of this patient";
  EXPECT_NE(inquiry_gaps(site).find("1 open requests of payers that no endpoint inquires for"), std::string::npos)
      << inquiry_gaps(site);
  const ProgramResult asked = site.run({"inquire", "REF-9"});
  EXPECT_EQ(asked.exit_code, 3) << asked.errors;
  EXPECT_NE(asked.errors.find("of a payer that payer does not answer for"), std::string::npos) << asked.errors;
  EXPECT_EQ(inquiries(inquiry.payer()), 1U);
}

TEST(Inquire, OneThatIsRefusedDoesNotHoldUpTheOthersAndIsNotSentAgainUnchanged) {
  InquirySite inquiry;
  Site& site = *inquiry.site;
  load_open_requests(site, 3);
  inquiry.payer().set_faults({.inquiry_refused_for = "REF-1"});
  sync_now(site);
  EXPECT_EQ(inquiries(inquiry.payer()), 3U) << "the others go on";
  EXPECT_NE(inquiry_gaps(site).find("1 inquiries were refused (payer: POST Claim/$inquire: answered 422"),
            std::string::npos)
      << inquiry_gaps(site);
  sync_now(site);
  EXPECT_EQ(inquiries(inquiry.payer()), 3U) << "FHIR_FACTS c: a 4xx is not sent again unchanged";
  EXPECT_NE(inquiry_gaps(site).find("1 inquiries were refused: asked again"), std::string::npos) << inquiry_gaps(site);
  edit(site, "ClaimResponse", "r1", R"("status":"active")",
       R"("status":"active","extension":[{"url":"http://hl7.org/fhir/us/davinci-pas/StructureDefinition/)"
       R"(extension-administrationReferenceNumber","valueString":"ADM-1"}])");
  sync_now(site);
  EXPECT_EQ(inquiries(inquiry.payer()), 4U) << "the request changed";
}

TEST(Inquire, APayerThatFailsIsAskedAFewTimesARoundAndAgainInTheNext) {
  InquirySite inquiry;
  Site& site = *inquiry.site;
  load_open_requests(site, 6);
  inquiry.payer().set_faults({.unavailable_next = 1000, .only_for = "$inquire"});
  sync_now(site, 4);
  EXPECT_EQ(inquiries(inquiry.payer()), 3U) << "of six";
  inquiry.payer().set_faults({.unavailable_next = 1, .only_for = "$inquire"});
  sync_now(site, 4);
  EXPECT_EQ(inquiries(inquiry.payer()), 9U) << "one failed, the others went on";
  inquiry.payer().set_faults({});
  sync_now(site);
  EXPECT_EQ(inquiries(inquiry.payer()), 10U) << "what failed was not counted as asked, the others were";
}

TEST(Fault39, AnInquiryOfATimeThatIsYetToComeCountsAsNeverAsked) {
  InquirySite inquiry;
  Site& site = *inquiry.site;
  load_open_requests(site, 1);
  sync_now(site);
  ASSERT_EQ(inquiries(inquiry.payer()), 1U);
  constexpr Statement kAskedInAMonth{"asked_in_a_month",
                                     "update sweep_visit set read_at = now() + interval '30 days' "
                                     "where resource_type = '$inquire'"};
  PgConnection owner = site.database().owner_connection();
  Transaction transaction(owner, 1);
  transaction.execute(kAskedInAMonth);
  transaction.commit();
  sync_now(site);
  EXPECT_EQ(inquiries(inquiry.payer()), 2U);
}

// Units of the only authorization that is approved.
std::string approved_units(Site& site) {
  const Answer rows(site.run({"authorizations", "--on", "2026-11-01"}));
  return rows.row("decision", "approved")["approved"].string();
}

TEST(Inquire, AChangedMappingMapsTheAnswersAgain) {
  InquirySite inquiry;
  Site& site = *inquiry.site;
  load_open_requests(site, 1);
  ASSERT_TRUE(inquiry.payer().load(patient_of_payer("M-1", "p1")).ok());
  ASSERT_TRUE(inquiry.payer().load(InquirySite::decision("final", "M-1", "A1", "REF-1")).ok());
  sync_now(site);
  ASSERT_EQ(approved_units(site), "12");
  std::string config = read_file(site.config_file());
  const std::string after = "  - name: payer\n";
  config.insert(config.find(after) + after.size(),
                "    overrides: [{mapping: pas_claim_response, column: quantity, path: \"20\"}]\n");
  site.folder().write("authledger.yaml", config);
  sync_now(site);
  EXPECT_EQ(inquiries(inquiry.payer()), 1U) << "nobody is asked once more";
  EXPECT_EQ(approved_units(site), "20");
}

}  // namespace
}  // namespace authledger
