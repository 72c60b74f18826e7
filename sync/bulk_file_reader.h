#pragma once

#include <exception>
#include <map>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/running_hash.h"
#include "fhir/client.h"
#include "ledger/store/bulk_store.h"
#include "ledger/store/certificate_store.h"
#include "sync/intake.h"

namespace authledger {

// Reads one NDJSON file of an export from the network into the ledger, in constant memory: while it comes, whole lines
// are recorded in batches, and how far they are committed is kept. A line that is no resource of the file's type goes
// to quarantine, among good ones; without any good one the answer is not the file (an OperationOutcome, a proxy's
// error).
class BulkFileReader {
 public:
  struct Run {
    RoundContext& context;
    const EndpointConfig& endpoint;
    FhirClient& client;
    Intake& intake;
    const BulkExport& exported;
    const std::string& lease_token;
    const char* lease_name;
  };
  // `certificates`: of the export's types; each counts what the file brought of it.
  BulkFileReader(const Run& run, BulkFile& file, std::map<std::string, FeedCertificate>& certificates);

  // Nothing when the file is done. Else it goes on, with the next round, where `file` says. Throws DbError.
  std::optional<FhirError> read();

 private:
  bool take(std::string_view bytes);
  void take_line(std::string_view line);
  std::string problem_of(const Result<JsonView>& root) const;
  void take_deletions(JsonView bundle);
  void flush();
  void checkpoint();
  std::optional<FhirError> finish();
  std::string doubt() const;
  FhirError begin_again(std::string why);
  void count_into_certificate();
  void note(const std::string& gap);

  Run run_;
  BulkFile& file_;
  std::map<std::string, FeedCertificate>& certificates_;
  JsonDocument document_;
  RunningHash batch_hash_;
  std::string rest_;  // Of a line that has not ended yet.
  std::vector<ReceivedResource> received_;
  std::vector<ResourceHash> deleted_;
  Issues unreadable_;
  int64_t batches_ = 0;
  int64_t bytes_at_ = 0, lines_at_ = 0;  // Of the file, up to the last whole line.
  bool is_the_file_;              // A line of it is what the file should hold; before that nothing counts as read.
  bool ends_well_ = true;         // The last line is.
  std::exception_ptr thrown_;     // By the database, inside of the transfer.
  std::optional<FhirError> end_;  // Why the transfer was ended from here.
};

}  // namespace authledger
