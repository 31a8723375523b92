# Everything that one does with this checkout. It needs Python 3.11, 3.12 or 3.13, and make; `make help` lists what there is.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help setup run test test-faults test-chassis test-services test-journeys test-houses test-pages test-rest check check-statically check-services check-rest bench faults abuse generate pictures clean

VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= $(firstword $(foreach name,python3.11 python3.12 python3.13 python3 python,$(shell \
	$(name) -c 'import sys; (3, 11) <= sys.version_info[:2] <= (3, 13) and print("$(name)")' 2>/dev/null)))
# DEV=0 leaves out what only tests and checks need: `make run DEV=0` for who wants to see it run.
LOCK := $(if $(filter 0,$(DEV)),requirements.run.lock,requirements.lock)
READY := $(VENV)/.ready$(if $(filter 0,$(DEV)),-to-run)

# Where `make pictures` lays its pictures.
PICTURES ?= build/pictures

# The fault run: `make faults SIZE=50000 SEED=1 BROKERS=3`.
SIZE ?= 20000
SEED ?= 1
BROKERS ?= 1

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(READY) ## Make the virtual environment: pinned versions, each checked by its hash; DEV=0 without what only tests need

# The lock pins uv as well: pip fetches that one by its hash, and uv the rest.
$(READY): $(LOCK) pyproject.toml
	@test -n "$(PYTHON)" || { echo "Python 3.11, 3.12 or 3.13 is needed on the PATH, or named by PYTHON=." >&2; exit 1; }
	@test -x $(BIN)/python || { echo "making $(VENV)"; $(PYTHON) -m venv $(VENV); }
	@awk '/^[a-z]/ { keep = /^uv==/ } keep' $(LOCK) >$(VENV)/bootstrap.lock
	@test -x $(BIN)/uv || { echo "fetching uv"; $(BIN)/python -m pip install --quiet --disable-pip-version-check \
		--require-hashes -r $(VENV)/bootstrap.lock; }
# Compiled once, here: where nobody writes bytecode, every process that starts would compile all that it imports.
	@echo "installing $$(grep -c '^[a-z].*==' $(LOCK)) packages from $(LOCK)"
	@VIRTUAL_ENV=$(CURDIR)/$(VENV) $(BIN)/uv pip sync --quiet --compile-bytecode --require-hashes $(LOCK)
	@VIRTUAL_ENV=$(CURDIR)/$(VENV) $(BIN)/uv pip install --quiet --no-deps --no-build-isolation --editable .
	@$(BIN)/python -m deploy.assets
	@rm -f $(VENV)/.ready*
	@touch $@

# exec: Ctrl-C and the exit code are the command's own.
run: $(READY) ## Start everything, load the demonstration, and say where it is; Ctrl-C stops it
	@exec $(BIN)/motcua up

# In parts, each with servers of its own, which is what two processors can start beside one another. Those that wait most begin first; when
# one is over the next begins. The last one is whatever the others leave, so that none is forgotten.
SERVICES := tests/processing tests/intake
JOURNEYS := tests/journeys
HOUSES := tests/deploy_local tests/abuse
PAGES := tests/reporting tests/notify tests/pages tests/rights
FAULTS := tests/faults/test_small.py
HALF := $(SERVICES) tests/chassis
LEFT := $(HALF) $(JOURNEYS) $(HOUSES) $(PAGES) $(FAULTS)

test: $(READY) ## Every test, on real PostgreSQL and real Kafka: in parts, four at a time, each shown when it is over
	@test -z "$$CI" || .ci/programs
	@$(MAKE) --no-print-directory --jobs=4 --output-sync=target \
		test-journeys test-services test-faults test-chassis test-houses test-pages test-rest

# Where nobody writes bytecode, each run, and each process that a test starts, would compile all anew.
test check-services check-rest: export PYTHONDONTWRITEBYTECODE =

# Who waits for whole houses comes before who computes.
test-journeys:
	$(BIN)/python -m pytest -p no:cacheprovider $(JOURNEYS)

test-faults:
	$(BIN)/python -m pytest -p no:cacheprovider $(FAULTS)

test-services:
	nice -n 5 $(BIN)/python -m pytest -p no:cacheprovider $(SERVICES)

test-chassis:
	nice -n 5 $(BIN)/python -m pytest -p no:cacheprovider tests/chassis

test-houses:
	$(BIN)/python -m pytest -p no:cacheprovider $(HOUSES)

test-pages:
	nice -n 5 $(BIN)/python -m pytest -p no:cacheprovider $(PAGES)

test-rest:
	nice -n 5 $(BIN)/python -m pytest $(LEFT:%=--ignore=%)

check: $(READY) ## Format, lint, types, layers, licences, and the tests that need no server and no second: well under a minute, no network
	@$(MAKE) --no-print-directory --jobs=2 --output-sync=target check-rest check-services check-statically

check-statically:
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

check-services:
	$(BIN)/python -m pytest -q -m "not servers and not long" -p no:cacheprovider $(HALF)

check-rest:
	$(BIN)/python -m pytest -q -m "not servers and not long" $(HALF:%=--ignore=%)

bench: $(READY) ## Measure against the tutorial way, exit 1 when a goal is missed: ROWS=append,http ROUNDS=5 QUICK=1
	$(BIN)/python -m tests.benchmarks $(if $(ROWS),--rows $(ROWS)) $(if $(ROUNDS),--rounds $(ROUNDS)) $(if $(QUICK),--quick)

faults: $(READY) ## Kill, pause and wipe under load, then check that nothing was lost: SIZE, SEED, BROKERS, ONLY
	$(BIN)/python -m tests.faults --size $(SIZE) --seed $(SEED) --brokers $(BROKERS) $(if $(ONLY),--only $(ONLY))

abuse: SIZE = 2
abuse: $(READY) ## Attack all services, and see that nobody else waits, loses or is let in: SIZE, seconds of each stretch
	$(BIN)/python -m tests.abuse --size $(SIZE)

generate: $(READY) ## Write the schemas, AsyncAPI and OpenAPI documents anew
	$(BIN)/python -m deploy.generate

pictures: $(READY) ## A picture of every page of applicants and officers, on a phone and on a desk's screen: PICTURES, the folder
	@mkdir -p $(PICTURES)
	MOTCUA_PICTURES=$(abspath $(PICTURES)) $(BIN)/python -m pytest -q -p no:cacheprovider tests/pages -k everybody

clean: ## Remove what was built; data in .local stays
	rm -rf $(VENV) build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -not -path './.git/*' -prune -exec rm -rf {} +
