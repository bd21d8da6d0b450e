# make run | make test | make check | make help
# Needs GNU make and Python 3.11 or newer; everything else goes into .venv.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help run test test-oracles check check-lint check-types check-imports \
        check-migrations check-templates check-deploy format messages screenshots bench \
        python environment dev-environment bench-environment

PORT ?= 8000
HOST ?= 127.0.0.1
DATA_DIR ?= ./data
SIZE ?= s
ARGS ?=

# The first Python that is new enough, unless one is named: make run PYTHON=python3.12
IS_NEW_ENOUGH := import sys; sys.exit(sys.version_info < (3, 11))
ifeq ($(origin PYTHON), undefined)
PYTHON := $(shell for it in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	"$$it" -c '$(IS_NEW_ENOUGH)' >/dev/null 2>&1 && { echo "$$it"; break; }; done)
endif
PY := .venv/bin/python

help: ## Show what can be done
	@echo "make TARGET [NAME=value ...]"
	@sed -n 's/^\([a-z-]*\):[^#]*## /  \1#/p' Makefile | awk -F'#' '{printf "%-16s %s\n", $$1, $$2}'
	@echo
	@echo "  PORT=8000  DATA_DIR=./data  HOST=127.0.0.1   for make run"
	@echo "  ARGS='-k clock'                              for make test, handed to pytest"
	@echo "  DATABASE_URL, REDIS_URL                      servers for make test and make bench"
	@echo "  ORACLES_DIR=folder                           for make test-oracles"
	@echo "  SIZE=s|m|l                                   for make bench (10^4, 10^5, 10^6 tickets)"

run: environment ## Start the demo: portal, worker and beat on this machine
	@mkdir -p "$(DATA_DIR)"
	@test -s "$(DATA_DIR)/secret_key" || ( umask 077 && $(PY) -c \
		'import secrets; print(secrets.token_urlsafe(48))' > "$(DATA_DIR)/secret_key" )
	@export DATA_DIR="$(DATA_DIR)" SECRET_KEY_FILE="$(DATA_DIR)/secret_key" \
		DEBUG="$${DEBUG:-false}" DEMO="$${DEMO:-true}" \
		ALLOWED_HOSTS="$${ALLOWED_HOSTS:-localhost,127.0.0.1}" \
		BASE_URL="$${BASE_URL:-http://localhost:$(PORT)}" \
		DEMO_CRM_PORT="$${DEMO_CRM_PORT:-$$(( $(PORT) + 1 ))}" \
		HASHED_STATIC_FILES="$${HASHED_STATIC_FILES:-false}" \
		LOG_FORMAT="$${LOG_FORMAT:-console}" LOG_LEVEL="$${LOG_LEVEL:-WARNING}"; \
	exec $(PY) manage.py serve --host "$(HOST)" --port "$(PORT)"

test: dev-environment ## Run all tests, on SQLite and on the servers that are there
	@$(PY) -P portal/suite.py -n auto $(ARGS)

test-oracles: dev-environment ## Run the cases of other engines (ORACLES_DIR: another folder)
	@$(PY) -m pytest -m oracle $(ARGS)

check: check-lint check-types check-imports check-migrations check-templates check-deploy ## Run every check (use make -k check to see all findings)
	@echo "All checks passed."

check-lint: dev-environment
	@echo "== lint and format"
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .

check-types: dev-environment
	@echo "== types"
	@$(PY) -m mypy

check-imports: dev-environment
	@echo "== import rules"
	@$(PY) -c "from importlinter.cli import lint_imports_command as main; main()" --no-logo

check-migrations: dev-environment
	@echo "== missing migrations"
	@env -u DATABASE_URL -u REDIS_URL DJANGO_SETTINGS_MODULE=portal.tests.settings \
		$(PY) manage.py makemigrations --check --dry-run

check-templates: dev-environment
	@echo "== templates"
	@$(PY) -m djlint --lint --quiet templates

# Settings as in production; the addresses are never connected to.
check-deploy: dev-environment
	@echo "== production settings"
	@data=$$(mktemp -d) && trap 'rm -rf "$$data"' EXIT && env \
		-u DEMO -u MAILBOX_DIR -u MFA_REQUIRED_FOR_STAFF -u SECRET_KEY_FILE \
		DEBUG=false DATA_DIR="$$data" HASHED_STATIC_FILES=true \
		SECRET_KEY="$$($(PY) -c 'import secrets; print(secrets.token_urlsafe(64))')" \
		METRICS_TOKEN="$$($(PY) -c 'import secrets; print(secrets.token_urlsafe(32))')" \
		ENCRYPTION_KEYS="$$($(PY) -c 'from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())')" \
		ALLOWED_HOSTS=support.example.com BASE_URL=https://support.example.com \
		DATABASE_URL=postgres://portal@database.example.com/portal \
		REDIS_URL=redis://cache.example.com:6379/0 \
		EMAIL_URL='smtp://portal:secret@mail.example.com:587?tls=1' \
		BEHIND_TLS_PROXY=true TRUSTED_PROXY_COUNT=1 \
		$(PY) manage.py check --deploy --fail-level WARNING

format: dev-environment ## Put code into the agreed format
	@$(PY) -m ruff check --fix --quiet . || true
	@$(PY) -m ruff format .

# A development tool alone: both files are committed, so nobody else needs gettext.
GERMAN := portal/locale/de/LC_MESSAGES/django
messages: dev-environment ## Collect texts for translators and compile theirs (needs gettext)
	@env -u DATABASE_URL -u REDIS_URL DJANGO_SETTINGS_MODULE=portal.tests.settings \
		$(PY) manage.py makemessages --locale de --no-wrap --no-obsolete --add-location file \
		--ignore .venv --ignore data --ignore bench --ignore tests --ignore conftest.py
	@msgfmt --check-format --statistics -o $(GERMAN).mo $(GERMAN).po

screenshots: dev-environment ## Take the pictures of the README anew (docs/*.png; needs Chromium)
	@$(PY) -m pytest --quiet portal/tests/browser/screenshots.py

bench: bench-environment ## Measure; one JSON line per measure (SIZE=s|m|l)
	@SIZE="$(SIZE)" $(PY) -m bench $(ARGS)

environment: python
	@"$(PYTHON)" -P portal/bootstrap.py requirements.txt

dev-environment: python
	@"$(PYTHON)" -P portal/bootstrap.py requirements-dev.txt

bench-environment: python
	@"$(PYTHON)" -P portal/bootstrap.py requirements-bench.txt

python:
	@test -n "$(PYTHON)" && "$(PYTHON)" -c '$(IS_NEW_ENOUGH)' 2>/dev/null || { \
		it="$(or $(PYTHON),python3)"; \
		echo "Python 3.11 or newer is needed; $$it is $$("$$it" --version 2>&1)."; \
		echo "  Debian, Ubuntu:  apt install python3 python3-venv"; \
		echo "  macOS:           brew install python"; \
		echo "  elsewhere:       name a newer one: make run PYTHON=/path/to/python3"; exit 1; } >&2
