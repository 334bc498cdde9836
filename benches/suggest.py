"""How many letters one must type until a title is suggested, and how long a suggestion takes.

Every beginning of every sample title is asked over HTTP, once, as it would be typed, of a service
with the real films (the samples, where those are absent). A title is there when it stands among the
five suggestions, first when it is the first of them. The table is Markdown.

    python -m benches.suggest [--stack embedded,full] [--films 25193]
"""

import argparse
import asyncio
import json
import statistics
import time
from dataclasses import dataclass, field

from benches.served import ALL, STACKS, able, served
from service.resources import resource_path
from service.text.analysis import fold
from tests.support.service_runner import ApiClient

SHOWN = 5
NEVER = float("inf")


@dataclass(slots=True)
class Typed:
    """What became of one title while it was typed: letters until then, infinite for never."""

    size: int
    first: float = NEVER
    among: float = NEVER
    lost: bool = False
    """Whether it was among the suggestions and then, with more letters, no more."""


@dataclass(slots=True)
class Measured:
    """All titles that the catalogue has, and the time of each request in seconds."""

    titles: dict[str, Typed] = field(default_factory=dict)
    seconds: list[float] = field(default_factory=list)


def titles() -> list[str]:
    lines = resource_path("samples/films.jsonl").read_text().splitlines()
    return sorted({json.loads(line)["title"] for line in lines})


async def typed(api: ApiClient) -> Measured:
    """Type every title, a letter at a time."""
    done = Measured()
    answers: dict[str, list[str]] = {}

    async def suggested(text: str) -> list[str]:
        if text not in answers:
            began = time.perf_counter()
            found = await api.get("/api/v1/suggest", params={"q": text, "limit": SHOWN})
            done.seconds.append(time.perf_counter() - began)
            assert found.status == 200, (text, found.json)
            answers[text] = [fold(each["text"]) for each in found.json["suggestions"]]
        return answers[text]

    for title in titles():
        known = (await api.search(title, limit=1)).json["results"]
        if not known or fold(known[0]["movie"]["title"]) != fold(title):
            continue  # the catalogue has it under another title, or not at all
        became = done.titles[title] = Typed(len(title))
        for size in range(1, len(title) + 1):
            text = title[:size].strip()
            if not fold(text):
                continue
            found = await suggested(text)
            if found[:1] == [fold(title)]:
                became.first = min(became.first, size)
            if fold(title) in found:
                became.among = min(became.among, size)
            elif became.among < size:
                became.lost = True
    return done


def rows(done: Measured) -> list[str]:
    """Return a stack's cells of the table."""
    became = list(done.titles.values())
    cells = [str(len(became))]
    for letters in ([t.first for t in became], [t.among for t in became]):
        cuts = sorted(letters)
        never = sum(each == NEVER for each in letters)
        cells.append(f"{statistics.median(letters):.0f}, {cuts[int(0.9 * len(cuts))]:.0f}")
        cells.append(str(never))
    cells.append(str(sum(t.lost for t in became)))
    took = sorted(1_000 * seconds for seconds in done.seconds)
    cells.append(f"{statistics.median(took):.1f}, {took[int(0.99 * len(took))]:.1f}")
    cells.append(str(len(took)))
    return cells


HEADS = (
    "sample titles that are there",
    "letters until first: p50, p90",
    "never first",
    f"letters until among {SHOWN}: p50, p90",
    f"never among {SHOWN}",
    "there, and then not with more letters",
    "p50, p99 ms over HTTP, uncached",
    "requests",
)


async def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--stack", default=",".join(STACKS))
    options.add_argument("--films", type=int, default=ALL)
    chosen = options.parse_args()
    columns: dict[str, list[str]] = {}
    for stack in filter(able, chosen.stack.split(",")):
        async with served(stack, chosen.films) as api:
            done = await typed(api)
        columns[STACKS[stack]] = rows(done)
        for title, became in done.titles.items():
            if became.among == NEVER:
                print(f"{stack}: never suggested: {title}")
    print(f"| | {' | '.join(columns)} |")
    print(f"|---{'|---' * len(columns)}|")
    for place, head in enumerate(HEADS):
        print(f"| {head} | {' | '.join(cells[place] for cells in columns.values())} |")


if __name__ == "__main__":
    asyncio.run(main())
