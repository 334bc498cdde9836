"""Which parts work: for orchestrators, for people with `movies doctor`, for dashboards.

Only the database is required. Without the index, the cache, the posters or OMDb the service
still answers something true, so their absence is told as "degraded" and takes nothing out of
rotation.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files
from typing import Literal

from tortoise.exceptions import OperationalError

from service.clock import epoch_ms
from service.database.connection import is_postgres
from service.database.sql import fetch_rows
from service.database.transactions import is_database_fault
from service.errors import DomainError
from service.limits import HEALTH_CHECK_TIMEOUT
from service.outbox import store

KEPT = 1.0  # seconds; probes from many sides cost one round
LAGGING = 60_000  # ms; an outbox row older than this means that no indexer is working

LATEST_MIGRATION = max(
    file.name.removesuffix(".py")
    for file in files("migrations").iterdir()
    if file.name.startswith("0")
)
"""The migration that this release needs."""

Check = Callable[[], Awaitable[str]]


@dataclass(frozen=True, slots=True)
class PartState:
    """One part: whether it works, in one line, and how long the question took."""

    state: Literal["ok", "failed"]
    detail: str
    took_ms: float


@dataclass(frozen=True, slots=True)
class Readiness:
    """All parts together."""

    status: Literal["ready", "degraded", "unavailable", "stopping"]
    parts: dict[str, PartState]


STOPPING = Readiness("stopping", {})
"""What a process says that answers what is under way, and wants no more."""


class Health:
    """The checks of this process's parts, asked together and at most once a second."""

    def __init__(self, checks: Mapping[str, Check], now: Callable[[], datetime]) -> None:
        self._checks = {"database": check_database, **checks, "indexer": self._check_indexer}
        self._now = now
        self._known: Readiness | None = None
        self._until = 0.0
        self._asking = asyncio.Lock()

    async def readiness(self, timeout: float = HEALTH_CHECK_TIMEOUT) -> Readiness:
        """The state of every part, at most a second old; each has `longest` seconds to answer."""
        async with self._asking:
            if self._known is None or time.monotonic() >= self._until:
                checks = self._checks.values()
                states = await asyncio.gather(*(run_check(check, timeout) for check in checks))
                self._known = _judged(dict(zip(self._checks, states, strict=True)))
                self._until = time.monotonic() + KEPT
            return self._known

    async def _check_indexer(self) -> str:
        depth = await store.measure_depth(epoch_ms(self._now()))
        told = f"{depth.waiting} films waiting, {depth.quarantined} set aside"
        if depth.oldest_ms is not None and depth.oldest_ms > LAGGING:
            waited = depth.oldest_ms // 1000
            raise DomainError(f"{told}, the oldest for {waited} s; is an indexer running?")
        return told


async def check_database() -> str:
    """One line on the database. Raises the driver's own errors.

    Raises:
        DomainError: the schema is older than this release.
    """
    if await _migrated_to() != LATEST_MIGRATION:
        raise DomainError("the schema is not up to date; run `movies migrate`")
    version = "SELECT version() AS v" if is_postgres() else "SELECT sqlite_version() AS v"
    found = await fetch_rows(version)
    said = str(found[0]["v"]).split(",")[0].split("(")[0].strip()
    return f"{said} answers" if is_postgres() else f"SQLite {said} answers"


async def _migrated_to() -> str | None:
    try:
        done = await fetch_rows("SELECT MAX(name) AS name FROM tortoise_migrations")
    except OperationalError as error:
        if is_database_fault(error):
            raise
        return None  # there is no table at all
    return str(done[0]["name"])


async def run_check(check: Check, longest: float = HEALTH_CHECK_TIMEOUT) -> PartState:
    """What one part says of itself within `longest` seconds; never raises."""
    started = time.perf_counter()
    try:
        async with asyncio.timeout(longest):
            detail, state = await check(), "ok"
    except DomainError as fault:
        detail, state = fault.detail, "failed"
    except TimeoutError:
        detail, state = f"no answer within {longest:g} s", "failed"
    except Exception as fault:
        detail, state = f"does not answer ({type(fault).__name__})", "failed"
    took = round((time.perf_counter() - started) * 1000, 1)
    return PartState("ok" if state == "ok" else "failed", detail, took)


def _judged(parts: dict[str, PartState]) -> Readiness:
    if parts["database"].state != "ok":
        return Readiness("unavailable", parts)
    fine = all(part.state == "ok" for part in parts.values())
    return Readiness("ready" if fine else "degraded", parts)
