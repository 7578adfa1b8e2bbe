# The two commands: `make run` and `make test`. Everything else is a part of them.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# One more than cores: whole runs over real ports wait more than they work.
JOBS ?= $(shell expr $$(nproc) + 1)

.PHONY: run test setup check unit bench pictures prove prove-power prove-records prove-outbox prove-faults prove-verdict prove-edges prove-reports clean constraints

setup: $(READY)

$(READY): pyproject.toml constraints.txt rig/work/_sha256d.c rig/work/_sha256d.h
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt pip setuptools wheel build
	@$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@touch $@

run: setup
	@$(BIN)/python -m rig.cli.demo

check: setup
	@$(BIN)/ruff check --quiet rig tests testplans benches proofs
	@$(BIN)/mypy --no-error-summary
	@$(BIN)/lint-imports --no-logo --quiet 2>/dev/null || $(BIN)/lint-imports

unit: setup
	@$(BIN)/python -m pytest -p no:labgrid -n $(JOBS) --dist worksteal

test: setup check unit

bench: setup
	@$(BIN)/python -m benches

# The pictures of docs/station.md, drawn anew by Debian's chromium.
pictures: setup
	@$(BIN)/python -m tests.station.panel.pictures

# Twelve million bytes of whatever a wire can carry, through the decoders: a minute or two.
prove: setup
	@$(BIN)/python -m proofs.fuzz --megabytes 12

# Whoever is killed, whenever: the board goes off. Twenty minutes; fewer with KILLS=40.
KILLS ?= 200
prove-power: setup
	@$(BIN)/python -m proofs.power --kills $(KILLS)

# Processes that keep runs are killed at random moments: no run is lost, none is there by half. A minute.
DEATHS ?= 200
prove-records: setup
	@$(BIN)/python -m proofs.records --kills $(DEATHS)

# Stations, senders, PostgreSQL and InfluxDB are killed at random moments: nothing is lost, nothing doubled.
# Some five minutes.
OUTBOX_KILLS ?= 300
prove-outbox: setup
	@$(BIN)/python -m proofs.outbox --kills $(OUTBOX_KILLS)

# Every fault kind of docs/scenarios.md through a real run: about a quarter of an hour.
prove-faults: setup
	@$(BIN)/python -m proofs.faults

# 3,000 good boards and 80 of every kind of fault through the plan in virtual time: about two hours.
prove-verdict: setup
	@mkdir -p results
	@$(BIN)/rig study --mix fixtures/mixes/every-kind.yaml --boards 3850 --per-kind 80 --seed 1 \
		--json results/study.json

# Chips exactly at the rates that are bad and just good, 1,000 boards each: about forty minutes.
prove-edges: setup
	@mkdir -p results
	@$(BIN)/rig study --mix fixtures/mixes/edges.yaml --per-kind 1000 --seed 1 --json results/edges.json

# 200 sound histories and 20 with plants through the line report: is the box empty, and does it name them.
prove-reports: setup
	@$(BIN)/python -m proofs.reports

# New pins, after an update of pyproject.toml: made in an empty environment.
constraints:
	@rm -rf $(VENV)-pins && $(PYTHON) -m venv $(VENV)-pins
	@$(VENV)-pins/bin/pip install --quiet --upgrade pip setuptools wheel build
	@$(VENV)-pins/bin/pip install --quiet '.[dev,cfx,pdf]'
	@$(VENV)-pins/bin/pip freeze --all --exclude hashrig > constraints.txt && rm -rf $(VENV)-pins

clean:
	rm -rf $(VENV) build dist *.egg-info rig/work/*.so .pytest_cache .mypy_cache .ruff_cache .hypothesis
