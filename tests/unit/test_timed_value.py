"""A timed value: how often it is read."""

import asyncio

import pytest

from service.resilience.timed_value import TimedValue


async def test_a_value_is_read_once_until_it_expires_whoever_asks() -> None:
    now, reads = [0.0], []

    async def read() -> int:
        reads.append(1)
        await asyncio.sleep(0)
        return len(reads)

    value = TimedValue(read, 2.0, lambda: now[0])
    assert await asyncio.gather(*(value.get() for _ in range(20))) == [1] * 20
    now[0] = 1.9
    assert await value.get() == 1
    now[0] = 2.0
    assert await value.get() == 2


async def test_a_failed_read_is_repeated_at_the_next_call() -> None:
    results = [ValueError("down"), None]

    async def read() -> None:
        result = results.pop(0)
        if result:
            raise result

    value = TimedValue(read, 60.0)
    with pytest.raises(ValueError, match="down"):
        await value.get()
    assert await value.get() is None
    assert await value.get() is None
    assert results == []
