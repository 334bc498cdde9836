"""Turns at adding films, which keep the rule of what is one film (`identity`) under concurrency.

Those who may add the same film wait for each other. SQLite has one writer anyway. On PostgreSQL one
who adds a single film locks its names, so that others may add others; one who loads many has all of
them wait. A few of a process do so at a time, the rest waits without a connection, or they would
keep all of them from those who only read.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from tortoise.transactions import in_transaction

from service.database.connection import get_connection, is_postgres
from service.films.schemas import FilmFacts
from service.limits import INSERT_LOCK_TIMEOUT, MAX_CONCURRENT_INSERTS
from service.text.analysis import full_title_key as whole_title

INSERT_LOCK_KEY = 7_305_001  # the advisory lock of all who add: any number that nobody else uses


class InsertLocks:
    """The turns of one process."""

    def __init__(self) -> None:
        self._free = asyncio.Semaphore(MAX_CONCURRENT_INSERTS)

    @asynccontextmanager
    async def acquire(self, told: Sequence[FilmFacts]) -> AsyncIterator[None]:
        """A transaction that may add these films, when it is its turn. Raises TimeoutError."""
        await asyncio.wait_for(self._free.acquire(), INSERT_LOCK_TIMEOUT)
        try:
            async with in_transaction():
                await _taken(told)
                yield
        finally:
            self._free.release()


async def _taken(told: Sequence[FilmFacts]) -> None:
    """The transaction's first statement: a write on SQLite, advisory locks on PostgreSQL."""
    if not is_postgres():
        await get_connection().execute_query("UPDATE films SET counters = counters WHERE 0")
    elif len(told) == 1:
        await get_connection().execute_query(
            "SELECT pg_advisory_xact_lock_shared($1), (SELECT COUNT(pg_advisory_xact_lock(name)) "
            "FROM unnest($2::bigint[]) AS name)",
            [INSERT_LOCK_KEY, lock_keys(told[0])],
        )
    else:
        await get_connection().execute_query("SELECT pg_advisory_xact_lock($1)", [INSERT_LOCK_KEY])


def lock_keys(facts: FilmFacts) -> list[int]:
    """The advisory locks of all by which a twin would be known, in an order that all keep."""
    names = [f"title {whole_title(facts.title)}"]
    if facts.imdb_id:
        names.append(f"id {facts.imdb_id}")
    digests = (hashlib.blake2b(name.encode(), digest_size=8).digest() for name in names)
    return sorted(int.from_bytes(digest, signed=True) for digest in digests)
