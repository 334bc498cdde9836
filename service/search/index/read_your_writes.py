"""Reading one's own write: a search that waits until a write has become searchable."""

import asyncio
import re
import time
from uuid import UUID

from service.errors import FieldError, Invalid
from service.limits import READ_YOUR_WRITES_TIMEOUT as LONGEST
from service.outbox.models import Outbox
from service.search.index.generation import Generation

POLL_INTERVAL = 0.02  # seconds between the first two looks; they grow apart
INDEX_TOKEN = re.compile(r"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}):([0-9]{1,18})")


async def wait_until_indexed(token: str, generation: Generation) -> bool:
    """Wait until the write that gave this `Index-Token` is searchable, 2 s at most.

    Returns:
        Whether it is; and then `generation` knows.

    Raises:
        Invalid: it is no such token.
    """
    found = INDEX_TOKEN.fullmatch(token)
    if found is None:
        reason = "must be the Index-Token of a write"
        raise Invalid(f"after {reason}.", errors=(FieldError("after", reason),))
    waiting = Outbox.filter(
        film_id=UUID(found[1]), version__lte=int(found[2]), done_at__isnull=True
    )
    if await waiting.filter(quarantined_at__isnull=False).exists():
        return False  # it was refused, and only an operator can change that
    deadline, pause = time.monotonic() + LONGEST, POLL_INTERVAL
    while await waiting.exists():
        if time.monotonic() + pause > deadline:
            return False
        await asyncio.sleep(pause)
        pause = min(2 * pause, 0.1)
    await generation.refresh()
    return True
