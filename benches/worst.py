"""The heaviest searches that a client may send, each beside the bound of one second.

They are asked over HTTP of a service with the real films (the samples, where those are absent), one
at a time and each time uncached, on either stack. The table is Markdown.

    python -m benches.worst [--stack embedded,full] [--films 25193] [--times 9]
"""

import argparse
import asyncio
import statistics
import time

from benches.served import ALL, STACKS, able, served
from tests.support.service_runner import ApiClient

BOUND = 1.0  # seconds
NO_WORDS = "teh wrod fo mnay lettres taht si nto rihgt ta lal adn msut eb gusesed hree"
LONG = "gdofahter intersetllar terminatro spielbreg hitchcokc transfromers constantien"
LONG += " adventrues mississipi philadelpia revoluton millionare carribean shawshnak"
COMMON = "the a of and in to for on with at by from an or la le"

WORST: dict[str, dict[str, str]] = {
    "one word: jaws": {"q": "jaws"},
    "one letter: a": {"q": "a"},
    "one letter: t": {"q": "t"},
    "the": {"q": "the"},
    "16 short words, each misspelt": {"q": " ".join(NO_WORDS.split()[:16])},
    "14 long words, each misspelt": {"q": LONG},
    "32 stop words": {"q": f"{COMMON} {COMMON}"},
    "32 words of one letter": {"q": " ".join("abcdefghijklmnopqrstuvwxyzabcdef")},
    "16 beginnings of two letters": {"q": "ma st co de ba th wa be re la sh mo ca pa ha lo"},
    "16 numbers": {"q": " ".join(str(number) for number in range(2, 18))},
    "32 times one word": {"q": " ".join(["godfahter"] * 18)},
    "200 letters without a blank": {"q": "mississippi" * 18},
    "40 letters that nobody wrote": {"q": "qzxjvkqzwxjqkvzxqjwzkvxqzjxkqvwzjxqzkvxj"},
    "60 characters of another script": {"q": "千と千尋の神隠しもののけ姫となりのトトロ" * 3},
    "signs alone": {"q": '*:?~^"\\/()[]{}&&||!+-'},
    "the, page 10 of 100": {"q": "the", "offset": "900", "limit": "100"},
    "the, all counts": {"q": "the", "facets": "genre,decade,type,rating"},
    "16 words in all fields": {
        "q": " ".join(NO_WORDS.split()[:16]),
        "in": "title,director,cast,plot",
    },
    "the, sorted by title": {"q": "the", "sort": "title", "limit": "100"},
}


async def asked(api: ApiClient, params: dict[str, str], times: int) -> list[float]:
    """How long each of several different questions took, in seconds."""
    took = []
    for number in range(times):
        limit = str(int(params.get("limit", "20")) - number)  # another answer than the kept one
        began = time.perf_counter()
        found = await api.get("/api/v1/search", params=params | {"limit": limit})
        took.append(time.perf_counter() - began)
        assert found.status == 200, (params, found.json)
    return took


async def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--stack", default=",".join(STACKS))
    options.add_argument("--films", type=int, default=ALL)
    options.add_argument("--times", type=int, default=9)
    chosen = options.parse_args()
    columns: dict[str, dict[str, list[float]]] = {}
    for stack in filter(able, chosen.stack.split(",")):
        async with served(stack, chosen.films) as api:
            for _ in range(20):
                await asked(api, {"q": "the godfahter"}, 5)  # warm, as a service that runs
            columns[STACKS[stack]] = {
                name: await asked(api, params, chosen.times) for name, params in WORST.items()
            }
    print(f"| p50, most ms | {' | '.join(columns)} |")
    print(f"|---{'|---' * len(columns)}|")
    for name in WORST:
        cells = []
        for measured in columns.values():
            most = max(measured[name])
            over = "" if most <= BOUND else " **over a second**"
            p50 = statistics.median(measured[name])
            cells.append(f"{1_000 * p50:.0f}, {1_000 * most:.0f}{over}")
        print(f"| {name} | {' | '.join(cells)} |")


if __name__ == "__main__":
    asyncio.run(main())
