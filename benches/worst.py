"""Time the heaviest searches that a client may send; each must take less than one second.

They are sent over HTTP to a service that has the real films (or the samples, if those are absent),
one at a time and uncached, on either stack. The tables are Markdown. The second table shows how a
client that sends the heaviest requests in a row slows down the searches of another client: their
p99 must not exceed three times the p99 without it.

    python -m benches.worst [--stack embedded,full] [--films 25193] [--times 9]
"""

import argparse
import asyncio
import itertools
import statistics
import time
from typing import Any

from benches.served import FILM_COUNT, STACKS, has_backends, serve_films
from tests.support.service_runner import ApiClient

BOUND = 1.0  # seconds
MISSPELT_WORDS = "teh wrod fo mnay lettres taht si nto rihgt ta lal adn msut eb gusesed hree"
LONG_WORDS = "gdofahter intersetllar terminatro spielbreg hitchcokc transfromers constantien"
LONG_WORDS += " adventrues mississipi philadelpia revoluton millionare carribean shawshnak"
STOP_WORDS = "the a of and in to for on with at by from an or la le"

WORST: dict[str, dict[str, str]] = {
    "one word: jaws": {"q": "jaws"},
    "one letter: a": {"q": "a"},
    "one letter: t": {"q": "t"},
    "the": {"q": "the"},
    "16 short words, each misspelt": {"q": " ".join(MISSPELT_WORDS.split()[:16])},
    "14 long words, each misspelt": {"q": LONG_WORDS},
    "32 stop words": {"q": f"{STOP_WORDS} {STOP_WORDS}"},
    "32 words of one letter": {"q": " ".join("abcdefghijklmnopqrstuvwxyzabcdef")},
    "16 prefixes of two letters": {"q": "ma st co de ba th wa be re la sh mo ca pa ha lo"},
    "16 numbers": {"q": " ".join(str(number) for number in range(2, 18))},
    "32 times one word": {"q": " ".join(["godfahter"] * 18)},
    "200 letters without a blank": {"q": "mississippi" * 18},
    "40 random letters": {"q": "qzxjvkqzwxjqkvzxqjwzkvxqzjxkqvwzjxqzkvxj"},
    "60 characters of another script": {"q": "千と千尋の神隠しもののけ姫となりのトトロ" * 3},
    "punctuation alone": {"q": '*:?~^"\\/()[]{}&&||!+-'},
    "the, page 10 of 100": {"q": "the", "offset": "900", "limit": "100"},
    "the, all facets": {"q": "the", "facets": "genre,decade,type,rating"},
    "16 words in all fields": {
        "q": " ".join(MISSPELT_WORDS.split()[:16]),
        "in": "title,director,cast,plot",
    },
    "the, sorted by title": {"q": "the", "sort": "title", "limit": "100"},
}


HAN = "".join(chr(0x4E00 + number) for number in range(200))
HANGUL = "".join(chr(0xAC00 + 7 * number) for number in range(200))
DATES, EPISODES = "20010203022" * 27, "1x01 " * 60
OFFSETS = itertools.count()  # make every search different, so that none is a cache hit
MAX_SLOWDOWN = 3.0  # of another client's p99
ORDINARY = ("jaws", "the godfahter", "star wars", "spilberg jaws", "matrix 1999", "lotr")


def _batch(*texts: str) -> tuple[str, dict[str, Any]]:
    return "/api/v1/search/batch", {"searches": [{"q": text} for text in texts]}


def _match(*names: str) -> tuple[str, dict[str, Any]]:
    return "/api/v1/match", {"items": names}


def _rotate(text: str, count: int) -> list[str]:
    """Return `count` different texts of the same letters."""
    return [text[number:] + text[:number] for number in range(count)]


ATTACKS: dict[str, tuple[str, dict[str, Any]]] = {
    "a batch of ten times 200 Han letters": _batch(*_rotate(HAN, 10)),
    "a batch of ten times 200 Hangul letters": _batch(*_rotate(HANGUL, 10)),
    "a batch of ten times 14 long words": _batch(*_rotate(LONG_WORDS, 10)),
    "100 names of 200 Han letters": _match(*_rotate(HAN, 100)),
    "100 names of dates": _match(*_rotate(DATES, 100)),
    "100 names of episodes": _match(*_rotate(EPISODES, 100)),
}


async def time_searches(api: ApiClient, params: dict[str, str], times: int) -> list[float]:
    """Return the seconds that each of several uncached searches took."""
    seconds = []
    for number in range(times):
        limit = str(int(params.get("limit", "20")) - number)  # not the cached response
        sent_at = time.perf_counter()
        reply = await api.get("/api/v1/search", params=params | {"limit": limit})
        seconds.append(time.perf_counter() - sent_at)
        assert reply.status == 200, (params, reply.json)
    return seconds


async def search_as_others(api: ApiClient, times: int) -> list[float]:
    """Return the seconds that each of many ordinary searches took beside other traffic."""
    seconds = []
    for number in range(times):
        params = {"q": ORDINARY[number % len(ORDINARY)], "offset": str(next(OFFSETS) % 900)}
        sent_at = time.perf_counter()
        reply = await api.get("/api/v1/search", params=params)
        seconds.append(time.perf_counter() - sent_at)
        assert reply.status == 200, reply.json
        await asyncio.sleep(0.01)
    return seconds


async def attack(api: ApiClient, path: str, body: dict[str, Any]) -> None:
    """Send one request after the other until cancelled."""
    while True:
        reply = await api.request("POST", path, json=body)
        assert reply.status in (200, 503), reply.json


async def measure_attacks(api: ApiClient, times: int) -> dict[str, list[float]]:
    """Return the times of ordinary searches without an attack and beside each one."""
    measured = {"nothing else": await search_as_others(api, times)}
    for name, (path, body) in ATTACKS.items():
        attacker = asyncio.create_task(attack(api, path, body))
        await asyncio.sleep(0.2)
        measured[name] = await search_as_others(api, times)
        attacker.cancel()
        await asyncio.gather(attacker, return_exceptions=True)
        await asyncio.sleep(2)  # let the worker finish what is left of the attack
    return measured


def print_attacks(columns: dict[str, dict[str, list[float]]]) -> None:
    """Print the p99 of ordinary searches beside each attack."""
    print(f"\n| p50, p99 ms of others' searches beside | {' | '.join(columns)} |")
    print(f"|---{'|---' * len(columns)}|")
    for name in ["nothing else", *ATTACKS]:
        cells = []
        for measured in columns.values():
            alone, p99 = (
                statistics.quantiles(measured[n], n=100)[98] for n in ("nothing else", name)
            )
            over = f" **{p99 / alone:.1f} times**" if p99 > MAX_SLOWDOWN * alone else ""
            cells.append(
                f"{1_000 * statistics.median(measured[name]):.0f}, {1_000 * p99:.0f}{over}"
            )
        print(f"| {name} | {' | '.join(cells)} |")


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stack", default=",".join(STACKS))
    parser.add_argument("--films", type=int, default=FILM_COUNT)
    parser.add_argument("--times", type=int, default=9)
    parser.add_argument("--searches", type=int, default=300, help="beside each attack")
    parser.add_argument("--attacks-only", action="store_true")
    args = parser.parse_args()
    attacks: dict[str, dict[str, list[float]]] = {}
    columns: dict[str, dict[str, list[float]]] = {}
    for stack in filter(has_backends, args.stack.split(",")):
        async with serve_films(stack, args.films) as api:
            for _ in range(20):
                await time_searches(api, {"q": "the godfahter"}, 5)  # warm up
            attacks[STACKS[stack]] = await measure_attacks(api, args.searches)
            if not args.attacks_only:
                columns[STACKS[stack]] = {
                    name: await time_searches(api, params, args.times)
                    for name, params in WORST.items()
                }
    if columns:
        print_worst(columns)
    print_attacks(attacks)


def print_worst(columns: dict[str, dict[str, list[float]]]) -> None:
    """Print the median and maximum time of each of the heaviest searches."""
    print(f"| p50, max ms | {' | '.join(columns)} |")
    print(f"|---{'|---' * len(columns)}|")
    for name in WORST:
        cells = []
        for measured in columns.values():
            maximum = max(measured[name])
            over = "" if maximum <= BOUND else " **over a second**"
            p50 = statistics.median(measured[name])
            cells.append(f"{1_000 * p50:.0f}, {1_000 * maximum:.0f}{over}")
        print(f"| {name} | {' | '.join(cells)} |")


if __name__ == "__main__":
    asyncio.run(main())
