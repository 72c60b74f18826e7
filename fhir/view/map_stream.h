#pragma once

#include <functional>
#include <string>
#include <vector>

#include "fhir/view/row_text.h"
#include "fhir/view/view.h"

// Views over files and streams: NDJSON is read in blocks of whole lines, mapped on several threads and given back in
// the order of the input, in constant memory. JSON that is no NDJSON (a resource, a Bundle, an array) is read whole.

namespace authledger {

struct MapOptions {
  RowFormat format = RowFormat::ndjson;
  bool is_explained = false;  // A row for each cell: resource, row, column, value, path, elements.
  unsigned threads = 1;
};

// What one part of the input gives, in order.
struct MappedPart {
  std::string text;                             // ndjson, json, csv: the rows.
  std::vector<std::vector<std::string>> shown;  // table: the rows' cells.
  std::vector<std::string> problems;            // "file:line: what is wrong".
  size_t rows = 0;
  size_t resources = 0;
};

class MapStream {
 public:
  // `take` runs on the calling thread; it returns false to stop (nobody reads any more).
  MapStream(const std::vector<View>& views, MapOptions options, std::function<bool(MappedPart&&)> take);

  // In the order of the views; a name that several views have is one column.
  const std::vector<std::string>& columns() const { return columns_; }
  const RowText& row_text() const { return row_text_; }

  // "-" is standard input, named so in messages. False when `take` stopped it. Files that cannot be opened or read are
  // problems; the others go on.
  bool run(const std::vector<std::string>& files);

 private:
  class Mapper;
  struct Result;
  bool give(Result&& result);

  const std::vector<View>& views_;
  MapOptions options_;
  std::function<bool(MappedPart&&)> take_;
  std::vector<std::string> columns_;
  RowText row_text_;
  size_t lines_before_ = 0;  // Lines of the current file in the parts that were given.
};

}  // namespace authledger
