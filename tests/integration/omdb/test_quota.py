"""The day's calls are counted for all processes together, and learned from OMDb's answers."""

import asyncio

import pytest

from service.errors import Unavailable
from service.omdb.quota import OmdbQuota, QuotaBudget, QuotaCall
from tests.support.clock import FakeClock

HOUR = 3_600
DAY = 24 * HOUR
KEY = "a-key"


@pytest.fixture
def five(database: str, clock: FakeClock) -> OmdbQuota:
    return OmdbQuota(KEY, 5, clock.now)


async def use_up(quota: OmdbQuota, calls: int) -> None:
    for _ in range(calls):
        await quota.record_answer(await quota.take_call())


async def test_no_call_is_taken_twice_by_those_who_ask_at_once(
    database: str, clock: FakeClock
) -> None:
    here, there = OmdbQuota(KEY, 20, clock.now), OmdbQuota(KEY, 20, clock.now)
    asked = await asyncio.gather(
        *(quota.take_call() for quota in (here, there) for _ in range(25)), return_exceptions=True
    )
    assert sum(isinstance(one, QuotaCall) for one in asked) == 20
    assert sum(isinstance(one, Unavailable) for one in asked) == 30
    assert await here.get_budget() == await there.get_budget() == QuotaBudget(20, 20, None)


async def test_a_key_that_was_never_used_has_all_its_calls(five: OmdbQuota) -> None:
    assert await five.get_budget() == QuotaBudget(0, 5, None)


async def test_the_next_day_begins_a_day_after_the_first_call(
    five: OmdbQuota, clock: FakeClock
) -> None:
    await use_up(five, 4)
    clock.advance(10 * HOUR)
    await use_up(five, 1)
    with pytest.raises(Unavailable) as refused:
        await five.take_call()
    assert (refused.value.code, refused.value.retry_after) == ("omdb_quota_exhausted", 14 * HOUR)

    clock.advance(14 * HOUR)
    assert (await five.get_budget()).used == 0
    await use_up(five, 5)
    with pytest.raises(Unavailable):
        await five.take_call()


async def test_a_day_keeps_its_hour_however_late_its_first_call(
    five: OmdbQuota, clock: FakeClock
) -> None:
    await use_up(five, 1)
    clock.advance(3 * DAY + 5 * HOUR)
    await use_up(five, 5)
    with pytest.raises(Unavailable) as refused:
        await five.take_call()
    assert refused.value.retry_after == 19 * HOUR


@pytest.mark.fault("omdb-quota-spent")
async def test_omdbs_own_word_counts_more_than_what_was_counted(
    five: OmdbQuota, clock: FakeClock
) -> None:
    await five.take_call()
    assert (await five.record_exhaustion()).retry_after == HOUR
    clock.advance(HOUR / 2)
    with pytest.raises(Unavailable) as refused:
        await five.take_call()
    assert refused.value.retry_after == HOUR / 2
    assert (await five.get_budget()).stopped_until is not None


@pytest.mark.fault("omdb-quota-spent")
async def test_one_call_finds_out_for_all_whether_the_new_day_has_begun(
    five: OmdbQuota, clock: FakeClock
) -> None:
    await five.take_call()
    await five.record_exhaustion()
    clock.advance(HOUR)
    probe = await five.take_call()
    assert probe.is_probe
    with pytest.raises(Unavailable) as refused:
        await five.take_call()
    assert refused.value.retry_after == 60

    await five.record_answer(probe)
    assert await five.get_budget() == QuotaBudget(1, 5, None)
    await use_up(five, 4)
    with pytest.raises(Unavailable) as refused:
        await five.take_call()
    assert refused.value.retry_after == DAY, "the day begins when OMDb began to answer"


async def test_a_probe_that_is_never_answered_holds_up_nobody_for_long(
    five: OmdbQuota, clock: FakeClock
) -> None:
    await five.take_call()
    await five.record_exhaustion()
    clock.advance(HOUR)
    await five.take_call()
    clock.advance(60)
    assert (await five.take_call()).is_probe


async def test_the_last_calls_are_kept_for_those_who_wait(five: OmdbQuota) -> None:
    for _ in range(4):
        await five.take_call(background=True)
    with pytest.raises(Unavailable):
        await five.take_call(background=True)
    await five.take_call()


async def test_another_key_has_its_own_calls(five: OmdbQuota, clock: FakeClock) -> None:
    await use_up(five, 5)
    assert await OmdbQuota("another-key", 5, clock.now).take_call() == QuotaCall(is_probe=False)
