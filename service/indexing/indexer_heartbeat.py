"""Record in the database that an indexer runs, for health, `movies doctor` and metrics.

The indexer may be another process, container or machine; the database is what all parts share.
"""

import asyncio
from typing import Any

from tortoise.exceptions import OperationalError

from service.database.sql import database_clock_ms, fetch_rows
from service.database.transactions import is_database_fault, run_uncancelled

INTERVAL = 2.0  # seconds between two heartbeats
MAX_HEARTBEAT_AGE_MS = 10_000  # with an older heartbeat, no indexer is running
ROW_NAME = "indexer"


async def send_heartbeats(interval: float = INTERVAL) -> None:
    """Record a heartbeat at each interval until cancelled; skip while the database is down."""
    while True:
        try:
            await record_heartbeat()
        except Exception as error:
            # Until a migration that has to wait for the database, the table does not exist.
            if not isinstance(error, OperationalError) and not is_database_fault(error):
                raise
        await asyncio.sleep(interval)


@run_uncancelled
async def record_heartbeat() -> None:
    """Record that an indexer runs now."""
    await fetch_rows(
        f"INSERT INTO indexer_heartbeat (name, beat_ms) VALUES ($1, {database_clock_ms()}) "  # noqa: S608
        "ON CONFLICT (name) DO UPDATE SET beat_ms = excluded.beat_ms",
        ROW_NAME,
    )


async def measure_heartbeat_age_ms() -> int | None:
    """Return the milliseconds since the last heartbeat; None if no indexer has ever run."""
    rows: list[dict[str, Any]] = await fetch_rows(
        f"SELECT {database_clock_ms()} - beat_ms AS age FROM indexer_heartbeat"  # noqa: S608
    )
    return max(0, int(rows[0]["age"])) if rows else None
