"""The real service in processes of its own, as an operator starts it, and a client for it."""

import asyncio
import atexit
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import aiohttp

from tests.support import ROOT
from tests.support.command_processes import run_forked

T = TypeVar("T")

JWT_SECRET = "a secret that is only used by tests, 32+"
OMDB_KEY = "a-key-of-tests"
ADMIN = ("root-of-tests", "a long password of tests")
START_TIMEOUT = 300.0  # seconds; a loaded machine starts Python slowly
READY_LINE = re.compile(r"(?:port\W+(\d+).*)?service_ready(?:\W+port\W+(\d+))?")
"""The line of the log, as JSON or as text, that names the port."""

SERVICE_VARIABLES = re.compile(
    r"^(AUDIT|COMPAT|CORS|EMAIL|MAIL|REGISTRATION|PUBLIC|DRAIN|TRUSTED|DATABASE|SEARCH|CACHE|POSTERS?|OMDB|JWT|HOST|PORT|WORKERS|INDEXER|ENVIRONMENT|LOG|ACCESS_LOG|METRICS)"
)


@dataclass
class Service:
    """A running `movies serve`; `log` is all that it has written."""

    url: str
    process: "subprocess.Popen[bytes]"
    environment: Mapping[str, str]
    log: Path
    tokens: dict[str, tuple[str, float]] = field(default_factory=dict)

    def run(self, *args: str, stdin: str = "") -> "subprocess.CompletedProcess[str]":
        """Run one `movies` command with this service's settings."""
        port = str(urlsplit(self.url).port)  # the system chose it when the service started
        return run_command({**self.environment, "PORT": port}, *args, stdin=stdin)


def embedded_settings(folder: Path) -> dict[str, str]:
    """Return what a service is told that keeps all it has in this folder."""
    return {
        "DATABASE_URL": f"sqlite://{folder}/movies.db",
        "SEARCH_URL": f"tantivy://{folder}/index",
        "CACHE_URL": "memory://",
        "POSTERS_URL": f"file://{folder}/posters",
        "JWT_SECRET": JWT_SECRET,
    }


def process_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """Return this process's environment, with the service's settings replaced by `environment`."""
    inherited = {
        name: value for name, value in os.environ.items() if not SERVICE_VARIABLES.match(name)
    }
    return {**inherited, "HOST": "127.0.0.1", "PORT": "0", "DRAIN_SECONDS": "0", **environment}


def run_command(
    environment: Mapping[str, str], *args: str, stdin: str = ""
) -> "subprocess.CompletedProcess[str]":
    """Run `movies` with these arguments and settings to its end."""
    if any(name.startswith("PYTHON") for name in environment):  # read when Python starts
        return _run_python(environment, *args, stdin=stdin)
    variables = process_environment(environment)
    return run_forked(list(args), variables, ROOT, stdin, START_TIMEOUT * 2)


def _run_python(
    environment: Mapping[str, str], *args: str, stdin: str = ""
) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "service", *args],
        input=stdin,
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=process_environment(environment),
        timeout=START_TIMEOUT * 2,
        check=False,
    )


@contextmanager
def run_omdb() -> Iterator[str]:
    """Our own OMDb on a free port; yields its address."""
    command = [
        "-m",
        "tests.support.omdb_server",
        "--port",
        "0",
        "--key",
        OMDB_KEY,
        "--quota",
        "1000000",
    ]
    with subprocess.Popen(
        [sys.executable, *command], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        address = process.stdout.readline().split("?")[0].strip()
        try:
            yield address
        finally:
            process.terminate()


@contextmanager
def run_service(
    environment: Mapping[str, str],
    source: Path = ROOT,
    python: str = sys.executable,
    *,
    is_first_start: bool = False,
) -> Iterator[Service]:
    """Yield `movies serve` on a free port, once it answers.

    Args:
        source: the checkout of another version.
        is_first_start: whether the service migrates a new SQLite database itself; else it gets a
            copy of a migrated one, which saves three seconds of CPU.
    """
    if source == ROOT and not is_first_start:
        _copy_database(environment, _migrated_database)
    with tempfile.NamedTemporaryFile(suffix=".log", prefix="movies-test-") as log:
        process = subprocess.Popen(
            [python, "-m", "service", "serve"],
            cwd=source,
            env=process_environment(environment),
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            yield Service(
                _wait_for_address(process, Path(log.name)), process, environment, Path(log.name)
            )
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(20)


def find_child_pids(service: Service) -> dict[str, int]:
    """Return the newest process of each child, as the log tells."""
    starts = re.findall(r"child_started.*?child=(\S+) pid=(\d+)", service.log.read_text())
    return {name: int(pid) for name, pid in starts}


@asynccontextmanager
async def open_in_thread(opening: AbstractContextManager[T]) -> AsyncIterator[T]:
    """Open and close something in a thread, such as a service, which takes seconds to start."""
    opened = await asyncio.to_thread(opening.__enter__)
    try:
        yield opened
    finally:
        await asyncio.to_thread(opening.__exit__, None, None, None)


@contextmanager
def run_sample_service(environment: Mapping[str, str]) -> Iterator[Service]:
    """Yield a service with the sample films, as `make run` starts it, and with an admin."""
    if not _copy_database(environment, _sample_database):
        _add_samples(environment)
    with run_service(environment) as service:
        yield service


def _add_samples(environment: Mapping[str, str]) -> None:
    """Load the sample films, and create the admin."""
    name, password = ADMIN
    for args, stdin in ((("load", "--sample"), ""), (("create-admin", name), f"{password}\n")):
        result = run_command(environment, *args, stdin=stdin)
        assert result.returncode == 0, result.stderr


def _copy_database(environment: Mapping[str, str], make: Callable[[], Path]) -> bool:
    """Copy a database to where these settings expect a SQLite one; return whether one was missing.

    Args:
        make: returns the path of the database.
    """
    url = urlsplit(environment.get("DATABASE_URL", ""))
    path = Path(url.path)
    if url.scheme != "sqlite" or url.netloc or path.exists():
        return False
    shutil.copy(make(), path)
    return True


@cache
def _migrated_database() -> Path:
    return _make_database(lambda settings: run_command(settings, "migrate").check_returncode())


@cache
def _sample_database() -> Path:
    return _make_database(_add_samples)


def _make_database(fill: Callable[[Mapping[str, str]], object]) -> Path:
    """Return the path of a SQLite database that exists until this process ends."""
    folder = tempfile.mkdtemp(prefix="movies-test-")
    atexit.register(shutil.rmtree, folder)
    settings = embedded_settings(Path(folder))
    fill(settings)
    return Path(urlsplit(settings["DATABASE_URL"]).path)


def _wait_for_address(process: "subprocess.Popen[bytes]", log: Path) -> str:
    deadline = time.monotonic() + START_TIMEOUT
    while time.monotonic() < deadline:
        match = READY_LINE.search(log.read_text())
        if match:
            return f"http://127.0.0.1:{match[1] or match[2]}"
        if process.poll() is not None:
            break
        time.sleep(0.05)
    raise AssertionError(f"the service did not start:\n{log.read_text()[-3000:]}")


@dataclass(frozen=True)
class Response:
    """A response, read to its end."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    json: Any


@dataclass
class ApiClient:
    """A client that says what it wants in a word, and waits for conditions, not for time."""

    session: aiohttp.ClientSession
    service: Service

    @classmethod
    @asynccontextmanager
    async def connect(cls, service: Service) -> "AsyncIterator[ApiClient]":
        async with aiohttp.ClientSession(service.url) as session:
            yield cls(session, service)

    async def request(
        self, method: str, path: str, *, token: str | None = None, **options: Any
    ) -> Response:
        headers = dict(options.pop("headers", {}))
        if token:
            headers["Authorization"] = f"Bearer {token}"
        async with self.session.request(method, path, headers=headers, **options) as response:
            body = await response.read()
            content_type = response.content_type
            value = (
                await response.json(content_type=None) if "json" in content_type and body else None
            )
            return Response(response.status, response.headers.copy(), body, value)

    async def get(self, path: str, **options: Any) -> Response:
        return await self.request("GET", path, **options)

    async def search(self, q: str, **params: Any) -> Response:
        return await self.get("/api/v1/search", params={"q": q, **params})

    async def search_titles(self, q: str) -> list[str]:
        response = await self.search(q)
        assert response.status == 200, response.json
        return [result["movie"]["title"] for result in response.json["results"]]

    async def admin_token(self) -> str:
        """Return an admin's access token, asked for anew before it expires."""
        token, renew_at = self.service.tokens.get("admin", ("", 0.0))
        if time.monotonic() > renew_at:
            credentials = {"username": ADMIN[0], "password": ADMIN[1]}
            session = await self.request("POST", "/api/v1/auth/login", json=credentials)
            assert session.status == 200, session.json
            token = session.json["access_token"]
            renew_at = time.monotonic() + session.json["expires_in"] / 2
            self.service.tokens["admin"] = (token, renew_at)
        return token
