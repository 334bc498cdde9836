"""What tests stand on: real databases, real parts, the real service in processes of its own.

A run tests one stack, `--stack embedded` (SQLite, tantivy, memory, a folder) or `--stack full`
(PostgreSQL, Elasticsearch, Redis, S3), because Tortoise keeps SQL per process and two databases in
one process would share it. A backend that is missing is skipped and named at the end of the run;
one that `REQUIRE=postgres,redis,…` names and that is missing fails.
"""

import os
import signal
import uuid
from collections.abc import AsyncIterator, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
import structlog

from service.clock import utc_now
from service.database import connection as storage
from service.database import sql, transactions
from service.database.migrate import migrate
from service.films.catalogue import Catalogue
from service.outbox.notifications import OutboxNotifier, notifier_for
from tests.support import service_runner
from tests.support.backends import (
    BACKEND_TIMEOUT,
    missing_backends,
    require_backend,
    temporary_database,
    temporary_index,
)
from tests.support.service_runner import ApiClient, Service

pytest_plugins = [
    "tests.faults.plugin",
    "tests.support.indexer_fixtures",
    "tests.support.parallel",
]


structlog.configure(
    processors=[
        *structlog.get_config()["processors"][:-1],
        structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback),
    ]
)  # rich tracebacks, the default, cost a tenth of a second each


def pytest_configure() -> None:
    """Let processes that tests start be interrupted.

    A shell has its background commands ignore SIGINT, and their children inherit that.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--stack", choices=("embedded", "full"), default="embedded")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """On the full stack, run only tests that depend on a stack; the embedded run has the rest."""
    if config.getoption("--stack") == "full":
        on_a_stack = [item for item in items if "stack" in getattr(item, "fixturenames", ())]
        items[:] = [item for item in on_a_stack if not item.get_closest_marker("once")]


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Send the missing backends from a worker process to the process that reports them."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["missing_backends"] = sorted(missing_backends)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    missing_backends.update(getattr(node, "workeroutput", {}).get("missing_backends", ()))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if missing_backends:
        terminalreporter.write_line(
            f"not tested, because missing: {', '.join(sorted(missing_backends))}"
        )


@pytest.fixture(scope="session")
def stack(request: pytest.FixtureRequest) -> str:
    """Which stack this run tests: `embedded` or `full`."""
    return str(request.config.getoption("--stack"))


@pytest.fixture(scope="session")
async def database_url(stack: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    """Yield a migrated database of this run's stack, bound to the models of this process."""
    if stack == "embedded":
        urls = _one(f"sqlite://{tmp_path_factory.mktemp('database')}/movies.db")
    else:
        urls = temporary_database()
    async for url in urls:
        await migrate(url)
        await storage.open_database(url)
        yield url
        await storage.close_database()


async def _one(url: str) -> AsyncIterator[str]:
    yield url


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[str]:
    """Yield an empty database: whatever a test writes is deleted after it."""
    yield database_url
    await transactions.wait_for_transactions()
    for table in await _tables():
        await storage.get_connection().execute_query(f'DELETE FROM "{table}"')


async def _tables() -> list[str]:
    if storage.is_postgres():
        query = "SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'"
    else:
        query = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
    names = [row["name"] for row in await sql.fetch_rows(query)]
    return [name for name in names if name != "tortoise_migrations"]


@pytest.fixture
async def notifier(database: str) -> AsyncIterator[OutboxNotifier]:
    outbox_notifier = notifier_for(database)
    yield outbox_notifier
    await outbox_notifier.close()


@pytest.fixture
def catalogue(notifier: OutboxNotifier) -> Catalogue:
    return Catalogue(notifier, utc_now)


@pytest.fixture(scope="session")
async def stack_settings(
    stack: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[dict[str, str]]:
    """Yield the environment of a whole service on this run's stack, apart from its database."""
    if stack == "embedded":
        yield service_runner.embedded_settings(tmp_path_factory.mktemp("service"))
        return
    async for index in temporary_index("movies", f"&timeout={BACKEND_TIMEOUT}"):
        yield {
            "SEARCH_URL": index,
            "CACHE_URL": require_backend("redis"),
            "POSTERS_URL": require_backend("s3").replace("?", f"/{uuid.uuid4().hex[:8]}?", 1),
            "AWS_ACCESS_KEY_ID": os.environ["AWS_ACCESS_KEY_ID"],
            "AWS_SECRET_ACCESS_KEY": os.environ["AWS_SECRET_ACCESS_KEY"],
        }


@pytest.fixture(scope="session")
async def service_database_url(
    stack: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[str]:
    """Yield a migrated database for the service's own processes; this process does not open it."""
    if stack == "embedded":
        urls = _one(f"sqlite://{tmp_path_factory.mktemp('served')}/movies.db")
    else:
        urls = temporary_database()
    async for url in urls:
        yield url


@pytest.fixture(scope="session")
def omdb_address() -> Iterator[str]:
    """Our own server that speaks OMDb's contract, in a process of its own."""
    with service_runner.run_omdb() as address:
        yield address


@pytest.fixture(scope="session")
def service_environment(
    stack_settings: dict[str, str], service_database_url: str, omdb_address: str
) -> dict[str, str]:
    """Return the environment of the service of this run."""
    return {
        **stack_settings,
        "DATABASE_URL": service_database_url,
        "OMDB_URL": omdb_address,
        "OMDB_API_KEY": service_runner.OMDB_KEY,
        "OMDB_DAILY_QUOTA": "100000",
        "POSTER_ALLOWED_PRIVATE_HOSTS": urlsplit(omdb_address).netloc,
        "CORS_ORIGINS": "https://films.example",
        "JWT_SECRET": service_runner.JWT_SECRET,
        "METRICS_TOKEN": "metrics-of-tests!",
    }


@pytest.fixture(scope="session")
def service(service_environment: dict[str, str]) -> Iterator[Service]:
    """Yield the whole service, started once for the run, with the sample films and an admin."""
    with service_runner.run_sample_service(service_environment) as started:
        yield started


@pytest.fixture
async def api(service: Service) -> AsyncIterator[ApiClient]:
    """Yield a client of the running service."""
    async with ApiClient.connect(service) as client:
        yield client
