"""People using the service while a fault is on: so many requests a second, of all kinds.

It is an open loop: the next request is sent when it is due, whether or not the last one has been
answered, so a service that slows down meets more requests at once, as it does in life. Every answer
is kept, and so is what it promised: which films were acknowledged as written, changed or deleted.
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
MOST_AT_ONCE = 500  # requests that wait for an answer; more are not sent, and counted
PATIENCE = 60.0  # seconds until the client gives up: far beyond any deadline of the service
WEIGHTS = {
    "search": 50,
    "show": 22,
    "suggest": 15,
    "add": 6,
    "amend": 4,
    "delete": 2.5,
    "login": 0.5,
}
TYPED = (
    "jaws", "godfahter", "starwars", "se7en", "leon", "spilberg", "the matrix", "pulp fictoin",
    "alien", "casablanka", "kubrick", "lord of the rings", "goodfelas", "psycho", "batman",
)  # fmt: skip


@dataclass(frozen=True)
class Answered:
    """One request and what came of it; status 0 is a connection that broke."""

    kind: str
    at: float
    seconds: float
    status: int
    is_problem: bool
    code: str
    degraded: bool


@dataclass
class Promised:
    """What the service has acknowledged: films by id, as they were written last."""

    films: dict[str, dict[str, str]] = field(default_factory=dict)
    deleted: dict[str, str] = field(default_factory=dict)
    unknown: set[str] = field(default_factory=set)


@dataclass
class Load:
    """Mixed requests against a running service, and their record."""

    session: aiohttp.ClientSession
    token: str
    rate: float = RATE
    weights: Mapping[str, float] = field(default_factory=lambda: WEIGHTS)
    answers: list[Answered] = field(default_factory=list)
    promised: Promised = field(default_factory=Promised)
    at_once: int = 0
    most_at_once: int = 0
    due: int = 0
    unsent: int = 0
    lag: float = 0.0
    _idle: list[str] = field(default_factory=list)

    async def run(self, stop: asyncio.Event) -> None:
        """Send what is due until `stop`, then wait for what is under way."""
        began, running = time.monotonic(), set[asyncio.Task[None]]()
        kinds, weights = list(self.weights), list(self.weights.values())
        while not stop.is_set():
            if (ahead := began + self.due / self.rate - time.monotonic()) > 0:
                await asyncio.sleep(ahead)
            self.lag = max(self.lag, -ahead)
            self.due += 1
            if self.at_once >= MOST_AT_ONCE:
                self.unsent += 1
                await asyncio.sleep(0)
                continue
            task = asyncio.create_task(self._one(random.choices(kinds, weights)[0]))
            running.add(task)
            task.add_done_callback(running.discard)
        await asyncio.gather(*running)

    async def _one(self, kind: str) -> None:
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await getattr(self, f"_{kind}")()
        finally:
            self.at_once -= 1

    async def _search(self) -> None:
        typed = random.choice(TYPED)
        if random.random() < 0.5:  # what nobody has asked yet, thus in no cache
            typed += f" {random.randrange(36**3):x}"
        await self._ask("search", "GET", "/api/v1/search", params={"q": typed, "limit": 5})

    async def _show(self) -> None:
        known = list(self.promised.films)[-200:]
        which = random.choice(known) if known else "tt0073195"
        await self._ask("show", "GET", f"/api/v1/movies/{which}")

    async def _suggest(self) -> None:
        typed = random.choice(TYPED)[: random.randint(2, 5)]
        await self._ask("suggest", "GET", "/api/v1/suggest", params={"q": typed})

    async def _login(self) -> None:
        given = {"username": ADMIN[0], "password": ADMIN[1]}
        await self._ask("login", "POST", "/api/v1/auth/login", json=given)

    async def _add(self) -> None:
        told = {"title": f"chaos {uuid.uuid4().hex[:12]}", "plot": uuid.uuid4().hex}
        answer = await self._ask("add", "POST", "/api/v1/movies", json=told)
        if answer is not None and answer.status == 201:
            self.promised.films[answer.json["id"]] = told
            self._idle.append(answer.json["id"])

    async def _amend(self) -> None:
        plot = uuid.uuid4().hex
        await self._change("amend", "PATCH", lambda told: told | {"plot": plot}, {"plot": plot})

    async def _delete(self) -> None:
        await self._change("delete", "DELETE", lambda told: None)

    async def _change(
        self,
        kind: str,
        method: str,
        then: Callable[[dict[str, str]], dict[str, str] | None],
        body: dict[str, str] | None = None,
    ) -> None:
        """Change a film that nobody else is changing; without an answer nothing is known of it.

        Where all are being changed another is added: a rate that is due is a rate that is sent.
        """
        if not self._idle:
            await self._add()
            return
        film_id = self._idle.pop(random.randrange(len(self._idle)))
        told = self.promised.films.pop(film_id)
        headers = {"If-Match": "*"}
        answer = await self._ask(
            kind, method, f"/api/v1/movies/{film_id}", json=body, headers=headers
        )
        if answer is None or answer.status >= 500:
            self.promised.unknown.add(film_id)
            return
        if answer.status not in (200, 204):
            self.promised.films[film_id] = told
            self._idle.append(film_id)
        elif (changed := then(told)) is None:
            self.promised.deleted[film_id] = told["title"]
        else:
            self.promised.films[film_id] = changed
            self._idle.append(film_id)

    async def _ask(self, kind: str, method: str, path: str, **given: object) -> Response | None:
        headers = dict(given.pop("headers", {}))  # type: ignore[call-overload]
        if kind in ("add", "amend", "delete"):
            headers["Authorization"] = f"Bearer {self.token}"
        began = time.monotonic()
        try:
            async with self.session.request(method, path, headers=headers, **given) as response:  # type: ignore[arg-type]
                body = await response.read()
                answer = Response(response.status, response.headers.copy(), body, None)
        except (aiohttp.ClientError, TimeoutError, OSError):
            self._note(kind, began, 0, False, {})
            return None
        is_problem = response.content_type == "application/problem+json"
        value = json.loads(body) if body and "json" in response.content_type else {}
        self._note(kind, began, answer.status, is_problem and "code" in value, value)
        return Response(answer.status, answer.headers, body, value)

    def _note(
        self, kind: str, began: float, status: int, is_problem: bool, value: dict[str, object]
    ) -> None:
        seconds, degraded = time.monotonic() - began, bool(value.get("degraded"))
        code = str(value.get("code", "")) if is_problem else ""
        self.answers.append(Answered(kind, began, seconds, status, is_problem, code, degraded))

    def since(self, moment: float) -> list[Answered]:
        """Return the answers to what was asked after this moment of the monotonic clock."""
        return [each for each in self.answers if each.at >= moment]

    def told(self, since: float = 0.0) -> str:
        """How it went since then, in few words."""
        return summary(self.since(since))

    def done(self, begin: float, end: float) -> list[Answered]:
        """Return what was answered as it should be between these moments."""
        good = (each for each in self.answers if not bad(each))
        return [each for each in good if begin <= each.at + each.seconds < end]

    def trouble(self, since: float) -> float:
        """Seconds after this moment until the last request was sent that failed; 0 if none did."""
        return max((each.at - since for each in self.since(since) if bad(each)), default=0.0)

    def sustained(self) -> str:
        """How much of the schedule was kept."""
        sent = self.due - self.unsent
        return f"{sent} of {self.due} sent, {self.rate:.0f} a second due, {self.lag:.1f} s late"


def bad(answer: Answered) -> bool:
    return answer.status == 0 or answer.status >= 500


def summary(answers: list[Answered]) -> str:
    """How these went, in few words."""
    codes = Counter(each.code or str(each.status) for each in answers if bad(each))
    degraded = sum(each.degraded for each in answers)
    longest = max((each.seconds for each in answers), default=0.0)
    parts = [f"{len(answers)} answers", f"slowest {longest:.1f} s"]
    parts += [f"{count} × {code}" for code, count in codes.most_common(3)]
    parts += [f"{degraded} without the engine"] if degraded else []
    return ", ".join(parts)


def quantile(answers: list[Answered], share: float) -> float:
    """Seconds within which this share of the answers came."""
    ordered = sorted(each.seconds for each in answers)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


@asynccontextmanager
async def loaded(
    service: Service, rate: float = RATE, weights: Mapping[str, float] = WEIGHTS
) -> AsyncIterator[Load]:
    """Send `rate` requests a second, mixed by weight, while the block lasts."""
    async with ApiClient.connect(service) as api:
        token = await api.admin_token()
    timeout = aiohttp.ClientTimeout(total=PATIENCE)
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


async def answered(load: Load, condition: Callable[[Answered], bool], since: float) -> None:
    """Wait until an answer to what was asked after `since` is as wanted."""
    deadline = time.monotonic() + PATIENCE * 2
    while not any(condition(each) for each in load.since(since)):
        assert time.monotonic() < deadline, f"no such answer: {load.told(since)}"
        await asyncio.sleep(0.1)
