"""Databases beside the one of the test process."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.context import TortoiseContext

from service.database.connection import get_connection, tortoise_config

PATIENCE = 60.0  # seconds; a connection that failed used to be waited for for good


@asynccontextmanager
async def use_database(url: str) -> AsyncIterator[BaseDBAsyncClient]:
    """Bind the block to the database at `url`; the test process keeps its own."""
    async with asyncio.timeout(PATIENCE), TortoiseContext() as context:
        await context.init(config=tortoise_config(url))
        yield get_connection()
