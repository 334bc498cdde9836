"""What is going on around films: one decaying counter for each.

What happens at the time `t` adds `weight · 2^(t / HALF_LIFE)`. So all counters decay alike without
being written: their order changes only when something happens. The logarithm to base 2 of the sum
is stored, since the sum itself would overflow.

Views, votes, reviews and entries of watchlists are summed in memory and written every few seconds,
so that reading a film writes no row. What a process has not written when it is killed is lost. Who
did what is not stored: until the sums are written, views of one network count once, and for that
only hashes under a key of this process are held.
"""

import asyncio
import math
import secrets
from collections import defaultdict
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

import structlog
from tortoise.transactions import in_transaction

from service.community.discovery.models import FilmTrend
from service.database.faults import is_database_error, is_database_fault
from service.database.sql import fetch_rows, to_id_parameter
from service.database.transactions import run_uncancelled
from service.films.models import Film

log = structlog.get_logger()

TrendEvent = Literal["view", "watchlist", "history", "rating", "review"]

WEIGHTS: Mapping[TrendEvent, float] = {
    "view": 1.0,
    "watchlist": 4.0,
    "history": 4.0,
    "rating": 5.0,
    "review": 10.0,
}
HALF_LIFE = timedelta(days=3)
FLUSH_INTERVAL = 5.0  # seconds between two writes of the sums
MAX_BUFFERED = 10_000  # films between two writes
BATCH = 200  # films in one transaction
MIN_SCORE = 0.01  # of a view; what has decayed below is deleted
EMPTY = -1e9  # the logarithm of nothing; a database cannot store minus infinity everywhere


class Trends:
    """Counts what happens in this process, and reads the counters of all processes.

    Args:
        now: the clock, aware UTC.
    """

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._sums: defaultdict[UUID, float] = defaultdict(float)
        self._viewers: set[int] = set()
        self._key = secrets.token_bytes(16)

    def record(self, film_id: UUID, event: TrendEvent) -> None:
        """Count something that happened to a film; it is written later."""
        if film_id in self._sums or len(self._sums) < MAX_BUFFERED:
            self._sums[film_id] += WEIGHTS[event]

    def record_view(self, film_id: UUID, network: str) -> None:
        """Count that somebody looked at a film, once a network until the next write."""
        viewer = hash((self._key, film_id, network))
        if viewer not in self._viewers and len(self._viewers) < MAX_BUFFERED:
            self._viewers.add(viewer)
            self.record(film_id, "view")

    async def flush_continuously(self) -> None:
        """Write the sums every few seconds, for as long as the process runs."""
        while True:
            await asyncio.sleep(FLUSH_INTERVAL)
            await self.close()

    async def close(self) -> None:
        """Write what is left, if the database answers."""
        try:
            await self.flush()
        except Exception as error:
            if not (is_database_fault(error) or is_database_error(error)):
                raise
            log.warning("trends_not_written", reason=repr(error)[:300])

    async def flush(self) -> None:
        """Write the sums. What cannot be written is tried again at the next time."""
        self._viewers.clear()
        self._key = secrets.token_bytes(16)
        while self._sums:
            batch = dict(sorted(self._sums.items())[:BATCH])  # a common order prevents deadlocks
            await self._write(batch)
            for film_id, weight in batch.items():
                self._sums[film_id] -= weight
                if self._sums[film_id] <= 0:
                    del self._sums[film_id]

    @run_uncancelled
    async def _write(self, weights: Mapping[UUID, float]) -> None:
        time = self._time()
        async with in_transaction():
            faded = time + math.log2(MIN_SCORE)
            await fetch_rows("DELETE FROM film_trends WHERE log_score < $1", faded)
            for film_id, log_score in (await _lock_scores(list(weights))).items():
                added = time + math.log2(weights[film_id])
                await FilmTrend.filter(film_id=film_id).update(
                    log_score=add_logarithms(log_score, added)
                )

    async def read_top(self, limit: int, offset: int = 0) -> list[tuple[UUID, float]]:
        """Return the films with the most going on, and how much that is by now; no episodes."""
        rows = await fetch_rows(
            "SELECT t.film_id, t.log_score FROM film_trends AS t "
            "JOIN films AS f ON f.id = t.film_id WHERE f.type <> 'episode' "
            "ORDER BY t.log_score DESC, t.film_id LIMIT $1 OFFSET $2",
            limit,
            offset,
        )
        time = self._time()
        return [
            (UUID(str(row["film_id"])), 2.0 ** min(row["log_score"] - time, 60.0)) for row in rows
        ]

    def _time(self) -> float:
        """Return the present time in half-lives."""
        return self._now().timestamp() / HALF_LIFE.total_seconds()


def add_logarithms(first: float, second: float) -> float:
    """Return the logarithm to base 2 of the sum of two numbers that are given by theirs."""
    larger, smaller = max(first, second), min(first, second)
    return larger + math.log2(1.0 + 2.0 ** max(smaller - larger, -1_000.0))


async def move_trends(merged: Film, film: Film) -> None:
    """Add the counter of `merged` to that of `film`, into which it is merged."""
    scores = await _lock_scores(sorted((merged.id, film.id)))
    log_score = add_logarithms(scores[merged.id], scores[film.id])
    await FilmTrend.filter(film_id=film.id).update(log_score=log_score)
    await FilmTrend.filter(film_id=merged.id).delete()


async def _lock_scores(film_ids: list[UUID]) -> dict[UUID, float]:
    """Return the counters of these films under their row locks; add those that are missing."""
    values = ", ".join(f"(${number}, {EMPTY})" for number in range(1, len(film_ids) + 1))
    rows = await fetch_rows(
        f"INSERT INTO film_trends (film_id, log_score) VALUES {values} "  # noqa: S608  # numbers
        "ON CONFLICT (film_id) DO UPDATE SET log_score = film_trends.log_score "
        "RETURNING film_id, log_score",
        *map(to_id_parameter, film_ids),
    )
    return {UUID(str(row["film_id"])): float(row["log_score"]) for row in rows}
