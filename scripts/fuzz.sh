#!/usr/bin/env bash
# Builds the libFuzzer targets under AddressSanitizer and UndefinedBehaviorSanitizer and runs each for SECONDS seconds
# (default 60), one after the other, over the seed corpus in tests/fuzz/corpus. What a run learns stays in
# build/fuzz/corpus; a finding is written to build/fuzz/findings and ends the run with an error.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-60}
shift || true
targets=("$@")
[ ${#targets[@]} -gt 0 ] || targets=(json path view date)

command -v clang++ >/dev/null || { echo "authledger: install the Debian packages clang and libclang-rt-14-dev to fuzz" >&2; exit 2; }
mkdir -p build/fuzz/findings
cmake --preset fuzz >build/fuzz/configure.log 2>&1 || { cat build/fuzz/configure.log; exit 1; }
cmake --build --preset fuzz --target $(printf 'fuzz_%s ' "${targets[@]}")

for target in "${targets[@]}"; do
  mkdir -p "build/fuzz/corpus/$target"
  echo "fuzz_$target: $seconds s"
  # Limits: an input that takes more than 10 s, or more than 2 GiB under the sanitizers, is a finding.
  build/fuzz/fuzz_"$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -max_len=4096 -print_final_stats=1 \
    -verbosity=0 -artifact_prefix="build/fuzz/findings/$target-" \
    "build/fuzz/corpus/$target" "tests/fuzz/corpus/$target" 2>&1 | grep -v '^INFO' || {
      echo "fuzz_$target: a finding, see build/fuzz/findings" >&2
      exit 1
    }
done
