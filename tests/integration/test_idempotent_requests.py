"""Requests with an `Idempotency-Key` in the database, whatever the route."""

import asyncio
import subprocess
import sys
from datetime import timedelta

import pytest

from service.clock import utc_now
from service.errors import Conflict, Invalid
from service.idempotency.models import IdempotentRequest
from service.idempotency.service import (
    ANSWER_LIFETIME,
    CLAIM_LIFETIME,
    Claim,
    IdempotentRequests,
    StoredAnswer,
    delete_expired_requests,
)
from tests.support import ROOT
from tests.support.clock import FakeClock
from tests.support.waiting import wait_until

SECRET = "a secret for tests, long enough for every one of the HMAC algorithms"
ANSWER = StoredAnswer(201, {"Location": "/api/v1/movies/1"}, '{"title": "Amélie"}')


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def requests(database: str, clock: FakeClock) -> IdempotentRequests:
    return IdempotentRequests(SECRET, clock)


async def claim_key(requests: IdempotentRequests, key: str = "k", fingerprint: str = "f") -> Claim:
    claim = await requests.claim(key, fingerprint)
    assert isinstance(claim, Claim)
    return claim


async def test_a_completed_request_is_replayed_for_a_day(
    requests: IdempotentRequests, clock: FakeClock
) -> None:
    await requests.complete(await claim_key(requests), ANSWER)
    clock.advance(ANSWER_LIFETIME - 1)
    assert await requests.claim("k", "f") == ANSWER
    with pytest.raises(Invalid) as error:
        await requests.claim("k", "another body")
    assert error.value.code == "idempotency_key_reused"
    clock.advance(1)
    await claim_key(requests)


async def test_a_purge_deletes_what_has_expired_and_nothing_else(database: str) -> None:
    clock = FakeClock(utc_now() - timedelta(seconds=ANSWER_LIFETIME + 60))
    requests = IdempotentRequests(SECRET, clock)
    await claim_key(requests, "old claim")
    await requests.complete(await claim_key(requests, "old answer"), ANSWER)
    clock.advance(120)
    await requests.complete(await claim_key(requests, "answer"), ANSWER)
    clock.advance(ANSWER_LIFETIME - 60)
    await claim_key(requests, "claim")
    await delete_expired_requests()
    rows = await IdempotentRequest.all().order_by("key")
    assert [row.key for row in rows] == ["answer", "claim"]


async def test_a_request_in_flight_refuses_its_repetition_until_its_claim_expires(
    requests: IdempotentRequests, clock: FakeClock
) -> None:
    first = await claim_key(requests)
    with pytest.raises(Conflict) as error:
        await requests.claim("k", "f")
    assert (error.value.code, error.value.retry_after) == ("idempotency_key_in_use", 1)
    clock.advance(CLAIM_LIFETIME)
    second = await claim_key(requests)
    await requests.complete(first, StoredAnswer(201, {}, "too late"))
    await requests.release(first)
    with pytest.raises(Conflict):
        await requests.claim("k", "f")
    await requests.complete(second, ANSWER)
    assert await requests.claim("k", "f") == ANSWER


async def test_a_released_key_is_free_for_any_body(requests: IdempotentRequests) -> None:
    await requests.release(await claim_key(requests))
    await claim_key(requests, fingerprint="another body")


async def test_of_many_concurrent_claims_one_succeeds(requests: IdempotentRequests) -> None:
    results = await asyncio.gather(
        *(requests.claim("k", "f") for _ in range(30)), return_exceptions=True
    )
    assert sum(isinstance(result, Claim) for result in results) == 1
    assert sum(isinstance(result, Conflict) for result in results) == 29


async def test_a_process_killed_in_flight_blocks_the_key_only_for_a_moment(database: str) -> None:
    requests = IdempotentRequests(SECRET, utc_now)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.integration.claiming_process"),
        *(database, SECRET, "k", "2"),
        stdout=subprocess.PIPE,
        cwd=ROOT,
    )
    assert process.stdout is not None
    assert await process.stdout.readline() == b"Claim\n"
    with pytest.raises(Conflict):
        await requests.claim("k", "f")
    process.kill()
    await process.wait()

    async def is_free() -> bool:
        try:
            return isinstance(await requests.claim("k", "f"), Claim)
        except Conflict:
            return False

    assert await wait_until(is_free)


def test_a_hash_depends_on_the_secret_and_on_where_each_text_ends() -> None:
    requests = IdempotentRequests(SECRET, FakeClock())
    hashes = {
        requests.hash_text("ab", "c"),
        requests.hash_text("a", "bc"),
        requests.hash_text("abc"),
        IdempotentRequests(SECRET + "!", FakeClock()).hash_text("abc"),
    }
    assert len(hashes) == 4
    assert requests.hash_text("abc") == requests.hash_text(b"abc")
