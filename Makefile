# Every target sets up what it needs from nothing but Python 3.11, Node 20 and the package registries.
UV_VERSION := 0.13.9
VENV       := .venv
BIN        := $(VENV)/bin
UV         := $(VENV)/uv/bin/uv
REFERRALS  ?= events/referrals
SIMULATION ?=
SYNTHEA    ?= ../shared/data/synthea-ma-2019-fhir
export JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION := 18,20,22

.DEFAULT_GOAL := help
.PHONY: help setup check unit test synth demo local simulate-day bench format clean

help: ## Show the targets.
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 12

setup: $(VENV)/.ready node_modules/.ready ## Install everything the project pins (Python by uv.lock, npm by package-lock.json).

$(VENV)/.ready: pyproject.toml uv.lock
	@test -x $(BIN)/python || python3 -m venv $(VENV)
	@test -x $(UV) || { python3 -m venv $(VENV)/uv && $(VENV)/uv/bin/pip install -q --disable-pip-version-check uv==$(UV_VERSION); }
	@$(UV) sync --frozen --quiet
	@printf '%s\n' "$(CURDIR)" "$(CURDIR)/functions" "$(CURDIR)/layers/referral_core/python" > \
		"$$($(BIN)/python -c 'import site; print(site.getsitepackages()[0])')/referral_router.pth"
	@touch $@

node_modules/.ready: package.json package-lock.json
	@npm ci --no-audit --no-fund --loglevel=error
	@touch $@

check: setup ## Lint, format, types, import contracts and unit tests: what CI runs first.
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/lint-imports
	@$(BIN)/mypy & types=$$!; $(BIN)/pytest -q -n 2 tests/unit tests/contracts; tests=$$?; wait $$types && exit $$tests

test: setup ## Run every test, those on the embedded stack included.
	@$(BIN)/pytest -q -n 2 tests/unit tests/contracts tests/adapters tests/infra tests/simulation
	@$(BIN)/pytest tests/end_to_end

synth: setup ## Synthesise the CDK template into cdk.out, checked by cdk-nag.
	@$(BIN)/python -m infra.app

demo: setup ## Deploy on this machine, post the referrals of events/referrals, follow each to its end.
	@$(BIN)/python -m local.demo --referrals $(REFERRALS)

local: setup ## Keep the stack up and print how to talk to it.
	@$(BIN)/python -m local.serve

simulate-day: setup ## Simulate the referrals of SYNTHEA's patients on virtual time; print the funnel and what must hold.
	@$(BIN)/python -m local.simulation --data $(SYNTHEA) $(SIMULATION)

bench: setup ## Print the figures that docs/ quotes.
	@$(BIN)/python -m benchmarks

format: setup ## Format the code.
	@$(BIN)/ruff format . && $(BIN)/ruff check --fix-only .

clean: ## Remove everything that setup and synth made.
	@rm -rf $(VENV) node_modules cdk.out build .local
