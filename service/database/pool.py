"""Tortoise's PostgreSQL client with a pool that does not make callers wait forever.

When all connections are in use, a waiting request holds its client and helps nobody; after a
moment it fails instead. Tortoise takes an engine by its module's name and reads `client_class`
from it.
"""

from typing import Any

import asyncpg
from tortoise.backends.asyncpg.client import AsyncpgDBClient
from tortoise.backends.base.client import BaseDBAsyncClient

from service.limits import POSTGRES_POOL_TIMEOUT


class Pool(asyncpg.Pool):  # type: ignore[misc]  # asyncpg is untyped
    """A pool that raises TimeoutError if no connection is free within `acquire_timeout` seconds."""

    def __init__(self, acquire_timeout: float, **options: Any) -> None:
        super().__init__(
            max_queries=50_000,
            max_inactive_connection_lifetime=300.0,
            connection_class=options.pop("connection_class", asyncpg.Connection),
            record_class=asyncpg.Record,
            loop=options.pop("loop", None),
            **options,
        )
        self._acquire_timeout = acquire_timeout

    def acquire(self, *, timeout: float | None = None) -> Any:
        """Return asyncpg's acquire context, by default with `acquire_timeout`."""
        return super().acquire(timeout=self._acquire_timeout if timeout is None else timeout)


class BoundedClient(AsyncpgDBClient):
    """Tortoise's client over such a pool; `wait=` in the URL sets the timeout in seconds."""

    async def create_pool(self, **options: Any) -> asyncpg.Pool:
        """Return the pool."""
        acquire_timeout = float(options.pop("wait", POSTGRES_POOL_TIMEOUT))
        return await Pool(acquire_timeout, **options)


client_class: type[BaseDBAsyncClient] = BoundedClient
