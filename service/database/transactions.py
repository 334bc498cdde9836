"""Transactions that run to their end.

Sanic cancels a handler when its client disconnects. A transaction that is cancelled while it
begins locks SQLite's only connection for good and leaks a slot of PostgreSQL's pool, and a
connection that breaks inside a transaction poisons its task. So every function that opens a
transaction is decorated with `@run_uncancelled`: it runs as a separate task, which the caller's
cancellation does not reach, and it is retried if the database aborted it in favour of another
transaction.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from service.database.faults import CONFLICT_ERRORS
from service.limits import CONFLICT_INITIAL_BACKOFF, MAX_CONFLICT_RETRIES
from service.resilience.backoff import backoff

P = ParamSpec("P")
T = TypeVar("T")


_running: set[asyncio.Task[Any]] = set()


def run_uncancelled(fn: Callable[P, Coroutine[Any, Any, T]]) -> Callable[P, Awaitable[T]]:
    """Decorate the transaction `fn`: shield it from cancellation, and retry it after a conflict."""

    @wraps(fn)
    async def run_with_retries(*args: P.args, **kwargs: P.kwargs) -> T:
        for attempt in range(1, MAX_CONFLICT_RETRIES + 1):
            try:
                return await fn(*args, **kwargs)
            except CONFLICT_ERRORS:
                await asyncio.sleep(backoff(attempt, CONFLICT_INITIAL_BACKOFF, jitter=0.5))
        return await fn(*args, **kwargs)

    return shield(run_with_retries)


def shield(fn: Callable[P, Coroutine[Any, Any, T]]) -> Callable[P, Awaitable[T]]:
    """Decorate `fn` so that it runs to its end even if its caller is cancelled."""

    @wraps(fn)
    async def run(*args: P.args, **kwargs: P.kwargs) -> T:
        task = asyncio.create_task(fn(*args, **kwargs))
        _running.add(task)
        task.add_done_callback(_discard_task)
        return await asyncio.shield(task)

    return run


def _discard_task(task: asyncio.Task[Any]) -> None:
    _running.discard(task)
    if not task.cancelled():
        task.exception()  # mark it as retrieved: a cancelled caller does not read it


async def wait_for_transactions() -> None:
    """Wait until every transaction in progress has ended; called before the pool closes."""
    while _running:
        await asyncio.wait(_running)
