# `make run` plays every shipped dialect on loopback and keeps serving; `make test` runs every check.
# Needs Python 3.11 or later and nothing else: everything is installed into .venv, pinned and hashed.

PYTHON ?= python3
ARGS   ?=

VENV := .venv
BIN  := $(VENV)/bin
PIP  := $(BIN)/python -m pip --disable-pip-version-check

.PHONY: run test bench torture mutants pictures clean
.DELETE_ON_ERROR:

run: $(VENV)/installed
	@$(BIN)/gateway demo $(ARGS)

test: $(VENV)/installed
	@$(BIN)/python -m pytest --numprocesses=auto --cov=gateway $(ARGS)

# This gateway beside hand-written adapters, in one run: an hour, or `make bench ARGS=quick` in three minutes. Needs wrk;
# nginx with Lua, node with npm where they are to be had. The peers' packages go into build/bench, not into .venv.
bench: $(VENV)/installed
	@$(BIN)/python -m tests.bench $(ARGS)

# The long proofs, for hours. Each prints its seed; GATEWAY_LIVES and GATEWAY_MINUTES bound the kills, which resume.
torture: $(VENV)/installed
	@$(BIN)/python -m pytest tests/torture --override-ini 'norecursedirs=__pycache__ .hypothesis' $(ARGS)
	@GATEWAY_ATTACKS=1000000 $(BIN)/python -m pytest --numprocesses=auto tests/attack $(ARGS)
	@GATEWAY_RACES=10000 GATEWAY_ALL_FAULTS=1 GATEWAY_ALL_PAIRS=1 GATEWAY_ALL_ROWS=1 GATEWAY_EXAMPLES=2000 GATEWAY_SEQUENCES=200 \
	  $(BIN)/python -m pytest --numprocesses=auto tests/crowd tests/matrix tests/pairs tests/dialect/test_every_row.py $(ARGS)
	@GATEWAY_DISTINCT_IDS=1000000 $(BIN)/python -m pytest tests/deploy/test_growth.py $(ARGS)

mutants: $(VENV)/installed
	@$(BIN)/python -m tests.mutation $(ARGS)

# The README's pictures: the demo's terminal by Debian's chromium, the newest results of `make bench` or ARGS=FILE.json.
pictures: $(VENV)/installed
	@PYTHONPATH=. $(BIN)/python deploy/pictures/draw.py $(ARGS)

clean:
	rm -rf $(VENV) build dist mutants .coverage .hypothesis .mypy_cache .pytest_cache .ruff_cache

$(VENV)/made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "$(PYTHON) is older than Python 3.11: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@$(PYTHON) -m venv --clear $(VENV) || \
	  { echo "$(PYTHON) cannot make a virtual environment: on Debian, apt-get install python3-venv"; exit 1; }
	@touch $@

$(VENV)/locked: deploy/constraints.txt $(VENV)/made
	@echo "installing into $(VENV), once"
	@$(PIP) install --quiet --require-hashes -r deploy/constraints.txt
	@touch $@

$(VENV)/installed: pyproject.toml $(VENV)/locked
	@$(PIP) install --quiet --no-deps --no-build-isolation -e .
	@touch $@
