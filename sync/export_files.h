#pragma once

#include <vector>

#include "fhir/bulk.h"
#include "ledger/store/bulk_store.h"

// The files of an export and their moment, as manifests name them. Pure.

namespace authledger {

std::vector<BulkFile> files_of(const ExportManifest& manifest);

// What is known of the files of an export is kept for `files`, which its manifest, asked for again, names now. A file
// is known again by its URL; where a signature that ends was all that changed, by its URL without the query. What was
// read is kept of such a file alone, and only in an export of the same moment (`is_same_moment`): the order of files
// says nothing. How often a file failed goes by its place within kind and type where no URL tells, so that failing
// ends.
void keep_progress(const std::vector<BulkFile>& known, bool is_same_moment, std::vector<BulkFile>& files);

// By the server's clock: what changed until then is in the files, what changes later may not be. Not later than the
// export was asked for, since some servers give the job's end for its transactionTime. Needs the manifest.
Instant moment_of(const BulkExport& exported);

}  // namespace authledger
