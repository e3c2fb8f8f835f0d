# Everything here needs only make and Python 3.10 or newer; PYTHON=... chooses the interpreter.

PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python
CHAOS_VIDEOS ?= 100
CHAOS_SEED ?= 1
PIP := $(RUN) -m pip --disable-pip-version-check
# The providers that the benchmarks compare with do not go with the pins of the rest.
BENCH := build/bench

.DEFAULT_GOAL := help
.PHONY: help demo airflow cluster chaos bench screenshots test test-all audit lint format docs links package constraints benchpins versionpins clean

help:  ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' Makefile

demo: $(VENV)/.package  ## Make four clips through a real Airflow, with no account and no network
	@$(RUN) -m dev.demo

airflow: $(VENV)/.package  ## Run Airflow's web UI with the example DAGs and the emulator, until Ctrl-C
	@$(RUN) -m dev.look

cluster: $(VENV)/.cluster  ## Run Airflow with Celery, Redis and PostgreSQL, and the emulator, until Ctrl-C
	@$(RUN) -m dev.cluster

chaos: $(VENV)/.cluster  ## Make CHAOS_VIDEOS=100 videos in a cluster in which things die by CHAOS_SEED=1
	@CHAOS_VIDEOS=$(CHAOS_VIDEOS) CHAOS_SEED=$(CHAOS_SEED) $(RUN) -m dev.chaos

bench: $(BENCH)/.bench  ## Run all benchmarks, and write benchmarks/RESULTS.md
	@$(BENCH)/bin/python -m benchmarks.suite

screenshots: $(VENV)/.dev  ## Take the pictures of the gallery in docs/images; needs Chromium
	@$(RUN) -m dev.screenshots

test: lint audit  ## Lint, check types, audit what is installed and run every test
	$(RUN) -m pytest -n 2 --dist loadgroup

test-all: $(VENV)/.package  ## Run what concerns Airflow on each version of Airflow and Python (VERSIONS=..., PYTHONS=...)
	@$(RUN) -m dev.versions $(if $(VERSIONS),--versions $(VERSIONS)) $(if $(PYTHONS),--pythons $(PYTHONS))

audit: $(VENV)/.dev  ## Check pins for known vulnerabilities and packages for their licences (AUDIT_STRICT=1: fail where the index does not tell)
	@$(RUN) -m dev.audit

lint: $(VENV)/.dev  ## Lint and check types
	$(RUN) -m ruff check
	$(RUN) -m ruff format --check
	$(RUN) -m mypy
	$(RUN) -m dev.usage_types

format: $(VENV)/.dev  ## Format the code
	$(RUN) -m ruff check --fix
	$(RUN) -m ruff format

docs: $(VENV)/.docs  ## Build the documentation into build/docs, with every warning an error, and check its spelling
	$(VENV)/bin/typos
	$(RUN) -m sphinx --builder html --fail-on-warning --keep-going --quiet docs build/docs

links: $(VENV)/.docs  ## Ask for every web page that the documentation links to; what does not answer is told in build/links/output.txt
	$(RUN) -m sphinx --builder linkcheck --keep-going --quiet docs build/links

package: $(VENV)/.release  ## Build the distribution as a release does, and check it (TAG=v1.2.3: that it is that version)
	@$(RUN) -m dev.package $(if $(TAG),--tag $(TAG))

# With PYTHON= the oldest supported version, so that the pins can be installed on the newer ones too.
constraints:  ## Pin the newest versions of everything in constraints.txt
	$(PYTHON) -m venv --clear build/constraints
	build/constraints/bin/python -m pip install --quiet --upgrade pip
	build/constraints/bin/python -m pip install --quiet --dry-run --ignore-installed \
		--report build/constraints/report.json pip --editable ".[probe,emulator]" --group dev --group cluster --group release
	$(PYTHON) dev/constraints.py < build/constraints/report.json > build/constraints/pins.txt
	cp build/constraints/pins.txt constraints.txt

# The providers compared with need Python 3.11; of the rest, what they let be is as in constraints.txt.
benchpins:  ## Pin the newest providers for the benchmarks in benchmarks/constraints.txt
	$(PYTHON) -m venv --clear build/constraints
	build/constraints/bin/python -m pip install --quiet --upgrade pip
	grep --invert-match --extended-regexp '^(apache-airflow-providers-|packaging=|python-dateutil=)' constraints.txt \
		> build/constraints/kept.txt
	build/constraints/bin/python -m pip install --quiet --dry-run --ignore-installed \
		--report build/constraints/report.json --constraint build/constraints/kept.txt pip --editable . --group bench
	$(PYTHON) dev/constraints.py < build/constraints/report.json > build/constraints/pins.txt
	(echo '# Exact versions of all that `make bench` installs. Made by `make benchpins`.'; \
		grep --invert-match '^#' build/constraints/pins.txt) > benchmarks/constraints.txt

versionpins:  ## Pin what each version of Airflow ran with at its release in constraints/
	$(PYTHON) -m venv --clear build/constraints
	build/constraints/bin/python -m pip install --quiet uv
	$(PYTHON) -m dev.versions --pin build/constraints/bin/uv

clean:  ## Remove what these targets made
	rm -rf $(VENV) .airflow demo-output build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(VENV)/.package: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10) and "Python 3.10 or newer is needed; set PYTHON=...")'
	@echo "Installing into $(VENV); this takes a minute or two, once."
	@$(PYTHON) -m venv $(VENV)
	@$(PIP) install --quiet --upgrade --constraint constraints.txt pip
	@$(PIP) install --quiet --constraint constraints.txt --editable ".[probe,emulator]"
	@touch $@

$(VENV)/.dev: $(VENV)/.package
	@echo "Installing the tools for development."
	@$(PIP) install --quiet --constraint constraints.txt --group dev
	@touch $@

$(VENV)/.docs: $(VENV)/.package constraints/docs.txt
	@$(RUN) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "The documentation needs Python 3.11; set PYTHON=...")'
	@echo "Installing what builds the documentation."
	@$(PIP) install --quiet --constraint constraints.txt --constraint constraints/docs.txt --group docs
	@touch $@

$(VENV)/.release: $(VENV)/.package
	@echo "Installing what builds and checks the distribution."
	@$(PIP) install --quiet --constraint constraints.txt --group release
	@touch $@

$(VENV)/.cluster: $(VENV)/.package
	@echo "Installing Celery, PostgreSQL and Redis."
	@$(PIP) install --quiet --constraint constraints.txt --group cluster
	@touch $@

$(BENCH)/.bench: pyproject.toml benchmarks/constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "The benchmarks need Python 3.11; set PYTHON=...")'
	@echo "Installing the benchmarks and the providers that they compare with into $(BENCH)."
	@$(PYTHON) -m venv $(BENCH)
	@$(BENCH)/bin/python -m pip install --quiet --upgrade --constraint benchmarks/constraints.txt pip
	@$(BENCH)/bin/python -m pip install --quiet --constraint benchmarks/constraints.txt --editable . --group bench
	@touch $@
