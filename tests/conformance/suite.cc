#include "tests/conformance/suite.h"

#include <algorithm>
#include <fstream>
#include <ostream>
#include <sstream>

#include "base/json.h"

namespace authledger::conformance {

Result<std::string> read_text_file(const std::string& file) {
  std::ifstream stream(file, std::ios::binary);
  if (!stream) return Failure{"cannot read " + file};
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

size_t passed(const std::vector<Verdict>& verdicts) {
  return static_cast<size_t>(
      std::count_if(verdicts.begin(), verdicts.end(), [](const Verdict& v) { return v.is_passed; }));
}

void print(std::ostream& out, const std::vector<Verdict>& verdicts) {
  for (const Verdict& verdict : verdicts) {
    JsonWriter line;
    line.begin_object().member("test", verdict.id).key("passed").boolean(verdict.is_passed);
    if (!verdict.is_passed) line.member("reason", verdict.reason);
    out << line.end_object().take() << '\n';
  }
  out << passed(verdicts) << " passed, " << verdicts.size() - passed(verdicts) << " failed\n";
}

}  // namespace authledger::conformance
