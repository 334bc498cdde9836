"""Measure how many letters must be typed until a title is suggested, and the time of a suggestion.

Every prefix of every sample title is requested once over HTTP, letter by letter, from a service
that has the real films (or the samples, if those are absent). A title is listed if it is among the
five suggestions. The table is Markdown.

    python -m benches.suggest [--stack embedded,full] [--films 25193]
"""

import argparse
import asyncio
import json
import statistics
import time
from dataclasses import dataclass, field

from benches.served import FILM_COUNT, STACKS, has_backends, serve_films
from service.resources import resource_path
from service.text.analysis import fold
from tests.support.service_runner import ApiClient

SUGGESTION_LIMIT = 5
NEVER = float("inf")


@dataclass(slots=True)
class TitleProgress:
    """What happened to one title while it was typed; letters are infinite for never."""

    length: int
    letters_until_first: float = NEVER
    letters_until_listed: float = NEVER
    lost: bool = False
    """Whether the title was listed and then, after more letters, not listed any more."""


@dataclass(slots=True)
class Measurement:
    """All titles that are in the catalogue, and the time of each request in seconds."""

    titles: dict[str, TitleProgress] = field(default_factory=dict)
    seconds: list[float] = field(default_factory=list)


def read_titles() -> list[str]:
    lines = resource_path("samples/films.jsonl").read_text().splitlines()
    return sorted({json.loads(line)["title"] for line in lines})


async def type_titles(api: ApiClient) -> Measurement:
    """Type every title, one letter at a time."""
    measurement = Measurement()
    cache: dict[str, list[str]] = {}

    async def suggest(text: str) -> list[str]:
        if text not in cache:
            sent_at = time.perf_counter()
            reply = await api.get("/api/v1/suggest", params={"q": text, "limit": SUGGESTION_LIMIT})
            measurement.seconds.append(time.perf_counter() - sent_at)
            assert reply.status == 200, (text, reply.json)
            cache[text] = [fold(suggestion["text"]) for suggestion in reply.json["suggestions"]]
        return cache[text]

    for title in read_titles():
        hits = (await api.search(title, limit=1)).json["results"]
        if not hits or fold(hits[0]["movie"]["title"]) != fold(title):
            continue  # the catalogue lacks the film or has it under another title
        progress = measurement.titles[title] = TitleProgress(len(title))
        for size in range(1, len(title) + 1):
            text = title[:size].strip()
            if not fold(text):
                continue
            suggestions = await suggest(text)
            if suggestions[:1] == [fold(title)]:
                progress.letters_until_first = min(progress.letters_until_first, size)
            if fold(title) in suggestions:
                progress.letters_until_listed = min(progress.letters_until_listed, size)
            elif progress.letters_until_listed < size:
                progress.lost = True
    return measurement


def format_cells(measurement: Measurement) -> list[str]:
    """Return a stack's cells of the table."""
    titles = list(measurement.titles.values())
    cells = [str(len(titles))]
    for letters in (
        [t.letters_until_first for t in titles],
        [t.letters_until_listed for t in titles],
    ):
        ordered = sorted(letters)
        never = sum(count == NEVER for count in letters)
        cells.append(f"{statistics.median(letters):.0f}, {ordered[int(0.9 * len(ordered))]:.0f}")
        cells.append(str(never))
    cells.append(str(sum(t.lost for t in titles)))
    milliseconds = sorted(1_000 * seconds for seconds in measurement.seconds)
    cells.append(
        f"{statistics.median(milliseconds):.1f}, {milliseconds[int(0.99 * len(milliseconds))]:.1f}"
    )
    cells.append(str(len(milliseconds)))
    return cells


ROW_HEADINGS = (
    "sample titles in the catalogue",
    "letters until first: p50, p90",
    "never first",
    f"letters until among {SUGGESTION_LIMIT}: p50, p90",
    f"never among {SUGGESTION_LIMIT}",
    "lost after more letters",
    "p50, p99 ms over HTTP, uncached",
    "requests",
)


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stack", default=",".join(STACKS))
    parser.add_argument("--films", type=int, default=FILM_COUNT)
    args = parser.parse_args()
    columns: dict[str, list[str]] = {}
    for stack in filter(has_backends, args.stack.split(",")):
        async with serve_films(stack, args.films) as api:
            measurement = await type_titles(api)
        columns[STACKS[stack]] = format_cells(measurement)
        for title, progress in measurement.titles.items():
            if progress.letters_until_listed == NEVER:
                print(f"{stack}: never suggested: {title}")
    print(f"| | {' | '.join(columns)} |")
    print(f"|---{'|---' * len(columns)}|")
    for row_index, heading in enumerate(ROW_HEADINGS):
        print(f"| {heading} | {' | '.join(cells[row_index] for cells in columns.values())} |")


if __name__ == "__main__":
    asyncio.run(main())
