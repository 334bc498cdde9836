"""File names and loose descriptions of films, made from a catalogue: what `POST /match` is held to.

Deterministic by seed. A part of the names is of films that nobody made, so that "unknown" is tried
too. Run as a program it reports how often the confidence is right, on all films of a file.
"""

import argparse
import asyncio
import random
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from service.search.filenames.matcher import MEANT
from service.search.filenames.parser import ParsedName
from service.text import numerals
from service.text.analysis import full_title_key

SIZES, SOURCES = (
    ("480p", "720p", "1080p", "2160p"),
    ("BluRay", "WEB-DL", "WEBRip", "DVDRip", "HDTV"),
)
CODECS, GROUPS = ("x264", "x265", "H.264", "XviD"), ("GRP", "SPARKS", "YIFY", "FGT", "NTb")
UNKNOWN = 0.12  # share of names of films that do not exist
ROMAN = {"2": "II", "3": "III", "4": "IV", "5": "V", "6": "VI"}


@dataclass(frozen=True, slots=True)
class Named:
    """A name, and the films that are right; none when it is nobody's."""

    item: str | ParsedName
    right: frozenset[int]


def names(films: Sequence[dict[str, Any]], count: int, seed: int) -> list[Named]:
    """`count` names of `films`, given as the service's own shape; `right` are places in it."""
    chance = random.Random(seed)
    by_title: dict[str, list[int]] = {}
    for place, film in enumerate(films):
        by_title.setdefault(full_title_key(film["title"]), []).append(place)
    made = []
    while len(made) < count:
        if chance.random() < UNKNOWN:
            made.append(Named(_nobody(films, by_title, chance), frozenset()))
            continue
        place = chance.randrange(len(films))
        film = films[place]
        if not film.get("year") or not film["title"].isascii():
            continue
        item, dated = _item(film, chance)
        same = by_title[full_title_key(film["title"])]
        if not dated:
            best = max(same, key=lambda p: _votes(films[p]))
            if best != place:
                continue
        right = {
            p for p in same if not dated or abs((films[p].get("year") or 0) - film["year"]) < 2
        }
        made.append(Named(item, frozenset(right)))
    return made


def _votes(film: dict[str, Any]) -> int:
    return ((film.get("ratings") or {}).get("imdb") or {}).get("votes") or film.get("votes") or 0


def _item(film: dict[str, Any], chance: random.Random) -> tuple[str | ParsedName, bool]:
    """A name of the film, and whether it says the year."""
    title, year = film["title"], film["year"]
    kind = chance.choices(
        ["release", "folder", "plain", "bare", "misspelt", "roman", "described"],
        weights=[30, 15, 10, 8, 12, 5, 20],
    )[0]
    if kind == "release":
        return f"{_dotted(title)}.{year}.{_tags(chance)}", True
    if kind == "folder":
        return f"{title.replace(':', ' -')} ({year}) [{chance.choice(SIZES)}]", True
    if kind == "plain":
        return f"{title} {year}", True
    if kind == "bare":
        return title, False
    if kind == "misspelt":
        return f"{_misspelt(title, chance)} ({year})", True
    if kind == "roman":
        return f"{_dotted(_renumbered(title))}.({year})", True
    director = (film.get("directors") or [None])[0]
    said = year + chance.choice([0, 0, 0, 1, -1])
    if director and chance.random() < 0.3:
        director = director.split()[-1]
    wrong = chance.random() < 0.3
    return ParsedName(_misspelt(title, chance) if wrong else title, said, director), True


def _dotted(title: str) -> str:
    return re.sub(r"[^\w'&+-]+", ".", title).strip(".")


def _tags(chance: random.Random) -> str:
    size, source, codec = (chance.choice(each) for each in (SIZES, SOURCES, CODECS))
    return f"{size}.{source}.{codec}-{chance.choice(GROUPS)}"


def _misspelt(title: str, chance: random.Random) -> str:
    """One letter left out, doubled, or two swapped, in a title of some length."""
    if len(title) < 5:
        return title
    place = chance.randrange(1, len(title) - 1)
    a, b, rest = title[place - 1], title[place], title[place + 1 :]
    kept = title[: place - 1]
    return chance.choice([kept + a + rest, kept + a + b + b + rest, kept + b + a + rest])


def _renumbered(title: str) -> str:
    found = [ROMAN.get(word, word) for word in title.split()]
    if found == title.split():
        found = [numerals.to_digits(w.lower()) if w in ROMAN.values() else w for w in found]
    return " ".join(found)


def _nobody(
    films: Sequence[dict[str, Any]], by_title: dict[str, list[int]], chance: random.Random
) -> str:
    """A release of a film that does not exist, made of words of two that do."""
    while True:
        a, b = (chance.choice(films)["title"].split() for _ in range(2))
        title = " ".join([*a[: max(1, len(a) // 2)], *b[len(b) // 2 :]])
        if title.isascii() and full_title_key(title) not in by_title and len(title) > 5:
            return f"{_dotted(title)}.{chance.randrange(1950, 2025)}.{_tags(chance)}"


def told(named: Sequence[Named], best: Sequence[tuple[int | None, float]]) -> str:
    """How often each step of confidence is right, given each name's best place and confidence."""
    lines = [f"{'confidence':<14}{'names':>7}{'right %':>9}"]
    steps = (1.01, 0.9, 0.7, MEANT, 0.2, 0.0)
    for most, least in pairwise(steps):
        found = [
            place in each.right
            for each, (place, sure) in zip(named, best, strict=True)
            if place is not None and least <= sure < most
        ]
        share = f"{100 * sum(found) / len(found):.1f}" if found else "-"
        lines.append(f"{f'{least:.1f} and more':<14}{len(found):>7}{share:>9}")
    known = [(e, b) for e, b in zip(named, best, strict=True) if e.right]
    meant = sum(b[0] in e.right and b[1] >= MEANT for e, b in known)
    nobody = [b for e, b in zip(named, best, strict=True) if not e.right]
    unknown = sum(sure < MEANT for _, sure in nobody)
    lines.append(f"of {len(known)} films that are here {100 * meant / len(known):.1f} % are named")
    lines.append(f"of {len(nobody)} that are not {100 * unknown / len(nobody):.1f} % are unknown")
    return "\n".join(lines)


async def main() -> int:
    # What fills an index is only needed here, and slow to load for tests that need names alone.
    from benches.films import backends, films_in, indexed, read, row
    from service.films.models import Film
    from service.search.filenames.matcher import FilenameMatcher

    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--count", type=int, default=500)
    options.add_argument("--engine", default="tantivy")
    chosen = options.parse_args()
    backends()
    films = read("films.jsonl")
    rows = [row(film, number) for number, film in enumerate(films, 1)]
    place_of = {film.id: place for place, film in enumerate(rows)}
    named = names(films, chosen.count, chosen.seed)
    async with films_in("sqlite", rows), indexed(chosen.engine, rows) as index:

        async def found(text: str, limit: int) -> list[Film]:
            return [result.film for result in (await index.finder.find(text, limit, 0)).results]

        matching = FilenameMatcher(found)
        matched = await matching.match([each.item for each in named])
        matching.close()
    firsts = [m.candidates[0] if m.candidates else None for m in matched]
    best = [(place_of[f.film.id], f.confidence) if f else (None, 0.0) for f in firsts]
    print(told(named, best))
    for each, (place, sure) in zip(named, best, strict=True):
        if place is not None and sure >= 0.9 and place not in each.right:
            title = films[place]["title"]
            print(f"sure and wrong: {each.item!r} for {title!r} {sure}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
