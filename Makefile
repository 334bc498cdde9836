# Every target is one or a few plain commands, which work without make too.

PYTHON ?= python3
BIN := .venv/bin
export VIRTUAL_ENV := $(CURDIR)/.venv
.DEFAULT_GOAL := help

help: ## list the targets
	@grep -hE '^[a-z.]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 22

run: server.install ## everything up to the first search: install, create the schema, load samples, serve
	@echo "creating the schema and loading the sample films ..."
	@$(BIN)/movies load --sample
	@echo "starting the service ..."
	@exec $(BIN)/movies serve

server.install: .venv/installed ## create the virtual environment, with locked dependencies

server.start: server.install ## run the API, and the indexer beside it
	@exec $(BIN)/movies serve

.venv/bin/uv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Movies needs Python 3.11 or newer, and this is %d.%d; name another: make PYTHON=python3.11 run" % sys.version_info[:2])'
	@echo "creating the virtual environment ..."
	@$(PYTHON) -m venv .venv && $(BIN)/pip install -q --disable-pip-version-check uv==0.13.9

.venv/installed: requirements.lock pyproject.toml | .venv/bin/uv
	@echo "installing the dependencies, which takes about a minute ..."
	@$(BIN)/uv pip install --compile-bytecode --require-hashes -r requirements.lock
	@$(BIN)/uv pip install -q --no-deps -e .
	@touch $@

.venv/installed-dev: requirements-dev.lock pyproject.toml | .venv/bin/uv
	@$(BIN)/uv pip install -q --compile-bytecode --require-hashes -r requirements-dev.lock
	@$(BIN)/uv pip install -q --no-deps --no-build-isolation -e .
	@touch .venv/installed $@

database.upgrade: server.install ## bring the schema up to date
	@$(BIN)/movies migrate

database.connect: server.install ## open a shell on the database
	@$(BIN)/movies dbshell

reindex: server.install ## rebuild the index while searches go on
	@$(BIN)/movies reindex

test: .venv/installed-dev ## run all tests, on the embedded stack and on every real backend that is available
	@tests/run

test.coverage: .venv/installed-dev ## the same; fail if branch coverage is too low
	@COVERAGE=1 tests/run

chaos: .venv/installed-dev ## inject every fault, with real backends behind a proxy; write docs/fault-report.md
	@tests/chaos

lint: .venv/installed-dev ## check style, spelling, types, import contracts and known weaknesses
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/codespell && $(BIN)/mypy && $(BIN)/lint-imports \
	  && $(BIN)/bandit -q -c pyproject.toml -r service indexer

fuzz.api: .venv/installed-dev ## send random requests to a service of its own for ten minutes
	@$(BIN)/python -m tests.fuzz.api --seconds 600

fuzz.load: .venv/installed-dev ## load 20,000 random files, most of them damaged
	@$(BIN)/python -m tests.fuzz.load --files 20000

lint.api: .venv/installed-dev ## check the OpenAPI document and the Postman collection; a warning fails
	@tests/lint-openapi

lint.alerts: ## check Prometheus's configuration, and that its alerts fire when they should
	@tests/lint-alerts

docs: .venv/installed-dev ## write the reference pages and the Postman collection that follow from the code
	@$(BIN)/python docs/generate_reference.py
	@docs/generate-postman

backends.install: ## install PostgreSQL, Redis, Elasticsearch and S3 on a bare Debian machine
	@tests/backends/install

backends.start: backends.install ## start them on free loopback ports
	@tests/backends/start

backends.stop: ## stop them
	@tests/backends/stop

bench: bench.search bench.match bench.suggest bench.worst bench.load ## run every benchmark

bench.search: .venv/installed-dev ## how often the right film comes first, by kind of misspelling, as a table
	@$(BIN)/python -m benches.search
	@$(BIN)/python -m benches.absent

bench.ablation: .venv/installed-dev ## the same with each part of search left out in turn
	@$(BIN)/python -m benches.ablation

bench.match: .venv/installed-dev ## how often a file name's film is right, by reported confidence
	@$(BIN)/python -m benches.names

bench.suggest: .venv/installed-dev ## how many letters until a title is suggested, and how long that takes
	@$(BIN)/python -m benches.suggest

bench.compat: .venv/installed-dev ## a cached film through OMDb's API beside the service's own route
	@$(BIN)/python -m benches.compat

bench.page: .venv/installed-dev ## what the page weighs and how fast it paints, in a real browser
	@$(BIN)/python -m benches.page

bench.worst: .venv/installed-dev ## the most expensive searches that a client may send
	@$(BIN)/python -m benches.worst

bench.live: .venv/installed-dev ## 2,000 idle sockets on one API worker: memory, CPU time, messages
	@$(BIN)/python -m benches.live

bench.load: .venv/installed-dev ## loading, searching, write-to-searchable, side by side on both stacks
	@$(BIN)/python -m benches.load

bench.before: .venv/installed-dev ## searches beside those of an earlier commit, in one run: make bench.before REF=COMMIT
	@$(BIN)/python -m benches.before $(REF)

bench.loading: .venv/installed-dev ## loading into an empty catalogue beside an earlier commit: make bench.loading REF=COMMIT
	@$(BIN)/python -m benches.loading $(REF)

bench.million: .venv/installed-dev ## a million synthetic films: fill beside raw bulks, memory, searches; 20 minutes
	@$(BIN)/python -m benches.million

up: ## start the full stack in containers
	docker compose up --build --wait

down: ## stop it; the data is kept
	docker compose down

lock: .venv/bin/uv ## resolve the dependencies again into the lock files
	$(BIN)/uv pip compile -q --generate-hashes --no-header --no-emit-index-url --no-emit-find-links \
	  --python-version 3.11 --universal -o requirements.lock pyproject.toml
	$(BIN)/uv pip compile -q --generate-hashes --no-header --no-emit-index-url --no-emit-find-links \
	  --python-version 3.11 --universal --extra dev -c requirements.lock \
	  -o requirements-dev.lock pyproject.toml

.PHONY: docs help run server.install server.start database.upgrade database.connect reindex test \
  test.coverage chaos lint fuzz.api fuzz.load lint.api lint.alerts backends.install backends.start backends.stop bench bench.search \
  bench.ablation bench.compat bench.match bench.suggest bench.page bench.worst bench.live bench.load bench.before bench.loading bench.million up down lock
