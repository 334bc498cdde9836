# Every target is one plain command, so that nobody needs make to know what happens.

PYTHON ?= python3
BIN := .venv/bin
export VIRTUAL_ENV := $(CURDIR)/.venv
.DEFAULT_GOAL := help

help: ## this list
	@grep -hE '^[a-z.]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 22

run: server.install database.upgrade ## everything for the first search: install, schema, samples, service
	@$(BIN)/movies load --sample
	@exec $(BIN)/movies serve

server.install: .venv/installed ## the virtual environment, with locked dependencies

server.start: server.install ## the API, and the indexer beside it
	@exec $(BIN)/movies serve

.venv/bin/uv:
	@$(PYTHON) -m venv .venv && $(BIN)/pip install -q --disable-pip-version-check uv==0.13.9

.venv/installed: requirements.lock pyproject.toml | .venv/bin/uv
	@$(BIN)/uv pip install -q --compile-bytecode --require-hashes -r requirements.lock
	@$(BIN)/uv pip install -q --no-deps -e .
	@touch $@

.venv/installed-dev: requirements-dev.lock pyproject.toml | .venv/bin/uv
	@$(BIN)/uv pip install -q --compile-bytecode --require-hashes -r requirements-dev.lock
	@$(BIN)/uv pip install -q --no-deps --no-build-isolation -e .
	@touch .venv/installed $@

database.upgrade: server.install ## the schema, up to date
	@$(BIN)/movies migrate

database.connect: server.install ## a shell on the database
	@$(BIN)/movies dbshell

reindex: server.install ## rebuild the index while searches go on
	@$(BIN)/movies reindex

test: .venv/installed-dev ## all tests, on the embedded stack and on every real backend that is there
	@tests/run

test.coverage: .venv/installed-dev ## the same, failing under the branch coverage that is promised
	@tests/run --coverage

chaos: .venv/installed-dev ## every fault, with real parts behind a proxy; writes docs/reliability.md
	@tests/chaos

lint: .venv/installed-dev ## style, types, import contracts
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy && $(BIN)/lint-imports

backends.install: ## PostgreSQL, Redis, Elasticsearch and S3 on a bare Debian machine
	@tests/backends/install

backends.start: backends.install ## start them on free ports of the loopback
	@tests/backends/start

backends.stop: ## stop them
	@tests/backends/stop

bench: bench.search bench.match bench.suggest bench.worst bench.load ## every measurement

bench.search: .venv/installed-dev ## how often the right film comes first, by kind of misspelling, as a table
	@$(BIN)/python -m benches.search

bench.ablation: .venv/installed-dev ## the same with each part of search left out in turn
	@$(BIN)/python -m benches.ablation

bench.match: .venv/installed-dev ## how often a file name's film is right, by the confidence that was said
	@$(BIN)/python -m benches.names

bench.suggest: .venv/installed-dev ## how many letters until a title is suggested, and how long that takes
	@$(BIN)/python -m benches.suggest

bench.worst: .venv/installed-dev ## the heaviest searches that a client may send
	@$(BIN)/python -m benches.worst

bench.load: .venv/installed-dev ## loading, searching, write-to-searchable, side by side on both stacks
	@$(BIN)/python -m benches.load

bench.million: .venv/installed-dev ## a million made-up films: filling beside raw bulks, memory, searches; 20 minutes
	@$(BIN)/python -m benches.million

up: ## the full stack in containers
	docker compose up --build --wait

down: ## stop it; the data stays
	docker compose down

lock: .venv/bin/uv ## resolve the dependencies anew into the lock files
	$(BIN)/uv pip compile -q --generate-hashes --no-header --no-emit-index-url --no-emit-find-links \
	  --python-version 3.11 --universal -o requirements.lock pyproject.toml
	$(BIN)/uv pip compile -q --generate-hashes --no-header --no-emit-index-url --no-emit-find-links \
	  --python-version 3.11 --universal --extra dev -c requirements.lock \
	  -o requirements-dev.lock pyproject.toml

.PHONY: help run server.install server.start database.upgrade database.connect reindex test \
  test.coverage chaos lint backends.install backends.start backends.stop bench bench.search \
  bench.ablation bench.match bench.suggest bench.worst bench.load bench.million up down lock
