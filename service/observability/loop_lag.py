"""How late the event loop comes to what is due.

One that computes, or waits for a disk without saying so, answers nobody meanwhile. A task that
wants to be woken ten times a second sees it: what it is woken too late is what every request waits
at that moment, too.
"""

import asyncio
import time

from service.observability.metrics import EVENT_LOOP_LAG

SAMPLE_INTERVAL = (
    0.1  # seconds; the loop is asked ten times a second, which costs it next to nothing
)
WINDOW = 30.0  # seconds; what is shown is the worst of this half minute and of the one before


async def measure_loop_lag(process: str) -> None:
    """Measure this process's loop, for ever; `develop` is its kind, as the metric names it."""
    gauge = EVENT_LOOP_LAG.labels(process)
    previous_worst = worst = 0.0
    window_end = time.monotonic() + WINDOW
    while True:
        due = time.monotonic() + SAMPLE_INTERVAL
        await asyncio.sleep(SAMPLE_INTERVAL)
        now = time.monotonic()
        worst = max(worst, now - due)
        gauge.set(max(previous_worst, worst))
        if now >= window_end:
            previous_worst, worst, window_end = worst, 0.0, now + WINDOW
