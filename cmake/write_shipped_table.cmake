# Writes a C++ table of (path, text). The texts travel as numbers, not as string literals: CMake's lists and strings
# would change brackets, semicolons and backslashes, and compilers limit the length of a literal.
string(REPLACE "|" ";" FILES "${FILES}")
set(arrays "")
set(table "")
set(count 0)
foreach(file IN LISTS FILES)
  file(READ "${ROOT}/${file}" hex HEX)
  string(LENGTH "${hex}" digits)
  math(EXPR bytes "${digits} / 2")
  string(REGEX REPLACE "(................................................................)" "\\1\n" hex "${hex}")
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "'\\\\x\\1'," hex "${hex}")
  string(APPEND arrays "constexpr char kText${count}[] = {\n${hex}'\\0'};\n")
  string(APPEND table "    {\"${file}\", {kText${count}, ${bytes}}},\n")
  math(EXPR count "${count} + 1")
endforeach()
file(WRITE "${OUTPUT}" "// Written by cmake/write_shipped_table.cmake.
#include \"base/shipped_file.h\"

namespace authledger {
namespace {

${arrays}
}  // namespace

const ShippedFile k_${NAME}[] = {
${table}    {\"\", \"\"}};

const unsigned long k_${NAME}_count = ${count};

}  // namespace authledger
")
