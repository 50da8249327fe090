# Every target sets up what it needs from nothing but Python 3.11, Node 20 and the package registries.
UV_VERSION := 0.13.9
VENV       := .venv
BIN        := $(VENV)/bin
UV         := $(VENV)/uv/bin/uv
REFERRALS  ?= events/referrals
SIMULATION ?=
REPORT     ?=
MUTANTS    ?=
FUZZ       ?=
# Real input is no part of the project; it may stand in a folder beside this one.
SYNTHEA    ?= $(firstword $(wildcard ../*/data/synthea-ma-2019-fhir) data/synthea-ma-2019-fhir)
DATA       ?= $(patsubst %/,%,$(dir $(SYNTHEA)))
REFERENCE  ?= $(DATA)
BENCH_ROUTING ?=
export JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION := 18,20,22
# Where a shell forbids bytecode, each process of the suites would compile all it imports anew.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup installed lint check test synth demo local console simulate-day report mutants fuzz bench bench-routing bench-import bench-waitlist bench-places bench-console terminology terminology-document format clean

help: ## Show the targets.
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 12

setup: ## Install everything the project pins (Python by uv.lock, npm by package-lock.json).
	@python3 -m infra.file_lock build/setup.lock $(MAKE) --no-print-directory installed

installed: $(VENV)/.ready node_modules/.ready
	@:

# A .venv that was left half made, copied from another folder or lost its Python is made anew.
MADE_FOR := uv $(UV_VERSION), $(CURDIR)
MADE     := $(shell $(BIN)/python -c '' 2>/dev/null && cat $(VENV)/.ready 2>/dev/null)
ifneq ($(MADE),$(MADE_FOR))
.PHONY: $(VENV)/.ready
endif

$(VENV)/.ready: pyproject.toml uv.lock
	@test "$(MADE)" = "$(MADE_FOR)" || rm -rf $(VENV)
	@rm -f $@
	@test -d $(VENV) || { python3 -m venv $(VENV) && python3 -m venv $(VENV)/uv && \
		$(VENV)/uv/bin/pip install -q --disable-pip-version-check uv==$(UV_VERSION); }
	@$(UV) sync --frozen --quiet
	@printf '%s\n' "$(CURDIR)" "$(CURDIR)/functions" "$(CURDIR)/layers/referral_core/python" > \
		"$$($(BIN)/python -c 'import site; print(site.getsitepackages()[0])')/referral_router.pth"
	@echo "$(MADE_FOR)" > $@

node_modules/.ready: package.json package-lock.json
	@npm ci --no-audit --no-fund --loglevel=error
	@touch $@

lint: setup ## Lint, format, import contracts and types: what CI runs first.
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/lint-imports
	@$(BIN)/mypy

check: setup ## Lint, format, types, import contracts and unit tests: the quick part.
	@$(MAKE) --no-print-directory lint & lint=$$!; $(BIN)/pytest -q -n 2 tests/unit tests/contracts; tests=$$?; wait $$lint && exit $$tests

test: setup ## Run every test, those on the embedded stack included.
	@$(BIN)/pytest -q -n 2 tests/unit tests/contracts tests/adapters tests/infra tests/simulation tests/console tests/mutants
	@$(BIN)/pytest tests/end_to_end

synth: setup ## Synthesise the CDK template into cdk.out, checked by cdk-nag.
	@$(BIN)/python -m infra.app

demo: setup ## Deploy on this machine, post the referrals of events/referrals, follow each to its end.
	@$(BIN)/python -m local.demo --referrals $(REFERRALS)

local: setup ## Keep the stack up and print how to talk to it.
	@$(BIN)/python -m local.serve

console: setup ## Open the console: sample referrals, an address and people to sign in as, until Ctrl-C.
	@$(BIN)/python -m local.console

simulate-day: setup ## Simulate the referrals of SYNTHEA's patients on virtual time; print the funnel and what must hold.
	@$(BIN)/python -m local.simulation --data $(SYNTHEA) $(SIMULATION)

report: setup ## Print the figures of SYNTHEA's simulated month with bars, and write them as a page (REPORT=--samples needs no folder).
	@$(BIN)/python -m local.lake --data $(SYNTHEA) $(REPORT)

mutants: setup ## Remove the safeguards of tests/mutants/safeguards.toml one at a time; every removal must fail a test.
	@$(BIN)/python -m tests.mutants $(MUTANTS)

fuzz: setup ## Send 100,000 mutated requests over every route and 20,000 damaged answers of payers (FUZZ=--help).
	@$(BIN)/python -m tests.fuzz $(FUZZ)

bench: setup ## Print the figures that docs/ quotes.
	@$(BIN)/python -m benchmarks

bench-routing: setup ## Print how near routing comes to hindsight, and what a decision takes (BENCH_ROUTING=--help).
	@$(BIN)/python -m benchmarks.routing --data $(DATA) $(BENCH_ROUTING)

bench-import: setup ## Print what importing 100,000 rows of a directory takes: rows refused, most memory, CPU a row.
	@$(BIN)/python -m benchmarks.directory_import

bench-waitlist: setup ## Print days until seen and places left empty, with the waitlist served against polling.
	@$(BIN)/python -m benchmarks.waitlist

bench-places: setup ## Post 200 orders at once for 50 places on the embedded stack, give 30 back; fail where it is not right.
	@$(BIN)/python -m benchmarks.fifty_places $(BENCH_PLACES)

bench-console: setup ## Print what the first page of the worklist costs, with little and with much open and closed.
	@$(BIN)/python -m benchmarks.console_pages

terminology: setup ## Check every code of the terminology tables against its source tables in REFERENCE.
	@$(BIN)/python -m local.terminology --reference $(REFERENCE)

terminology-document: setup ## Write the generated part of docs/terminology.md anew.
	@$(BIN)/python -m local.terminology --write

format: setup ## Format the code.
	@$(BIN)/ruff format . && $(BIN)/ruff check --fix-only .

clean: ## Remove everything that setup and synth made.
	@rm -rf $(VENV) node_modules cdk.out build .local
