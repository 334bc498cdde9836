"""PostgreSQL through Tortoise's own client, whose pool does not let anybody wait for ever.

When all connections are in use, a request that waits for one holds its client and helps nobody;
after a moment it is told so instead. Tortoise takes an engine by its module's name, and looks for
`client_class` in it.
"""

from typing import Any

import asyncpg
from tortoise.backends.asyncpg.client import AsyncpgDBClient
from tortoise.backends.base.client import BaseDBAsyncClient

from service.limits import POSTGRES_POOL_TIMEOUT


class Pool(asyncpg.Pool):  # type: ignore[misc]
    """A pool that raises TimeoutError when no connection comes free within `wait` seconds."""

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
        return super().acquire(timeout=self._acquire_timeout if timeout is None else timeout)


class BoundedClient(AsyncpgDBClient):
    """Tortoise's client over such a pool; `wait=` in the URL changes how long."""

    async def create_pool(self, **options: Any) -> asyncpg.Pool:
        acquire_timeout = float(options.pop("wait", POSTGRES_POOL_TIMEOUT))
        return await Pool(acquire_timeout, **options)


client_class: type[BaseDBAsyncClient] = BoundedClient
