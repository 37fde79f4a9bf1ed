# Graybox: `make demo` shows it, `make test` checks it.

SWIFT ?= swift
BUILD := $(SWIFT) build -c release
GRAYBOX = $(shell $(BUILD) --show-bin-path)/graybox
# The tests use `package` access: without hooks for testable imports one build serves the program and
# its tests.
TEST := $(SWIFT) test -c release --disable-testable-imports --skip-build
# What depends on the choice of kernels and of BLAS.
KERNEL_TESTS := '^(TensorsTests|AutodiffTests)\.'

.PHONY: all setup build demo test bench bench-peers lint format clean

all: build

setup:
	@bash Scripts/setup.sh

build: setup
	$(BUILD) --product graybox

# The quick ViterbiNet study; the last line says where the report is.
demo: build
	$(GRAYBOX) study viterbinet --preset quick --out out/viterbinet
	@echo "report: $(CURDIR)/out/viterbinet/report.html"

# Everything with the best kernels, then what depends on the kernels with each older variant and
# without BLAS.
test: setup
	$(BUILD) --build-tests
	$(TEST)
	$(SWIFT) run -c release --skip-build NonNegativeLeastSquares
	$(SWIFT) run -c release --skip-build NeighbourBeliefs
	GRAYBOX_KERNELS=baseline $(TEST) --filter $(KERNEL_TESTS)
	GRAYBOX_KERNELS=v3 $(TEST) --filter $(KERNEL_TESTS)
	GRAYBOX_BLAS=none $(TEST) --filter $(KERNEL_TESTS)

bench: build
	$(GRAYBOX) bench

# Ours beside PyTorch and JAX on this machine, in one run; needs a network the first time.
bench-peers: build
	bash Benchmarks/peers/setup.sh
	python3 Benchmarks/peers/compare.py --graybox $(GRAYBOX)

lint:
	@bash Scripts/lint.sh

format:
	$(SWIFT) format --in-place --parallel --recursive Package.swift Sources Tests

clean:
	rm -rf .build out
