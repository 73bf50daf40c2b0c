# Everything here is short for a script or a CMake call; each first lets
# scripts/setup install what is missing.
#
#   make                              build/bin/abi3ify
#   make demo [SRC=path] [TARGET=3.11] migrates our example, or your sources
#   make test [ONLY=regex]            all tests, or those whose names match
#   make integration [ONLY=regex]     those that download: the wheel, pre-commit
#   make corpus [ONLY=name]           real packages, one binary each: docs/corpus.md
#   make bench                        how long it takes, into docs/performance.md
#   make wheel                        dist/*.whl and dist/*.tar.gz, as published
#   make clean                        removes build/
#
# LLVM_PREFIX names an LLVM 22 elsewhere than in /usr/lib/llvm-22.

LLVM_PREFIX ?= /usr/lib/llvm-22
TARGET ?= 3.11
SRC ?=
ONLY ?=
export LLVM_PREFIX
# ccache needs this to handle the precompiled header.
export CCACHE_SLOPPINESS := pch_defines,time_macros,include_file_mtime,include_file_ctime

.PHONY: all build demo test integration corpus bench wheel clean

all: build

build:
	@scripts/setup
	@[ -f build/build.ninja ] || { \
	  launcher=$$(command -v ccache) || launcher=; \
	  cmake -S . -B build -G Ninja -DCMAKE_PREFIX_PATH='$(LLVM_PREFIX)' \
	    -DCMAKE_C_COMPILER='$(LLVM_PREFIX)/bin/clang' \
	    -DCMAKE_CXX_COMPILER='$(LLVM_PREFIX)/bin/clang++' \
	    $${launcher:+-DCMAKE_C_COMPILER_LAUNCHER="$$launcher" -DCMAKE_CXX_COMPILER_LAUNCHER="$$launcher"}; }
	@cmake --build build

demo: build
	@scripts/demo --target '$(TARGET)' $(if $(SRC),'$(SRC)')

test: build
	@scripts/setup --tests
	@cmake build >/dev/null # what was installed just now decides which tests there are
	@scripts/pythons --fetch >/dev/null
	@ctest --test-dir build --output-on-failure --no-tests=error -j2 $(if $(ONLY),-R '$(ONLY)')

integration: build
	@scripts/setup --tests
	@ctest --test-dir build -C integration -L integration --output-on-failure --no-tests=error $(if $(ONLY),-R '$(ONLY)')

# One package after the other takes most of an hour; some only print what they reach.
corpus: build
	@scripts/pythons --fetch >/dev/null
	@python3 -B bench/run.py $(if $(ONLY),$(ONLY),--json build/corpus.json --docs docs/corpus.md)

bench: build
	@cmake --build build --target abi3ify-static abi3ify-tidy-22
	@bench/speed.py --docs docs/performance.md

wheel:
	@scripts/setup
	@scripts/wheel

clean:
	rm -rf build dist
