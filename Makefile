# Every target installs the Debian packages that it lacks, naming them. See README.md.
.DEFAULT_GOAL := help
.PHONY: help packages build demo serve test test-sanitized interop simulate faults bench bench-large bench-engines fuzz lint format clean

export CCACHE_BASEDIR := $(CURDIR)
export CCACHE_NOHASHDIR := 1
export CCACHE_SLOPPINESS := pch_defines,time_macros,include_file_mtime,include_file_ctime

help:
	@echo "make demo            pull, count and warn against a simulated EHR; ends by itself"
	@echo "make serve           the same, left running: health and metrics on http://127.0.0.1:8089"
	@echo "make build           build/release/authledger"
	@echo "make test            build and run every test"
	@echo "make test-sanitized  the same under AddressSanitizer and UndefinedBehaviorSanitizer"
	@echo "make simulate SEEDS=1000  a clinic's year with faults, so many times; FIRST=N starts at seed N"
	@echo "make faults MINUTES=10    serve against an endpoint that rotates through all faults; then nothing is lost or double"
	@echo "make interop         authledger against HAPI FHIR JPA and Medplum over HTTP; SMART judged by jose; HAPI's validator"
	@echo "make bench           measure; prints the machine, the ceiling and the ratios"
	@echo "make bench-large     the same for 100,000 patients and 10 million journal entries (7 minutes, 20 GB)"
	@echo "make fuzz SECONDS=60  fuzz JSON, FHIRPath, ViewDefinitions and dates, each for that long"
	@echo "make lint            clang-format and clang-tidy"

packages:
	@scripts/install_packages.sh

build: packages
	@cmake --preset release -DAUTHLEDGER_TESTS=OFF -DAUTHLEDGER_BENCH=OFF >build.log 2>&1 || { cat build.log; exit 1; }
	@rm -f build.log
	@cmake --build --preset release

demo: build
	@scripts/demo.sh

serve: build
	@scripts/demo.sh --serve

test: packages
	cmake --preset release -DAUTHLEDGER_TESTS=ON
	cmake --build --preset release
	ctest --test-dir build/release --output-on-failure -j3

test-sanitized: packages
	cmake --preset asan-ubsan
	cmake --build --preset asan-ubsan
	ctest --test-dir build/asan-ubsan --output-on-failure -j3

SEEDS ?= 200
FIRST ?= 1
simulate: packages
	@cmake --preset release -DAUTHLEDGER_TESTS=ON >build.log 2>&1 || { cat build.log; exit 1; }
	@rm -f build.log
	@cmake --build --preset release --target simulation_year_test
	@AUTHLEDGER_PROGRESS=1 AUTHLEDGER_SEEDS=$(SEEDS) AUTHLEDGER_FIRST_SEED=$(FIRST) \
	  build/release/simulation_year_test --gtest_brief=1 --gtest_filter='SimulatedYear.TheTenInvariants*'

MINUTES ?= 10
faults: packages
	@cmake --preset release -DAUTHLEDGER_TESTS=ON >build.log 2>&1 || { cat build.log; exit 1; }
	@rm -f build.log
	@cmake --build --preset release --target authledger rotation_test
	@AUTHLEDGER_ROTATION_SECONDS=$$(($(MINUTES) * 60)) AUTHLEDGER_FIRST_SEED=$(FIRST) build/release/rotation_test --gtest_brief=1 --gtest_filter='*ThatRotates*'

# Ends with {"passed":n,"failed":n,"not_run":n}. PARTS: any of hapi, medplum, smart, stories (tests/interop/README.md).
interop: build
	@tests/interop/interop.sh $(PARTS)

bench: packages
	@cmake --preset release -DAUTHLEDGER_BENCH=ON >build.log 2>&1 || { cat build.log; exit 1; }
	@rm -f build.log
	@cmake --build --preset release
	@build/release/bench-program/bench
	@build/release/bench-program/bench_http build/release/authledger 3000 1
	@build/release/bench-program/bench_freshness build/release/authledger 200
	@$(MAKE) --no-print-directory bench-engines
	@build/release/bench-program/bench_map

# 100,000 patients with 3 million facts, 10 million journal entries: about 7 minutes and 20 GB of disk.
bench-large: packages
	@cmake --preset release -DAUTHLEDGER_BENCH=ON >build.log 2>&1 || { cat build.log; exit 1; }
	@rm -f build.log
	@cmake --build --preset release --target authledger bench_large
	@build/release/bench-program/bench_large

# The npm packages that bench_map measures beside authledger, at the versions of bench/package.json.
bench-engines:
	@command -v npm >/dev/null || scripts/install_packages.sh nodejs npm
	@mkdir -p build/bench && cp bench/package.json build/bench/package.json
	@cd build/bench && npm install --no-audit --no-fund --loglevel=error >/dev/null

SECONDS ?= 60
fuzz: packages
	@scripts/install_packages.sh clang libclang-rt-14-dev
	@scripts/fuzz.sh $(SECONDS)

lint:
	@scripts/lint.sh

format:
	@clang-format -i $$(git ls-files '*.cc' '*.h')

clean:
	rm -rf build
