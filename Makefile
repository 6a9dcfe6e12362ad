# Needs Python 3.11 or newer, make and a network. Each target installs what it needs in .venv.
#
#   make test PYTHON=python3.12 VENV=.venv-3.12     with another Python, beside the first environment
#   make unit ARGS='-k cancel'                      ARGS goes to the last command of a target

VENV ?= .venv
WORKERS ?= 2
ARGS ?=
BIN := $(VENV)/$(if $(filter Windows_NT,$(OS)),Scripts,bin)
export PYTHON

.DEFAULT_GOAL := help
.PHONY: help demo test test-all test-image lint types layers contract unit bench openapi format image clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(VENV)/run.stamp ## show promotion jobs from start to end
	@$(BIN)/ep-mock demo $(ARGS)

test: lint types layers contract unit ## run every check; this is what CI runs

lint: $(VENV)/development.stamp ## check style and format
	@sh tools/step.sh 'style (ruff check)' $(BIN)/python -m ruff check --quiet .
	@sh tools/step.sh 'format (ruff format)' $(BIN)/python -m ruff format --quiet --diff .

types: $(VENV)/development.stamp ## check types
	@sh tools/step.sh 'types (mypy --strict)' $(BIN)/python -m mypy

layers: $(VENV)/development.stamp ## check which module imports which
	@sh tools/step.sh 'layers (import-linter)' $(BIN)/lint-imports

contract: $(VENV)/development.stamp ## check that openapi/*.json is up to date with openapi/*.yaml
	@sh tools/step.sh 'OpenAPI documents' $(BIN)/python tools/build_openapi.py --check

unit: $(VENV)/development.stamp ## run the tests
	@$(BIN)/python -m pytest -q -n $(WORKERS) --ignore tests/container $(ARGS)

test-all: lint types layers contract ## like test, with many more examples for each property
	@HYPOTHESIS_PROFILE=thorough $(BIN)/python -m pytest -q -n $(WORKERS) --ignore tests/container $(ARGS)

test-image: $(VENV)/development.stamp ## build the container image and test it, if a builder is available
	@$(BIN)/python -m pytest -q -rs tests/container $(ARGS)

image: $(VENV)/run.stamp ## build the container image and print its size
	@$(BIN)/python tools/image.py $(ARGS)

bench: $(VENV)/development.stamp ## measure speed, start-up and memory
	@$(BIN)/python benchmarks/run.py $(ARGS)
	@$(BIN)/python benchmarks/per_test.py

openapi: $(VENV)/development.stamp ## generate openapi/*.json from openapi/*.yaml
	@$(BIN)/python tools/build_openapi.py

format: $(VENV)/development.stamp ## format the source
	@$(BIN)/python -m ruff check --quiet --fix .; $(BIN)/python -m ruff format .

clean: ## remove the environment and all generated files
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/run.stamp: pyproject.toml requirements-dev.txt tools/environment.sh
	@sh tools/environment.sh $(VENV) $(BIN)/python run
	@touch $@

$(VENV)/development.stamp: $(VENV)/run.stamp
	@sh tools/environment.sh $(VENV) $(BIN)/python development
	@touch $@
