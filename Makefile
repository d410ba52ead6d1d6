# Newsroom. `make` prints the targets.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?= $(shell for p in python3.12 python3.11 python3.13 python3.14 python3; do \
	command -v $$p >/dev/null && $$p -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { command -v $$p; break; }; done)
VENV := .venv
PY := $(VENV)/bin/python
PIP := $(PY) -m pip --disable-pip-version-check -qq
export PIP_NO_INPUT := 1

help: ## print the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

setup: $(VENV)/.ready ## prepare .venv with the pinned requirements

$(VENV)/.ready: requirements.txt
	@test -n "$(PYTHON)" || { echo "newsroom: Python 3.11 or newer with venv is needed (on Debian: apt-get install python3 python3-venv)" >&2; exit 1; }
	@test -x $(PY) || "$(PYTHON)" -m venv $(VENV)
	@echo "newsroom: installing what it needs into $(VENV); the first time takes a few minutes …"
	@$(PIP) install --require-hashes -r requirements.txt
	@touch $@

$(VENV)/.ready-dev: requirements-dev.txt $(VENV)/.ready
	$(PIP) install --require-hashes -r requirements-dev.txt
	@touch $@

run: setup ## start the site: database, queue, web, workers and timetable
	@exec $(PY) manage.py run

demo: setup ## the same with invented sample data on a fast clock
	@exec $(PY) manage.py demo

test: $(VENV)/.ready-dev ## run all tests
	$(PY) -m pytest -n auto --maxprocesses 6 $(ARGS)

lint: $(VENV)/.ready-dev ## style, types, import contracts, missing migrations
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports
	$(PY) manage.py makemigrations --check --dry-run

format: $(VENV)/.ready-dev ## put the code in the house's format
	$(VENV)/bin/ruff check --fix .
	$(VENV)/bin/ruff format .

bench: $(VENV)/.ready-dev ## list the benches; BENCH=name runs one
	@if [ -z "$(BENCH)" ]; then ls bench/*.py bench/*/__main__.py | sed 's#bench/##; s#/__main__##; s#\.py$$##' | grep -v '^__'; else exec $(PY) -m bench.$(BENCH) $(ARGS); fi

bench-poll: $(VENV)/.ready-dev ## what polling costs, beside other aggregators (needs CORPORA_DIR)
	@exec $(PY) -m bench.poll $(ARGS)

replay: setup ## replay a recorded fortnight (CORPORA_DIR); STEP=6h, KEEP=1 leaves the site up
	@exec $(PY) manage.py replay --step $(or $(STEP),6h) $(if $(KEEP),--keep)

backup: setup ## write a backup of the database; FILE=… says where
	@exec $(PY) manage.py backup $(FILE)

restore: setup ## read a backup into an empty database; FILE=…
	@exec $(PY) manage.py restore $(FILE)

requirements: $(VENV)/.ready-dev ## pin requirements*.in anew
	for name in requirements requirements-dev requirements-tools; do \
	  $(VENV)/bin/uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -q $$name.in -o $$name.txt; done

$(VENV)-tools/.ready: requirements-tools.txt
	@test -x $(VENV)-tools/bin/python || "$(PYTHON)" -m venv $(VENV)-tools
	$(VENV)-tools/bin/python -m pip --disable-pip-version-check -qq install --require-hashes -r requirements-tools.txt
	@touch $@

sbom: $(VENV)-tools/.ready ## what the site is made of, as CycloneDX JSON; FILE=… says where (default sbom.cdx.json)
	@$(VENV)-tools/bin/cyclonedx-py requirements --output-reproducible --sv 1.6 --of JSON -o $(or $(FILE),sbom.cdx.json) requirements.txt

pins: $(VENV)/.ready-dev ## docs/dependencies.md: every pinned release with its date and licence
	@$(PY) deploy/pins.py

.PHONY: help setup run demo test lint format bench replay backup restore requirements sbom pins
