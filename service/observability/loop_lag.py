"""How late the event loop comes to what is due.

One that computes, or waits for a disk without saying so, answers nobody meanwhile. A task that
wants to be woken ten times a second sees it: what it is woken too late is what every request waits
at that moment, too.
"""

import asyncio
import time

from service.observability.metrics import LATENESS

EVERY = 0.1  # seconds; the loop is asked ten times a second, which costs it next to nothing
HALF = 30.0  # seconds; what is shown is the worst of this half minute and of the one before


async def measure_loop_lag(process: str) -> None:
    """Measure this process's loop, for ever; `develop` is its kind, as the metric names it."""
    shown = LATENESS.labels(process)
    before = worst = 0.0
    turns = time.monotonic() + HALF
    while True:
        due = time.monotonic() + EVERY
        await asyncio.sleep(EVERY)
        now = time.monotonic()
        worst = max(worst, now - due)
        shown.set(max(before, worst))
        if now >= turns:
            before, worst, turns = worst, 0.0, now + HALF
