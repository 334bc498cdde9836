"""Checks of the service's parts: for orchestrators, for `movies doctor`, for dashboards.

Only the database is required. Without the index, the cache, the posters or OMDb the service still
gives correct answers. Their failure is therefore reported as "degraded" and does not take the
process out of rotation.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal

import structlog
from pydantic import Field
from tortoise.exceptions import OperationalError

from service.clock import epoch_ms
from service.database.connection import is_postgres
from service.database.fault_descriptions import describe_database_fault
from service.database.faults import is_database_error, is_database_fault
from service.database.migrate import LATEST_MIGRATION
from service.database.sql import fetch_rows
from service.errors import DomainError, Unavailable
from service.indexing.indexer_heartbeat import MAX_HEARTBEAT_AGE_MS, measure_heartbeat_age_ms
from service.limits import HEALTH_CHECK_TIMEOUT
from service.outbox import store

log = structlog.get_logger()

CACHE_SECONDS = 1.0  # concurrent probes cost one round of checks
MAX_OUTBOX_AGE_MS = 60_000  # if a pointer waits longer, the index worker is in trouble

INDEXER_ADVICE = "start `movies indexer`, or `movies serve` with INDEXER=managed"

Check = Callable[[], Awaitable[str]]
"""Returns one line on a working part; raises if the part does not work."""


class PartWarning(DomainError):
    """A part works, but its operator should change something."""


@dataclass(frozen=True, slots=True)
class PartState:
    """Whether one part works, one line about it, and how long its check took."""

    state: Annotated[
        Literal["ok", "warning", "failed"],
        Field(
            description="Whether it works; `warning`: it does, but the operator should act.",
            examples=["ok"],
        ),
    ]
    detail: Annotated[
        str | None,
        Field(
            description="One line about it; null for strangers.", examples=["SQLite 3.46.1 answers"]
        ),
    ]
    took_ms: Annotated[
        float | None,
        Field(
            description="How long the check took, in milliseconds; null for strangers.",
            examples=[0.8],
        ),
    ]


@dataclass(frozen=True, slots=True)
class Readiness:
    """The state of the service and of each part."""

    status: Annotated[
        Literal["ready", "degraded", "unavailable", "stopping"],
        Field(description="`degraded` answers too; the others do not.", examples=["ready"]),
    ]
    parts: Annotated[
        dict[str, PartState],
        Field(
            description="The state of each part, by name.",
            examples=[
                {"database": {"state": "ok", "detail": "SQLite 3.46.1 answers", "took_ms": 0.8}}
            ],
        ),
    ]

    def without_details(self) -> "Readiness":
        """Return the states alone, for strangers: details name hosts, versions and errors."""
        parts = {name: PartState(part.state, None, None) for name, part in self.parts.items()}
        return Readiness(self.status, parts)


STOPPING = Readiness("stopping", {})
"""The readiness of a process that drains: it completes requests and wants no new ones."""


class Health:
    """The checks of this process's parts. They run concurrently, at most once a second."""

    def __init__(
        self, checks: Mapping[str, Check], now: Callable[[], datetime], database_url: str = ""
    ) -> None:
        self._database_url = database_url
        self._checks = {"database": self._check_database, **checks, "indexer": self._check_indexer}
        self._now = now
        self._cached: Readiness | None = None
        self._expires_at = 0.0
        self._lock = asyncio.Lock()

    async def readiness(self, timeout: float = HEALTH_CHECK_TIMEOUT) -> Readiness:
        """Return the state of every part, at most a second old.

        Args:
            timeout: seconds that each check may take.
        """
        async with self._lock:
            if self._cached is None or time.monotonic() >= self._expires_at:
                checks = self._checks.values()
                states = await asyncio.gather(*(run_check(check, timeout) for check in checks))
                self._cached = _summarize(dict(zip(self._checks, states, strict=True)))
                self._expires_at = time.monotonic() + CACHE_SECONDS
            return self._cached

    async def _check_database(self) -> str:
        try:
            return await check_database()
        except Exception as error:
            if isinstance(error, DomainError):
                raise
            raise Unavailable(describe_database_fault(error, self._database_url)) from error

    async def _check_indexer(self) -> str:
        depth = await store.measure_depth(epoch_ms(self._now()))
        summary = f"{depth.waiting} films waiting, {depth.quarantined} quarantined"
        age = await measure_heartbeat_age_ms()
        if age is None:
            raise DomainError(f"{summary}, and no indexer has run yet; {INDEXER_ADVICE}")
        if age > MAX_HEARTBEAT_AGE_MS:
            raise DomainError(
                f"{summary}, and no indexer has run for {age // 1000} s; {INDEXER_ADVICE}"
            )
        if depth.oldest_ms is not None and depth.oldest_ms > MAX_OUTBOX_AGE_MS:
            seconds = depth.oldest_ms // 1000
            raise DomainError(f"{summary}, the oldest for {seconds} s; read the indexer's log")
        return f"{summary}, heartbeat {age // 1000} s ago"


async def check_database() -> str:
    """Return one line on the database. Raises the driver's own errors.

    Raises:
        DomainError: the schema is not the one of this release.
    """
    if await _applied_migration() != LATEST_MIGRATION:
        raise DomainError("the schema is not up to date; run `movies migrate`")
    query = "SELECT version() AS v" if is_postgres() else "SELECT sqlite_version() AS v"
    rows = await fetch_rows(query)
    version = str(rows[0]["v"]).split(",")[0].split("(")[0].strip()
    return f"{version} answers" if is_postgres() else f"SQLite {version} answers"


async def _applied_migration() -> str | None:
    try:
        rows = await fetch_rows("SELECT MAX(name) AS name FROM tortoise_migrations")
    except OperationalError as error:
        if is_database_fault(error):
            raise
        return None  # the table does not exist
    return str(rows[0]["name"])


async def run_check(check: Check, timeout: float = HEALTH_CHECK_TIMEOUT) -> PartState:
    """Run one check within `timeout` seconds; never raises."""
    started = time.perf_counter()
    state: Literal["ok", "warning", "failed"] = "failed"
    try:
        async with asyncio.timeout(timeout):
            detail, state = await check(), "ok"
    except PartWarning as error:
        detail, state = error.detail, "warning"
    except DomainError as error:
        detail = error.detail
    except TimeoutError:
        detail = f"no answer within {timeout:g} s"
    except Exception as error:
        detail = _describe_failed_check(error)
    took_ms = round((time.perf_counter() - started) * 1000, 1)
    return PartState(state, detail, took_ms)


def _describe_failed_check(error: Exception) -> str:
    """Return why a check failed with an error that is not the service's own."""
    if is_database_fault(error) or is_database_error(error):
        return "needs the database, which does not answer or lacks tables"
    log.warning("check_failed", exc_info=error)
    return "the check failed; the log has the reason"


def _summarize(parts: dict[str, PartState]) -> Readiness:
    if parts["database"].state == "failed":
        return Readiness("unavailable", parts)
    has_failed = any(part.state == "failed" for part in parts.values())
    return Readiness("degraded" if has_failed else "ready", parts)
