"""Record in the database which indexers run, for health, `movies doctor` and metrics.

The indexer may be another process, container or machine; the database is what all parts share.
"""

import asyncio
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field
from tortoise.exceptions import OperationalError

from service.database.faults import is_database_fault
from service.database.sql import database_clock_ms, fetch_rows
from service.database.transactions import run_uncancelled

INTERVAL = 2.0  # seconds between two heartbeats
MAX_HEARTBEAT_AGE_MS = 10_000  # with an older heartbeat, no indexer is running
RETENTION_MS = 86_400_000  # an indexer that has not run for longer is forgotten


@dataclass(frozen=True, slots=True)
class IndexerView:
    """An indexer that runs, or ran within the last day."""

    name: Annotated[
        str, Field(description="Its host, home folder and number.", examples=["films-1a2b3c-1"])
    ]
    is_running: Annotated[
        bool, Field(description="Whether its heartbeat is recent.", examples=[True])
    ]
    heartbeat_age_seconds: Annotated[
        float, Field(description="Time since its last heartbeat.", examples=[1.4])
    ]


async def send_heartbeats(name: str, interval: float = INTERVAL) -> None:
    """Record a heartbeat at each interval until cancelled; skip while the database is down."""
    while True:
        try:
            await record_heartbeat(name)
        except Exception as error:
            # Until a migration that has to wait for the database, the table does not exist.
            if not isinstance(error, OperationalError) and not is_database_fault(error):
                raise
        await asyncio.sleep(interval)


@run_uncancelled
async def record_heartbeat(name: str) -> None:
    """Record that the indexer of this name runs now, and forget those that are long gone."""
    await fetch_rows(
        f"DELETE FROM indexer_heartbeat WHERE beat_ms < {database_clock_ms()} - {RETENTION_MS}"  # noqa: S608
    )
    await fetch_rows(
        f"INSERT INTO indexer_heartbeat (name, beat_ms) VALUES ($1, {database_clock_ms()}) "  # noqa: S608
        "ON CONFLICT (name) DO UPDATE SET beat_ms = excluded.beat_ms",
        name[:100],
    )


async def measure_heartbeat_age_ms() -> int | None:
    """Return the milliseconds since the last heartbeat of any indexer; None if none has run."""
    ages = [age_ms for _, age_ms in await _read_heartbeat_ages()]
    return min(ages, default=None)


async def list_indexers() -> list[IndexerView]:
    """Return the indexers of the last day, in the order of their names."""
    return [
        IndexerView(name, age_ms <= MAX_HEARTBEAT_AGE_MS, round(age_ms / 1000, 1))
        for name, age_ms in await _read_heartbeat_ages()
    ]


async def _read_heartbeat_ages() -> list[tuple[str, int]]:
    rows: list[dict[str, Any]] = await fetch_rows(
        f"SELECT name, {database_clock_ms()} - beat_ms AS age FROM indexer_heartbeat ORDER BY name"  # noqa: S608
    )
    return [(row["name"], max(0, int(row["age"]))) for row in rows]
