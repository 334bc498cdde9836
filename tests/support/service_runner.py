"""The real service in processes of its own, as an operator starts it, and a client for it."""

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from tests.support import ROOT

SECRET = "a secret that is only used by tests, 32+"
OMDB_KEY = "a-key-of-tests"
ADMIN = ("root-of-tests", "a long password of tests")
STARTING = 300.0  # seconds; a loaded machine starts Python slowly
SETTINGS = re.compile(
    r"^(CORS|DRAIN|TRUSTED|DATABASE|SEARCH|CACHE|POSTERS?|OMDB|JWT|HOST|PORT|WORKERS|INDEXER|ENVIRONMENT|LOG|METRICS)"
)


@dataclass
class Service:
    """A running `movies serve`; `log` is all that it has written."""

    url: str
    process: "subprocess.Popen[bytes]"
    environment: Mapping[str, str]
    log: Path
    tokens: dict[str, tuple[str, float]] = field(default_factory=dict)

    def movies(self, *words: str, given: str = "") -> "subprocess.CompletedProcess[str]":
        """Run one `movies` command with this service's settings."""
        return movies(self.environment, *words, given=given)


def embedded(folder: Path) -> dict[str, str]:
    """What a service is told that keeps all it has in this folder."""
    return {
        "DATABASE_URL": f"sqlite://{folder}/movies.db",
        "SEARCH_URL": f"tantivy://{folder}/index",
        "CACHE_URL": "memory://",
        "POSTERS_URL": f"file://{folder}/posters",
        "JWT_SECRET": SECRET,
    }


def settings(environment: Mapping[str, str]) -> dict[str, str]:
    """This process's environment, with the service's settings replaced by these."""
    kept = {name: value for name, value in os.environ.items() if not SETTINGS.match(name)}
    return {**kept, "HOST": "127.0.0.1", "PORT": "0", "DRAIN_SECONDS": "0", **environment}


def movies(
    environment: Mapping[str, str], *words: str, given: str = ""
) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "service", *words],
        input=given,
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=settings(environment),
        timeout=STARTING * 2,
        check=False,
    )


@contextmanager
def omdb() -> Iterator[str]:
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
def started(environment: Mapping[str, str]) -> Iterator[Service]:
    """`movies serve` on a free port, once it answers."""
    with tempfile.NamedTemporaryFile(suffix=".log", prefix="movies-test-") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "service", "serve"],
            cwd=ROOT,
            env=settings(environment),
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            yield Service(_greeted(process, Path(log.name)), process, environment, Path(log.name))
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(20)


@contextmanager
def service(environment: Mapping[str, str]) -> Iterator[Service]:
    """A migrated service with the sample films and an admin, as `make run` leaves it."""
    for words in (["migrate"], ["load", "--sample", "samples/films.jsonl"]):
        done = movies(environment, *words)
        assert done.returncode == 0, done.stderr
    made = movies(environment, "create-admin", ADMIN[0], given=ADMIN[1] + "\n")
    assert made.returncode == 0, made.stderr
    with started(environment) as running:
        yield running


def _greeted(process: "subprocess.Popen[bytes]", log: Path) -> str:
    deadline = time.monotonic() + STARTING
    while time.monotonic() < deadline:
        found = re.search(r"answers at http://localhost:(\d+)", log.read_text())
        if found:
            return f"http://127.0.0.1:{found[1]}"
        if process.poll() is not None:
            break
        time.sleep(0.05)
    raise AssertionError(f"the service did not start:\n{log.read_text()[-3000:]}")


@dataclass(frozen=True)
class Answer:
    """A response, read to its end."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    json: Any


@dataclass
class Api:
    """A client that says what it wants in a word, and waits for conditions, not for time."""

    session: aiohttp.ClientSession
    service: Service

    @classmethod
    @asynccontextmanager
    async def of(cls, service: Service) -> "AsyncIterator[Api]":
        async with aiohttp.ClientSession(service.url) as session:
            yield cls(session, service)

    async def ask(
        self, method: str, path: str, *, token: str | None = None, **given: Any
    ) -> Answer:
        headers = dict(given.pop("headers", {}))
        if token:
            headers["Authorization"] = f"Bearer {token}"
        async with self.session.request(method, path, headers=headers, **given) as response:
            body = await response.read()
            kind = response.content_type
            value = await response.json(content_type=None) if "json" in kind and body else None
            return Answer(response.status, response.headers.copy(), body, value)

    async def get(self, path: str, **given: Any) -> Answer:
        return await self.ask("GET", path, **given)

    async def search(self, q: str, **params: Any) -> Answer:
        return await self.get("/api/v1/search", params={"q": q, **params})

    async def titles(self, q: str) -> list[str]:
        found = await self.search(q)
        assert found.status == 200, found.json
        return [result["movie"]["title"] for result in found.json["results"]]

    async def admin(self) -> str:
        """An admin's access token, asked for anew before it expires."""
        token, good_until = self.service.tokens.get("admin", ("", 0.0))
        if time.monotonic() > good_until:
            given = {"username": ADMIN[0], "password": ADMIN[1]}
            session = await self.ask("POST", "/api/v1/auth/login", json=given)
            assert session.status == 200, session.json
            token = session.json["access_token"]
            good_until = time.monotonic() + session.json["expires_in"] / 2
            self.service.tokens["admin"] = (token, good_until)
        return token
