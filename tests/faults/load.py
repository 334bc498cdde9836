"""Load on the service during a fault: a fixed rate of mixed requests.

The loop is open: each request is sent when it is due, whether or not earlier ones have been
answered. A service that slows down therefore has more requests in flight, as in production. Every
result is recorded, and so are the acknowledged writes.
"""

import asyncio
import json
import random
import time
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiohttp

from tests.support.service_runner import ADMIN, ApiClient, Response, Service

RATE = 200  # requests a second
MAX_IN_FLIGHT = 500  # further requests are counted instead of sent
CLIENT_TIMEOUT = 60.0  # seconds; far beyond any timeout of the service
WEIGHTS = {
    "search": 50,
    "show": 22,
    "suggest": 15,
    "add": 6,
    "amend": 4,
    "delete": 2.5,
    "login": 0.5,
}
QUERIES = (
    "jaws", "godfahter", "starwars", "se7en", "leon", "spilberg", "the matrix", "pulp fictoin",
    "alien", "casablanka", "kubrick", "lord of the rings", "goodfelas", "psycho", "batman",
)  # fmt: skip


@dataclass(frozen=True)
class RequestResult:
    """The result of one request; status 0 is a broken connection."""

    kind: str
    sent_at: float
    seconds: float
    status: int
    is_problem: bool
    code: str
    degraded: bool


@dataclass
class AcknowledgedWrites:
    """The writes that the service acknowledged: films by id in their last state."""

    films: dict[str, dict[str, str]] = field(default_factory=dict)
    deleted: dict[str, str] = field(default_factory=dict)
    unknown: set[str] = field(default_factory=set)


@dataclass
class Load:
    """Mixed requests against a running service, and their results."""

    session: aiohttp.ClientSession
    token: str
    rate: float = RATE
    weights: Mapping[str, float] = field(default_factory=lambda: WEIGHTS)
    answers: list[RequestResult] = field(default_factory=list)
    acknowledged: AcknowledgedWrites = field(default_factory=AcknowledgedWrites)
    in_flight: int = 0
    max_in_flight: int = 0
    due: int = 0
    unsent: int = 0
    lag: float = 0.0
    _idle: list[str] = field(default_factory=list)

    async def run(self, stop: asyncio.Event) -> None:
        """Send due requests until `stop`, then wait for those in flight."""
        started_at, tasks = time.monotonic(), set[asyncio.Task[None]]()
        kinds, weights = list(self.weights), list(self.weights.values())
        while not stop.is_set():
            if (ahead := started_at + self.due / self.rate - time.monotonic()) > 0:
                await asyncio.sleep(ahead)
            self.lag = max(self.lag, -ahead)
            self.due += 1
            if self.in_flight >= MAX_IN_FLIGHT:
                self.unsent += 1
                await asyncio.sleep(0)
                continue
            task = asyncio.create_task(self._send(random.choices(kinds, weights)[0]))
            tasks.add(task)
            task.add_done_callback(tasks.discard)
        await asyncio.gather(*tasks)

    async def _send(self, kind: str) -> None:
        self.in_flight += 1
        self.max_in_flight = max(self.max_in_flight, self.in_flight)
        try:
            await getattr(self, f"_{kind}")()
        finally:
            self.in_flight -= 1

    async def _search(self) -> None:
        typed = random.choice(QUERIES)
        if random.random() < 0.5:  # a new query, which no cache holds
            typed += f" {random.randrange(36**3):x}"
        await self._request("search", "GET", "/api/v1/search", params={"q": typed, "limit": 5})

    async def _show(self) -> None:
        film_ids = list(self.acknowledged.films)[-200:]
        film_id = random.choice(film_ids) if film_ids else "tt0073195"
        await self._request("show", "GET", f"/api/v1/movies/{film_id}")

    async def _suggest(self) -> None:
        typed = random.choice(QUERIES)[: random.randint(2, 5)]
        await self._request("suggest", "GET", "/api/v1/suggest", params={"q": typed})

    async def _login(self) -> None:
        credentials = {"username": ADMIN[0], "password": ADMIN[1]}
        await self._request("login", "POST", "/api/v1/auth/login", json=credentials)

    async def _add(self) -> None:
        facts = {"title": f"chaos {uuid.uuid4().hex[:12]}", "plot": uuid.uuid4().hex}
        answer = await self._request("add", "POST", "/api/v1/movies", json=facts)
        if answer is not None and answer.status == 201:
            self.acknowledged.films[answer.json["id"]] = facts
            self._idle.append(answer.json["id"])

    async def _amend(self) -> None:
        plot = uuid.uuid4().hex
        await self._change("amend", "PATCH", lambda facts: facts | {"plot": plot}, {"plot": plot})

    async def _delete(self) -> None:
        await self._change("delete", "DELETE", lambda facts: None)

    async def _change(
        self,
        kind: str,
        method: str,
        apply: Callable[[dict[str, str]], dict[str, str] | None],
        body: dict[str, str] | None = None,
    ) -> None:
        """Change a film that has no change in flight; without an answer its state is unknown.

        If every film has a change in flight, add one instead, to keep the rate.
        """
        if not self._idle:
            await self._add()
            return
        film_id = self._idle.pop(random.randrange(len(self._idle)))
        facts = self.acknowledged.films.pop(film_id)
        headers = {"If-Match": "*"}
        answer = await self._request(
            kind, method, f"/api/v1/movies/{film_id}", json=body, headers=headers
        )
        if answer is None or answer.status >= 500:
            self.acknowledged.unknown.add(film_id)
            return
        if answer.status not in (200, 204):
            self.acknowledged.films[film_id] = facts
            self._idle.append(film_id)
        elif (changed := apply(facts)) is None:
            self.acknowledged.deleted[film_id] = facts["title"]
        else:
            self.acknowledged.films[film_id] = changed
            self._idle.append(film_id)

    async def _request(
        self, kind: str, method: str, path: str, **options: object
    ) -> Response | None:
        headers = dict(options.pop("headers", {}))
        if kind in ("add", "amend", "delete"):
            headers["Authorization"] = f"Bearer {self.token}"
        sent_at = time.monotonic()
        try:
            async with self.session.request(method, path, headers=headers, **options) as response:
                body = await response.read()
                answer = Response(response.status, response.headers.copy(), body, None)
        except (aiohttp.ClientError, TimeoutError, OSError):
            self._record(kind, sent_at, 0, False, {})
            return None
        is_problem = response.content_type == "application/problem+json"
        value = json.loads(body) if body and "json" in response.content_type else {}
        self._record(kind, sent_at, answer.status, is_problem and "code" in value, value)
        return Response(answer.status, answer.headers, body, value)

    def _record(
        self, kind: str, sent_at: float, status: int, is_problem: bool, value: dict[str, object]
    ) -> None:
        seconds, degraded = time.monotonic() - sent_at, bool(value.get("degraded"))
        code = str(value.get("code", "")) if is_problem else ""
        self.answers.append(
            RequestResult(kind, sent_at, seconds, status, is_problem, code, degraded)
        )

    def results_since(self, moment: float) -> list[RequestResult]:
        """Return the results of requests sent after this moment of the monotonic clock."""
        return [each for each in self.answers if each.sent_at >= moment]

    def summarize_since(self, since: float = 0.0) -> str:
        """Summarize the results since a moment."""
        return summarize(self.results_since(since))

    def successes_between(self, begin: float, end: float) -> list[RequestResult]:
        """Return the successful results that arrived between two moments."""
        good = (each for each in self.answers if not is_failure(each))
        return [each for each in good if begin <= each.sent_at + each.seconds < end]

    def seconds_until_last_failure(self, since: float) -> float:
        """Return the seconds from a moment to the last failed request; 0 if none failed."""
        return max(
            (each.sent_at - since for each in self.results_since(since) if is_failure(each)),
            default=0.0,
        )

    def describe_schedule(self) -> str:
        """Describe how many of the due requests were sent, and how late."""
        sent = self.due - self.unsent
        return f"{sent} of {self.due} sent, {self.rate:.0f} a second due, {self.lag:.1f} s late"


def is_failure(answer: RequestResult) -> bool:
    return answer.status == 0 or answer.status >= 500


def summarize(answers: list[RequestResult]) -> str:
    """Return the number of results, the slowest, and the most frequent failures."""
    codes = Counter(each.code or str(each.status) for each in answers if is_failure(each))
    degraded = sum(each.degraded for each in answers)
    max_seconds = max((each.seconds for each in answers), default=0.0)
    phrases = [f"{len(answers)} answers", f"slowest {max_seconds:.1f} s"]
    phrases += [f"{count} × {code}" for code, count in codes.most_common(3)]
    phrases += [f"{degraded} without the engine"] if degraded else []
    return ", ".join(phrases)


def quantile(answers: list[RequestResult], share: float) -> float:
    """Return the seconds within which this share of the answers came."""
    ordered = sorted(each.seconds for each in answers)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


@asynccontextmanager
async def run_load(
    service: Service, rate: float = RATE, weights: Mapping[str, float] = WEIGHTS
) -> AsyncIterator[Load]:
    """Send `rate` requests a second, mixed by weight, while the block lasts."""
    async with ApiClient.connect(service) as api:
        token = await api.admin_token()
    timeout = aiohttp.ClientTimeout(total=CLIENT_TIMEOUT)
    connector = aiohttp.TCPConnector(limit=0)
    stop = asyncio.Event()
    async with aiohttp.ClientSession(service.url, timeout=timeout, connector=connector) as session:
        load = Load(session, token, rate, weights)
        running = asyncio.create_task(load.run(stop))
        try:
            yield load
        finally:
            stop.set()
            await running


async def wait_for_answer(
    load: Load, condition: Callable[[RequestResult], bool], since: float
) -> None:
    """Wait until a result since that moment meets the condition."""
    deadline = time.monotonic() + CLIENT_TIMEOUT * 2
    while not any(condition(each) for each in load.results_since(since)):
        assert time.monotonic() < deadline, f"no such answer: {load.summarize_since(since)}"
        await asyncio.sleep(0.1)
