# Each target sets up what it needs and does nothing twice. Written for GNU make 3.81 (macOS) and any POSIX sh.
#
#   make setup    everything installed into .venv and js/node_modules, the extension built and seen by JupyterLab
#   make demo     JupyterLab with the example, at one URL           (make demo DEMO="--notebook --no-browser")
#   make test     the tests of both languages, those in a browser too
#   make test-kernels   those with real kernels, and an ipykernel more   (make test-kernels KERNELS="6.31 7.3")
#   make test-widgets   those with published widgets, which are installed first: a few minutes, and 1.1 GB
#   make check    format, lint, types, floors, sizes, tests: all that CI runs
#   make bench    the benchmarks
#   make fuzz     random sessions of a kernel and four pages        (make fuzz SEED=7 N=100000)
#   make docs     the documentation, into build/docs
#   make build    the wheel and the sdist, into dist
#   make format   put the code in its form
#   make lock     resolve requirements/dev.in and js/package.json anew
#   make clean    remove all that was made, .venv and js/node_modules too

.PHONY: setup demo test test-kernels test-widgets check bench fuzz docs build format lock clean
.PHONY: test-python test-js check-format check-lint check-types check-floors check-sizes ready tools-ready python-ready chromium kernels
.NOTPARALLEL:
.SUFFIXES:
.DELETE_ON_ERROR:

SHELL := /bin/sh
VENV := .venv
BIN := $(VENV)/bin
PY := $(BIN)/python

# The first Python that is new enough and can make an environment. Another one: make PYTHON=/path/to/python3
FITS := -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))'
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3; do $$p $(FITS) 2>/dev/null && echo $$p && break; done)
PIP := $(PY) -m pip --disable-pip-version-check --quiet

say = @printf '==> %s\n' "$(1)"
# What a command says is of interest only when it fails.
quietly = @mkdir -p build && ( $(1) ) >build/log 2>&1 || { cat build/log >&2; exit 1; }

setup: ready
	$(call say,Ready: make demo shows it; make check runs every check)

# --- setting up: each stamp is newer than what it was made from -----------------------------------------------

PYTHON_DEPS := $(VENV)/.dependencies-installed
PEERS := $(VENV)/.peers-installed
PYTHON_READY := $(VENV)/.syncstate-installed
JS_READY := js/node_modules/.installed
EXTENSION := syncstate/labextension/package.json
CLIENT := js/dist/syncstate.min.js
JS_SOURCES := $(shell find js/src -name '*.ts' -o -name '*.css' 2>/dev/null) js/package.json js/build.mjs js/minify.mjs

ready: tools-ready $(EXTENSION) $(CLIENT)
tools-ready: python-ready $(JS_READY)
python-ready: $(PYTHON_READY)

$(PY):
	@"$(PYTHON)" $(FITS) 2>/dev/null || { \
		echo "syncstate needs Python 3.11 or newer with venv and ensurepip: install it" \
		"(Debian: apt install python3-venv; macOS: brew install python) or name one: make PYTHON=/path/to/python3" >&2; \
		exit 1; }
	$(call say,Making .venv)
	@$(PYTHON) -m venv $(VENV)

$(PYTHON_DEPS): requirements/dev.txt | $(PY)
	$(call say,Installing Python packages into .venv (about a minute))
	$(call quietly,$(PIP) install -r requirements/dev.txt)
	@touch $@

$(PEERS): requirements/bench.txt $(PYTHON_DEPS)
	$(call say,Installing the peers that the benchmarks compare with)
	$(call quietly,$(PIP) install -r requirements/bench.txt)
	@touch $@

$(PYTHON_READY): $(PYTHON_DEPS) pyproject.toml js/package.json
	$(call say,Installing syncstate itself into .venv)
	@$(PY) scripts/link_extension.py --remove
	@mkdir -p syncstate/labextension
	$(call quietly,SKIP_JUPYTER_BUILDER=1 $(PIP) install --no-build-isolation --no-deps --editable .)
	@$(PY) scripts/link_extension.py
	@touch $@

$(JS_READY): js/package-lock.json
	@node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' 2>/dev/null && npm --version >/dev/null 2>&1 || { \
		echo "syncstate needs Node 20 or newer with npm on PATH: install it (https://nodejs.org, or a version manager)" >&2; \
		exit 1; }
	$(call say,Installing npm packages into js/node_modules (about half a minute))
	$(call quietly,cd js && npm ci --prefer-offline --no-audit --no-fund --loglevel=error)
	@touch $@

$(EXTENSION): $(JS_READY) $(JS_SOURCES)
	$(call say,Building the JupyterLab extension)
	@cd js && node build.mjs lab
	@touch $@

$(CLIENT): $(JS_READY) $(JS_SOURCES)
	$(call say,Building the client)
	@cd js && node build.mjs client
	@touch $@

chromium: python-ready
	@$(PY) scripts/chromium.py --install >/dev/null

# Kernels beside the installed one, for tests/kernels: the oldest way to handle messages; for test-kernels one more.
kernels: python-ready
	@$(PY) scripts/kernels.py 6.31 >/dev/null

# --- using it -------------------------------------------------------------------------------------------------

demo: ready
	@$(PY) scripts/demo.py $(DEMO)

build: ready
	$(call say,Building the sdist and the wheel into dist)
	@rm -rf dist
	$(call quietly,$(PY) -m build --no-isolation --outdir dist .)
	@ls -l dist

docs: tools-ready
	$(call say,Building the documentation into build/docs)
	@NO_MKDOCS_2_WARNING=1 $(PY) -m mkdocs build --quiet --strict --site-dir build/docs

bench: ready $(PEERS)
	$(call say,Running the benchmarks: a few minutes without other work on the machine)
	@$(PY) benchmarks $(BENCH)

N ?= 1000000
fuzz: ready
	@$(PY) -m tests.fuzz --operations $(N) $(if $(SEED),--seed $(SEED))

# --- checking it ----------------------------------------------------------------------------------------------

test: test-js test-python

test-js: $(JS_READY)
	$(call say,Testing TypeScript (vitest))
	@cd js && node_modules/.bin/vitest run $(VITEST)

test-python: ready chromium kernels
	$(call say,Testing Python and the browser (pytest))
	@$(PY) -m pytest -q $(PYTEST)

# ipykernel 7.3 stops listening by itself now and then; a test that meets that says so and counts as an xfail.
KERNELS ?= 6.31 7.3 7.4
test-kernels: python-ready
	$(call say,Testing with real kernels: ipykernel $(KERNELS))
	@KERNELS="$(KERNELS)" $(PY) -m pytest -q tests/kernels $(PYTEST)

test-widgets: ready chromium
	$(call say,Testing published widgets in a browser)
	@WIDGETS=1 $(PY) -m pytest -q tests/browser/test_published.py $(PYTEST)

check: check-format check-lint check-types check-floors check-sizes test
	$(call say,All checks passed)

check-format: tools-ready
	$(call say,Checking the format (ruff and biome); make format puts it right)
	@$(PY) -m ruff format --check --quiet --output-format=concise .
	@cd js && node_modules/.bin/biome format --log-level=error .

check-lint: tools-ready
	$(call say,Checking for mistakes and import floors in TypeScript (ruff and biome))
	@$(PY) -m ruff check --quiet --output-format=concise .
	@cd js && node_modules/.bin/biome lint --error-on-warnings .

check-types: tools-ready
	$(call say,Checking types (mypy and tsc))
	@$(PY) -m mypy
	@cd js && node_modules/.bin/tsc && node_modules/.bin/tsc -p tests && node_modules/.bin/tsc -p ../tests/fuzz

check-floors: tools-ready
	$(call say,Checking the floors of the Python package (import-linter))
	@$(BIN)/lint-imports --no-logo

check-sizes: ready
	$(call say,Checking the sizes of what a page loads)
	@cd js && node sizes.mjs

format: tools-ready
	@$(PY) -m ruff check --quiet --fix-only . && $(PY) -m ruff format --quiet .
	@cd js && node_modules/.bin/biome check --write --log-level=error .

# An npm lock made beside installed packages forgets other platforms, so both are made in a folder of their own.
# BEFORE=2026-09-22 leaves out what npm got after that day.
lock:
	$(call say,Resolving Python and npm packages anew)
	@rm -rf build/lock && mkdir -p build/lock && cp js/package.json js/.npmrc build/lock && $(PYTHON) -m venv build/lock/venv
	@cd build/lock && npm install --package-lock-only --loglevel=error $(if $(BEFORE),--before=$(BEFORE))
	@build/lock/venv/bin/python -m pip install --quiet -r requirements/dev.in
	@{ echo '# Made by `make lock` from dev.in. Do not edit.'; build/lock/venv/bin/python -m pip freeze; } >requirements/dev.txt
	@mv build/lock/package-lock.json js && rm -rf build/lock

clean:
	rm -rf .venv build dist js/node_modules js/dist js/lib syncstate/labextension
	rm -rf .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis .coverage
	find syncstate tests scripts -name __pycache__ -type d -prune -exec rm -rf {} +
