"""Time the heaviest searches that a client may send; each must take less than one second.

They are sent over HTTP to a service that has the real films (or the samples, if those are absent),
one at a time and uncached, on either stack. The tables are Markdown. The second table shows how an
attacker, who sends one request at a time, slows down the searches of another client: their p99 must
not exceed three times the p99 without it. The exit code is 1 if a bound is exceeded.

    python -m benches.worst [--stack embedded,full] [--films 25193] [--times 9] [--searches 150]
"""

import argparse
import asyncio
import statistics
import sys
import time

from benches.attacks import (
    LONG_WORDS,
    MISSPELT_WORDS,
    ONE_LETTER_WORDS,
    STOP_WORDS,
    Slowdown,
    measure_attacks,
    print_attacks,
)
from benches.served import FILM_COUNT, STACKS, has_backends, serve_films
from tests.support.service_runner import ApiClient

BOUND = 1.0  # seconds

WORST: dict[str, dict[str, str]] = {
    "one word: jaws": {"q": "jaws"},
    "one letter: a": {"q": "a"},
    "one letter: t": {"q": "t"},
    "the": {"q": "the"},
    "16 short words, each misspelt": {"q": " ".join(MISSPELT_WORDS.split()[:16])},
    "14 long words, each misspelt": {"q": LONG_WORDS},
    "32 stop words": {"q": f"{STOP_WORDS} {STOP_WORDS}"},
    "32 words of one letter": {"q": ONE_LETTER_WORDS},
    "16 prefixes of two letters": {"q": "ma st co de ba th wa be re la sh mo ca pa ha lo"},
    "16 numbers": {"q": " ".join(str(number) for number in range(2, 18))},
    "18 times one word": {"q": " ".join(["godfahter"] * 18)},
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


async def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stack", default=",".join(STACKS))
    parser.add_argument("--films", type=int, default=FILM_COUNT)
    parser.add_argument("--times", type=int, default=9)
    parser.add_argument("--searches", type=int, default=150, help="beside each attack")
    parser.add_argument("--attacks-only", action="store_true")
    args = parser.parse_args()
    attacks: dict[str, dict[str, Slowdown]] = {}
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
    is_bounded = print_worst(columns) if columns else True
    is_bounded &= print_attacks(attacks)
    return 0 if is_bounded else 1


def print_worst(columns: dict[str, dict[str, list[float]]]) -> bool:
    """Print the median and maximum of the heaviest searches; return whether all are short."""
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
    return all(max(times) <= BOUND for measured in columns.values() for times in measured.values())


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
