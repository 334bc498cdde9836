"""Films that nobody made, as many as are wanted, and queries for them whose answers are known.

They are for measuring at sizes that no list of real films has, so they are made to weigh what real
ones weigh: words follow Zipf's law with many that occur once, small words stand where they do in
titles, a tenth of the films belongs to a series, half of them has no votes and a few have millions.
Deterministic by seed, and the first films are the same however many are made.
"""

import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import NamedTuple
from uuid import UUID

from service.text.analysis import full_title_key, tokenize
from tests.support.typos import typo

WORDS = 200_000  # that titles choose among; a million films use nearly all of them
GIVEN, SURNAMES, DIRECTORS = 2_000, 40_000, 120_000
FLATTER = 40  # added to a rank in Zipf's law, so that no word of content is in every tenth title
LENGTHS, LENGTH_WEIGHTS = (1, 2, 3, 4, 5, 6), (13, 30, 27, 16, 9, 5)  # words, as in real titles
LEADING, INNER = ("the", "a", "an"), ("of", "and", "in", "to", "for", "with")
SERIES = 0.1  # share of films that follow an earlier one
OTHER_TITLE = 0.15  # share of films that have one
UNKNOWN = 0.45  # share of films without votes
MOST_VOTES = 3_000_000
TYPES = ("movie", "movie", "movie", "movie", "movie", "series", "episode", "game")
GENRES = (
    "Action", "Adventure", "Animation", "Comedy", "Crime", "Documentary", "Drama", "Family",
    "Fantasy", "History", "Horror", "Music", "Mystery", "Romance", "Science Fiction", "Thriller",
    "War", "Western",
)  # fmt: skip
ONSETS = ["b", "c", "d", "f", "g", "h", "j", "k", "l", "m", "n", "p", "r", "s", "t", "v", "w", "z"]
CLUSTERS = [
    "bl",
    "br",
    "ch",
    "cl",
    "cr",
    "dr",
    "fl",
    "fr",
    "gr",
    "pl",
    "pr",
    "sh",
    "sl",
    "sp",
    "st",
    "str",
    "th",
    "tr",
]
NUCLEI = ["a", "e", "i", "o", "u", "a", "e", "i", "o", "a", "e", "i", "o", "ai", "ea", "ee", "ou"]
CODAS = ["n", "r", "s", "l", "t", "m", "d", "ck", "nd", "ng", "nt", "st"]
LONG = 4  # letters; only longer words are misspelt
MOST_TYPED = 3  # words of a title beside a director's name
FIRST_ID = 0x0190_0000_0000_7000_8000_0000_0000_0000  # of the form of the service's own ids


class Film(NamedTuple):
    """What the service is told of a film; `number` counts from 0."""

    number: int
    title: str
    aliases: tuple[str, ...]
    type: str
    year: int
    directors: tuple[str, ...]
    genres: tuple[str, ...]
    rating: float | None
    votes: int | None

    @property
    def id(self) -> UUID:
        """An id whose order is the films' own, ten in a millisecond, as when they are loaded."""
        high, low = divmod(self.number, 10)
        return UUID(int=FIRST_ID + (high << 80) + low)

    @property
    def imdb_id(self) -> str:
        return f"tt{self.number:08}"


class Asked(NamedTuple):
    """A query and the numbers of the films that are right."""

    kind: str
    text: str
    right: frozenset[int]


class _Words:
    """Words that could be English, drawn by their rarity."""

    def __init__(self, chance: random.Random, count: int) -> None:
        found: dict[str, None] = {}
        while len(found) < count:
            syllables = chance.choices((1, 2, 3, 4), (4, 50, 36, 10))[0]
            found["".join(_syllable(chance) for _ in range(syllables))] = None
        self._words = list(found)
        self._weights = list(accumulate(1 / (rank + FLATTER) for rank in range(count)))

    def draw(self, chance: random.Random, count: int) -> list[str]:
        return chance.choices(self._words, cum_weights=self._weights, k=count)


def _syllable(chance: random.Random) -> str:
    onset = chance.choice(ONSETS if chance.random() < 0.8 else CLUSTERS)
    return onset + chance.choice(NUCLEI) + (chance.choice(CODAS) if chance.random() < 0.45 else "")


def films(count: int, seed: int = 1) -> Iterator[Film]:
    """The first `count` films of a seed."""
    chance = random.Random(seed)
    vocabulary, given = _Words(chance, WORDS), _Words(chance, GIVEN)
    surnames = _Words(chance, SURNAMES)
    names = [
        f"{first.title()} {last.title()}"
        for first, last in zip(
            given.draw(chance, DIRECTORS), surnames.draw(chance, DIRECTORS), strict=True
        )
    ]
    series: list[tuple[str, int, int, tuple[str, ...]]] = []
    for number in range(count):
        directors = tuple(
            dict.fromkeys(chance.choices(names, k=chance.choices((0, 1, 2), (4, 88, 8))[0]))
        )
        year = min(2026, 1900 + int(126 * chance.random() ** 0.5))
        if series and chance.random() < SERIES:
            place = chance.randrange(max(0, len(series) - 10_000), len(series))
            base, part, before, makers = series[place]
            year, directors = min(2026, before + chance.randint(1, 4)), makers or directors
            series[place] = base, part + 1, year, directors
            title = _sequel(chance, base, part + 1, vocabulary)
        else:
            title = _title(chance, vocabulary)
            if chance.random() < SERIES:
                series.append((title, 1, year, directors))
        aliases = ()
        if chance.random() < OTHER_TITLE:
            aliases = tuple(_title(chance, vocabulary) for _ in range(chance.choice((1, 1, 2))))
        votes = None
        if chance.random() > UNKNOWN:
            votes = min(MOST_VOTES, int(chance.lognormvariate(6.5, 2.3)) + 5)
        yield Film(
            number,
            title,
            aliases,
            chance.choice(TYPES),
            year,
            directors,
            tuple(sorted(set(chance.choices(GENRES, k=chance.choice((1, 2, 2, 3)))))),
            round(min(9.5, max(1.5, chance.gauss(6.3, 1.2))), 1) if votes else None,
            votes,
        )


def _title(chance: random.Random, vocabulary: _Words) -> str:
    size = chance.choices(LENGTHS, LENGTH_WEIGHTS)[0]
    found = vocabulary.draw(chance, size)
    if size > 1 and chance.random() < 0.3:
        found[0] = chance.choices(LEADING, (8, 2, 1))[0]
    first = 2 if found[0] in LEADING else 1
    if size > first + 1 and chance.random() < 0.35:
        found[chance.randrange(first, size - 1)] = chance.choice(INNER)
    return " ".join(word.title() if word not in INNER else word for word in found)


def _sequel(chance: random.Random, base: str, part: int, vocabulary: _Words) -> str:
    numeral = ("I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX")[part - 1 : part]
    forms = [f"{base} {part}", f"{base}: {_title(chance, vocabulary)}"]
    forms += [f"{base} {numeral[0]}", f"{base}: Part {numeral[0]}"] if numeral else []
    return chance.choice(forms)


def queries(made: Sequence[Film], each: int, seed: int = 2) -> list[Asked]:
    """`each` queries of every kind.

    `title`: a whole title of two words or more. `title and director`: up to three words of it and
    the director's surname, as they are written. `misspelt`: a whole title with one slip, in three
    words or more perhaps two. `misspelt and director`: up to three words, one or two misspelt, and
    the beginning of the director's surname. Right is every film of that title, by that director
    where one is named; of a title that was cut short, every film of theirs that has these words.
    """
    chance = random.Random(seed)
    by_title: dict[str, list[int]] = defaultdict(list)
    by_director: dict[str, list[int]] = defaultdict(list)
    for film in made:
        by_title[full_title_key(film.title)].append(film.number)
        for name in film.directors:
            by_director[name].append(film.number)
    asked: list[Asked] = []
    for kind in ("title", "title and director", "misspelt", "misspelt and director"):
        found: list[Asked] = []
        while len(found) < each:
            film = chance.choice(made)
            named = "director" in kind
            title = tokenize(film.title)
            able = len(title) >= 2 and (film.directors or not named)
            if not able or not any(len(word) > LONG for word in title):
                continue
            chosen = _some(chance, title) if named else title
            same = by_title[full_title_key(film.title)]
            if named:
                theirs = [n for name in film.directors for n in by_director[name]]
                if chosen == title:
                    same = [n for n in same if n in theirs]
                else:
                    same = [n for n in theirs if set(chosen) <= set(tokenize(made[n].title))]
            typed = _misspelt(chance, chosen) if "misspelt" in kind else chosen
            if named:
                surname = tokenize(film.directors[0])[-1]
                cut = max(4, len(surname) - 2) if "misspelt" in kind else len(surname)
                typed = [*typed, surname[:cut]]
            found.append(Asked(kind, " ".join(typed), frozenset(same)))
        asked += found
    return asked


def _some(chance: random.Random, title: list[str]) -> list[str]:
    """Three words that stand together, one of them long enough to be known by."""
    if len(title) <= MOST_TYPED:
        return title
    while True:
        start = chance.randrange(len(title) - MOST_TYPED + 1)
        some = title[start : start + MOST_TYPED]
        if any(len(word) > LONG for word in some):
            return some


def _misspelt(chance: random.Random, chosen: list[str]) -> list[str]:
    long = [place for place, word in enumerate(chosen) if len(word) > LONG]
    slips = 2 if len(chosen) > 2 and len(long) > 1 and chance.random() < 0.5 else 1
    typed = list(chosen)
    for place in chance.sample(long, slips):
        typed[place] = typo(chance, typed[place])
    return typed
