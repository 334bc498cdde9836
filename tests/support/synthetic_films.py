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
from tests.support.typos import add_typo

VOCABULARY_SIZE = 200_000  # that titles choose among; a million films use nearly all of them
GIVEN_NAMES, SURNAMES, DIRECTORS = 2_000, 40_000, 120_000
RANK_OFFSET = 40  # added to Zipf's rank, so that no content word is in every tenth title
LENGTHS, LENGTH_WEIGHTS = (1, 2, 3, 4, 5, 6), (13, 30, 27, 16, 9, 5)  # words, as in real titles
LEADING_WORDS, INNER_WORDS = ("the", "a", "an"), ("of", "and", "in", "to", "for", "with")
SERIES_SHARE = 0.1  # share of films that follow an earlier one
ALIAS_SHARE = 0.15  # share of films that have one
NO_VOTES_SHARE = 0.45  # share of films without votes
MAX_VOTES = 3_000_000
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
MIN_MISSPELT_LENGTH = 4  # letters; only longer words are misspelt
MAX_TITLE_WORDS = 3  # words of a title beside a director's name
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


class LabelledQuery(NamedTuple):
    """A query and the numbers of the films that are right."""

    kind: str
    text: str
    relevant: frozenset[int]


class _WordSource:
    """Words that could be English, drawn by their rarity."""

    def __init__(self, rng: random.Random, count: int) -> None:
        words: dict[str, None] = {}
        while len(words) < count:
            syllables = rng.choices((1, 2, 3, 4), (4, 50, 36, 10))[0]
            words["".join(_generate_syllable(rng) for _ in range(syllables))] = None
        self._words = list(words)
        self._weights = list(accumulate(1 / (rank + RANK_OFFSET) for rank in range(count)))

    def draw(self, rng: random.Random, count: int) -> list[str]:
        return rng.choices(self._words, cum_weights=self._weights, k=count)


def _generate_syllable(rng: random.Random) -> str:
    onset = rng.choice(ONSETS if rng.random() < 0.8 else CLUSTERS)
    return onset + rng.choice(NUCLEI) + (rng.choice(CODAS) if rng.random() < 0.45 else "")


def generate_films(count: int, seed: int = 1) -> Iterator[Film]:
    """Yield the first `count` films of a seed."""
    rng = random.Random(seed)
    vocabulary, given_names = _WordSource(rng, VOCABULARY_SIZE), _WordSource(rng, GIVEN_NAMES)
    surnames = _WordSource(rng, SURNAMES)
    names = [
        f"{first.title()} {last.title()}"
        for first, last in zip(
            given_names.draw(rng, DIRECTORS), surnames.draw(rng, DIRECTORS), strict=True
        )
    ]
    series: list[tuple[str, int, int, tuple[str, ...]]] = []
    for number in range(count):
        directors = tuple(
            dict.fromkeys(rng.choices(names, k=rng.choices((0, 1, 2), (4, 88, 8))[0]))
        )
        year = min(2026, 1900 + int(126 * rng.random() ** 0.5))
        if series and rng.random() < SERIES_SHARE:
            series_index = rng.randrange(max(0, len(series) - 10_000), len(series))
            base, part, last_year, series_directors = series[series_index]
            year, directors = (
                min(2026, last_year + rng.randint(1, 4)),
                series_directors or directors,
            )
            series[series_index] = base, part + 1, year, directors
            title = _generate_sequel(rng, base, part + 1, vocabulary)
        else:
            title = _generate_title(rng, vocabulary)
            if rng.random() < SERIES_SHARE:
                series.append((title, 1, year, directors))
        aliases = ()
        if rng.random() < ALIAS_SHARE:
            aliases = tuple(_generate_title(rng, vocabulary) for _ in range(rng.choice((1, 1, 2))))
        votes = None
        if rng.random() > NO_VOTES_SHARE:
            votes = min(MAX_VOTES, int(rng.lognormvariate(6.5, 2.3)) + 5)
        yield Film(
            number,
            title,
            aliases,
            rng.choice(TYPES),
            year,
            directors,
            tuple(sorted(set(rng.choices(GENRES, k=rng.choice((1, 2, 2, 3)))))),
            round(min(9.5, max(1.5, rng.gauss(6.3, 1.2))), 1) if votes else None,
            votes,
        )


def _generate_title(rng: random.Random, vocabulary: _WordSource) -> str:
    size = rng.choices(LENGTHS, LENGTH_WEIGHTS)[0]
    title_words = vocabulary.draw(rng, size)
    if size > 1 and rng.random() < 0.3:
        title_words[0] = rng.choices(LEADING_WORDS, (8, 2, 1))[0]
    first = 2 if title_words[0] in LEADING_WORDS else 1
    if size > first + 1 and rng.random() < 0.35:
        title_words[rng.randrange(first, size - 1)] = rng.choice(INNER_WORDS)
    return " ".join(word.title() if word not in INNER_WORDS else word for word in title_words)


def _generate_sequel(rng: random.Random, base: str, part: int, vocabulary: _WordSource) -> str:
    numeral = ("I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX")[part - 1 : part]
    forms = [f"{base} {part}", f"{base}: {_generate_title(rng, vocabulary)}"]
    forms += [f"{base} {numeral[0]}", f"{base}: Part {numeral[0]}"] if numeral else []
    return rng.choice(forms)


def generate_queries(films: Sequence[Film], per_kind: int, seed: int = 2) -> list[LabelledQuery]:
    """`each` queries of every kind.

    `title`: a whole title of two words or more. `title and director`: up to three words of it and
    the director's surname, as they are written. `misspelt`: a whole title with one slip, in three
    words or more perhaps two. `misspelt and director`: up to three words, one or two misspelt, and
    the beginning of the director's surname. Right is every film of that title, by that director
    where one is named; of a title that was cut short, every film of theirs that has these words.
    """
    rng = random.Random(seed)
    by_title: dict[str, list[int]] = defaultdict(list)
    by_director: dict[str, list[int]] = defaultdict(list)
    for film in films:
        by_title[full_title_key(film.title)].append(film.number)
        for name in film.directors:
            by_director[name].append(film.number)
    queries: list[LabelledQuery] = []
    for kind in ("title", "title and director", "misspelt", "misspelt and director"):
        of_kind: list[LabelledQuery] = []
        while len(of_kind) < per_kind:
            film = rng.choice(films)
            has_director = "director" in kind
            title = tokenize(film.title)
            is_usable = len(title) >= 2 and (film.directors or not has_director)
            if not is_usable or not any(len(word) > MIN_MISSPELT_LENGTH for word in title):
                continue
            picked = _pick_words(rng, title) if has_director else title
            relevant = by_title[full_title_key(film.title)]
            if has_director:
                by_same_director = [n for name in film.directors for n in by_director[name]]
                if picked == title:
                    relevant = [n for n in relevant if n in by_same_director]
                else:
                    relevant = [
                        n for n in by_same_director if set(picked) <= set(tokenize(films[n].title))
                    ]
            typed = _misspell(rng, picked) if "misspelt" in kind else picked
            if has_director:
                surname = tokenize(film.directors[0])[-1]
                length = max(4, len(surname) - 2) if "misspelt" in kind else len(surname)
                typed = [*typed, surname[:length]]
            of_kind.append(LabelledQuery(kind, " ".join(typed), frozenset(relevant)))
        queries += of_kind
    return queries


def _pick_words(rng: random.Random, title: list[str]) -> list[str]:
    """Three words that stand together, one of them long enough to be known by."""
    if len(title) <= MAX_TITLE_WORDS:
        return title
    while True:
        start = rng.randrange(len(title) - MAX_TITLE_WORDS + 1)
        picked = title[start : start + MAX_TITLE_WORDS]
        if any(len(word) > MIN_MISSPELT_LENGTH for word in picked):
            return picked


def _misspell(rng: random.Random, picked: list[str]) -> list[str]:
    long_words = [place for place, word in enumerate(picked) if len(word) > MIN_MISSPELT_LENGTH]
    typos = 2 if len(picked) > 2 and len(long_words) > 1 and rng.random() < 0.5 else 1
    typed = list(picked)
    for place in rng.sample(long_words, typos):
        typed[place] = add_typo(rng, typed[place])
    return typed
