"""File names and loose descriptions of films, made from a catalogue: input of `POST /match`.

Deterministic by seed. Some of the names belong to no film, so that "unknown" is tested too.
"""

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

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
