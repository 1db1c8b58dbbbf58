# Two commands to know: `make check` and `make test`. Every target makes the environment it needs, so
# a machine with python3 (3.11 or later, with venv), make and git is enough.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.SUFFIXES:

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
TOOLS := $(VENV)/.tools-installed
READY := $(VENV)/.project-installed
BENCH_TOOLS := $(VENV)/.bench-tools-installed
PYTEST := $(BIN)/python -m pytest

# `make test TESTS=tests/unit` runs a part; `make test WORKERS=0` runs in one process, for a debugger.
TESTS ?= tests
WORKERS ?= 2

.PHONY: help
help: ## this list
	@echo "yibao (医保): the targets"
	@sed -n 's/^\([a-z][a-z-]*\):.*## \(.*\)/\1|\2/p' $(MAKEFILE_LIST) \
	    | while IFS='|' read -r target words; do printf '  make %-13s %s\n' "$$target" "$$words"; done

.PHONY: venv
venv: $(READY) ## the environment in .venv, exactly as locked

$(TOOLS): requirements/dev.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and \
	    "yibao needs Python 3.11 or later; name yours: make PYTHON=python3.12 venv")'
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@touch $@

$(READY): $(TOOLS) pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

.PHONY: demo
demo: $(READY) ## published bills checked, a city's year settled, two what-ifs, its books kept (about a minute)
	@$(BIN)/yibao demo

.PHONY: test
test: $(READY) ## the tests that take minutes at most
	$(PYTEST) -n $(WORKERS) -m "not long" $(TESTS)

.PHONY: test-long
test-long: $(READY) ## every test, and a deeper search for counter-examples
	$(PYTEST) -n $(WORKERS) --hypothesis-profile=long $(TESTS)

.PHONY: check
check: format-check lint types imports consistent policy-check ## everything that is judged without running it

.PHONY: lint
lint: $(READY)
	$(BIN)/ruff check .

.PHONY: format-check
format-check: $(READY)
	$(BIN)/ruff format --check .

.PHONY: types
types: $(READY)
	$(BIN)/mypy

.PHONY: imports
imports: $(READY)
	$(BIN)/lint-imports

.PHONY: consistent
consistent: $(READY)
	$(BIN)/python -m pip check --disable-pip-version-check

.PHONY: policy-check
policy-check: $(READY) ## every shipped area: sources, dates, gaps and clashes
	$(BIN)/yibao policy check

.PHONY: format
format: $(READY) ## lay the code out and mend what can be mended by itself
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

.PHONY: bench
bench: $(READY) $(BENCH_TOOLS) ## the benchmarks, each printing its figure and its ratio to the reference
	$(BIN)/python -m bench.kernel --json
	$(BIN)/python -m bench.ledger --json
	$(BIN)/python -m bench.grouping --json

$(BENCH_TOOLS): $(TOOLS) requirements/bench.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/bench.txt
	@touch $@

# A lock pins every package with its hashes, for every platform and Python at once, and names no
# registry. UPGRADE=1 takes newer versions; without it only what pyproject.toml asks for moves.
LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
    --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" $(if $(UPGRADE),--upgrade)

.PHONY: lock
lock: $(TOOLS) ## requirements/*.txt anew from pyproject.toml (UPGRADE=1 for newer versions)
	$(LOCK) pyproject.toml --group dev --output-file requirements/dev.txt
	$(LOCK) pyproject.toml --group build --constraint requirements/dev.txt --output-file requirements/run.txt
	$(LOCK) pyproject.toml --group bench --constraint requirements/dev.txt --output-file requirements/bench.txt

.PHONY: clean
clean: ## remove the environment and every by-product
	rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	find src tests bench -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true
