# The front door. `make` alone prints what there is. Works with GNU make 3.81 (macOS).
.DEFAULT_GOAL := help
.PHONY: help setup lab test test-fast test-nightly check notebooks clean FORCE

# Passed on to the command: make lab ARGS="--port 9999", make test ARGS="-k data"
ARGS ?=
# More than cores: browsers, kernels and clusters also wait.
WORKERS ?= 3
PYTHON3 ?= python3
UV := $(shell command -v uv 2>/dev/null || echo .bootstrap/bin/uv)
BIN := .venv/bin
# make setup PYTHON=3.13: another Python than that of .python-version. UV_PYTHON does the same.
ASKED := $(if $(filter command line,$(origin PYTHON)),$(PYTHON),$(UV_PYTHON))

# What is installed counts only if it was finished, for this folder (scripts hold absolute paths),
# with the Python that is asked for, and its Python still runs.
READY := .venv/.ready
ifneq ($(shell $(BIN)/python -ISc "" 2>/dev/null && cat $(READY) 2>/dev/null),$(CURDIR))
$(READY): FORCE
endif
ifneq ($(ASKED),)
ifneq ($(ASKED),$(shell cat .venv/.python 2>/dev/null))
$(READY): FORCE
endif
endif

# Packages are compiled at installation: a kernel then starts 6 to 15 s sooner.
export UV_COMPILE_BYTECODE := 1
export UV_HTTP_TIMEOUT ?= 300
export UV_PROJECT_ENVIRONMENT := .venv
unexport VIRTUAL_ENV

help:
	@echo "make lab           open the labs in JupyterLab (sets up first what is missing)"
	@echo "make test          all checks and tests (sets up first what is missing)"
	@echo "make setup         only set up: Python 3.11 and all packages, into .venv"
	@echo "make test-fast     the tests that take seconds"
	@echo "make test-nightly  what measures again, for long; with COURSEKIT_NIGHTLY=1 make test does it too"
	@echo "make check         format, lint, types, import rules, lock and notebooks up to date"
	@echo "make notebooks     build notebooks/*.ipynb from notebooks/source/*.py"
	@echo "make clean         remove what was set up (your my-labs folder stays)"
	@echo
	@echo 'Options are passed on with ARGS: make lab ARGS="--port 9999", make test ARGS="-k data"'
	@echo "Another Python than 3.11: make setup PYTHON=3.13 (or 3.12), where glibc is 2.39 or newer"

setup: $(READY)
	@echo "Set up: make lab opens the labs, make test proves them"

# Without the stamp nothing in .venv is trusted; with it, only what changed is installed.
$(READY): pyproject.toml uv.lock .python-version
	@command -v $(PYTHON3) >/dev/null || { echo "No $(PYTHON3) here: apt install python3 python3-venv" >&2; exit 1; }
	@$(PYTHON3) coursekit/preflight.py --uv "$(UV)" --python "$(ASKED)"
	@if ! command -v "$(UV)" >/dev/null; then \
	  echo "Installing uv into .bootstrap"; \
	  rm -rf .bootstrap && $(PYTHON3) -m venv .bootstrap && \
	  .bootstrap/bin/python -m pip install --quiet --disable-pip-version-check "uv>=0.9,<1"; fi
	@python=`$(PYTHON3) coursekit/preflight.py --uv "$(UV)" --python "$(ASKED)" --choose` || exit 1; \
	if test "`cat $(READY) 2>/dev/null`" != "$(CURDIR)"; then rm -rf .venv; fi; \
	rm -f $(READY); \
	if test -d .venv; then echo "Bringing .venv up to date"; \
	  else echo "Setting up: about 1.1 GB are downloaded the first time"; fi; \
	UV_PYTHON="$$python" "$(UV)" sync --all-extras --frozen && printf '%s' "$$python" > .venv/.python
	@printf '%s' "$(CURDIR)" > $(READY)

lab: $(READY)
	@exec $(BIN)/coursekit lab $(ARGS)

# A file or a lab stays on one worker; tests/conftest.py says which, and what comes first.
PYTEST := $(BIN)/python -m pytest -n $(WORKERS) --dist loadscope --no-loadscope-reorder

test: check
	@exec $(PYTEST) $(ARGS)

test-fast: $(READY)
	@exec $(PYTEST) -m "not slow and not nightly" $(ARGS)

test-nightly: $(READY)
	@exec $(PYTEST) -m nightly $(ARGS)

check: $(READY)
	$(BIN)/ruff format --check --quiet .
	$(BIN)/ruff check --quiet .
	$(BIN)/mypy
	$(BIN)/lint-imports
	"$(UV)" lock --check --offline --quiet --python $(BIN)/python
	$(BIN)/python -m coursekit.labs.build --check

notebooks: $(READY)
	@$(BIN)/python -m coursekit.labs.build

clean:
	rm -rf .venv .bootstrap build dist .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
