"""The measure of the event loop's lateness, on a loop that is really blocked."""

import asyncio
import re
import time

import pytest

from service.observability import loop_lag, metrics
from tests.support.waiting import wait_until


async def test_the_worst_lateness_is_shown_for_a_while_and_then_forgotten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(loop_lag, "SAMPLE_INTERVAL", 0.01)
    monkeypatch.setattr(loop_lag, "WINDOW", 1.0)
    said = re.compile(r'^movies_event_loop_lag_seconds\{process="tested"\} (\S+)$', re.MULTILINE)

    async def late() -> float:
        found = said.search(metrics.render_metrics().decode())
        return float(found[1]) if found else -1.0

    async def begun() -> bool:
        return await late() >= 0

    async def shown() -> bool:
        return await late() >= 0.4

    async def forgotten() -> bool:
        return await late() < 0.4

    task = asyncio.create_task(loop_lag.measure_loop_lag("tested"))
    try:
        await wait_until(begun)
        time.sleep(0.5)  # the very thing that a loop must not do
        await wait_until(shown, interval=0.01)
        await wait_until(forgotten)
    finally:
        task.cancel()
