"""Locks that make the rule of `deduplication` hold when films are added concurrently.

Writers that may add the same film wait for each other. SQLite has a single writer anyway. On
PostgreSQL, adding one film locks its IMDb id and full title, so other films can be added meanwhile;
adding many, or merging two, locks out every other insert. Only a few inserts of a process hold a
connection at once. The rest wait without one, or they would take all connections from the readers.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from tortoise.transactions import in_transaction

from service.database.connection import get_connection, is_postgres
from service.films.schemas import FilmFacts
from service.limits import INSERT_LOCK_TIMEOUT, MAX_CONCURRENT_INSERTS
from service.text.analysis import full_title_key

INSERT_LOCK_KEY = 7_305_001  # advisory lock of all inserts; any number with no other use


class InsertLocks:
    """The insert locks of one process."""

    def __init__(self) -> None:
        self._slots = asyncio.Semaphore(MAX_CONCURRENT_INSERTS)

    @asynccontextmanager
    async def acquire(self, all_facts: Sequence[FilmFacts]) -> AsyncIterator[None]:
        """Open a transaction that may add these films, or with none, merge films.

        Raises TimeoutError.
        """
        await asyncio.wait_for(self._slots.acquire(), INSERT_LOCK_TIMEOUT)
        try:
            async with in_transaction():
                await _lock_inserts(all_facts)
                yield
        finally:
            self._slots.release()


async def _lock_inserts(all_facts: Sequence[FilmFacts]) -> None:
    """Run the transaction's first statement: a write on SQLite, advisory locks on PostgreSQL."""
    if not is_postgres():
        await get_connection().execute_query("UPDATE films SET counters = counters WHERE 0")
    elif len(all_facts) == 1:
        await get_connection().execute_query(
            "SELECT pg_advisory_xact_lock_shared($1), (SELECT COUNT(pg_advisory_xact_lock(name)) "
            "FROM unnest($2::bigint[]) AS name)",
            [INSERT_LOCK_KEY, lock_keys(all_facts[0])],
        )
    else:
        await get_connection().execute_query("SELECT pg_advisory_xact_lock($1)", [INSERT_LOCK_KEY])


async def lock_out_merges() -> None:
    """Keep films from being merged until the transaction ends; a merge acquires all insert locks.

    On SQLite the transaction writes, which keeps every other writer out.
    """
    if is_postgres():
        await get_connection().execute_query(
            "SELECT pg_advisory_xact_lock_shared($1)", [INSERT_LOCK_KEY]
        )


def lock_keys(facts: FilmFacts) -> list[int]:
    """Return the advisory locks of a film's title and IMDb id.

    They are sorted: a common order prevents deadlocks.
    """
    names = [f"title {full_title_key(facts.title)}"]
    if facts.imdb_id:
        names.append(f"id {facts.imdb_id}")
    digests = (hashlib.blake2b(name.encode(), digest_size=8).digest() for name in names)
    return sorted(int.from_bytes(digest, signed=True) for digest in digests)
