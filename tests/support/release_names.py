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
from service.text.analysis import full_title_key, tokenize

SIZES, SOURCES = (
    ("480p", "720p", "1080p", "2160p"),
    ("BluRay", "WEB-DL", "WEBRip", "DVDRip", "HDTV"),
)


CODECS, GROUPS = ("x264", "x265", "H.264", "XviD"), ("GRP", "SPARKS", "YIFY", "FGT", "NTb")


UNKNOWN_SHARE = 0.12  # share of names of films that do not exist


ROMAN = {"2": "II", "3": "III", "4": "IV", "5": "V", "6": "VI"}


@dataclass(frozen=True, slots=True)
class NamedFilm:
    """A name, and the films that are right; none when it is nobody's."""

    item: str | ParsedName
    right: frozenset[int]


def generate_names(films: Sequence[dict[str, Any]], count: int, seed: int) -> list[NamedFilm]:
    """`count` names of `films`, given as the service's own shape; `right` are places in it."""
    rng = random.Random(seed)
    by_title: dict[str, list[int]] = {}
    for film_index, film in enumerate(films):
        by_title.setdefault(full_title_key(film["title"]), []).append(film_index)
    names = []
    while len(names) < count:
        if rng.random() < UNKNOWN_SHARE:
            names.append(NamedFilm(_nonexistent_release(films, by_title, rng), frozenset()))
            continue
        film_index = rng.randrange(len(films))
        film = films[film_index]
        if not film.get("year") or not film["title"].isascii():
            continue
        item, has_year = _generate_item(film, rng)
        same_title = by_title[full_title_key(film["title"])]
        if not has_year:
            best = max(same_title, key=lambda p: votes_of(films[p]))
            if best != film_index:
                continue
        right = {
            p
            for p in same_title
            if not has_year or abs((films[p].get("year") or 0) - film["year"]) < 2
        }
        names.append(NamedFilm(item, frozenset(right)))
    return names


def generate_absent_names(
    films: Sequence[dict[str, Any]], absent: Sequence[dict[str, Any]], seed: int
) -> list[NamedFilm]:
    """Return one name of each film that is `absent` from `films`, unless it fits one of them."""
    rng = random.Random(seed)
    present_titles = {title_key_with_digits(film["title"]) for film in films}
    return [
        NamedFilm(_generate_item(film, rng)[0], frozenset())
        for film in absent
        if film.get("year")
        and film["title"].isascii()
        and title_key_with_digits(film["title"]) not in present_titles
    ]


def generate_numbered_names(
    films: Sequence[dict[str, Any]], count: int, min_votes: int = 10_000
) -> list[NamedFilm]:
    """Return file names without a year of known films whose title has a number."""
    numbered: dict[str, int] = {}
    for film_index, film in enumerate(films):
        if votes_of(film) < min_votes or not re.search(r"\d", film["title"]):
            continue
        key = title_key_with_digits(film["title"])
        if key not in numbered or votes_of(films[numbered[key]]) < votes_of(film):
            numbered[key] = film_index
    best = sorted(numbered.values(), key=lambda p: -votes_of(films[p]))[:count]
    return [
        NamedFilm(re.sub(r"[:/]+ ?", " ", films[p]["title"]) + ".mkv", frozenset({p})) for p in best
    ]


def title_key_with_digits(title: str) -> str:
    """Return a title as films with the same one share it, with numbers in digits."""
    return "".join(numerals.normalize_numerals(tokenize(title)))


def votes_of(film: dict[str, Any]) -> int:
    return ((film.get("ratings") or {}).get("imdb") or {}).get("votes") or film.get("votes") or 0


def _generate_item(film: dict[str, Any], rng: random.Random) -> tuple[str | ParsedName, bool]:
    """Return a name of the film, and whether it says the year."""
    title, year = film["title"], film["year"]
    kind = rng.choices(
        ["release", "folder", "plain", "bare", "misspelt", "roman", "described"],
        weights=[30, 15, 10, 8, 12, 5, 20],
    )[0]
    if kind == "release":
        return f"{_join_with_dots(title)}.{year}.{_release_tags(rng)}", True
    if kind == "folder":
        return f"{title.replace(':', ' -')} ({year}) [{rng.choice(SIZES)}]", True
    if kind == "plain":
        return f"{title} {year}", True
    if kind == "bare":
        return title, False
    if kind == "misspelt":
        return f"{_misspell(title, rng)} ({year})", True
    if kind == "roman":
        return f"{_join_with_dots(_rewrite_numbers(title))}.({year})", True
    director = (film.get("directors") or [None])[0]
    described_year = year + rng.choice([0, 0, 0, 1, -1])
    if director and rng.random() < 0.3:
        director = director.split()[-1]
    misspelt = rng.random() < 0.3
    return ParsedName(_misspell(title, rng) if misspelt else title, described_year, director), True


def _join_with_dots(title: str) -> str:
    return re.sub(r"[^\w'&+-]+", ".", title).strip(".")


def _release_tags(rng: random.Random) -> str:
    size, source, codec = (rng.choice(each) for each in (SIZES, SOURCES, CODECS))
    return f"{size}.{source}.{codec}-{rng.choice(GROUPS)}"


def _misspell(title: str, rng: random.Random) -> str:
    """One letter left out, doubled, or two swapped, in a title of some length."""
    if len(title) < 5:
        return title
    position = rng.randrange(1, len(title) - 1)
    a, b, rest = title[position - 1], title[position], title[position + 1 :]
    start = title[: position - 1]
    return rng.choice([start + a + rest, start + a + b + b + rest, start + b + a + rest])


def _rewrite_numbers(title: str) -> str:
    words = [ROMAN.get(word, word) for word in title.split()]
    if words == title.split():
        words = [numerals.to_digits(w.lower()) if w in ROMAN.values() else w for w in words]
    return " ".join(words)


def _nonexistent_release(
    films: Sequence[dict[str, Any]], by_title: dict[str, list[int]], rng: random.Random
) -> str:
    """Return a release of a film that does not exist, made of words of two that do."""
    while True:
        a, b = (rng.choice(films)["title"].split() for _ in range(2))
        title = " ".join([*a[: max(1, len(a) // 2)], *b[len(b) // 2 :]])
        if title.isascii() and full_title_key(title) not in by_title and len(title) > 5:
            return f"{_join_with_dots(title)}.{rng.randrange(1950, 2025)}.{_release_tags(rng)}"
