"""Measure how often a search says that a film is not here.

500 films are taken out of the catalogue, and their titles are typed: spelt right, and misspelt. No
other film has all words of such a title, so no result may match `all` of the query. The table says
how many queries have no such result, and how many films they list; it is Markdown.

    python -m benches.absent [--ways tantivy,elasticsearch] [--seed 1]
"""

import argparse
import asyncio
import random
import statistics
import sys
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable

from benches.cast import add_people
from benches.films import (
    JsonObject,
    build_row,
    film_database,
    film_index,
    load_backend_addresses,
    read_data_file,
)
from service.search.query.noise import NOISE_WORDS, STOP_WORDS
from service.search.retrieval.search_request import Page, SearchRequest
from service.text import numerals
from service.text.analysis import tokenize
from tests.support.typos import add_typo

ABSENT_FILMS = 500
POPULAR_MIN_VOTES = 20_000  # half of the films have more

ROLES = ("directors", "writers", "actors")

Misspell = Callable[[random.Random, str], str]
SPELLINGS: dict[str, Misspell] = {
    "spelt right": lambda _, text: text,
    "one typo": add_typo,
    "two typos": lambda rng, text: add_typo(rng, add_typo(rng, text)),
}


class _WordIndex:
    """Which films have which words in a title, a name or as their year."""

    def __init__(self, films: list[JsonObject]) -> None:
        self._films: dict[str, set[int]] = defaultdict(set)
        for number, film in enumerate(films):
            people = (name for role in ROLES for name in film.get(role, []))
            texts = [film["title"], *film["alt_titles"], *people, str(film["year"])]
            for word in {word for text in texts for word in tokenize(text)}:
                self._films[word].add(number)
                self._films[numerals.to_digits(word)].add(number)
            self._films["".join(tokenize(film["title"]))].add(number)  # as `wildlife`
        self._words = sorted(self._films)

    def find_films(self, title: str) -> set[int]:
        """Return the films that have all words of a title; the last one may be a prefix."""
        words = [word for word in tokenize(title) if word not in STOP_WORDS] or tokenize(title)
        films = self._films_with_prefix(words[-1])
        for word in words[:-1]:
            films = films & (self._films[word] | self._films[numerals.to_digits(word)])
        return films | self._films["".join(tokenize(title))]

    def _films_with_prefix(self, prefix: str) -> set[int]:
        films = set(self._films[numerals.to_digits(prefix)])
        for word in self._words[bisect_left(self._words, prefix) :]:
            if not word.startswith(prefix):
                break
            films |= self._films[word]
        return films


def pick_absent_films(films: list[JsonObject], seed: int) -> set[int]:
    """Return the numbers of films whose titles no other film has, by words."""
    index = _WordIndex(films)
    numbers = list(range(len(films)))
    random.Random(seed).shuffle(numbers)
    popular = [n for n in numbers if films[n]["votes"] >= POPULAR_MIN_VOTES]
    others = [n for n in numbers if films[n]["votes"] < POPULAR_MIN_VOTES]
    picked: set[int] = set()
    for number in (n for pair in zip(popular, others, strict=False) for n in pair):
        title = films[number]["title"]
        if NOISE_WORDS.isdisjoint(tokenize(title)) and index.find_films(title) == {number}:
            picked.add(number)
            if len(picked) == ABSENT_FILMS:
                break
    return picked


async def measure(way: str, films: list[JsonObject], seed: int) -> dict[str, str]:
    """Return a line of the table for each spelling."""
    absent = pick_absent_films(films, seed)
    rows = [build_row(film, number) for number, film in enumerate(films, 1)]
    present = [row for number, row in enumerate(rows) if number not in absent]
    rng = random.Random(seed)
    lines = {}
    async with film_database("sqlite", present), film_index(way, present) as index:
        for spelling, misspell in SPELLINGS.items():
            totals, wrong, corrected = [], 0, 0
            for number in sorted(absent):
                text = misspell(rng, " ".join(tokenize(films[number]["title"])))
                result = await index.engine_search.search(SearchRequest(text, page=Page(10)))
                totals.append(result.total)
                corrected += result.did_you_mean is not None
                if result.level == "all":
                    wrong += 1
                    print(f"{way}: {text!r}: {result.hits[0].film.title!r}", file=sys.stderr)
            count = len(totals)
            share = 100 * (count - wrong) / count
            ninth = statistics.quantiles(totals, n=10)[-1]
            lines[spelling] = (
                f"{share:.1f} | {statistics.median(totals):.0f}, {ninth:.0f} | "
                f"{100 * corrected / count:.1f}"
            )
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ways", default="tantivy,elasticsearch")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    load_backend_addresses()
    films = add_people(read_data_file("films.jsonl"))
    print("| absent films | not `all`, % | films listed: median, p90 | did you mean, % |")
    print("|---|---|---|---|")
    for way in args.ways.split(","):
        for spelling, line in asyncio.run(measure(way, films, args.seed)).items():
            print(f"| {way}, {spelling} | {line} |")


if __name__ == "__main__":
    main()
