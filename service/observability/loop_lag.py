"""Measure the lag of the event loop.

A loop that computes, or blocks on a disk, serves no other request meanwhile. A task that asks to be
woken ten times a second notices: the delay of its wake-up is the delay of every request at that
moment.
"""

import asyncio
import time

from service.observability.metrics import EVENT_LOOP_LAG

SAMPLE_INTERVAL = 0.1  # seconds; ten samples a second cost the loop next to nothing
WINDOW = 30.0  # seconds; the gauge shows the maximum of this window and the previous one


async def measure_loop_lag(
    process: str, interval: float = SAMPLE_INTERVAL, window: float = WINDOW
) -> None:
    """Measure the lag of this process's loop until cancelled.

    Args:
        process: the metric's label, `api` or `indexer`.
        interval: seconds between two samples.
        window: seconds of one window; the gauge shows the maximum of two.
    """
    gauge = EVENT_LOOP_LAG.labels(process)
    previous_worst = worst = 0.0
    window_end = time.monotonic() + window
    while True:
        due = time.monotonic() + interval
        await asyncio.sleep(interval)
        now = time.monotonic()
        worst = max(worst, now - due)
        gauge.set(max(previous_worst, worst))
        if now >= window_end:
            previous_worst, worst, window_end = worst, 0.0, now + window
