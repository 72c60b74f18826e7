#!/usr/bin/env bash
# clang-format (no file may differ) and clang-tidy over the program's own sources.
set -euo pipefail
scripts/install_packages.sh clang-format clang-tidy
git ls-files '*.cc' '*.h' | xargs clang-format --dry-run -Werror
cmake --preset debug >/dev/null
git ls-files 'base/*.cc' 'config/*.cc' 'fhir/*.cc' 'ledger/*.cc' 'adapters/*.cc' 'sync/*.cc' 'server/*.cc' 'cmd/*.cc' |
  xargs -P 2 -n 4 clang-tidy --quiet --extra-arg=-Wno-unknown-warning-option -p build/debug
