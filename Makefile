# make demo   analyses a demo clip and says where the results are
# make test   runs the tests
# Both need only Python 3.11 to 3.13 and make: the rest goes into an environment of its own, .venv.

VENV ?= .venv
BIN := $(VENV)/bin
# Versions with which the tests pass; CONSTRAINTS= takes the newest that pyproject.toml allows.
CONSTRAINTS ?= constraints.txt
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check \
	$(if $(CONSTRAINTS),-c $(CONSTRAINTS))
DEMO_OUT ?= demo-output
PYTEST_ARGS ?=
# Tests wait for processes and browsers now and then, so one more than the usual two cores.
WORKERS ?= 3
# Fault tests mostly wait, each for workers and a Redis of its own.
FAULT_WORKERS ?= 3
SUPPORTED := import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))

# The first Python that will do; PYTHON=/path/to/python chooses another.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	"$$p" -c '$(SUPPORTED)' >/dev/null 2>&1 && { command -v "$$p"; break; }; done)

.DEFAULT_GOAL := help
.PHONY: help demo install install-dev test test-faults coverage coverage-check fuzz lint format bench wheel-check docs site models \
	lock cluster-env compose-test clean

help:  ## Show what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(VENV)/.installed  ## Analyse a demo clip; results in demo-output/
	$(BIN)/fer-batch demo -o $(DEMO_OUT) --overwrite

install: $(VENV)/.installed  ## Install fer-batch into .venv

install-dev: $(VENV)/.installed-dev  ## Install it with everything that tests need

test: $(VENV)/.installed-dev  ## Run the tests (some minutes)
	$(BIN)/python -m pytest -m "not faults" -n $(WORKERS) --dist loadfile --no-loadscope-reorder \
		$(PYTEST_ARGS)

test-faults: $(VENV)/.installed-dev  ## Kill workers and Redis under running jobs (minutes more)
	$(BIN)/python -m pytest -m faults -n $(FAULT_WORKERS) --dist loadfile $(PYTEST_ARGS)

coverage: $(VENV)/.installed-dev  ## Run all tests, faults too, and see how much they reach
	$(MAKE) test-faults PYTEST_ARGS="--cov --cov-report= $(PYTEST_ARGS)"
	$(MAKE) test PYTEST_ARGS="--cov --cov-append --cov-report= $(PYTEST_ARGS)"
	$(MAKE) coverage-check

# Of what the last runs with --cov wrote down.
coverage-check: $(VENV)/.installed-dev
	$(BIN)/coverage report --skip-covered
	$(BIN)/coverage json -q -o - | $(BIN)/python scripts/check_coverage.py

fuzz: $(VENV)/.installed-dev  ## Mutate strangers' files for hours (FUZZ_SECONDS a target)
	FUZZ_SECONDS=$${FUZZ_SECONDS:-600} FUZZ_SEED=$${FUZZ_SEED:-$$(date +%s)} $(BIN)/python -m pytest tests/fuzz $(PYTEST_ARGS)

lint: $(VENV)/.installed-dev  ## Ruff, mypy and codespell
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/codespell

format: $(VENV)/.installed-dev  ## Let ruff put the code in order
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/.installed-dev  ## Measure how fast it is
	$(BIN)/python -m benchmarks

wheel-check: $(VENV)/.installed-dev  ## Build the wheel, install it elsewhere and run it there
	$(BIN)/python scripts/check_wheel.py

docs: $(VENV)/.installed-dev  ## Write docs/cli.md from the commands' own words
	$(BIN)/python scripts/cli_reference.py

site: $(VENV)/.installed  ## Build the documentation site in site/
	@$(PIP) -e ".[docs]"
	$(BIN)/mkdocs build --strict --quiet

models: $(VENV)/.installed  ## Train the shipped models again, half a day (docs/training.md)
	@$(if $(REHEARSE),true,$(PIP) -e ".[train,teacher]")
	@$(MAKE) -f scripts/models.mk FER_BATCH=$(abspath $(BIN))/fer-batch

lock: $(VENV)/.installed-dev  ## Write constraints.txt: the versions that .venv has
	$(BIN)/python scripts/lock.py

cluster-env:  ## Write .env for docker-compose.yml: secrets, your user id
	@scripts/compose_env.sh

compose-test: $(VENV)/.installed  ## Run docker-compose.yml with a real engine and break it (minutes)
	$(BIN)/python -m tests.compose $(COMPOSE_ARGS)

clean:  ## Remove what make made
	rm -rf $(VENV) $(DEMO_OUT) dist build site

$(BIN)/python:
	@if [ -z "$(PYTHON)" ]; then \
		echo "fer-batch needs Python 3.11, 3.12 or 3.13 with venv (on Debian: apt install python3-venv)." >&2; \
		echo "Where it is not found by itself: make demo PYTHON=/path/to/python3.12" >&2; exit 1; fi
	"$(PYTHON)" -m venv $(VENV)

# Stamps: what is installed is installed once, until the project's dependencies change.
$(VENV)/.installed: $(BIN)/python pyproject.toml $(CONSTRAINTS) scripts/vendor_hook.py
	@echo "Installing fer-batch and what it needs into $(VENV); the first time takes a minute."
	@$(PIP) -e .
	@touch $@

$(VENV)/.installed-dev: $(BIN)/python pyproject.toml $(CONSTRAINTS) scripts/vendor_hook.py
	@echo "Installing fer-batch and what its tests need into $(VENV); the first time takes some minutes."
	@$(PIP) -e ".[dev]"
	@touch $(VENV)/.installed $@
