# make            the programs, as they are released
# make deb        Debian packages, in build/
# make demo       the story, played on a throw-away machine
# make test       everything; needs root, to boot machines
# make test-long  what boots virtual machines, and takes its time; needs root
# make test-unit  the fast part, without privileges
# make attacks    every attack on both Debians; writes docs/attacks.md; needs root and half an hour
# make bench      figures; most need root, to boot a machine
# make lint       formatting, shell scripts, manual pages
# make clean

SWIFT ?= swift
# Where Swift builds; both configurations live there side by side.
SCRATCH ?= .build
SWIFT_FLAGS := --scratch-path $(SCRATCH) --explicit-target-dependency-import-check error
RELEASE_FLAGS := -c release --static-swift-stdlib
PROGRAMS := holdfastd holdfast holdfast-prove holdfast-canary holdfast-cluster

.PHONY: build deb demo test test-long test-unit tests attacks bench lint clean needed-build needed-machine
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

bench: deb
	@[ "$$(id -u)" -ne 0 ] || packaging/install-needed.sh build machine bench
	@echo "Building holdfast-bench"
	@$(SWIFT) build $(SWIFT_FLAGS) $(RELEASE_FLAGS) --product holdfast-bench
	@"$$($(SWIFT) build $(SWIFT_FLAGS) $(RELEASE_FLAGS) --show-bin-path)/holdfast-bench"

lint:
	@packaging/lint.sh $(SWIFT)

clean:
	rm -rf $(SCRATCH) build

needed-build:
	@packaging/install-needed.sh build

# Without root nothing can boot here; the tests then say that they were skipped.
needed-machine:
	@[ "$$(id -u)" -ne 0 ] || packaging/install-needed.sh build machine
