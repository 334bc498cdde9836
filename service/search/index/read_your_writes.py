"""Read your own writes: a search can wait until a write has become searchable."""

import asyncio
import re
import time
from uuid import UUID

from service.errors import FieldError, Invalid
from service.limits import READ_YOUR_WRITES_TIMEOUT
from service.outbox.models import Outbox
from service.search.index.generation import Generation

FIRST_POLL_INTERVAL, MAX_POLL_INTERVAL = 0.02, 0.1  # seconds; the interval doubles
INDEX_TOKEN = re.compile(r"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}):([0-9]{1,18})")


async def wait_until_indexed(
    token: str, generation: Generation, timeout: float = READ_YOUR_WRITES_TIMEOUT
) -> bool:
    """Wait until the write that returned this `Index-Token` is searchable.

    Args:
        token: the film's id and version, as `Index-Token` has them.
        generation: read again as soon as the write is searchable.
        timeout: seconds to wait at most.

    Returns:
        Whether the write is searchable.

    Raises:
        Invalid: `token` is not an `Index-Token`.
    """
    match = INDEX_TOKEN.fullmatch(token.lower())
    if match is None:
        reason = "must be the Index-Token of a write"
        raise Invalid(f"after {reason}.", errors=(FieldError("after", reason),))
    pending = Outbox.filter(
        film_id=UUID(match[1]), version__lte=int(match[2]), done_at__isnull=True
    )
    if await pending.filter(quarantined_at__isnull=False).exists():
        return False  # only an operator can get it out of quarantine
    deadline, interval = time.monotonic() + timeout, FIRST_POLL_INTERVAL
    while await pending.exists():
        if time.monotonic() + interval > deadline:
            return False
        await asyncio.sleep(interval)
        interval = min(2 * interval, MAX_POLL_INTERVAL)
    await generation.refresh()
    return True
