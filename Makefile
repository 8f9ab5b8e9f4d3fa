# Everything a person types. `make check` is exactly what CI runs.
# Each target sets up what it needs: a virtual environment in .venv, installed again when pyproject.toml or
# constraints.txt change. All paths are relative, so the project may stand in a folder with spaces in its name.

VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

# `make PYTHON=python3.12 …` picks one; otherwise the newest that is at hand. Being asked for its version is the only
# proof that one works: version managers leave commands behind that do not.
PYTHON ?=
CANDIDATES := $(or $(PYTHON),python3.14 python3.13 python3.12 python3.11 python3)
NEW_ENOUGH := import sys; sys.exit(sys.version_info < (3, 11))
MAKES_VENVS := import venv, ensurepip; $(NEW_ENOUGH)

# What comes after the command: make sync ARGS="--dry-run --json"
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help setup demo sync plan doctor init test long lint check bench faults sim mutate mutants reliability pins guide clean
.DELETE_ON_ERROR:

help: ## show this list
	@echo "make TARGET [ARGS=\"…\"]"
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/\1\t\2/p' Makefile | while IFS="$$(printf '\t')" read -r name text; do \
		printf '  %-8s %s\n' "$$name" "$$text"; done

setup: $(STAMP) ## make .venv and install everything into it (the other targets do it by themselves)

$(STAMP): pyproject.toml constraints.txt
	@set -e; \
	if ! $(BIN)/python -c '$(NEW_ENOUGH)' 2>/dev/null || ! $(BIN)/python -m pip --version >/dev/null 2>&1; then \
		python=; \
		for candidate in $(CANDIDATES); do \
			if "$$candidate" -c '$(MAKES_VENVS)' 2>/dev/null; then python="$$candidate"; break; fi; \
		done; \
		if [ -z "$$python" ]; then \
			echo "No usable Python found: reconcile needs Python 3.11 or newer with its venv module." >&2; \
			echo "Tried: $(CANDIDATES). Install one (on Debian and Ubuntu: python3-venv, too)," >&2; \
			echo "or name yours: make PYTHON=/path/to/python3 …" >&2; \
			exit 1; \
		fi; \
		echo "Making $(VENV) with $$("$$python" --version)." >&2; \
		"$$python" -m venv --clear $(VENV); \
	fi; \
	echo "Installing what reconcile needs into $(VENV); the first time takes a minute." >&2; \
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'; \
	touch $@

demo: $(STAMP) ## see it all at work, with a practice panel and a workbook of its own: no account needed
	@$(BIN)/reconcile demo $(ARGS)

sync: $(STAMP) ## one run between your panel and your sheet
	@$(BIN)/reconcile sync $(ARGS)

plan: $(STAMP) ## what a run would send, from the sheet alone
	@$(BIN)/reconcile plan $(ARGS)

doctor: $(STAMP) ## check settings, sharing, protection and key without claiming anything
	@$(BIN)/reconcile doctor $(ARGS)

init: $(STAMP) ## make or upgrade the sheet's tabs
	@$(BIN)/reconcile init $(ARGS)

test: $(STAMP) ## run the tests, without the long ones
	@$(BIN)/python -m pytest -q -n auto -m "not long" $(ARGS)

long: $(STAMP) ## run the long tests: sweeps, kills, worlds, measured rates, planted bugs, other programs
	@$(BIN)/python -m pytest -q -n auto -m long $(ARGS)

lint: $(STAMP) ## check style, types and the workflow files
	@$(BIN)/python -m ruff check .
	@$(BIN)/python -m ruff format --check .
	@$(BIN)/python -m mypy
	@$(BIN)/check-jsonschema --quiet --builtin-schema vendor.github-workflows .github/workflows/*.yml
	@$(BIN)/check-jsonschema --quiet --builtin-schema vendor.github-actions action.yml
	@$(BIN)/check-jsonschema --quiet --builtin-schema vendor.dependabot .github/dependabot.yml
	@$(BIN)/zizmor --quiet --offline --no-progress .github action.yml

check: lint test long ## everything CI checks: style, types, all tests

bench: $(STAMP) ## measure speed and memory
	@$(BIN)/python -m tests.bench $(ARGS)

faults: $(STAMP) ## fail and kill a run at every boundary, on every kind of workbook (an hour)
	@$(BIN)/python -m tests.faults $(ARGS)

# make sim SEEDS=1000 lives through a thousand seeded worlds; make sim SEED=7 replays one and prints its last events
sim: $(STAMP) ## live through seeded worlds: SEEDS=n, or replay one: SEED=n
	@$(BIN)/python -m tests.sim $(if $(SEED),--seed $(SEED),--seeds $(or $(SEEDS),1000)) $(ARGS)

mutate: $(STAMP) ## change one thing at a time in the code that decides; count what no test sees (hours; ARGS="core/lease" for one module)
	@$(BIN)/python -m tests.mutate $(ARGS)

mutants: $(STAMP) ## plant known bugs into a copy of the code; the tests must fail on each
	@$(BIN)/python -m tests.mutants $(ARGS)

reliability: $(STAMP) ## run the whole harness and write its counts for docs/reliability.md (hours; ARGS="--seeds 100 --step 9" for less)
	@$(BIN)/python -m tests.reliability $(ARGS)

# needs uv (https://docs.astral.sh/uv/), which finds the hashes for every system at once
pins: ## write the hash-pinned lists that the Action and a release install from
	@set -e; compile() { uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url \
		--no-annotate "$$@"; }; \
	compile -c constraints.txt pyproject.toml -o .github/action/requirements.txt; \
	compile .github/release/requirements.in -o .github/release/requirements.txt

guide: $(STAMP) ## write docs/staff-guide.md and its pictures anew
	@$(BIN)/python -m tests.staff_guide

clean: ## remove what was installed and generated; never settings, workbooks of yours or the journal
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage .bench build dist *.egg-info
	find reconcile tests -name __pycache__ -type d -prune -exec rm -rf {} +
