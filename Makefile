# What one types: `make run` (set-up, then the main job) and `make test`. `make help` lists the rest.
# Set-up leaves stamps under .setup/, so that a step is repeated only when what it depends on changed.
# Their folder is of this checkout's path, of which a checksum has no spaces: a virtual environment does
# not survive being moved.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules

DONE := .setup/$(shell pwd | cksum | cut -d' ' -f1)
BIN := .venv/bin
BUILD := build/dev
CPP_SOURCES := $(shell find ns3_scenarios -name '*.cc' -o -name '*.h' | sort)
BUILD_INPUTS := pyproject.toml $(shell find ns3_scenarios -name '*.txt' -o -name '*.cmake' -o -name '*.py') $(CPP_SOURCES)

# More arguments for `cosim run` and for pytest: make run ARGS="--load high", make test ARGS="-k units"
ARGS ?=
# ON: a compiler warning stops the build (.ci/run says so)
WERROR ?= OFF

.PHONY: help run setup torch test test-fast test-torch ctest bench browser profiles docs test-slow fuzz lint format clean

help:  ## List the targets
	@sed -nE 's/^([a-z-]+):.*## (.*)/\1\t\2/p' $(MAKEFILE_LIST) | expand -t 12

run: $(DONE)/package  ## Set up, then simulate the default scenario (ARGS="--load high --seed 3")
	@$(BIN)/cosim run $(ARGS)

setup: $(DONE)/package  ## Only set up

torch: $(DONE)/torch  ## Add the torch extra to .venv, for measuring models

browser: $(DONE)/browser  ## Add Chromium, for the tests of reports in a browser (about 400 MB)

test: ctest  ## C++ and Python tests (those that need torch or Chromium are skipped where it is missing)
	@$(BIN)/python -m pytest $(ARGS)

test-fast: $(DONE)/package  ## Python tests that start neither ns-3, torch nor a browser
	@$(BIN)/python -m pytest -m "not ns3 and not torch and not browser and not slow" $(ARGS)

test-torch: $(DONE)/package $(DONE)/torch  ## Install the torch extra, then the tests that need it
	@$(BIN)/python -m pytest -m torch $(ARGS)

ctest: $(DONE)/package
	@echo "test: building the C++ tests"
	@$(BIN)/cmake --build $(BUILD) --target cosim-tests
	@$(BIN)/ctest --test-dir $(BUILD) --output-on-failure --no-tests=error --parallel 2

docs: $(DONE)/package  ## Build the documentation into site/, where a warning is an error
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet --site-dir site
	@echo "docs: site/index.html"

test-slow: $(DONE)/package  ## The tests that take minutes: training an agent, and some fuzzing after `make fuzz`
	@$(BIN)/python -m pytest -m slow $(ARGS)

bench: $(DONE)/package $(DONE)/bench  ## Time solvers, radio, simplified simulator, coupling and sweeps against their rivals; memory of a long run; channel cache
	@$(BIN)/python bench/solvers.py
	@$(BIN)/python bench/radio.py --quick
	@$(BIN)/python bench/simplified.py
	@$(BIN)/python bench/coupling.py
	@$(BIN)/python bench/sweep.py
	@$(BIN)/python bench/memory.py
	@$(BIN)/python bench/channel_cache.py

MODELS ?= resnet18 vgg11 resnet50 resnet152 mobilenet_v2 rcnn rnn qmix-agent qmix-mixer transformer
REPEATS ?= 300

profiles: $(DONE)/package $(DONE)/torch  ## Measure the shipped profiles anew (MODELS="vgg11 rnn", REPEATS=1000)
	@for model in $(MODELS); do \
	    $(BIN)/cosim profile $$model --backward --repeats $(REPEATS) --out profiles/models || exit; done

FUZZ_SECONDS ?= 60

fuzz: $(DONE)/package $(DONE)/fuzz  ## Fuzz the decoders of messages, guided by coverage (FUZZ_SECONDS=600)
	@cd $(DONE) && $(CURDIR)/$(BIN)/python $(CURDIR)/tests/fuzz/decoders.py -max_total_time=$(FUZZ_SECONDS)

lint: $(DONE)/venv  ## Check style and types of Python and C++
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/clang-format --dry-run -Werror $(CPP_SOURCES) && echo "clang-format: $(words $(CPP_SOURCES)) files are well formatted"

format: $(DONE)/venv  ## Format Python and C++
	@$(BIN)/ruff check --fix-only --quiet .
	@$(BIN)/ruff format .
	@$(BIN)/clang-format -i $(CPP_SOURCES)

clean:  ## Remove everything that the other targets made, except runs/
	rm -rf .venv .setup build dist site .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(DONE)/system: scripts/setup-system.sh scripts/find-python.sh
	@scripts/setup-system.sh
	@mkdir -p $(@D) && touch $@

$(DONE)/browser: scripts/setup-system.sh
	@scripts/setup-system.sh browser
	@mkdir -p $(@D) && touch $@

$(DONE)/venv: $(DONE)/system requirements.lock scripts/setup-python.sh
	@scripts/setup-python.sh
	@touch $@

$(DONE)/bench: $(DONE)/venv requirements-bench.lock
	@echo "set-up: installing HELICS and mosaik, which bench/coupling.py times"
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --constraint requirements.lock \
	    --requirement requirements-bench.lock
	@touch $@

$(DONE)/fuzz: $(DONE)/venv requirements-fuzz.lock
	@echo "set-up: installing atheris, which make fuzz needs"
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --requirement requirements-fuzz.lock
	@touch $@

$(DONE)/torch: $(DONE)/venv requirements-torch.lock scripts/setup-torch.sh
	@scripts/setup-torch.sh
	@touch $@

# Editable: a change of Python needs no set-up, a change of C++ is compiled incrementally in $(BUILD).
$(DONE)/package: $(DONE)/venv $(BUILD_INPUTS)
	@echo "set-up: compiling the ns-3 program and installing cosim (about 70 MB of ns-3 at first, some minutes)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps \
	    -C build-dir=$(BUILD) -C cmake.define.COSIM_WARNINGS_AS_ERRORS=$(WERROR) --editable .
	@touch $@
