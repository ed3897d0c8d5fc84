# Sancheng (三城). `make` alone says what there is.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
WORKERS ?= 2
STAMP := $(VENV)/.setup-stamp
PO := $(wildcard core/translations/*/LC_MESSAGES/messages.po)

.DEFAULT_GOAL := help
.PHONY: help setup demo test check bench texts clean

help: ## Say what can be made
	@echo "三城 Sancheng"; awk -F':.*## ' '/^[a-z]+:.*## /{printf "  make %-8s %s\n", $$1, $$2}' Makefile

setup: $(STAMP) ## Set everything up (virtual environment, front-end assets, texts); safe to repeat

$(STAMP): setup.cfg pyproject.toml package-lock.json core/assets.py $(PO)
	@command -v git >/dev/null || { echo "git is missing: install it (Debian: apt-get install git)"; exit 2; }
	@command -v $(PYTHON) >/dev/null || { echo "$(PYTHON) is missing: install Python 3.11 or newer"; exit 2; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed: make PYTHON=python3.11 ..."; exit 2; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo "the venv module is missing (Debian: apt-get install python3-venv)"; exit 2; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@if command -v npm >/dev/null; then $(BIN)/python -m pip install -q --disable-pip-version-check -e '.[dev]'; \
	 else $(BIN)/python -m pip install -q --disable-pip-version-check -e '.[dev,assets]'; fi
	@$(BIN)/python -m core.assets --tests
	@$(BIN)/pybabel -q compile -d core/translations
	@touch $(STAMP)

demo: setup ## Run the product with a demo city on http://127.0.0.1:8000
	@exec $(BIN)/sancheng demo

test: setup ## All tests, on real PostgreSQL and (where there is a Chromium) in a real browser
	@$(BIN)/python -m pytest -q -n $(WORKERS) --dist loadfile --no-loadscope-reorder tests

check: setup ## The fast part: style, types, import contracts, house rules
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy & types=$$!; \
	 $(BIN)/lint-imports && $(BIN)/python -m pytest -q tests/house tests/campaigns; rest=$$?; \
	 wait $$types && exit $$rest

bench: setup ## Measure what the issue asks to be fast; prints, never fails on time
	@$(BIN)/python -m tests.bench
	@$(BIN)/python -m tests.bench --figures
	@$(BIN)/python -m tests.bench --tasks

texts: setup ## Collect texts for the catalogue and compile it
	@$(BIN)/pybabel -q extract -F babel.cfg -k N_ -k gettext -k lazy_gettext -k counted:1,1 --no-location --sort-output -o core/translations/messages.pot .
	@$(BIN)/pybabel -q update -i core/translations/messages.pot -d core/translations --no-fuzzy-matching --ignore-pot-creation-date
	@$(BIN)/pybabel -q compile -d core/translations

clean: ## Remove what setup made; the instance folder with its data stays
	rm -rf $(VENV) core/web/static/vendor tests/.assets build *.egg-info
