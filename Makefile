# make demo    replays a shipped capture with its Sysmon events and prints the alerts
# make test    installs what the tests need and runs all of them
# make bench   measures how many packets a second we and others take; BENCH=--quick for a try
#
# Both set up .venv from the lock files first. PYTHON names the interpreter it is made with.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
DEMO ?= pcaps/attribution/plain-bot
# One pytest worker a core, and at least two.
JOBS ?= $(shell n=$$(nproc 2>/dev/null || echo 2); [ $$n -gt 2 ] && echo $$n || echo 2)

SYSTEM_TOOLS := tshark
SOURCES := $(shell find sensor config -name __pycache__ -prune -o -type f -print)
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
# Root, or whoever may become root without being asked, installs Debian packages.
AS_ROOT := $(shell if [ "$$(id -u)" = 0 ]; then echo env; else echo sudo -n; fi)
APT := $(AS_ROOT) env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0

.PHONY: demo test bench lint format tools lock schema clean
.DELETE_ON_ERROR:

demo: $(VENV)/project.stamp
	@$(BIN)/dns-sensor replay --events $(DEMO)/events.jsonl $(DEMO)/case.pcap

test: $(VENV)/test.stamp $(VENV)/project.stamp tools lint
	$(BIN)/python -m pytest -n $(JOBS)

# Peers that are installed take part; the output names the packages of the others.
bench: $(VENV)/project.stamp
	@$(BIN)/python bench/speed.py $(BENCH)

lint: $(VENV)/test.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/test.stamp
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

# The JSON Schemas of config/schema/; a test fails when they are not what this writes.
schema: $(VENV)/test.stamp
	@for kind in alert message lookup config rule; do \
	  $(BIN)/python -m sensor schema $$kind > config/schema/$$kind.json || exit 1; \
	done

# Without this target, tests that need a tool say so and are skipped, or fail in .ci/run.
tools:
	@for tool in $(SYSTEM_TOOLS); do \
	  command -v $$tool >/dev/null && continue; \
	  if command -v apt-get >/dev/null && $(AS_ROOT) true 2>/dev/null </dev/null; then \
	    echo "installing $$tool" >&2; \
	    { $(APT) update && $(APT) install -y --no-install-recommends $$tool; } >/dev/null </dev/null && continue; \
	  fi; \
	  echo "$$tool is missing and could not be installed: the tests that need it are skipped" >&2; \
	done

$(VENV)/created.stamp:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "dns-sensor needs Python 3.11 or newer: make PYTHON=python3.X" >&2; exit 1; }
	@if ! $(PYTHON) -c 'import ensurepip, venv' 2>/dev/null; then \
	  if command -v apt-get >/dev/null && $(AS_ROOT) true 2>/dev/null </dev/null; then \
	    echo "installing python3-venv" >&2; \
	    { $(APT) update && $(APT) install -y --no-install-recommends python3-venv; } >/dev/null </dev/null; \
	  fi; \
	  $(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
	    { echo "$(PYTHON) cannot make virtual environments: install python3-venv" >&2; exit 1; }; \
	fi
	@rm -rf $(VENV)
	@$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/run.stamp: requirements.lock $(VENV)/created.stamp
	@echo "installing the locked dependencies" >&2
	@$(PIP) install --require-hashes -r requirements.lock
	@touch $@

$(VENV)/test.stamp: requirements-test.lock $(VENV)/run.stamp
	@echo "installing what the tests need" >&2
	@$(PIP) install --require-hashes -r requirements-test.lock
	@touch $@

$(VENV)/project.stamp: $(VENV)/run.stamp pyproject.toml README.md LICENSE $(SOURCES)
	@$(PIP) install --no-deps --no-build-isolation --force-reinstall .
	@touch $@

# The hashes are those of the public index, whatever this machine's pip is set to.
COMPILE := env PIP_CONFIG_FILE=/dev/null PIP_FIND_LINKS= PIP_EXTRA_INDEX_URL= CUSTOM_COMPILE_COMMAND="make lock" \
  $(VENV)-lock/bin/pip-compile --quiet --upgrade --generate-hashes --strip-extras --allow-unsafe \
  --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --no-emit-options \
  --build-deps-for wheel

lock: $(VENV)/created.stamp
	@$(PYTHON) -m venv $(VENV)-lock
	@$(VENV)-lock/bin/python -m pip --disable-pip-version-check --quiet install pip-tools
	@$(COMPILE) -o requirements.lock pyproject.toml
	@$(COMPILE) --extra test -o requirements-test.lock pyproject.toml

clean:
	rm -rf $(VENV) $(VENV)-lock build dist .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .grimp_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
