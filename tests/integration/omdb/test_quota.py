"""The quota: calls are counted across processes, and its reset is learned from OMDb's replies."""

import asyncio
from datetime import timedelta

import pytest

from service.errors import Unavailable
from service.omdb.quota import OmdbQuota, QuotaBudget, QuotaCall
from tests.support.clock import FakeClock

HOUR = 3_600
DAY = 24 * HOUR
KEY = "a-key"


@pytest.fixture
def quota(database: str, clock: FakeClock) -> OmdbQuota:
    return OmdbQuota(KEY, 5, clock.now)


async def spend(quota: OmdbQuota, calls: int) -> None:
    for _ in range(calls):
        await quota.record_answer(await quota.take_call())


async def test_concurrent_processes_never_take_the_same_call(
    database: str, clock: FakeClock
) -> None:
    first, second = OmdbQuota(KEY, 20, clock.now), OmdbQuota(KEY, 20, clock.now)
    results = await asyncio.gather(
        *(quota.take_call() for quota in (first, second) for _ in range(25)), return_exceptions=True
    )
    assert sum(isinstance(result, QuotaCall) for result in results) == 20
    assert sum(isinstance(result, Unavailable) for result in results) == 30
    assert (
        await first.get_budget()
        == await second.get_budget()
        == QuotaBudget(20, 20, None, clock() + timedelta(seconds=DAY))
    )


async def test_an_unused_key_has_all_its_calls(quota: OmdbQuota) -> None:
    assert await quota.get_budget() == QuotaBudget(0, 5, None)


async def test_the_next_day_starts_24_hours_after_the_first_call(
    quota: OmdbQuota, clock: FakeClock
) -> None:
    await spend(quota, 4)
    clock.advance(10 * HOUR)
    await spend(quota, 1)
    with pytest.raises(Unavailable) as error:
        await quota.take_call()
    assert (error.value.code, error.value.retry_after) == ("omdb_quota_exhausted", 14 * HOUR)

    clock.advance(14 * HOUR)
    assert (await quota.get_budget()).used == 0
    await spend(quota, 5)
    with pytest.raises(Unavailable):
        await quota.take_call()


async def test_later_days_start_at_the_same_hour_however_late_their_first_call(
    quota: OmdbQuota, clock: FakeClock
) -> None:
    await spend(quota, 1)
    clock.advance(3 * DAY + 5 * HOUR)
    await spend(quota, 5)
    with pytest.raises(Unavailable) as error:
        await quota.take_call()
    assert error.value.retry_after == 19 * HOUR


@pytest.mark.fault("omdb-quota-spent")
async def test_a_reported_exhaustion_overrides_the_count(
    quota: OmdbQuota, clock: FakeClock
) -> None:
    await quota.take_call()
    assert (await quota.record_exhaustion()).retry_after == HOUR
    clock.advance(HOUR / 2)
    with pytest.raises(Unavailable) as error:
        await quota.take_call()
    assert error.value.retry_after == HOUR / 2
    assert (await quota.get_budget()).stopped_until is not None


@pytest.mark.fault("omdb-quota-spent")
async def test_one_probe_finds_out_for_all_processes_whether_the_new_day_has_started(
    quota: OmdbQuota, clock: FakeClock
) -> None:
    await quota.take_call()
    await quota.record_exhaustion()
    clock.advance(HOUR)
    probe = await quota.take_call()
    assert probe.is_probe
    with pytest.raises(Unavailable) as error:
        await quota.take_call()
    assert error.value.retry_after == 60

    await quota.record_answer(probe)
    assert await quota.get_budget() == QuotaBudget(1, 5, None, clock() + timedelta(seconds=DAY))
    await spend(quota, 4)
    with pytest.raises(Unavailable) as error:
        await quota.take_call()
    assert error.value.retry_after == DAY, "the day starts when OMDb answered again"


async def test_a_probe_without_a_result_blocks_other_calls_for_a_minute(
    quota: OmdbQuota, clock: FakeClock
) -> None:
    await quota.take_call()
    await quota.record_exhaustion()
    clock.advance(HOUR)
    await quota.take_call()
    clock.advance(60)
    assert (await quota.take_call()).is_probe


async def test_calls_that_anyone_may_cause_leave_a_reserve_for_admins(quota: OmdbQuota) -> None:
    for _ in range(4):
        await quota.take_call(public=True)
    with pytest.raises(Unavailable):
        await quota.take_call(public=True)
    await quota.take_call()


async def test_another_key_has_its_own_calls(quota: OmdbQuota, clock: FakeClock) -> None:
    await spend(quota, 5)
    assert await OmdbQuota("another-key", 5, clock.now).take_call() == QuotaCall(is_probe=False)
