"""A process that claims an idempotency key and then hangs in the middle of its request."""

import asyncio
import sys

from service.clock import utc_now
from service.database.connection import open_database
from service.idempotency.service import IdempotentRequests


async def claim(database_url: str, secret: str, key: str, lifetime: float) -> None:
    """Claim the key, say so, and never come to an end."""
    await open_database(database_url)
    print(type(await IdempotentRequests(secret, utc_now, lifetime).claim(key, "f")).__name__)
    sys.stdout.flush()
    await asyncio.Event().wait()


if __name__ == "__main__":
    _, database_url, secret, key, lifetime = sys.argv
    asyncio.run(claim(database_url, secret, key, float(lifetime)))
