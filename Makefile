# make demo    try the portal with sample data at http://127.0.0.1:8000
# make start   run it for real, on this machine, with the data in var/
# make test    all checks and tests;  make lint: the checks only
PYTHON ?= python3
HOST ?= 127.0.0.1
PORT ?= 8000
UV ?= uv
BIN := .venv/bin
MANAGE := $(BIN)/python manage.py
PYTEST := $(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder
ON_POSTGRESQL := $(BIN)/python -m tests.servers postgresql -- $(PYTEST)
# What is built needs no data and no secrets.
BUILD := PORTAL_MODE=embedded DATA_DIR=build/make DATABASE_URL=sqlite://:memory: BROKER_URL=files://localhost
PACKAGES := libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-noto-cjk
TEST_PACKAGES := poppler-utils chromium redis-server postgresql
LOCK_FLAGS := --universal --python-version 3.11 --generate-hashes --no-emit-index-url

.PHONY: help setup packages assets demo start test test-postgresql test-packages lint check lock clean

help:
	@sed -n 's/^# //p' Makefile | head -3

setup: packages .venv/.installed node_modules/.installed

packages:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo '需要 Python 3.11 或更新版本，可用 PYTHON=… 指定。' >&2; exit 1; }
	@scripts/packages $(PACKAGES) $(shell $(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || echo python3-venv)

.venv/bin/python: | packages
	$(PYTHON) -m venv .venv

.venv/.installed: requirements.lock | .venv/bin/python
	$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements.lock
	@touch $@

.venv/.installed-dev: requirements-dev.lock .venv/.installed
	$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

node_modules/.installed: package-lock.json .npmrc | .venv/.installed
	scripts/npm ci
	@touch $@

assets: setup static/vendor/tabler/tabler.min.css build/fonts/.tried build/static/staticfiles.json

static/vendor/tabler/tabler.min.css: node_modules/.installed portal/management/commands/assets.py
	$(BUILD) $(MANAGE) assets

build/fonts/.tried: portal/management/commands/fonts.py | .venv/.installed
	$(BUILD) $(MANAGE) fonts
	@mkdir -p build/fonts && touch $@

build/static/staticfiles.json: static/vendor/tabler/tabler.min.css .venv/.installed portal/settings.py $(shell find static -type f -not -path '*/vendor/*' 2>/dev/null)
	$(BUILD) $(MANAGE) collectstatic --no-input --verbosity 0
	@touch $@

demo: assets
	@exec $(MANAGE) start --demo --host $(HOST) --port $(PORT)

start: assets
	@exec $(MANAGE) start --host $(HOST) --port $(PORT)

lint: .venv/.installed-dev assets
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BUILD) $(BIN)/mypy
	$(BIN)/lint-imports
	$(BUILD) $(MANAGE) makemigrations --check --dry-run
	$(MAKE) --no-print-directory check

# The deployment check, as production runs: complete, with secrets that are none.
check: .venv/.installed
	PORTAL_MODE=production SECRET_KEY=not-a-secret-only-for-the-deployment-check-0123456789 FIELD_KEY=not-a-secret-either ALLOWED_HOSTS=portal.example.org \
	DATABASE_URL=postgres://portal@127.0.0.1:1/portal BROKER_URL=redis://127.0.0.1:1/0 DATA_DIR=build/make \
	$(MANAGE) check --deploy --fail-level WARNING

test-packages: packages
	@scripts/packages $(TEST_PACKAGES)

test: test-packages .venv/.installed-dev assets lint
	$(PYTEST)
	$(ON_POSTGRESQL) -m "not browser and not once"

# All tests that need no window on PostgreSQL, those too that ask nothing of the database.
test-postgresql: test-packages .venv/.installed-dev assets
	$(ON_POSTGRESQL) -m "not browser"

lock:
	for name in requirements requirements-dev requirements-node; do $(UV) pip compile -q $(LOCK_FLAGS) -o $$name.lock $$name.in || exit 1; done

clean:
	rm -rf build static/vendor
