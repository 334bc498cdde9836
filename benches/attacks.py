"""How much one attacker, who sends one request at a time, slows down another client's searches.

Each attack runs for as long as the other client sends its ordinary searches. Its searches without
an attack are measured between the attacks, so that a busy machine slows down both alike.
"""

import asyncio
import itertools
import json
import random
import statistics
import sys
import time
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import urlencode

from tests.support import ROOT
from tests.support.service_runner import ApiClient

MAX_SLOWDOWN = 3.0  # of another client's p99
SEARCHES_ALONE = 0.4  # of those beside an attack, before each one
SETTLING_TIME = 0.5  # seconds in which an attack begins, and in which its last request ends

MISSPELT_WORDS = "teh wrod fo mnay lettres taht si nto rihgt ta lal adn msut eb gusesed hree"
LONG_WORDS = "gdofahter intersetllar terminatro spielbreg hitchcokc transfromers constantien"
LONG_WORDS += " adventrues mississipi philadelpia revoluton millionare carribean shawshnak"
STOP_WORDS = "the a of and in to for on with at by from an or la le"
ONE_LETTER_WORDS = " ".join("abcdefghijklmnopqrstuvwxyzabcdef")
HAN = "".join(chr(0x4E00 + number) for number in range(200))
HANGUL = "".join(chr(0xAC00 + 7 * number) for number in range(200))
ALL_FIELDS = "title,director,cast,writer,plot"
ALL_FACETS = "genre,language,country,decade,type,rating"
ORDINARY = ("jaws", "the godfahter", "star wars", "spilberg jaws", "matrix 1999", "lotr")

_offsets = itertools.count()  # make every search different, so that none is a cache hit


@dataclass(frozen=True, slots=True)
class Attack:
    """A request that is sent again and again; `@N` in the path is another number each time."""

    path: str
    body: dict[str, Any] | None = None
    method: str = "POST"


def _get(path: str = "search", **params: object) -> Attack:
    return Attack(f"/api/v1/{path}?{urlencode(params, safe='@')}", method="GET")


def _batch(texts: list[str], **params: object) -> Attack:
    return Attack("/api/v1/search/batch", {"searches": [{"q": q, **params} for q in texts]})


def _match(items: list[Any]) -> Attack:
    return Attack("/api/v1/match", {"items": items})


def _rotate(text: str, count: int) -> list[str]:
    """Return `count` different texts of the same letters."""
    return [text[number:] + text[:number] for number in range(count)]


def _shuffle(text: str, count: int) -> list[str]:
    """Return `count` texts of the same words in different orders."""
    words = text.split()
    return [" ".join(random.Random(number).sample(words, len(words))) for number in range(count)]


ATTACKS: dict[str, Attack] = {
    "16 misspelt words, 50 results": _get(q=MISSPELT_WORDS, limit=50, offset="@N"),
    "14 long misspelt words": _get(q=LONG_WORDS, offset="@N"),
    "32 stop words": _get(q=f"{STOP_WORDS} {STOP_WORDS}", offset="@N"),
    "32 words of one letter": _get(q=ONE_LETTER_WORDS, offset="@N"),
    "16 words in all fields": _get(q=MISSPELT_WORDS, offset="@N", **{"in": ALL_FIELDS}),
    "100 explained results": _get(q="the", limit=100, offset="@N", explain="true"),
    "all facets": _get(q="the a of", facets=ALL_FACETS, offset="@N"),
    "all facets of all films": _get("movies", facets=ALL_FACETS, limit=100, offset="@N"),
    "all films by title, deep": _get("movies", sort="title", limit=100, offset="@N"),
    "suggestions for 14 long words": _get("suggest", q=f"{LONG_WORDS} @N"),
    "batch of 200 Han letters": _batch(_rotate(HAN, 10)),
    "batch of 200 Hangul letters": _batch(_rotate(HANGUL, 10)),
    "batch of 14 long words": _batch(_shuffle(LONG_WORDS, 10)),
    "batch of 16 misspelt words, deep": _batch(
        _shuffle(MISSPELT_WORDS, 10), limit=100, offset=899, explain=True
    ),
    "batch of 32 stop words, all facets": _batch(
        _shuffle(f"{STOP_WORDS} {STOP_WORDS}", 10), limit=100, facets=ALL_FACETS.split(",")
    ),
    "batch of `the` by title, deep": _batch(["the"] * 10, limit=100, offset=899, sort="title"),
    "100 names of 200 Han letters": _match(_rotate(HAN, 100)),
    "100 names of dates": _match(_rotate("20010203022" * 27, 100)),
    "100 names of episodes": _match(_rotate("1x01 " * 60, 100)),
    "100 names of 16 misspelt words": _match(_shuffle(MISSPELT_WORDS, 100)),
    "100 descriptions of 32 words": _match(
        [{"title": text[:200]} for text in _shuffle(f"{MISSPELT_WORDS} {STOP_WORDS}", 100)]
    ),
}


@dataclass(frozen=True, slots=True)
class Slowdown:
    """The seconds of the p99 without and with an attack."""

    alone: float
    attacked: float

    @property
    def ratio(self) -> float:
        """How many times as long a search takes."""
        return self.attacked / self.alone


async def measure_attacks(api: ApiClient, times: int) -> dict[str, Slowdown]:
    """Return how each attack slows down the searches of another client."""
    await search_as_others(api, times)  # warm up
    alone: list[float] = []
    attacked: dict[str, list[float]] = {}
    for name, attack in ATTACKS.items():
        alone += await search_as_others(api, round(SEARCHES_ALONE * times))
        async with _attacking(api.service.url, attack):
            attacked[name] = await search_as_others(api, times)
    return {name: Slowdown(_p99(alone), _p99(seconds)) for name, seconds in attacked.items()}


async def search_as_others(api: ApiClient, times: int) -> list[float]:
    """Return the seconds that each of many ordinary searches took beside other traffic."""
    seconds = []
    for number in range(times):
        params = {"q": ORDINARY[number % len(ORDINARY)], "offset": str(next(_offsets) % 900)}
        sent_at = time.perf_counter()
        reply = await api.get("/api/v1/search", params=params)
        seconds.append(time.perf_counter() - sent_at)
        assert reply.status == 200, reply.json
        await asyncio.sleep(0.005)
    return seconds


@asynccontextmanager
async def _attacking(url: str, attack: Attack) -> AsyncIterator[None]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "benches.attacker", url), stdin=PIPE, stdout=PIPE, cwd=ROOT
    )
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(json.dumps(asdict(attack)).encode())
    process.stdin.close()
    await asyncio.sleep(SETTLING_TIME)
    try:
        yield
    finally:
        process.kill()
        statuses = set((await process.stdout.read()).split())
        await process.wait()
        assert statuses <= {b"200"}, f"an attack must be a valid request: {statuses}, {attack}"
        await asyncio.sleep(SETTLING_TIME)


def _p99(seconds: list[float]) -> float:
    return statistics.quantiles(seconds, n=100)[98]


def print_attacks(columns: dict[str, dict[str, Slowdown]]) -> bool:
    """Print the slowdowns as a table; return whether all stay within the bound."""
    heads = [f"{stack}: alone, with attacker, ratio" for stack in columns]
    print(f"\n| p99 ms of another client's searches | {' | '.join(heads)} |")
    print(f"|---{'|---' * len(heads)}|")
    for name in ATTACKS:
        cells = []
        for slowdowns in columns.values():
            it = slowdowns[name]
            mark = "**" if it.ratio > MAX_SLOWDOWN else ""
            times = f"{1_000 * it.alone:.0f}, {1_000 * it.attacked:.0f}"
            cells.append(f"{times}, {mark}{it.ratio:.1f}{mark}")
        print(f"| {name} | {' | '.join(cells)} |")
    ratios = [it.ratio for slowdowns in columns.values() for it in slowdowns.values()]
    return max(ratios, default=0.0) <= MAX_SLOWDOWN
