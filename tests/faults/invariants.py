"""The invariants that must hold again within half a minute after any fault has healed.

They are checked from outside where possible: over HTTP, in Elasticsearch and in the database, and
by the product's own comparison of index and database.

I1 every committed film is found by id and by exact title; I2 nothing deleted is found; I3 the index
holds what the database holds; I4 the alias names one index, and no index bears its name; I5 no
outbox row is old without attempts and a reason; I6 a new title costs one call upstream at most;
I7 no request hung, no 5xx without a problem document; I8 every poster is stored, missing, rejected
or waiting for its next try, and what is stored is shown or purged; I9 what was acknowledged before
the fault is still true.
"""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass

import aiohttp

from service.limits import REQUEST_TIMEOUT
from tests.faults.database import DirectDatabase
from tests.faults.load import Load, RequestResult, is_failure
from tests.faults.stored import check_stored_posters
from tests.support.service_runner import ApiClient, Response, Service
from tests.support.waiting import wait_until

MAX_HEALING_SECONDS = 30.0  # until all invariants hold again
ALLOWANCE = 30.0
"""Additional seconds for two cores that carry the service, five backends, the load and other work.
The longest healing measured took half of `MAX_HEALING_SECONDS`; only a real fault exceeds the sum.
"""
HEALING_TIMEOUT = 180.0  # seconds; longer than allowed, so that a failure states the time
SAMPLE_SIZE = 40  # films checked one by one
MAX_CLIENT_DELAY = 5.0  # seconds that a busy machine may add to an answer on its way to the client
OLD_MS = 60_000  # of an outbox row


@dataclass(frozen=True)
class Invariants:
    """The checks, against one service; `engine` is Elasticsearch itself and `alias` its index."""

    service: Service
    database: DirectDatabase
    engine: str | None = None
    alias: str | None = None
    upstream: str | None = None

    async def wait_until_restored(
        self, load: Load | None = None, healed_at: float | None = None
    ) -> float:
        """Wait until all invariants hold; return the seconds since `healed_at`, or since now.

        `healed_at` is a moment of the monotonic clock.

        Raises:
            AssertionError: an invariant does not hold, or healing took too long.
        """
        started_at = healed_at or time.monotonic()
        seconds = (
            await wait_until(self._find_level_time, HEALING_TIMEOUT, interval=0.5) - started_at
        )
        assert_healed_in_time(seconds)
        await self._check_alias()
        await self._check_outbox()
        await self._check_posters()
        await self._check_upstream_calls()
        if load is not None:
            assert_results_are_valid(load.answers, REQUEST_TIMEOUT + MAX_CLIENT_DELAY + load.lag)
            await self.check_acknowledged_writes(load)
        return seconds

    async def _find_level_time(self) -> float | None:
        """Return the time at which I3 held and the outbox was empty; None if not yet.

        The duration of the comparison, mostly the start of a process, does not count.
        """
        if (
            await self.database.fetch_value("SELECT COUNT(*) FROM outbox WHERE done_at IS NULL")
            != 0
        ):
            return None
        since = time.monotonic()
        process = await asyncio.to_thread(self.service.run, "check")
        return since if process.returncode == 0 else None

    async def _check_alias(self) -> None:
        """I4."""
        if self.engine is None:
            return
        async with aiohttp.ClientSession() as session:
            async with session.get(f"{self.engine}/_alias/{self.alias}") as answer:
                index_names = list(await answer.json())
            async with session.get(f"{self.engine}/{self.alias}") as answer:
                indexes = list(await answer.json())
        assert len(index_names) == 1, f"the alias names {index_names}"
        assert self.alias not in indexes, "an index bears the alias's name"

    async def _check_outbox(self) -> None:
        """I5."""
        forgotten = await self.database.fetch_value(
            "SELECT COUNT(*) FROM outbox WHERE done_at IS NULL AND (attempts = 0 OR reason IS NULL)"
            f" AND created_at < {int(time.time() * 1000) - OLD_MS}"
        )
        assert forgotten == 0

    async def _check_upstream_calls(self) -> None:
        """I6, by title or by IMDb id."""
        if self.upstream is None:
            return
        async with aiohttp.ClientSession() as session, session.get(self.upstream) as answer:
            calls = Counter(call.get("t") or call.get("i") for call in await answer.json())
        assert all(count == 1 for count in calls.values()), calls

    async def _check_posters(self) -> None:
        """I8."""
        lost = await self.database.fetch_value(
            "SELECT COUNT(*) FROM films WHERE NOT (poster_status IN ('missing', 'rejected')"
            " OR (poster_status = 'stored' AND poster_key IS NOT NULL)"
            " OR (poster_status = 'pending' AND poster_due_at IS NOT NULL))"
        )
        assert lost == 0
        await check_stored_posters(self.service, self.database)

    async def check_acknowledged_writes(self, load: Load) -> None:
        """I1, I2 and I9: what was acknowledged is there, and what was deleted is not."""
        films, deleted = load.acknowledged.films, load.acknowledged.deleted
        async with ApiClient.connect(self.service) as api:
            for film_id in _take_sample(films):
                facts = films[film_id]
                shown = await retry_until_final(lambda i=film_id: api.get(f"/api/v1/movies/{i}"))
                assert shown.status == 200, (film_id, shown.json)
                assert {k: shown.json[k] for k in facts} == facts, film_id
                assert film_id in await _find_ids(api, facts["title"]), facts["title"]
            for film_id in _take_sample(deleted):
                shown = await retry_until_final(lambda i=film_id: api.get(f"/api/v1/movies/{i}"))
                assert shown.status == 404, (film_id, shown.json)
                assert film_id not in await _find_ids(api, deleted[film_id]), deleted[film_id]


async def retry_until_final(request: Callable[[], Awaitable[Response]]) -> Response:
    """Repeat a request until its status is below 500, since the machine may still be busy."""

    async def final() -> Response | None:
        answer = await request()
        return answer if answer.status < 500 else None

    answer: Response = await wait_until(final, HEALING_TIMEOUT)
    return answer


def assert_healed_in_time(seconds: float) -> None:
    """Assert that healing took no longer than allowed."""
    assert seconds <= MAX_HEALING_SECONDS + ALLOWANCE, f"healed after {seconds:.0f} s"


def assert_results_are_valid(
    answers: Iterable[RequestResult], max_seconds: float = REQUEST_TIMEOUT + MAX_CLIENT_DELAY
) -> None:
    """Check I7; broken connections are left to the test."""
    for each in answers:
        assert each.seconds < max_seconds, f"hung: {each}"
        assert each.status < 500 or each.is_problem, f"no problem document: {each}"
        assert each.status not in (500, 501, 502, 504), f"an error of the service: {each}"


def assert_no_failures(answers: Iterable[RequestResult]) -> None:
    """Assert that no request failed."""
    failed = [each for each in answers if is_failure(each)]
    assert not failed, failed[:3]


async def _find_ids(api: ApiClient, title: str) -> list[str]:
    answer = await retry_until_final(lambda: api.search(title, limit=10))
    assert answer.status == 200, answer.json
    return [result["movie"]["id"] for result in answer.json["results"]]


def _take_sample(ids: Iterable[str]) -> list[str]:
    all_ids = list(ids)
    return all_ids if len(all_ids) <= SAMPLE_SIZE else random.sample(all_ids, SAMPLE_SIZE)
