"""The measurement of the event loop's lag, on a loop that is really blocked."""

import asyncio
import re
import time

from service.observability import loop_lag, metrics
from tests.support.waiting import wait_until

LAG = re.compile(r'^movies_event_loop_lag_seconds\{process="tested"\} (\S+)$', re.MULTILINE)


async def test_the_maximum_lag_is_shown_for_a_while_and_then_forgotten() -> None:
    async def lag() -> float:
        match = LAG.search(metrics.render_metrics().decode())
        return float(match[1]) if match else -1.0

    async def is_measured() -> bool:
        return await lag() >= 0

    async def is_high_after_a_block() -> bool:
        """Block each time: on a busy machine the window can be over before the next look."""
        time.sleep(0.5)  # what a loop must never do
        await asyncio.sleep(0.05)
        return await lag() >= 0.4

    async def is_low() -> bool:
        return await lag() < 0.4

    task = asyncio.create_task(loop_lag.measure_loop_lag("tested", interval=0.01, window=1.0))
    try:
        await wait_until(is_measured)
        await wait_until(is_high_after_a_block, interval=0.01)
        await wait_until(is_low)
    finally:
        task.cancel()
