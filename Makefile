# make            the programs, as they are released
# make deb        Debian packages, in build/
# make demo       the story, played on a throw-away machine
# make test       everything; needs root, to boot machines
# make test-long  what boots virtual machines, and takes its time; needs root
# make test-unit  the fast part, without privileges
# make fuzz       every reader of what anybody may write, FUZZ_SECONDS=60 each
# make attacks    every attack on both Debians; writes docs/attacks.md; needs root and half an hour
# make bench      figures; most need root, to boot a machine
# make soak       figures of a cluster's server with SOAK_AGENTS=2000 simulated agents
# make lint       formatting, shell scripts, manual pages
# make clean

SWIFT ?= swift
# Where Swift builds; both configurations live there side by side.
SCRATCH ?= .build
SWIFT_FLAGS := --scratch-path $(SCRATCH) --explicit-target-dependency-import-check error
RELEASE_FLAGS := -c release --static-swift-stdlib
PROGRAMS := holdfastd holdfast holdfast-prove holdfast-canary holdfast-link holdfast-cluster

.PHONY: build deb demo test test-long test-unit tests attacks fuzz bench soak lint clean needed-build needed-machine
.NOTPARALLEL:

build: needed-build
	@for program in $(PROGRAMS); do \
	  echo "Building $$program"; \
	  $(SWIFT) build $(SWIFT_FLAGS) $(RELEASE_FLAGS) --product "$$program" || exit 1; \
	done

deb: build
	@packaging/build-deb.sh --binaries "$$($(SWIFT) build $(SWIFT_FLAGS) $(RELEASE_FLAGS) --show-bin-path)"
	@packaging/example-agent/build-deb.sh

demo: needed-machine deb
	@demo/demo.sh

tests: needed-build
	@echo "Building the tests"
	@$(SWIFT) build $(SWIFT_FLAGS) --build-tests

test-unit: tests
	@Tests/run.sh unit $(SWIFT) test --skip-build $(SWIFT_FLAGS)

test: needed-machine deb tests
	@Tests/run.sh all $(SWIFT) test --skip-build $(SWIFT_FLAGS)

test-long: needed-machine deb tests
	@[ "$$(id -u)" -ne 0 ] || packaging/install-needed.sh vm
	@Tests/run.sh long $(SWIFT) test --skip-build $(SWIFT_FLAGS)

# ATTACKS=NAME,… tries these, and writes nothing.
attacks: needed-machine deb tests
	@ATTACKS="$${ATTACKS:-all}" Tests/run.sh attacks $(SWIFT) test --skip-build $(SWIFT_FLAGS)

# Builds elsewhere: everything is compiled to tell libFuzzer where it goes. What is found new goes to a
# copy of the corpus; what crashes, into the present directory.
FUZZ_SECONDS ?= 60
fuzz: needed-build
	@HOLDFAST_FUZZ=1 $(SWIFT) build --scratch-path $(SCRATCH)/fuzz -c release --product holdfast-fuzz \
	  -Xswiftc -sanitize=fuzzer -Xswiftc -use-ld=lld
	@for reader in $$(ls Tests/corpus); do \
	  found=$$(mktemp -d) && echo "Fuzzing $$reader" && \
	  "$(SCRATCH)/fuzz/release/holdfast-fuzz" $$reader -max_total_time=$(FUZZ_SECONDS) -timeout=5 \
	    -max_len=4096 -print_final_stats=1 "$$found" "Tests/corpus/$$reader" >"$$found.log" 2>&1 || \
	    { tail -n 40 "$$found.log"; exit 1; }; \
	  grep -E '^stat::(number_of_executed|average_exec)' "$$found.log"; \
	done

bench: deb
	@[ "$$(id -u)" -ne 0 ] || packaging/install-needed.sh build machine bench
	@echo "Building holdfast-bench"
	@$(SWIFT) build $(SWIFT_FLAGS) $(RELEASE_FLAGS) --product holdfast-bench
	@"$$($(SWIFT) build $(SWIFT_FLAGS) $(RELEASE_FLAGS) --show-bin-path)/holdfast-bench"

SOAK_AGENTS ?= 2000
soak: needed-build
	@for program in holdfast-cluster holdfast-link holdfast-soak; do \
	  echo "Building $$program"; \
	  $(SWIFT) build $(SWIFT_FLAGS) $(RELEASE_FLAGS) --product "$$program" || exit 1; \
	done
	@ulimit -n "$$(ulimit -H -n)" && "$$($(SWIFT) build $(SWIFT_FLAGS) $(RELEASE_FLAGS) --show-bin-path)/holdfast-soak" \
	  --agents $(SOAK_AGENTS)

lint:
	@packaging/lint.sh $(SWIFT)

clean:
	rm -rf $(SCRATCH) build

needed-build:
	@packaging/install-needed.sh build

# Without root nothing can boot here; the tests then say that they were skipped.
needed-machine:
	@[ "$$(id -u)" -ne 0 ] || packaging/install-needed.sh build machine
