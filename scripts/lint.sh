#!/usr/bin/env bash
# clang-format (no file may differ) and clang-tidy over the program's own sources.
set -euo pipefail
for tool in clang-format clang-tidy; do
  command -v "$tool" >/dev/null || { echo "authledger: install the Debian package $tool to lint" >&2; exit 2; }
done
git ls-files '*.cc' '*.h' | xargs clang-format --dry-run -Werror
cmake --preset debug >/dev/null
git ls-files 'base/*.cc' 'config/*.cc' 'fhir/*.cc' 'ledger/*.cc' 'adapters/*.cc' 'sync/*.cc' 'server/*.cc' 'cmd/*.cc' |
  xargs -P 2 -n 4 clang-tidy --quiet -p build/debug
